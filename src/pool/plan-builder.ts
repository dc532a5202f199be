/**
 * From the pools of an image to a plan (pool/plan has the layout). In: the image, and the one before of the
 * same zone. Out: the image with a plan, or as it is where it has no pools. What is known of a member's
 * health is taken over from the plan before, by owner, member and checks; others that have checks begin as
 * pending. For the control thread, when an image is published.
 */
import { toHex } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { nameKey, ownName } from '../wire/name.ts';
import { attributeLength, poolAttributesAt } from '../wire/pool.ts';
import { Image, NONE as NO_NODE, NodeFlag } from '../zone/image.ts';
import type { Change } from '../zone/thaw.ts';
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
 * `before` has the plan up to now; if it is an older version in the same memory, `changes` are those since. A
 * plan that tells all there is still is kept.
 */
export function planned(image: Image, before: Image | undefined, changes: readonly Change[]): Image {
  if (!image.hasPools || image === before) return image;
  const plan = before?.pools;
  const isChange = before !== undefined && plan !== undefined && before.buffer === image.buffer;
  const owners = isChange ? ownersAfter(image, before, plan, changes) : allOwners(image);
  if (owners.length === 0) return image;
  if (isChange && isTold(image, plan, owners)) return new Image(image.buffer, image.end, before.plan);
  const made = buildPlan(image, owners);
  if (plan !== undefined) takeOver(image, made, before as Image, plan);
  return new Image(image.buffer, image.end, made.buffer as SharedArrayBuffer);
}

const allOwners = (image: Image): number[] =>
  [...image.nodes()].filter((node) => image.has(node, NodeFlag.POOL));

/** Of the names that had pools, and those changed since, the ones that have. */
function ownersAfter(
  image: Image,
  before: Image,
  plan: PlanWords,
  changes: readonly Change[],
): readonly number[] {
  const owners = new Set<number>();
  const name = new HashedName();
  const note = (bytes: Uint8Array, at: number): void => {
    name.set(bytes, at);
    const node = image.find(name, 0);
    if (node !== NO_NODE && image.has(node, NodeFlag.POOL)) owners.add(node);
  };
  for (const pool of poolsIn(plan)) note(before.bytes, before.nameAt(plan[pool + PoolWord.NODE] as number));
  for (const change of changes) note(change.name, 0);
  return [...owners];
}

/** A name that was changed has its RRsets elsewhere. */
function isTold(image: Image, plan: PlanWords, owners: readonly number[]): boolean {
  if (owners.length !== plan[PlanWord.POOLS]) return false;
  const blocks = new Set([...poolsIn(plan)].map((pool) => plan[pool + PoolWord.BLOCK]));
  return owners.every((node) => blocks.has(image.rrset(node, Type.POOL)));
}

function buildPlan(image: Image, owners: readonly number[]): PlanWords {
  const words = new Array<number>(PLAN_HEADER_WORDS).fill(0);
  const pools = owners.map((node) => appendPool(words, image, node));
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
  const members = new Map<string, number>();
  for (const [key, member] of keyed(before, old)) members.set(key, member);
  for (const [key, member] of keyed(image, plan)) {
    const was = members.get(key);
    if (was === undefined) continue;
    plan[member + MemberWord.STATUS] = old[was + MemberWord.STATUS] as number;
    plan[member + MemberWord.UNTIL] = old[was + MemberWord.UNTIL] as number;
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
