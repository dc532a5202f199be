/**
 * What there is to know of the pools of one image for choosing from them, as words in a SharedArrayBuffer:
 * made by the control thread (pool/plan-builder) when the image is published, read by every thread that
 * answers, never kept on disk. Offsets that are of the image are bytes there; other offsets are words here,
 * and 0 is none.
 *
 *   header
 *     0  number of pools     1  where the slots begin     2  number of slots, a power of two
 *
 *   pools (PoolWord), each with its members (MemberWord) right behind it, and before it what they have lists
 *   of: a list is its length and then its words. Numbers of systems, rising; places
 *   (pool/place-codes), the closest first; ordinals of members; and tables of prefixes (pool/nets)
 *   slots: open addressing by the offset of a pool's RRset block, at most half full; a pool or none
 *
 * Nothing of it changes but two words of each member, STATUS and UNTIL, which the prober alone writes, and
 * two counts of each pool. Who reads between two writes has the status of one moment and the time of the
 * other: a TTL is a little off.
 */
import { assert } from '../base/assert.ts';

export const PLAN_HEADER_WORDS = 3;
export const PlanWord = { POOLS: 0, SLOTS_AT: 1, SLOTS: 2 } as const;
export const NONE = 0;

export const PoolWord = {
  /** Of the RRset, in the image. */
  BLOCK: 0,
  /** Of the owner's node, in words of the image. */
  NODE: 1,
  TTL: 2,
  /** PoolFlag. */
  FLAGS: 3,
  /** How many are to be answered, as the options say; 0 where they do not. */
  ANSWERS: 4,
  /** How many where they do not: one if any member has a weight, else all. */
  DRAWS: 5,
  /** AllDown (wire/pool). */
  ALL_DOWN: 6,
  /** Percent of the members that checks may take out. */
  EJECT_AT_MOST: 7,
  /** Seconds that a member takes to come back to its whole weight. */
  WARM_UP: 8,
  /** Of the name of the pool whose members these are, in the image; 0 where it has its own. */
  USE: 9,
  /** That pool, where it is one of this plan and has members of its own. */
  USED: 10,
  /** As in a member, in place of what the members have. */
  USE_PORT: 11,
  USE_ALPN: 12,
  /** Of the members' prefixes, a table (pool/nets) for each family. */
  NETS_V4: 13,
  NETS_V6: 14,
  /** Number of members, which follow. */
  MEMBERS: 15,
  /** Times that a member went in or out; the prober counts. */
  CHANGES: 16,
  /** Choices among its members while none of those was up; whoever answers counts. */
  CHOICES_DOWN: 17,
} as const;
export const POOL_WORDS = 18;

/**
 * OPTIONS: it has a record `*`. PLACES: a member has a place; LOCATES: one that takes a database to tell.
 * DOUBLES: two members may have the same address. HOSTS: a member is a host.
 */
export const PoolFlag = {
  ...{ OPTIONS: 1, STICKY: 2, AS_CNAME: 4 },
  ...{ PLACES: 8, LOCATES: 16, DOUBLES: 32, HOSTS: 64 },
} as const;

export const MemberWord = {
  /** Of its RDATA, in the image. */
  RDATA: 0,
  /** PoolKind (wire/pool). */
  KIND: 1,
  WEIGHT: 2,
  TIER: 3,
  /** 0 where it has none. */
  PORT: 4,
  /** Of the value in the image, its length in the two bytes before; or 0. */
  ALPN: 5,
  /** A hash of what it is: address or host, and port. The same in any plan, in any server. */
  IDENTITY: 6,
  /** Of the derived name of an address, in the image; 0 of a host. */
  DERIVED: 7,
  /** Among the members, which one: from 0. */
  ORDINAL: 8,
  /** The first member with the same tier, port and alpn: together they are one endpoint. */
  ENDPOINT: 9,
  /** PlaceFlag: by what it has places. */
  PLACES: 10,
  ASNS: 11,
  GEOS: 12,
  /** Where it is near, in 1e-5 degrees. */
  LATITUDE: 13,
  LONGITUDE: 14,
  /** Kilometres that it counts as nearer. */
  BIAS: 15,
  /** Of the value in the image (names, each counted by a byte), its length in the two bytes before; or 0. */
  CHECKS: 16,
  /** Of a host, the slot where its addresses are kept (pool/flattened); -1 where they are not. */
  HOST: 17,
  /** Status: what part of its weight it has, and flags. */
  STATUS: 18,
  /** Second of `world.nowMs` until which nothing can change the status; UNTIL_EVER for never. */
  UNTIL: 19,
  /** Of a host, the hash of its name (wire/name). */
  HOST_HASH: 20,
} as const;
export const MEMBER_WORDS = 21;

export const PlaceFlag = { NET: 1, ASN: 2, GEO: 4, NEAR: 8 } as const;

/**
 * SHARE: what part of its weight the member has, 0 for out and SHARE for all of it. PENDING: no check has
 * ended yet. LAST_GOOD: it was among the last that were up. HELD: an operator took it out or keeps it in.
 * CHECKED: it has checks. EJECT_SPARED: down, and kept in, since too many are down.
 */
export const Status = {
  SHARE: 1023,
  PENDING: 1 << 10,
  LAST_GOOD: 1 << 11,
  HELD: 1 << 12,
  CHECKED: 1 << 13,
  EJECT_SPARED: 1 << 14,
} as const;
export const UNTIL_EVER = 0x7fff_ffff;

/** Words of a plan; most readers want nothing else. */
export type PlanWords = Int32Array;

export const slotHash = (block: number): number => {
  const mixed = Math.imul(block, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
};

/** The pool whose RRset block lies there. */
export function findPool(plan: PlanWords, block: number): number {
  const slots = plan[PlanWord.SLOTS_AT] as number;
  const mask = (plan[PlanWord.SLOTS] as number) - 1;
  for (let slot = slotHash(block) & mask; ; slot = (slot + 1) & mask) {
    const pool = plan[slots + slot] as number;
    assert(pool !== NONE, 'a plan has all pools of its image');
    if (plan[pool + PoolWord.BLOCK] === block) return pool;
  }
}

export const firstMember = (pool: number): number => pool + POOL_WORDS;
export const poolOfFirst = (member: number): number => member - POOL_WORDS;

/** Behind the last member. */
export const membersEnd = (plan: PlanWords, pool: number): number =>
  pool + POOL_WORDS + MEMBER_WORDS * (plan[pool + PoolWord.MEMBERS] as number);

/** All pools, in no order. */
export function* poolsIn(plan: PlanWords): Generator<number> {
  const slots = plan[PlanWord.SLOTS_AT] as number;
  for (let slot = plan[PlanWord.SLOTS] as number; slot > 0; slot--) {
    const pool = plan[slots + slot - 1] as number;
    if (pool !== NONE) yield pool;
  }
}

/** The members of a pool, in the order of its records. */
export function* membersOf(plan: PlanWords, pool: number): Generator<number> {
  const end = membersEnd(plan, pool);
  for (let member = firstMember(pool); member < end; member += MEMBER_WORDS) yield member;
}
