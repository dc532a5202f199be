/**
 * When which target is probed: at once, then at any time within an interval, so that those that came together
 * are spread over it, then each once per interval, a little sooner or later; no more at a time, and no faster,
 * than the bounds allow. Who is due and has no room waits its turn. Nothing is kept but the targets, a timer
 * of each that rests, and those in line.
 */
import { CHECK_JITTER, PROBE_MOMENT_MS, PROBES_BURST_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { ProbeTerms } from './check.ts';
import type { Cancel } from './conversation.ts';

export interface Probed {
  readonly intervalMs: number;
  /** When the next probe may begin; kept here for whoever asks. */
  dueMs: number;
  /** Begins a probe; `ended` is called once, later, unless it is cancelled. */
  probe(ended: () => void): Cancel;
}

export class Rounds {
  readonly #world: World;
  #terms: Pick<ProbeTerms, 'perSecond' | 'atOnce'>;
  /** What ends the rest of each, or its probe; of those in line, nothing. */
  readonly #all = new Map<Probed, Cancel | undefined>();
  readonly #due = new Set<Probed>();
  /** Those whose first probe has not ended. */
  readonly #new = new Set<Probed>();
  #underway = 0;
  /** When the next may begin, if all had kept their distance. */
  #nextMs = 0;
  #cancelPause: Cancel | undefined;

  constructor(world: World, terms: Pick<ProbeTerms, 'perSecond' | 'atOnce'>) {
    this.#world = world;
    this.#terms = terms;
  }

  reconfigure(terms: Pick<ProbeTerms, 'perSecond' | 'atOnce'>): void {
    this.#terms = terms;
    this.#begin();
  }

  /** Due at once. */
  add(probed: Probed): void {
    if (this.#all.has(probed)) return;
    this.#new.add(probed);
    this.#queue(probed);
    this.#begin();
  }

  remove(probed: Probed): void {
    this.#all.get(probed)?.();
    this.#all.delete(probed);
    this.#due.delete(probed);
    this.#new.delete(probed);
  }

  close(): void {
    for (const probed of [...this.#all.keys()]) this.remove(probed);
    this.#cancelPause?.();
  }

  /** In line, and not begun. */
  get late(): number {
    return this.#due.size;
  }

  get underway(): number {
    return this.#underway;
  }

  #queue(probed: Probed): void {
    this.#all.set(probed, undefined);
    this.#due.add(probed);
  }

  #begin(): void {
    const { perSecond, atOnce } = this.#terms;
    for (const probed of this.#due) {
      if (this.#underway >= atOnce) return;
      const nowMs = this.#world.nowMs();
      if (this.#nextMs > nowMs + PROBES_BURST_MS) {
        this.#pause(this.#nextMs - nowMs - PROBES_BURST_MS);
        return;
      }
      this.#nextMs = Math.max(this.#nextMs, nowMs) + 1_000 / perSecond;
      this.#due.delete(probed);
      this.#probe(probed, nowMs);
    }
  }

  #pause(ms: number): void {
    this.#cancelPause ??= this.#world.after(Math.max(ms, PROBE_MOMENT_MS), () => {
      this.#cancelPause = undefined;
      this.#begin();
    });
  }

  #probe(probed: Probed, beganMs: number): void {
    this.#underway++;
    const cancel = probed.probe(() => {
      this.#underway--;
      this.#rest(probed, beganMs);
      this.#begin();
    });
    this.#all.set(probed, () => {
      this.#underway--;
      cancel();
      this.#begin();
    });
  }

  #rest(probed: Probed, beganMs: number): void {
    const { intervalMs } = probed;
    const slack = this.#new.delete(probed) ? intervalMs : 2 * CHECK_JITTER * intervalMs;
    const dueMs = beganMs + intervalMs * (1 + CHECK_JITTER) - this.#world.draw(Math.ceil(slack));
    // Those of one moment begin together.
    const momentMs = Math.ceil(dueMs / PROBE_MOMENT_MS) * PROBE_MOMENT_MS;
    const restMs = Math.max(momentMs - this.#world.nowMs(), 0);
    probed.dueMs = momentMs;
    const cancel = this.#world.after(restMs, () => {
      this.#queue(probed);
      this.#begin();
    });
    this.#all.set(probed, cancel);
  }
}
