/**
 * The last questions that failed, with the journal of the walk that failed them: for whoever comes later and
 * asks why. One for each zone whose servers were asked last, with a count, so that a flood of names below one
 * dead zone is one entry and drives no other out. Bounded in zones; a journal is bounded itself, and is told
 * only when somebody asks.
 */
import { MISHAPS_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Rcode, typeText } from '../wire/codes.ts';
import { nameKey } from '../wire/name.ts';
import { type Journal, plainText } from './journal.ts';
import type { ExtendedError, Outcome } from './outcome.ts';
import { type TrailStep, trailOf } from './trail.ts';
import type { Asked } from './wish.ts';

interface Mishap {
  readonly asked: Asked;
  readonly outcome: Outcome;
  readonly wallMs: number;
  readonly journal: Journal;
  /** Of this zone, since it was forgotten last. */
  readonly count: number;
}

export interface ToldMishap {
  readonly name: string;
  readonly type: string;
  /** When the client was told, in milliseconds since 1970. */
  readonly wallMs: number;
  /** The zone at which it failed. */
  readonly zone: string;
  /** Failures at this zone, this one the last of them. */
  readonly count: number;
  readonly ede: ExtendedError | undefined;
  readonly steps: readonly TrailStep[];
}

export class Mishaps {
  /** By zone, the latest last. */
  readonly #kept = new Map<string, Mishap>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Of what failed without a walk there is nothing to tell: a limit of the moment, a known failure. */
  note(asked: Asked, outcome: Outcome, journal: Journal | undefined): void {
    if (outcome.rcode !== Rcode.SERVFAIL || journal === undefined) return;
    const key = nameKey(journal.zone);
    const count = (this.#kept.get(key)?.count ?? 0) + 1;
    this.#kept.delete(key);
    this.#kept.set(key, { asked, outcome, wallMs: this.#world.wallMs(), journal, count });
    if (this.#kept.size <= MISHAPS_MAX) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }

  /** The latest first. */
  get told(): ToldMishap[] {
    const nowMs = this.#world.nowMs();
    return [...this.#kept.values()].reverse().map(({ asked, outcome, wallMs, journal, count }) => ({
      name: plainText(asked.name),
      type: typeText(asked.type),
      wallMs,
      zone: plainText(journal.zone),
      count,
      ede: outcome.ede,
      steps: trailOf(journal, journal.beganMs, nowMs),
    }));
  }
}
