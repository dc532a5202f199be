/**
 * From the closest place we know down to an answer, or to a named failure, for one name and type (RFC 1034
 * §5.3.3). Aliases are not followed here: where one leads is another walk.
 */
import { REFERRALS_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { ROOT } from '../wire/name.ts';
import { askZone, failure, type Walk } from './ask-zone.ts';
import type { Delegation } from './delegation.ts';
import { failedBefore } from './failures.ts';
import { forward } from './forward.ts';
import { Disclosure } from './minimise.ts';
import { ended, type Finding, limited } from './outcome.ts';
import type { Steps } from './wish.ts';

export function* walk(own: Walk): Steps<Finding> {
  const { asked, know } = own;
  const disclosure = new Disclosure(asked, know.minimise);
  let place = know.closest(asked) ?? (yield* firstPlace(own));
  if (place.route?.how === 'forward') {
    const finding = yield* forward(own, place);
    if (finding !== undefined) return finding;
    place = know.closest(asked, true) ?? (yield* firstPlace(own, true));
  }
  for (let referrals = 0; referrals <= REFERRALS_MAX; ) {
    const next = disclosure.next(place.cut);
    if (next !== asked && know.exists(next)) continue;
    const obstacle = know.outages.enter(place, asked.type);
    const says = obstacle === undefined ? yield* askZone(own, place, next) : failure(failedBefore(obstacle));
    if (says.kind === 'failure') {
      const { outcome } = says;
      const lapsed = outcome.limited === undefined ? know.lapsed(asked, place) : undefined;
      if (obstacle === undefined) know.learnFailure(asked, place, outcome, lapsed === undefined);
      if (lapsed === undefined) return ended(outcome);
      place = lapsed;
      continue;
    }
    const { question, shape, message, scrubbed, from } = says;
    if (shape === 'referral' && scrubbed.referral !== undefined) {
      place = know.learnReferral(scrubbed.referral, place, asked);
      referrals++;
      continue;
    }
    // RFC 4035 §3.1.4.1: what is said of a DS says nothing of its cut.
    if (question.type !== Type.DS) know.delegations.disprove(question.name, place.cut);
    // RFC 6672 §2.3: a DNAME above part of the name is one above all of it.
    const isAboutAll = question === asked || scrubbed.link?.type === Type.DNAME;
    if (isAboutAll) return know.learn(asked, message, scrubbed, from);
    if (shape !== 'nxdomain') {
      // RFC 9156 §3 step 6c: data, an alias or nothing at all, it is silent about what is below.
      know.learn(question, message, scrubbed, from, asked);
    } else if (isBelieved(own, place)) {
      return know.learn(question, message, scrubbed, from);
    } else {
      disclosure.showAll();
    }
  }
  return ended(limited(`gave up after more than ${REFERRALS_MAX} referrals`));
}

/**
 * Nothing is below a name that does not exist (RFC 8020 §2), but not all servers know which names do. The
 * root's do, and they are the ones to see least of what people mistype.
 */
const isBelieved = ({ know }: Walk, { cut }: Delegation): boolean =>
  know.minimise === 'strict' || cut.length === 1;

/**
 * Where nothing is known. The root's own servers are found by asking those of the hints for them: once,
 * whoever needs them first. `unforwarded`: as if nobody resolved for us.
 */
function* firstPlace({ asked, know }: Walk, unforwarded = false): Steps<Delegation> {
  const isPriming = asked.name.length === 1 && asked.type === Type.NS;
  if (!isPriming && know.mayPrime) {
    yield { do: 'resolve', all: [{ name: ROOT, type: Type.NS }] };
    const primed = know.closest(asked, unforwarded);
    if (primed !== undefined) return primed;
  }
  // RFC 9609 §3.3: without an answer to priming, the hints are all there is.
  return know.hints;
}
