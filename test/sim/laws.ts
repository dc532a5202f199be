/**
 * The laws that every answer keeps. In: a question, its outcome, and when; out: which law it broke, in words,
 * or nothing. The TTL of an RRset says when it was fetched, so the law is exact: what is told was said by an
 * authority for the name at that moment.
 */
import type { AnswerRrset, Outcome } from '../../src/resolver/outcome.ts';
import { Rcode, rcodeText, Type, typeText } from '../../src/wire/codes.ts';
import { type Name, nameText } from '../../src/wire/name.ts';
import { rdatasOf, rrsetType } from '../../src/wire/rrset.ts';
import { isWithin, type Rrset, rdatasKey } from './contents.ts';
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
/** A reply is on its way for a while when it counts as fetched; TTLs are told in whole seconds. */
const SLACK_MS = 1_000 + 1_700;

export const textOf = (name: Name): string => (name.length === 1 ? '' : nameText(name).slice(0, -1));

const isLinkType = (asked: number): boolean => asked !== Type.CNAME && asked !== Type.ANY;

/** The time when something may have been said: what is `left` of its `ttl` tells. */
interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

export class Laws {
  readonly #truth: Truth;
  readonly #stallMs: () => number;

  /** `stallMs` is how long the process stood still at most. */
  constructor(truth: Truth, stallMs: () => number) {
    this.#truth = truth;
    this.#stallMs = stallMs;
  }

  broken(told: Told): string | undefined {
    return this.#overheard(told) ?? this.#followed(told);
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
    if (rcode === Rcode.SERVFAIL) return this.#failed(told);
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
    let told_ = 'no alias';
    for (const statement of this.#truth.statements(name, told.type)) {
      const { says } = statement;
      if (says.kind !== 'alias' && says.kind !== 'renamed') continue;
      if (says.rrset.owner !== textOf(owner) || rdatasKey(says.rrset.rdatas) !== key) continue;
      if (this.#isOfThen(statement, says.rrset.ttl, ttl, told)) return { target: says.target };
      told_ = `said from ${statement.fromMs} to ${statement.untilMs} with TTL ${says.rrset.ttl}`;
    }
    return `${name} is no alias of ${target}, ${ttl} s left at ${told.endMs} (${told_})`;
  }

  #answered(told: Told, name: string, rrsets: readonly AnswerRrset[]): string | undefined {
    for (const { owner, block, ttl } of rrsets) {
      const type = rrsetType(block, 0);
      const what = `${name} ${typeText(type)}`;
      if (textOf(owner) !== name) return `${what}: the answer is about ${textOf(owner)}`;
      if (told.type !== Type.ANY && type !== told.type) return `${what} was not asked for`;
      const key = rdatasKey(rdatasOf(block));
      const seen: string[] = [];
      const isTrue = [...this.#truth.statements(name, told.type)].some((statement) => {
        const said = saidOf(statement, type);
        if (said === undefined || rdatasKey(said.rdatas) !== key) return false;
        seen.push(`${statement.fromMs} to ${statement.untilMs} with TTL ${said.ttl}`);
        // The RRsets of one reply to ANY are kept together, for as long as the shortest-lived of them.
        const left = told.type === Type.ANY ? Math.max(0, said.ttl - TTL_SECONDS_MAX) : ttl;
        return this.#isOfThen(statement, said.ttl, left, told) || (told.type === Type.ANY && ttl <= said.ttl);
      });
      if (isTrue) continue;
      const truth = seen.join('; ') || 'it never was';
      return `${what}, ${ttl} s left at ${told.endMs}, was not the truth (${truth})`;
    }
    return undefined;
  }

  #denied(told: Told, name: string): string | undefined {
    const { rcode, authority } = told.outcome;
    if (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN) return `an answer of ${rcodeText(rcode)}`;
    const kind = rcode === Rcode.NOERROR ? 'nodata' : 'nxdomain';
    const soa = authority[0];
    const seen: string[] = [];
    for (const statement of this.#truth.statements(name, told.type)) {
      const { says } = statement;
      if (says.kind !== kind) continue;
      const ttl = negativeTtl(says.soa);
      if (this.#isOfThen(statement, ttl, soa?.ttl ?? ttl, told)) return undefined;
      seen.push(`${statement.fromMs} to ${statement.untilMs} with TTL ${ttl}`);
    }
    const left = soa === undefined ? 'no SOA' : `${soa.ttl} s left`;
    const truth = seen.join('; ') || 'it never was';
    return `${name} ${typeText(told.type)} ${kind}, ${left} at ${told.endMs}, was not the truth (${truth})`;
  }

  #failed({ name, type, outcome, excuse, guesses }: Told): string | undefined {
    if (excuse !== undefined || guesses > 0) return undefined;
    if (this.#truth.whyItMayFail(name, type) !== undefined) return undefined;
    return `${name} ${typeText(type)} failed without a reason: ${outcome.ede?.text ?? 'it gives none'}`;
  }

  /** Whether it was said when what is left of the TTL tells that it was fetched. */
  #isOfThen({ fromMs, untilMs }: Statement, ttl: number, left: number, told: Told): boolean {
    const age = 1_000 * (Math.min(ttl, TTL_SECONDS_MAX) - left);
    const latestMs = told.endMs - age;
    const window: Window = {
      fromMs: Math.max(latestMs - SLACK_MS - this.#stallMs() - (told.endMs - told.startMs), told.flushedMs),
      untilMs: latestMs,
    };
    return (
      age >= 0 && fromMs <= window.untilMs && untilMs >= window.fromMs && window.fromMs <= window.untilMs
    );
  }
}

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
