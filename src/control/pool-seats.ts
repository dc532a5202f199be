/**
 * The members of all pools as their plans have them, as plain values: what they are, and how they stand. For
 * whoever tells of them; who answers reads words.
 */
import { MemberWord, membersOf, NONE, type PlanWords, PoolWord, poolsIn, Status } from '../pool/plan.ts';
import { nameText } from '../wire/name.ts';
import { memberText } from '../wire/pool-record.ts';
import type { Image } from '../zone/image.ts';

/** Warming: up again, and not yet at its whole weight. Spared: down, and in since too many are. */
export type SeatState = 'unchecked' | 'up' | 'warming' | 'spared' | 'pending' | 'down' | 'drained' | 'forced';

export interface ToldSeat {
  readonly pool: string;
  /** The address, or the host in lower case. */
  readonly member: string;
  /** 0 where it has none. */
  readonly port: number;
  readonly weight: number;
  readonly tier: number;
  readonly state: SeatState;
  /** Of its weight, 0 to 1. */
  readonly share: number;
}

export function* seatsOf(images: readonly Image[]): Generator<ToldSeat> {
  for (const image of images) {
    const plan = image.pools;
    if (plan === undefined) continue;
    for (const pool of poolsIn(plan)) {
      const owner = ownerText(image, plan, pool);
      for (const member of membersOf(plan, pool)) yield seatOf(image, plan, owner, member);
    }
  }
}

/** Pools that have members of another one, and which one that is; whether it is there or not. */
export function usesOf(images: readonly Image[]): Map<string, string> {
  const uses = new Map<string, string>();
  for (const image of images) {
    const plan = image.pools;
    if (plan === undefined) continue;
    for (const pool of poolsIn(plan)) {
      const use = plan[pool + PoolWord.USE] as number;
      if (use !== NONE) uses.set(ownerText(image, plan, pool), nameText(image.bytes, use).toLowerCase());
    }
  }
  return uses;
}

export const ownerText = (image: Image, plan: PlanWords, pool: number): string =>
  nameText(image.bytes, image.nameAt(plan[pool + PoolWord.NODE] as number));

export function seatOf(image: Image, plan: PlanWords, pool: string, member: number): ToldSeat {
  const status = Atomics.load(plan, member + MemberWord.STATUS);
  return {
    pool,
    member: memberText(image.bytes, plan[member + MemberWord.RDATA] as number),
    port: plan[member + MemberWord.PORT] as number,
    weight: plan[member + MemberWord.WEIGHT] as number,
    tier: plan[member + MemberWord.TIER] as number,
    state: stateOf(status),
    share: (status & Status.SHARE) / Status.SHARE,
  };
}

function stateOf(status: number): SeatState {
  const isIn = (status & Status.SHARE) !== 0;
  if ((status & Status.HELD) !== 0) return isIn ? 'forced' : 'drained';
  if ((status & Status.CHECKED) === 0) return 'unchecked';
  if ((status & Status.PENDING) !== 0) return 'pending';
  if ((status & Status.EJECT_SPARED) !== 0) return 'spared';
  if (!isIn) return 'down';
  return (status & Status.SHARE) === Status.SHARE ? 'up' : 'warming';
}

export const seatKey = ({ pool, member, port }: Pick<ToldSeat, 'pool' | 'member' | 'port'>): string =>
  `${pool} ${member} ${port}`;
