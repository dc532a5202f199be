/**
 * Walks in flight, by question: whoever wants the same waits for the one that is under way, so that no
 * question is outstanding twice (VU#457875, LIMITS B3). A walk may wait for other walks, for the addresses of
 * servers; who waits for whom is known, and a circle is never closed.
 */
import { assert } from '../base/assert.ts';
import { GIVE_WAY_LOOKS_MAX } from '../base/limits.ts';
import type { Roster } from '../base/roster.ts';
import type { Walk } from './ask-zone.ts';
import type { Finding } from './outcome.ts';

export class Flight {
  readonly walk: Walk;
  hasLanded = false;
  readonly #waiting: ((finding: Finding) => void)[] = [];
  /** Clients, not other flights. */
  clients = 0;
  /** A few at most. */
  readonly waitsFor: Flight[] = [];
  /** Began with an unspent purse, so that running out of it is this question's doing. */
  readonly startedFresh: boolean;

  constructor(walk: Walk) {
    this.walk = walk;
    this.startedFresh = walk.budget.untouched;
  }

  /** `tell` does not throw. */
  onLanding(tell: (finding: Finding) => void): void {
    assert(!this.hasLanded, 'who has landed is in flight no more');
    this.#waiting.push(tell);
  }

  land(finding: Finding): void {
    this.hasLanded = true;
    for (const tell of this.#waiting) tell(finding);
  }

  waitsNoMore(other: Flight): void {
    this.waitsFor.splice(this.waitsFor.indexOf(other), 1);
  }

  /** Whether this flight is `other`, or cannot land before it. */
  isHeldUpBy(other: Flight): boolean {
    const seen = new Set<Flight>([this]);
    for (const flight of seen) {
      if (flight === other) return true;
      for (const next of flight.waitsFor) seen.add(next); // A set grows under its own iteration.
    }
    return false;
  }

  /** Whether what it found holds for everybody, and not just for who paid for it. */
  holdsForAll(finding: Finding): boolean {
    return finding.kind !== 'end' || finding.outcome.limited === undefined || this.startedFresh;
  }
}

/** One of the oldest of which this holds; who waits for another flight gets as far as that one does. */
export function firstThat(
  flights: Roster<string, Flight>,
  holds: (walk: Walk) => boolean,
): [string, Flight] | undefined {
  let looks = 0;
  for (const [key, flight] of flights) {
    if (flight.waitsFor.length === 0 && holds(flight.walk)) return [key, flight];
    if (++looks === GIVE_WAY_LOOKS_MAX) break;
  }
  return undefined;
}
