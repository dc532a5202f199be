/**
 * From a question to its outcome: name after name along the chain of aliases (RFC 1034 §5.3.3 step 4c, RFC
 * 6672 §3.2), each of them a wish. The same chase, without wishes, answers from what is known alone.
 */
import { ALIAS_HOPS_MAX } from '../base/limits.ts';
import { Ede, Rcode } from '../wire/codes.ts';
import { nameKey } from '../wire/name.ts';
import type { Dns64 } from './dns64.ts';
import type { Staleness } from './freshness.ts';
import { plainText } from './journal.ts';
import type { Knowledge } from './knowledge.ts';
import {
  type AnswerRrset,
  answered,
  type Finding,
  followsAliases,
  limited,
  type Outcome,
} from './outcome.ts';
import { Case, type Court } from './rules.ts';
import { type Asked, findingsOf, type Steps } from './wish.ts';

/** What an answer of others meets on our side of the world. */
export interface Treatment {
  readonly dns64?: Dns64 | undefined;
  readonly court?: Court | undefined;
}

/** With DNS64 other questions may be asked in its place, one after the other. */
export const resolve = (question: Asked, { dns64, court }: Treatment = {}): Steps<Outcome> =>
  dns64 === undefined ? resolveChain(question, court) : resolveAside(question, dns64, court);

function* resolveAside(question: Asked, dns64: Dns64, court: Court | undefined): Steps<Outcome> {
  const plan = dns64.answer(question);
  let step = plan.next();
  while (!step.done) step = plan.next(yield* resolveChain(step.value, court));
  return step.value;
}

function* resolveChain(question: Asked, court: Court | undefined): Steps<Outcome> {
  const chase = new Chase(question, court);
  for (;;) {
    const ruled = chase.ruled();
    const all = [chase.asked];
    const [found] = ruled === undefined ? findingsOf(yield { do: 'resolve', all }, all) : [];
    const outcome = chase.take(ruled ?? chase.weigh(found as Finding));
    if (outcome !== undefined) return outcome;
  }
}

type Find = (asked: Asked) => Finding | undefined;

/** The outcome, if all of the chain is found without asking a server. */
export function recall(question: Asked, find: Find, { dns64, court }: Treatment = {}): Outcome | undefined {
  if (dns64 === undefined) return recallChain(question, find, court);
  const plan = dns64.answer(question);
  let step = plan.next();
  while (!step.done) {
    const known = recallChain(step.value, find, court);
    if (known === undefined) return undefined;
    step = plan.next(known);
  }
  return step.value;
}

function recallChain(question: Asked, find: Find, court: Court | undefined): Outcome | undefined {
  const chase = new Chase(question, court);
  for (;;) {
    const ruled = chase.ruled();
    const finding = ruled ?? find(chase.asked);
    if (finding === undefined) return undefined;
    const outcome = chase.take(ruled ?? chase.weigh(finding));
    if (outcome !== undefined) return outcome;
  }
}

/**
 * The same where no server answers, with links that have expired (RFC 8767 §4), and why. What was flushed or
 * refused, or has failed, is not in the cache and so never told.
 */
export function recallStale(
  question: Asked,
  know: Knowledge,
  settings: Staleness,
  why: string,
  treatment?: Treatment,
): Outcome | undefined {
  let isTrue = true;
  const find = (asked: Asked): Finding | undefined => {
    const held = know.held(asked);
    isTrue &&= held !== undefined;
    return held ?? know.expired(asked, settings);
  };
  const outcome = recall(question, find, treatment);
  if (outcome === undefined || isTrue || outcome.rcode === Rcode.SERVFAIL) return outcome;
  if (outcome.ede !== undefined) return outcome; // A rule says more than that it has expired.
  // RFC 8914 §4.4 and §4.20.
  const code = outcome.rcode === Rcode.NXDOMAIN ? Ede.STALE_NXDOMAIN : Ede.STALE;
  return { ...outcome, ede: { code, text: why } };
}

/** A chain of aliases as it grows, bounded in length, and no name twice. */
class Chase {
  asked: Asked;
  /** None where there are no rules. */
  readonly #case: Case | undefined;
  readonly #answer: AnswerRrset[] = [];
  #seen: Set<string> | undefined;
  #hops = 0;
  #authoritative: boolean | undefined;

  constructor(question: Asked, court: Court | undefined) {
    this.asked = question;
    this.#case = court && new Case(court);
  }

  /** What the operator says of the name in hand, so that nobody is asked. */
  ruled(): Finding | undefined {
    return this.#case?.before(this.asked);
  }

  /** What the operator leaves of it. */
  weigh(finding: Finding): Finding {
    return this.#case === undefined ? finding : this.#case.after(this.asked, finding);
  }

  /** The outcome, if this finding ends the chain. */
  take(finding: Finding): Outcome | undefined {
    if (finding.kind === 'end') return this.#end(finding.outcome);
    this.#authoritative ??= finding.authoritative;
    this.#answer.push(...finding.links);
    if (!followsAliases(this.asked.type)) return this.#end(answered([]));
    const { target } = finding;
    if (++this.#hops > ALIAS_HOPS_MAX) return limited(`gave up after more than ${ALIAS_HOPS_MAX} aliases`);
    this.#seen ??= new Set([nameKey(this.asked.name)]);
    const key = nameKey(target);
    if (this.#seen.has(key)) return limited(`the aliases go round in a circle at ${plainText(target)}`);
    this.#seen.add(key);
    this.asked = { ...this.asked, name: target };
    return undefined;
  }

  /** RFC 6604 §3: the RCODE is that of the last name. A failure keeps nothing of the chain. */
  #end(last: Outcome): Outcome {
    const outcome = this.#case === undefined ? last : this.#case.sign(last);
    if (outcome.rcode === Rcode.SERVFAIL || this.#answer.length === 0) return outcome;
    return {
      ...outcome,
      answer: [...this.#answer, ...outcome.answer],
      // RFC 1035 §4.1.1: AA speaks of the first name.
      authoritative: this.#authoritative === true,
    };
  }
}
