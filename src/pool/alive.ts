/**
 * The first stage of a choice: who is up. Members that are down are left out; where nobody is up, those whose
 * checks have not ended yet are taken, and where there are none either, what the pool says (`all-down=`); of
 * these, whom an operator took out only where there is nobody else.
 */
import { POOL_TTL_SECONDS_MIN } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { AllDown } from '../wire/pool.ts';
import { addressKind } from './able.ts';
import type { Choice } from './choice.ts';
import type { Flattened } from './flattened.ts';
import { isHostDown } from './host-member.ts';
import { MemberWord, PoolFlag, PoolWord, Status, UNTIL_EVER } from './plan.ts';

const { STATUS, UNTIL } = MemberWord;
const { SHARE } = Status;
const EVER: number = UNTIL_EVER;

export function keepAlive(
  choice: Choice,
  projection: number,
  hosts: Flattened | undefined,
  world: World,
): void {
  const { plan, pool, members, count } = choice;
  const hasHosts = hosts !== undefined && ((plan[pool + PoolWord.FLAGS] as number) & PoolFlag.HOSTS) !== 0;
  const kind = hasHosts ? addressKind(projection) : undefined;
  let until = EVER;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const member = members[i] as number;
    until = Math.min(until, plan[member + UNTIL] as number);
    if (((plan[member + STATUS] as number) & SHARE) === 0) continue;
    if (kind !== undefined && hosts !== undefined && isHostDown(hosts, plan, member, kind)) continue;
    members[kept++] = member;
  }
  // No clock is read where nothing is checked.
  if (until !== EVER) promise(choice, until, world);
  if (kept > 0) choice.count = kept;
  else keepDown(choice);
}

function promise(choice: Choice, until: number, world: World): void {
  const nowSeconds = Math.ceil(world.nowMs() / 1_000) | 0;
  choice.promise(Math.max(until - nowSeconds, POOL_TTL_SECONDS_MIN));
}

/** The list is as it was: nobody in it is up. */
function keepDown(choice: Choice): void {
  choice.isDesperate = true;
  // Whom an operator took out comes last.
  keep(choice, Status.HELD, 0);
  if (keep(choice, Status.PENDING)) return;
  const allDown = choice.option(PoolWord.ALL_DOWN);
  if (allDown === AllDown.NODATA) choice.verdict = 'nodata';
  else if (allDown === AllDown.SERVFAIL) choice.verdict = 'servfail';
  else if (allDown === AllDown.LAST_GOOD) keep(choice, Status.LAST_GOOD);
  if (choice.verdict !== 'members') choice.count = 0;
}

/** Members of whom these bits are so, if there are such; else the list stays as it is. */
function keep(choice: Choice, bits: number, wanted = bits): boolean {
  let kept = 0;
  for (let i = 0; i < choice.count; i++) {
    if ((choice.word(i, STATUS) & bits) === wanted) choice.members[kept++] = choice.members[i] as number;
  }
  if (kept > 0) choice.count = kept;
  return kept > 0;
}
