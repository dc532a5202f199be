/**
 * Walks in flight, by question: whoever wants the same waits for the one that is under way, so that no
 * question is outstanding twice (VU#457875, LIMITS B3). A walk may wait for other walks, for the addresses of
 * servers; who waits for whom is known, and a circle is never closed.
 */
import type { Budget } from './budget.ts';
import type { Journal } from './journal.ts';
import type { Finding } from './outcome.ts';
import type { Asked } from './wish.ts';

export class Flight {
  readonly asked: Asked;
  readonly journal: Journal;
  /** Set by whoever launches it, at once. */
  finding!: Promise<Finding>;
  /** Clients, not other flights. */
  clients = 0;
  readonly waitsFor = new Set<Flight>();
  /** Began with an unspent purse, so that running out of it is this question's doing. */
  readonly startedFresh: boolean;

  constructor(asked: Asked, budget: Budget, journal: Journal) {
    this.asked = asked;
    this.journal = journal;
    this.startedFresh = budget.untouched;
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
