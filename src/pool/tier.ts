/** The third stage of a choice: of all tiers that are left in the list, the lowest. */
import type { Choice } from './choice.ts';
import { MemberWord } from './plan.ts';

export function keepLowestTier(choice: Choice): void {
  let lowest = 0xffff;
  for (let i = 0; i < choice.count; i++) lowest = Math.min(lowest, choice.word(i, MemberWord.TIER));
  let kept = 0;
  for (let i = 0; i < choice.count; i++) {
    if (choice.word(i, MemberWord.TIER) === lowest) choice.members[kept++] = choice.members[i] as number;
  }
  choice.count = kept;
}
