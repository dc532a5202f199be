/**
 * From the pools of an image to a plan (pool/plan has the layout). In: the image, and the one before of the
 * same zone. Out: the image with a plan, or as it is where it has no pools. What is known of a member's
 * health is taken over from the plan before, by owner, member and checks; others that have checks begin as
 * pending. For the control thread, when an image is published.
 */
import { assert } from '../base/assert.ts';
import { toHex } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { nameKey, ownName } from '../wire/name.ts';
import { attributeLength, poolAttributesAt } from '../wire/pool.ts';
import { Image, NONE as NO_NODE, NodeFlag } from '../zone/image.ts';
import type { Slots } from './host-slots.ts';
import {
  MemberWord,
  membersOf,
  NONE,
  PLAN_HEADER_WORDS,
  PlanWord,
  type PlanWords,
  PoolWord,
  poolsIn,
  slotHash,
} from './plan.ts';
import { appendPool } from './plan-pool.ts';

/**
 * `before` is the image of that zone up to now. A plan that tells what there is still is kept. Without
 * `slots` nobody keeps the addresses of hosts.
 */
export function planned(image: Image, before: Image | undefined, slots?: Slots): Image {
  if (!image.hasPools || image === before) return image;
  const plan = before?.pools;
  const isChange = plan !== undefined && before?.buffer === image.buffer;
  const owners = isChange ? ownersNow(image, before, plan) : allOwners(image);
  if (owners.length === 0) return image;
  if (isChange && isTold(image, plan, owners)) return new Image(image.buffer, image.end, before.plan);
  const made = buildPlan(image, owners, slots);
  if (before !== undefined && plan !== undefined) takeOver(image, made, before, plan);
  return new Image(image.buffer, image.end, made.buffer as SharedArrayBuffer);
}

/** With what became known of members, since the plan was made, in the zone that it is to replace. */
export function renewed(image: Image, before: Image | undefined): Image {
  const { pools: plan } = image;
  const old = before?.pools;
  if (before !== undefined && plan !== undefined && old !== undefined && image.plan !== before.plan)
    takeOver(image, plan, before, old);
  return image;
}

const allOwners = (image: Image): number[] =>
  [...image.nodes()].filter((node) => image.has(node, NodeFlag.POOL));

/** A change in the same memory brings and takes no pool (zone/change), but may move their names. */
function ownersNow(image: Image, before: Image, plan: PlanWords): number[] {
  const name = new HashedName();
  return [...poolsIn(plan)].map((pool) => {
    name.set(before.bytes, before.nameAt(plan[pool + PoolWord.NODE] as number));
    const node = image.find(name, 0);
    assert(node !== NO_NODE && image.has(node, NodeFlag.POOL), 'a pool goes with the memory that it is in');
    return node;
  });
}

/** A name that was changed has its RRsets elsewhere. */
function isTold(image: Image, plan: PlanWords, owners: readonly number[]): boolean {
  const blocks = new Set([...poolsIn(plan)].map((pool) => plan[pool + PoolWord.BLOCK]));
  return owners.every((node) => blocks.has(image.rrset(node, Type.POOL)));
}

function buildPlan(image: Image, owners: readonly number[], hosts: Slots | undefined): PlanWords {
  const words = new Array<number>(PLAN_HEADER_WORDS).fill(0);
  const pools = owners.map((node) => appendPool(words, image, node, hosts));
  const count = 2 ** Math.ceil(Math.log2(2 * pools.length));
  const slots = words.length;
  const plan = new Int32Array(new SharedArrayBuffer(4 * (slots + count)));
  plan.set(words);
  plan[PlanWord.POOLS] = pools.length;
  plan[PlanWord.SLOTS_AT] = slots;
  plan[PlanWord.SLOTS] = count;
  for (const pool of pools) {
    let slot = slotHash(plan[pool + PoolWord.BLOCK] as number) & (count - 1);
    while (plan[slots + slot] !== NONE) slot = (slot + 1) & (count - 1);
    plan[slots + slot] = pool;
  }
  linkUses(image, plan);
  return plan;
}

/** To a pool of the same zone that has members and stands at that very name. */
function linkUses(image: Image, plan: PlanWords): void {
  const pools = new Map([...poolsIn(plan)].map((pool) => [ownerKey(image, plan, pool), pool]));
  for (const pool of poolsIn(plan)) {
    const use = plan[pool + PoolWord.USE] as number;
    const used = use === NONE ? undefined : pools.get(nameKey(ownName(image.bytes, use)));
    if (used !== undefined && plan[used + PoolWord.USE] === NONE) plan[pool + PoolWord.USED] = used;
  }
}

const ownerKey = (image: Image, plan: PlanWords, pool: number): string =>
  nameKey(ownName(image.bytes, image.nameAt(plan[pool + PoolWord.NODE] as number)));

function takeOver(image: Image, plan: PlanWords, before: Image, old: PlanWords): void {
  takeCounts(image, plan, before, old);
  const members = new Map<string, number>();
  for (const [key, member] of keyed(before, old)) members.set(key, member);
  for (const [key, member] of keyed(image, plan)) {
    const was = members.get(key);
    if (was === undefined) continue;
    // In this order, as the prober may be writing the other way about: no new promise for what was before.
    plan[member + MemberWord.UNTIL] = Atomics.load(old, was + MemberWord.UNTIL);
    plan[member + MemberWord.STATUS] = Atomics.load(old, was + MemberWord.STATUS);
  }
}

function takeCounts(image: Image, plan: PlanWords, before: Image, old: PlanWords): void {
  const pools = new Map([...poolsIn(old)].map((pool) => [ownerKey(before, old, pool), pool]));
  for (const pool of poolsIn(plan)) {
    const was = pools.get(ownerKey(image, plan, pool));
    if (was === undefined) continue;
    for (const word of [PoolWord.CHANGES, PoolWord.CHOICES_DOWN])
      plan[pool + word] = Atomics.load(old, was + word);
  }
}

/** All members, by owner, by what they are, and by their checks. */
function* keyed(image: Image, plan: PlanWords): Generator<readonly [string, number]> {
  const { bytes } = image;
  for (const pool of poolsIn(plan)) {
    const owner = ownerKey(image, plan, pool);
    for (const member of membersOf(plan, pool)) {
      const rdata = plan[member + MemberWord.RDATA] as number;
      const checks = plan[member + MemberWord.CHECKS] as number;
      const what = toHex(bytes.subarray(rdata, poolAttributesAt(bytes, rdata)));
      const by =
        checks === NONE ? '' : toHex(bytes.subarray(checks, checks + attributeLength(bytes, checks)));
      yield [`${owner} ${what} ${plan[member + MemberWord.PORT]} ${by}`, member];
    }
  }
}
