/**
 * How a resolution ends. An `Outcome` is what a client is told; a `Finding` is what is known of one name and
 * type, be it from our own zones, the cache or the network: an end, or an alias to follow. Outcomes are
 * values: no failure of a stranger's is ever thrown.
 */
import { IPV4_BYTES, IPV6_BYTES, ipText } from '../base/ip.ts';
import { ADDRESSES_PER_SERVER_MAX, EDE_TEXT_CHARS_MAX } from '../base/limits.ts';
import { Ede, Rcode, Type } from '../wire/codes.ts';
import type { Name } from '../wire/name.ts';
import { rdatasOf } from '../wire/rrset.ts';

export interface AnswerRrset {
  readonly owner: Name;
  /** `wire/rrset`; its TTL is the one it came with. */
  readonly block: Uint8Array;
  /** Seconds left. */
  readonly ttl: number;
  /** Where pools of ours chose it: for clients with the same so many bits of address (RFC 7871 §7.2.1). */
  readonly scope?: number;
  /** Its RRs stand as they were drawn. */
  readonly isOrdered?: boolean;
}

export interface ExtendedError {
  /** RFC 8914 §5.2. */
  readonly code: number;
  readonly text: string;
}

/** Which rule it was: for counting, and for who wants to know why. */
export interface RuleMatch {
  readonly list: { readonly name: string; count(): void };
  /** In the file of the list. */
  readonly line: number;
}

export interface Outcome {
  readonly rcode: number;
  /** The alias chain in order, then the data. */
  readonly answer: readonly AnswerRrset[];
  /** The SOA of a negative answer. */
  readonly authority: readonly AnswerRrset[];
  readonly ede: ExtendedError | undefined;
  /** Local names and the hosts file. */
  readonly authoritative?: boolean;
  /**
   * A failure by a limit of our own, and not by what servers said: the question took too much, the moment was
   * bad, or too many wait already. It says nothing lasting about the name where it happened.
   */
  readonly limited?: 'question' | 'moment' | 'crowd';
  /** The rule of the operator's that had a part in it. */
  readonly rule?: RuleMatch;
  /** By such a rule, the client hears nothing. */
  readonly isSilent?: boolean;
}

export type Finding =
  | { readonly kind: 'end'; readonly outcome: Outcome }
  /** The links (a DNAME and its CNAME are two), and where the last one points. */
  | {
      readonly kind: 'alias';
      readonly links: readonly AnswerRrset[];
      readonly target: Name;
      readonly authoritative: boolean;
    };

export const ended = (outcome: Outcome): Finding => ({ kind: 'end', outcome });

export const answered = (answer: readonly AnswerRrset[], authoritative = false): Outcome => ({
  rcode: Rcode.NOERROR,
  answer,
  authority: [],
  ede: undefined,
  authoritative,
});

/** NODATA or NXDOMAIN. */
export const denied = (rcode: number, soa: AnswerRrset | undefined, authoritative = false): Outcome => ({
  rcode,
  answer: [],
  authority: soa === undefined ? [] : [soa],
  ede: undefined,
  authoritative,
});

export const failed = (code: number, text: string): Outcome => ({
  rcode: Rcode.SERVFAIL,
  answer: [],
  authority: [],
  ede: { code, text: text.slice(0, EDE_TEXT_CHARS_MAX) },
});

export const limited = (
  text: string,
  by: Outcome['limited'] & string = 'question',
  code = Ede.OTHER as number,
): Outcome => ({
  ...failed(code, text),
  limited: by,
});

/** RFC 2181 §10.3: a server's name is no alias, so what an alias leads to is nobody's address. */
export function addressesIn(finding: Finding): string[] {
  if (finding.kind === 'alias' || finding.outcome.rcode !== Rcode.NOERROR) return [];
  return finding.outcome.answer.flatMap(({ block }) => addressesOf(block));
}

/** Of a server's A or AAAA RRset: as many as are considered, for a message has room for thousands. */
export const addressesOf = (block: Uint8Array): string[] =>
  rdatasOf(block)
    .filter(({ length }) => length === IPV4_BYTES || length === IPV6_BYTES)
    .slice(0, ADDRESSES_PER_SERVER_MAX)
    .map(ipText);

/** RFC 8914 §4.4 and §4.20: some of it has expired. */
export const isStale = ({ ede }: Outcome): boolean =>
  ede?.code === Ede.STALE || ede?.code === Ede.STALE_NXDOMAIN;

/**
 * Types that are answered by an alias itself and not by what it points at (RFC 1034 §3.6.2, RFC 8482 §4.1).
 */
export const followsAliases = (type: number): boolean => type !== Type.CNAME && type !== Type.ANY;
