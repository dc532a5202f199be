/** The hosts that are members of the pools of some images, by the slots that their plans have for them. */
import { type Name, ownName } from '../wire/name.ts';
import { PoolKind, poolSubjectAt } from '../wire/pool.ts';
import type { Image } from '../zone/image.ts';
import { MemberWord, membersOf, type PlanWords, poolsIn } from './plan.ts';

export function hostsIn(images: readonly Image[]): Map<number, Name> {
  const hosts = new Map<number, Name>();
  for (const [plan, member, { bytes }] of hostMembers(images)) {
    const slot = plan[member + MemberWord.HOST] as number;
    if (slot < 0 || hosts.has(slot)) continue;
    hosts.set(slot, ownName(bytes, poolSubjectAt(plan[member + MemberWord.RDATA] as number)));
  }
  return hosts;
}

/** Those of hosts and of their views. */
export function slotsIn(images: readonly Image[]): Set<number> {
  const slots = new Set<number>();
  for (const [plan, member] of hostMembers(images))
    for (const word of [MemberWord.HOST, MemberWord.VIEW]) slots.add(plan[member + word] as number);
  return slots;
}

function* hostMembers(
  images: readonly Image[],
): Generator<readonly [plan: PlanWords, member: number, image: Image]> {
  for (const image of images) {
    const { pools: plan } = image;
    if (plan === undefined) continue;
    for (const pool of poolsIn(plan))
      for (const member of membersOf(plan, pool))
        if (plan[member + MemberWord.KIND] === PoolKind.HOST) yield [plan, member, image];
  }
}
