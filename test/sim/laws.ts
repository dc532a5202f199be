/**
 * The laws that every answer keeps. In: a question, its outcome, and when; out: which law it broke, in words,
 * or nothing. The TTL of an RRset says when it was fetched, so the law is exact: what is told was said by an
 * authority for the name at that moment.
 */
import type { AnswerRrset, Outcome } from '../../src/resolver/outcome.ts';
import { Ede, Rcode, rcodeText, Type, typeText } from '../../src/wire/codes.ts';
import { type Name, nameText } from '../../src/wire/name.ts';
import { rdatasOf, rrsetType } from '../../src/wire/rrset.ts';
import { isWithin } from '../scenarios/scripted-zone.ts';
import { type Rrset, rdatasKey } from './contents.ts';
import { speakerOf } from './rdata.ts';
import type { Statement, Truth } from './truth.ts';

export interface Told {
  readonly name: string;
  readonly type: number;
  readonly outcome: Outcome;
  readonly startMs: number;
  readonly endMs: number;
  /** What was fetched before this was unlearned. */
  readonly flushedMs: number;
  /** Why it may have failed, besides what the truth says. */
  readonly excuse: string | undefined;
  /** Forgeries that had the right ID: what was taken then is nobody's fault. */
  readonly guesses: number;
}

const TTL_SECONDS_MAX = 86_400;
const NEGATIVE_SECONDS_MAX = 3_600;
/** RFC 8767 §5. */
const STALE_SECONDS_MAX = 86_400;
const STALE_TTL_SECONDS = 30;
const STALE_WAIT_MS = 1_800;
/** A reply is on its way for a while when it counts as fetched; TTLs are told in whole seconds. */
const SLACK_MS = 1_000 + 1_700;

export const textOf = (name: Name): string => (name.length === 1 ? '' : nameText(name).slice(0, -1));

const isLinkType = (asked: number): boolean => asked !== Type.CNAME && asked !== Type.ANY;

export class Laws {
  readonly #truth: Truth;
  readonly #stallMs: () => number;
  readonly #lapseMs: () => number;

  /**
   * `stallMs` is how long the process stood still at most; `lapseMs` from when on whoever was delegated to
   * may be asked though the delegation has run out.
   */
  constructor(truth: Truth, stallMs: () => number, lapseMs: () => number) {
    this.#truth = truth;
    this.#stallMs = stallMs;
    this.#lapseMs = lapseMs;
  }

  broken(told: Told): string | undefined {
    return this.#overheard(told) ?? this.#failed(told) ?? this.#followed(told);
  }

