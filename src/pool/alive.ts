/**
 * The first stage of a choice: who is up. Members that are down are left out; where nobody is up, those whose
 * checks have not ended yet are taken, and where there are none either, what the pool says (`all-down=`).
 */
import { POOL_TTL_SECONDS_MIN } from '../base/limits.ts';
import { AllDown } from '../wire/pool.ts';
import type { Choice } from './choice.ts';
import { MemberWord, PoolWord, Status, UNTIL_EVER } from './plan.ts';

export function keepAlive(choice: Choice, nowSeconds: number): void {
  if (choice.count === 0) return;
  for (let i = 0; i < choice.count; i++) {
    const until = choice.word(i, MemberWord.UNTIL);
    if (until !== UNTIL_EVER) choice.promise(Math.max(Math.floor(until - nowSeconds), POOL_TTL_SECONDS_MIN));
  }
  if (keep(choice, Status.SHARE)) return;
  choice.isDesperate = true;
  if (keep(choice, Status.PENDING)) return;
  const allDown = choice.option(PoolWord.ALL_DOWN);
  if (allDown === AllDown.NODATA) choice.verdict = 'nodata';
  else if (allDown === AllDown.SERVFAIL) choice.verdict = 'servfail';
  else if (allDown === AllDown.LAST_GOOD) keep(choice, Status.LAST_GOOD);
  if (choice.verdict !== 'members') choice.count = 0;
}

/** Members with any of these bits, if there are such; else the list stays as it is. */
function keep(choice: Choice, bits: number): boolean {
  let kept = 0;
  for (let i = 0; i < choice.count; i++) {
    if ((choice.word(i, MemberWord.STATUS) & bits) !== 0)
      choice.members[kept++] = choice.members[i] as number;
  }
  if (kept > 0) choice.count = kept;
  return kept > 0;
}
