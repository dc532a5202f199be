/** How members of pools stand, as plain values, for `cairn ctl` and `cairn explain`. */
import type { World } from '../base/world.ts';
import type { BoardMember } from './board.ts';
import { Standing } from './health.ts';
import type { Target } from './targets.ts';

export interface ToldTarget {
  readonly check: string;
  readonly address: string;
  readonly port: number;
  readonly standing: 'down' | 'pending' | 'up';
  /** For how long; undefined where it was never otherwise. */
  readonly forMs: number | undefined;
  /** What the last result was, in words, and how long ago; undefined where there is none. */
  readonly last: { readonly isUp: boolean; readonly why: string; readonly agoMs: number } | undefined;
  /** Until the next probe begins; undefined where others tell the result. */
  readonly nextMs: number | undefined;
}

export interface ToldMember {
  readonly pool: string;
  readonly member: string;
  readonly port: number;
  /** Of its weight, 0 to 1. */
  readonly share: number;
  readonly isPending: boolean;
  readonly isHeld: boolean;
  readonly isSpared: boolean;
  readonly targets: readonly ToldTarget[];
}

const STANDINGS = { [Standing.DOWN]: 'down', [Standing.PENDING]: 'pending', [Standing.UP]: 'up' } as const;

export function toldMember({ pool, member, port, state, targets }: BoardMember, world: World): ToldMember {
  const { share, isPending, isHeld, isSpared } = state;
  return {
    ...{ pool, member, port, share, isPending, isHeld, isSpared },
    targets: targets.map((target) => toldTarget(target, world.nowMs())),
  };
}

function toldTarget({ check, to, health, last, dueMs }: Target, nowMs: number): ToldTarget {
  return {
    ...{ check: check.name, address: to.address, port: to.port },
    standing: STANDINGS[health.standing],
    forMs: Number.isFinite(health.sinceMs) ? nowMs - health.sinceMs : undefined,
    last: last && { isUp: last.verdict.isUp, why: last.verdict.why, agoMs: nowMs - last.atMs },
    nextMs: check.procedure.kind === 'external' ? undefined : Math.max(dueMs - nowMs, 0),
  };
}
