/** The third stage of a choice: of all tiers that are left in the list, the lowest. */
import type { Choice } from './choice.ts';
import { MemberWord } from './plan.ts';

const { TIER } = MemberWord;
/** Above all that there are. */
const TIER_NONE = 0xffff;

export function keepLowestTier(choice: Choice): void {
  const { plan, members, count } = choice;
  let lowest = TIER_NONE;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const member = members[i] as number;
    const tier = plan[member + TIER] as number;
    if (tier > lowest) continue;
    if (tier < lowest) kept = 0;
    lowest = tier;
    members[kept++] = member;
  }
  choice.count = kept;
}
