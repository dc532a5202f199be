/**
 * From a question to its outcome: name after name along the chain of aliases (RFC 1034 §5.3.3 step 4c, RFC
 * 6672 §3.2), each of them a wish. The same chase, without wishes, answers from what is known alone.
 */
import { ALIAS_HOPS_MAX } from '../base/limits.ts';
import { Rcode } from '../wire/codes.ts';
import { nameKey } from '../wire/name.ts';
import type { Dns64 } from './dns64.ts';
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
import { type Asked, resolveAll, type Steps } from './wish.ts';

export function* resolve(question: Asked): Steps<Outcome> {
  const chase = new Chase(question);
  for (;;) {
    const [finding] = yield* resolveAll([chase.asked]);
    const outcome = chase.take(finding as Finding);
    if (outcome !== undefined) return outcome;
  }
}

/** The outcome, if no server has to be asked for it. */
export function recall(question: Asked, know: Knowledge): Outcome | undefined {
  const chase = new Chase(question);
  for (;;) {
    const finding = know.find(chase.asked);
    if (finding === undefined) return undefined;
    const outcome = chase.take(finding);
    if (outcome !== undefined) return outcome;
  }
}

/** What DNS64 makes of it: the same questions are asked, or looked up, as it wants to have them answered. */
export function* resolve64(question: Asked, dns64: Dns64): Steps<Outcome> {
  const plan = dns64.answer(question);
  let step = plan.next();
  while (!step.done) step = plan.next(yield* resolve(step.value));
  return step.value;
}

export function recall64(question: Asked, know: Knowledge, dns64: Dns64): Outcome | undefined {
  const plan = dns64.answer(question);
  let step = plan.next();
  while (!step.done) {
    const known = recall(step.value, know);
    if (known === undefined) return undefined;
    step = plan.next(known);
  }
  return step.value;
}

/** A chain of aliases as it grows, bounded in length, and no name twice. */
class Chase {
  asked: Asked;
  readonly #answer: AnswerRrset[] = [];
  #seen: Set<string> | undefined;
  #hops = 0;
  #authoritative: boolean | undefined;

  constructor(question: Asked) {
    this.asked = question;
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
  #end(outcome: Outcome): Outcome {
    if (outcome.rcode === Rcode.SERVFAIL || this.#answer.length === 0) return outcome;
    return {
      ...outcome,
      answer: [...this.#answer, ...outcome.answer],
      // RFC 1035 §4.1.1: AA speaks of the first name.
      authoritative: this.#authoritative === true,
    };
  }
}
