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

/** Where one of them stands. Kept in place: tables that turn over a thousand times a second grow old. */
interface Turn {
  readonly probed: Probed;
  state: 'due' | 'underway' | 'resting' | 'gone';
  /** Its first probe has not ended. */
  isNew: boolean;
  /** Ends what is under way; nothing that has ended is held on to. */
  cancel: Cancel;
}

const nothing: Cancel = () => undefined;

/** Consumed places at the head of the line; then it is cut. */
const LINE_HEAD_MAX = 1_024;

export class Rounds {
  readonly #world: World;
  #bounds: Bounds;
  readonly #turns = new Map<Probed, Turn>();
  /** Who rests, and who did and was removed. */
  readonly #agenda = new Agenda<Turn>();
  /** Who is due, from `#head` on, and who was and was removed. */
  readonly #line: Turn[] = [];
  #head = 0;
  #late = 0;
  #underway = 0;
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
    if (this.#turns.has(probed)) return;
    const turn: Turn = { probed, state: 'resting', isNew: true, cancel: nothing };
    this.#turns.set(probed, turn);
    this.#queue(turn);
    this.#begin();
  }

  remove(probed: Probed): void {
    this.#drop(probed);
    this.#begin();
  }

  close(): void {
    for (const probed of [...this.#turns.keys()]) this.#drop(probed);
    this.#cancelWake?.();
  }

  /** In line, and not begun. */
  get late(): number {
    return this.#late;
  }

  get underway(): number {
    return this.#underway;
  }

  #drop(probed: Probed): void {
    const turn = this.#turns.get(probed);
    if (turn === undefined) return;
    this.#turns.delete(probed);
    if (turn.state === 'due') this.#late--;
    if (turn.state === 'underway') {
      this.#underway--;
      turn.cancel();
    }
    turn.state = 'gone';
  }

  #queue(turn: Turn): void {
    turn.state = 'due';
    this.#late++;
    this.#line.push(turn);
  }

  #begin(): void {
    const { perSecond, atOnce } = this.#bounds;
    while (this.#head < this.#line.length && this.#underway < atOnce) {
      const turn = this.#line[this.#head] as Turn;
      const nowMs = this.#world.nowMs();
      const waitMs = this.#nextMs - nowMs - PROBES_BURST_MS;
      if (waitMs > 0) {
        this.#wakeAt(nowMs + Math.max(waitMs, PROBE_MOMENT_MS));
        break;
      }
      this.#head++;
      if (turn.state !== 'due') continue;
      this.#nextMs = Math.max(this.#nextMs, nowMs) + 1_000 / perSecond;
      this.#probe(turn, nowMs);
    }
    if (this.#head === this.#line.length || this.#head > LINE_HEAD_MAX) {
      this.#line.splice(0, this.#head);
      this.#head = 0;
    }
    this.#wakeAt(this.#agenda.nextMs);
  }

  #probe(turn: Turn, beganMs: number): void {
    turn.state = 'underway';
    this.#late--;
    this.#underway++;
    turn.cancel = turn.probed.probe(() => {
      this.#underway--;
      turn.cancel = nothing;
      this.#rest(turn, beganMs);
      this.#begin();
    });
  }

  #rest(turn: Turn, beganMs: number): void {
    const { probed } = turn;
    const { intervalMs } = probed;
    const slackMs = turn.isNew ? intervalMs : 2 * CHECK_JITTER * intervalMs;
    const dueMs = beganMs + intervalMs * (1 + CHECK_JITTER) - this.#world.draw(Math.ceil(slackMs));
    // Those of one moment begin together.
    const momentMs = Math.min(PROBE_MOMENT_MS, CHECK_JITTER * intervalMs);
    probed.dueMs = Math.ceil(dueMs / momentMs) * momentMs;
    turn.isNew = false;
    turn.state = 'resting';
    this.#agenda.add(probed.dueMs, turn);
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
      const turn = this.#agenda.take();
      if (turn.state === 'resting') this.#queue(turn);
    }
    this.#begin();
  }
}
