/**
 * The seam to what the operator says about names: local data, aliases of one's own, blocks and exceptions
 * from them. They are asked about the question and about every name that an alias leads to, and about the
 * addresses that are found in the end; the names of servers on the way are nobody's question. What others
 * say is remembered as they said it, so that other rules need no other cache.
 */
import { Rcode } from '../wire/codes.ts';
import type { Name } from '../wire/name.ts';
import { ended, type Finding, type Outcome, type RuleMatch } from './outcome.ts';
import type { Asked } from './wish.ts';

export interface Ruling {
  readonly match: RuleMatch;
  /** What is told instead; undefined where no rule is to change anything of this question any more. */
  readonly finding: Finding | undefined;
  /** The place of its list: the first of two lists wins. */
  readonly rank: number;
  /** A list before it has rules about addresses, so that these have to be known first. */
  readonly waits: boolean;
  /** Data of the operator's own, and not what is told in place of what others say. */
  readonly isData: boolean;
}

export interface Rules {
  /** `isRenamed`: an alias of the operator's led here, and only data of the operator's is looked for. */
  ofName(asked: Asked, isRenamed: boolean): Ruling | undefined;
  /** About the addresses in an answer, of the lists before `rank`. */
  ofAnswer(asked: Asked, answer: Outcome['answer'], rank: number): Ruling | undefined;
  /** Whether names from outside may not have addresses of this network. */
  readonly guardsAddresses: boolean;
  /** Names that may, all the same. */
  mayBePrivate(name: Name): boolean;
  withoutPrivate(asked: Asked, outcome: Outcome): Outcome;
}

/** Where a question is judged: the rules of the moment, and what they are not about. */
export interface Court {
  readonly rules: Rules;
  /** What is ours to say is nothing that rules are about. */
  readonly isHome: (asked: Asked) => boolean;
  /** Only where somebody wants to know which rule it was. */
  readonly note?: (asked: Asked, finding: Finding, match: RuleMatch) => void;
}

/** The rules as they are applied to one question, from name to name. */
export class Case {
  readonly #rules: Rules;
  readonly #isHome: Court['isHome'];
  readonly #note: Court['note'];
  /** A ruling on the name in hand that waits for its addresses. */
  #held: Ruling | undefined;
  /** By a rule that changed something. */
  #match: RuleMatch | undefined;
  #isExempt = false;
  #isRenamed = false;
  /** A name from outside that may have no private address is the question, or led here. */
  #isForeign = false;

  constructor({ rules, isHome, note }: Court) {
    this.#rules = rules;
    this.#isHome = isHome;
    this.#note = note;
  }

  /** What is told of the name without asking for it. */
  before(asked: Asked): Finding | undefined {
    const ruling = this.#isExempt ? undefined : this.#rules.ofName(asked, this.#isRenamed);
    if (ruling === undefined || this.#isHome(asked)) return undefined;
    if (!ruling.waits) return this.#obey(asked, ruling);
    this.#held = ruling;
    return undefined;
  }

  /** What is told of the name, of which this was found. */
  after(asked: Asked, finding: Finding): Finding {
    const held = this.#held;
    this.#held = undefined;
    const ruling = this.#ofAnswer(asked, finding, held?.rank ?? Number.POSITIVE_INFINITY) ?? held;
    return (ruling && this.#obey(asked, ruling)) ?? this.#guarded(asked, finding);
  }

  /** The outcome says which rule had a part in it. */
  sign(outcome: Outcome): Outcome {
    return this.#match === undefined ? outcome : { ...outcome, rule: this.#match };
  }

  #ofAnswer(asked: Asked, finding: Finding, rank: number): Ruling | undefined {
    if (finding.kind === 'alias' || finding.outcome.rcode !== Rcode.NOERROR) return undefined;
    if (this.#isExempt || this.#isRenamed || isOurs(finding)) return undefined;
    const ruling = this.#rules.ofAnswer(asked, finding.outcome.answer, rank);
    return ruling === undefined || this.#isHome(asked) ? undefined : ruling;
  }

  #obey(asked: Asked, { match, finding, isData }: Ruling): Finding | undefined {
    if (finding === undefined) {
      this.#isExempt = true;
      return undefined;
    }
    const told = isData ? this.#forForeigners(asked, finding) : finding;
    this.#match = match;
    this.#isRenamed ||= told.kind === 'alias';
    this.#note?.(asked, told, match);
    return told;
  }

  /**
   * An alias from outside may not lead to an address of this network either, whosever name it ends at: to a
   * browser it is all one name (DNS rebinding, LIMITS G3).
   */
  #guarded(asked: Asked, finding: Finding): Finding {
    const rules = this.#rules;
    if (!rules.guardsAddresses) return finding;
    this.#isForeign ||= !isOurs(finding) && !rules.mayBePrivate(asked.name) && !this.#isHome(asked);
    return this.#forForeigners(asked, finding);
  }

  #forForeigners(asked: Asked, finding: Finding): Finding {
    if (finding.kind === 'alias' || !this.#isForeign) return finding;
    const outcome = this.#rules.withoutPrivate(asked, finding.outcome);
    return outcome === finding.outcome ? finding : ended(outcome);
  }
}

/** The hosts file, and local names. */
const isOurs = (finding: Finding): boolean =>
  finding.kind === 'end' ? finding.outcome.authoritative === true : finding.authoritative;
