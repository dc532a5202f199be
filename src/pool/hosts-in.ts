/** The hosts that are members of the pools of some images, by the slots that their plans have for them. */
import { type Name, ownName } from '../wire/name.ts';
import { PoolKind, poolSubjectAt } from '../wire/pool.ts';
import type { Image } from '../zone/image.ts';
import { MemberWord, membersOf, poolsIn } from './plan.ts';

export function hostsIn(images: readonly Image[]): Map<number, Name> {
  const hosts = new Map<number, Name>();
  for (const { pools: plan, bytes } of images) {
    if (plan === undefined) continue;
    for (const pool of poolsIn(plan)) {
      for (const member of membersOf(plan, pool)) {
        const slot = plan[member + MemberWord.HOST] as number;
        if (plan[member + MemberWord.KIND] !== PoolKind.HOST || slot < 0 || hosts.has(slot)) continue;
        hosts.set(slot, ownName(bytes, poolSubjectAt(plan[member + MemberWord.RDATA] as number)));
      }
    }
  }
  return hosts;
}
