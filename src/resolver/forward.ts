/**
 * A question to resolvers that answer in place of the zone's own servers. The name is shown whole and
 * recursion is desired; a chain of aliases is taken as it comes, but only as far as it stays in the forward
 * zone: what leaves it is resolved by the rules of its own name, and what else the reply says is not looked
 * at (MaginotDNS, LIMITS B13). CD is never set, so a forwarder that validates does so for us; its AD is not
 * passed on.
 */
import { ALIAS_HOPS_MAX } from '../base/limits.ts';
import { ROOT } from '../wire/name.ts';
import { askZone, type Walk } from './ask-zone.ts';
import { forwardedShape } from './classify.ts';
import type { Delegation } from './delegation.ts';
import { failedBefore } from './failures.ts';
import { ended, type Finding } from './outcome.ts';
import { scrub } from './scrub.ts';
import type { Steps } from './wish.ts';

/** Nothing where no forwarder resolved it, and it is to be resolved from the root then. */
export function* forward(walk: Walk, place: Delegation): Steps<Finding | undefined> {
  const { asked, know } = walk;
  const isFirst = place.route?.first === true;
  const obstacle = know.outages.enter(place, asked.type);
  if (obstacle !== undefined) return isFirst ? undefined : ended(failedBefore(obstacle));
  const says = yield* askZone(walk, place, asked);
  if (says.kind === 'failure') {
    if (says.outcome.limited !== undefined) return ended(says.outcome);
    if (isFirst) return undefined;
    know.learnFailure(asked, place, says.outcome);
    return ended(says.outcome);
  }
  const { message, from } = says;
  const first = know.learn(asked, message, says.scrubbed, from);
  let last = first;
  for (let hops = 1; last.kind === 'alias' && hops < ALIAS_HOPS_MAX; hops++) {
    const next = { ...asked, name: last.target };
    if (!know.routes.isOneWay(next, asked)) break;
    const scrubbed = scrub(message, next, place.cut, ROOT);
    const shape = forwardedShape(message, scrubbed);
    if (shape === 'lame' || shape === 'useless' || shape === 'referral') break;
    last = know.learn(next, message, { ...scrubbed, scope: says.scrubbed.scope }, from);
  }
  return first;
}
