/**
 * What a rule over differences is; ./explained.ts is the table of them, ./explain.ts applies them.
 */
import type { PeerName } from './peers.ts';
import type { Question } from './question.ts';
import type { Response } from './verdict.ts';
import type { World } from './world.ts';

export interface Difference {
  /** As far as we know, and after a rule has spoken, as the peer sees it. */
  readonly world: World;
  readonly question: Question;
  readonly peer: PeerName;
  readonly ours: Response;
  readonly theirs: Response;
  /** Our response in another world, to see what would be said if zones were other than they are. */
  readonly oursIn: (world: World, question: Question) => Response;
}

export interface Rule {
  readonly name: string;
  readonly peers: readonly PeerName[];
  /** The RFC and section that decide, or leave it open. */
  readonly rfc: string;
  readonly right: 'ours' | 'both';
  readonly why: string;
  /** The world in which we would answer as the peer does; undefined where the rule has nothing to say. */
  readonly world?: (d: Difference) => World | undefined;
  /** Or the two responses less what the rule excuses. */
  readonly retold?: (d: Difference) => Partial<Pick<Difference, 'ours' | 'theirs'>> | undefined;
}
