/**
 * When which target is probed: at once, then at any time within an interval, so that those that came
 * together are spread over it, then each once per interval, a little sooner or later; no more at a time, and
 * no faster, than the bounds allow. Who is due and has no room waits its turn.
 */
import { CHECK_JITTER, PROBE_MOMENT_MS, PROBES_BURST_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Agenda } from './agenda.ts';
import type { ProbeTerms } from './check.ts';
import type { Cancel } from './conversation.ts';

export interface Probed {
  readonly intervalMs: number;
  /** When the next probe may begin; kept here. */
  dueMs: number;
  /** Begins a probe; `ended` is called once, later, unless it is cancelled. */
  probe(ended: () => void): Cancel;
}

type Bounds = Pick<ProbeTerms, 'perSecond' | 'atOnce'>;

export class Rounds {
  readonly #world: World;
  #bounds: Bounds;
  readonly #all = new Set<Probed>();
  /** Those whose first probe has not ended. */
  readonly #new = new Set<Probed>();
  /** Who rests, and who did and was removed. */
  readonly #agenda = new Agenda<Probed>();
  /** In line. */
  readonly #due = new Set<Probed>();
  readonly #underway = new Map<Probed, Cancel>();
  /** When the next probe may begin, if all had kept their distance. */
  #nextMs = 0;
  #wakeMs = Infinity;
  #cancelWake: Cancel | undefined;

  constructor(world: World, bounds: Bounds) {
    this.#world = world;
    this.#bounds = bounds;
  }

  reconfigure(bounds: Bounds): void {
    this.#bounds = bounds;
    this.#begin();
  }

  /** Due at once. */
  add(probed: Probed): void {
    if (this.#all.has(probed)) return;
    this.#all.add(probed);
    this.#new.add(probed);
    this.#due.add(probed);
    this.#begin();
  }

  remove(probed: Probed): void {
    this.#drop(probed);
    this.#begin();
  }

  #drop(probed: Probed): void {
    this.#underway.get(probed)?.();
    for (const list of [this.#all, this.#new, this.#due, this.#underway]) list.delete(probed);
  }

  close(): void {
    for (const probed of [...this.#all]) this.#drop(probed);
    this.#cancelWake?.();
  }

  /** In line, and not begun. */
  get late(): number {
    return this.#due.size;
  }

  get underway(): number {
    return this.#underway.size;
  }

  #begin(): void {
    const { perSecond, atOnce } = this.#bounds;
    for (const probed of this.#due) {
      if (this.#underway.size >= atOnce) break;
      const nowMs = this.#world.nowMs();
      const waitMs = this.#nextMs - nowMs - PROBES_BURST_MS;
      if (waitMs > 0) {
        this.#wakeAt(nowMs + Math.max(waitMs, PROBE_MOMENT_MS));
        break;
      }
      this.#nextMs = Math.max(this.#nextMs, nowMs) + 1_000 / perSecond;
      this.#due.delete(probed);
      this.#underway.set(
        probed,
        probed.probe(() => this.#ended(probed, nowMs)),
      );
    }
    this.#wakeAt(this.#agenda.nextMs);
  }

  #ended(probed: Probed, beganMs: number): void {
    this.#underway.delete(probed);
    const { intervalMs } = probed;
    const slackMs = this.#new.delete(probed) ? intervalMs : 2 * CHECK_JITTER * intervalMs;
    const dueMs = beganMs + intervalMs * (1 + CHECK_JITTER) - this.#world.draw(Math.ceil(slackMs));
    // Those of one moment begin together.
    probed.dueMs = Math.ceil(dueMs / PROBE_MOMENT_MS) * PROBE_MOMENT_MS;
    this.#agenda.add(probed.dueMs, probed);
    this.#begin();
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakeMs) return;
    this.#cancelWake?.();
    this.#wakeMs = atMs;
    this.#cancelWake = this.#world.after(Math.max(atMs - this.#world.nowMs(), 0), () => this.#wake());
  }

  #wake(): void {
    this.#wakeMs = Infinity;
    this.#cancelWake = undefined;
    const nowMs = this.#world.nowMs();
    while (this.#agenda.nextMs <= nowMs) {
      const dueMs = this.#agenda.nextMs;
      const probed = this.#agenda.take();
      const rests = this.#all.has(probed) && !this.#underway.has(probed) && probed.dueMs === dueMs;
      if (rests) this.#due.add(probed);
    }
    this.#begin();
  }
}