  /** Nothing that was forged, and nothing of a liar's about names that are not its own. */
  #overheard({ outcome, guesses }: Told): string | undefined {
    for (const { owner, block } of [...outcome.answer, ...outcome.authority]) {
      for (const rdata of rdatasOf(block)) {
        const speaker = speakerOf(rdata);
        if (speaker === undefined || (speaker === 'forger' && guesses > 0)) continue;
        const text = textOf(owner);
        if (speaker === 'forger') return `what a forger said of ${text} was believed`;
        if (this.#truth.liarOver(text)?.liar !== speaker.liar) {
          return `what liar ${speaker.liar} said of ${text}, which is not its own, was believed`;
        }
      }
    }
    return undefined;
  }

  /** Along the chain of aliases, each link and the end of it. */
  #followed(told: Told): string | undefined {
    const { outcome, type } = told;
    const { rcode } = outcome;
    if (rcode === Rcode.SERVFAIL) return undefined;
    const rrsets = [...outcome.answer];
    let name = told.name;
    for (let first = rrsets[0]; first !== undefined; first = rrsets[0]) {
      const kind = rrsetType(first.block, 0);
      const owner = textOf(first.owner);
      const isRenamed = kind === Type.DNAME && owner !== name;
      if (!isRenamed && !(kind === Type.CNAME && isLinkType(type))) break;
      rrsets.shift();
      const link = this.#link(told, name, first);
      if (typeof link === 'string') return link;
      if (isRenamed && link.target !== undefined) {
        const cname = rrsets.shift();
        if (cname === undefined || aliasOf(cname) !== `${name} → ${link.target}`) {
          return `the DNAME of ${owner} brings no CNAME from ${name} to ${link.target}`;
        }
      }
      if (link.target === undefined)
        return rcode === Rcode.YXDOMAIN ? undefined : 'a name too long is a name';
      name = link.target;
      // An alias is the answer to these.
      if (!isLinkType(type)) return rrsets.length === 0 ? undefined : `something stands behind a DNAME`;
    }
    if (this.#truth.liarOver(name) !== undefined) return undefined;
    return rrsets.length > 0 ? this.#answered(told, name, rrsets) : this.#denied(told, name);
  }

  #link(
    told: Told,
    name: string,
    { block, owner, ttl }: AnswerRrset,
  ): { target: string | undefined } | string {
    const isOfLiar = this.#truth.liarOver(name) !== undefined;
    const [rdata] = rdatasOf(block);
    const target = textOf(rdata as Name);
    if (isOfLiar) {
      const above = textOf(owner);
      if (this.#truth.liarOver(above) === undefined) return `a liar gave ${above} another name`;
      return { target: above === name ? target : under(name, above, target) };
    }
    const key = rdatasKey(rdatasOf(block));
    for (const statement of this.#truth.statements(name, told.type)) {
      const { says } = statement;
      if (says.kind !== 'alias' && says.kind !== 'renamed') continue;
      if (says.rrset.owner !== textOf(owner) || rdatasKey(says.rrset.rdatas) !== key) continue;
      if (this.#isOfThen(statement, says.rrset.ttl, ttl, told)) return { target: says.target };
    }
    return this.#untrue(told, name, `alias of ${target}, ${ttl} s left`);
  }

  #answered(told: Told, name: string, rrsets: readonly AnswerRrset[]): string | undefined {
    for (const { owner, block, ttl } of rrsets) {
      const type = rrsetType(block, 0);
      const what = `${name} ${typeText(type)}`;
      if (textOf(owner) !== name) return `${what}: the answer is about ${textOf(owner)}`;
      if (told.type !== Type.ANY && type !== told.type) return `${what} was not asked for`;
      const key = rdatasKey(rdatasOf(block));
      const isTrue = [...this.#truth.statements(name, told.type)].some((statement) => {
        const said = saidOf(statement, type);
        if (said === undefined || rdatasKey(said.rdatas) !== key) return false;
        // The RRsets of one reply to ANY are kept together, for as long as the shortest-lived of them.
        if (told.type === Type.ANY) {
          return ttl <= said.ttl && this.#isOf(statement, told.endMs - 1_000 * said.ttl, told.endMs, told);
        }
        return this.#isOfThen(statement, said.ttl, ttl, told);
      });
      if (!isTrue) return this.#untrue(told, name, `${typeText(type)}, ${ttl} s left`);
    }
    return undefined;
  }

  #denied(told: Told, name: string): string | undefined {
    const { rcode, authority } = told.outcome;
    if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return `an answer of ${rcodeText(rcode)}`;
    const kind = rcode === Rcode.NOERROR ? 'nodata' : 'nxdomain';
    const soa = authority[0];
    for (const statement of this.#truth.statements(name, told.type)) {
      const { says } = statement;
      if (says.kind !== kind) continue;
      const ttl = negativeTtl(says.soa);
      if (this.#isOfThen(statement, ttl, soa?.ttl ?? ttl, told)) return undefined;
    }
    return this.#untrue(told, name, `${kind}, ${soa === undefined ? 'no SOA' : `${soa.ttl} s left`}`);
  }

  #untrue({ type, endMs }: Told, name: string, what: string): string {
    const truth = [...this.#truth.statements(name, type)].map(({ says, fromMs, untilMs }) => {
      const rrset = 'soa' in says ? says.soa : 'rrset' in says ? says.rrset : says.rrsets[0];
      return `${says.kind} of ${rrset?.owner}, TTL ${rrset?.ttl}, from ${fromMs} to ${untilMs}`;
    });
    return `${name} ${typeText(type)} at ${endMs}: ${what}, was not the truth, which is ${truth.join('; ')}`;
  }

  /** Where a question fails, or is answered with what has expired, there is a reason. */
  #failed({ name, type, outcome, excuse, guesses, startMs, endMs }: Told): string | undefined {
    // RFC 8767 §5: nobody is made to wait for long where there is something to tell.
    if (isStale(outcome) && endMs - startMs >= STALE_WAIT_MS) return undefined;
    if (outcome.rcode !== Rcode.SERVFAIL && !isStale(outcome)) return undefined;
    if (excuse !== undefined || guesses > 0) return undefined;
    if (this.#truth.whyItMayFail(name, type) !== undefined) return undefined;
    return `${name} ${typeText(type)} failed without a reason: ${outcome.ede?.text ?? 'it gives none'}`;
  }

  /** Whether it was said when what is left of the TTL tells that it was fetched. */
  #isOfThen(statement: Statement, ttl: number, left: number, told: Told): boolean {
    if (this.#isStale(statement, ttl, left, told)) return true;
    const age = 1_000 * (Math.min(ttl, TTL_SECONDS_MAX) - left);
    return age >= 0 && this.#isOf(statement, told.endMs - age, told.endMs - age, told);
  }

  /** RFC 8767 §4: what nobody could be asked about holds for longer, and is told for a little. */
  #isStale(statement: Statement, ttl: number, left: number, told: Told): boolean {
    if (!isStale(told.outcome)) return false;
    const earliestMs = told.endMs - 1_000 * (ttl + STALE_SECONDS_MAX);
    return left <= STALE_TTL_SECONDS && this.#isOf(statement, earliestMs, told.endMs, told);
  }

  #isOf(statement: Statement, earliestMs: number, latestMs: number, told: Told): boolean {
    const { fromMs } = statement;
    const untilMs = latestMs >= this.#lapseMs() ? statement.lapsedMs : statement.untilMs;
    const underWayMs = SLACK_MS + this.#stallMs() + (told.endMs - told.startMs);
    const sinceMs = Math.max(earliestMs - underWayMs, told.flushedMs);
    return sinceMs <= latestMs && fromMs <= latestMs && untilMs >= sinceMs;
  }
}

const isStale = ({ ede }: Outcome): boolean => ede?.code === Ede.STALE || ede?.code === Ede.STALE_NXDOMAIN;

function saidOf({ says }: Statement, type: number): Rrset | undefined {
  if (says.kind === 'answer') return says.rrsets.find((rrset) => rrset.type === type);
  return undefined;
}

function negativeTtl(soa: Rrset): number {
  const rdata = soa.rdatas[0] as Uint8Array;
  const minimum = new DataView(rdata.buffer, rdata.byteOffset + rdata.length - 4).getUint32(0);
  return Math.min(soa.ttl, minimum, NEGATIVE_SECONDS_MAX);
}

function under(name: string, owner: string, target: string): string {
  return isWithin(name, owner)
    ? (name.slice(0, name.length - owner.length) + target).replace(/\.$/, '')
    : target;
}

const aliasOf = ({ owner, block }: AnswerRrset): string =>
  `${textOf(owner)} → ${textOf(rdatasOf(block)[0] as Name)}`;
