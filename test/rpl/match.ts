/**
 * Whether a query is the one that an entry describes, and in what an answer differs from what one expects.
 */
import type { AnswerRrset, Outcome } from '../../src/resolver/outcome.ts';
import { Rcode, rcodeText, Type, typeText } from '../../src/wire/codes.ts';
import type { Message } from '../../src/wire/message.ts';
import { equalNames, isWithin, nameText } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { rdatasOf, rrsetType } from '../../src/wire/rrset.ts';
import { OPCODES, type Record, rcodeIn } from './packet.ts';
import type { Entry } from './scenario.ts';

/** A query of ours, on its way. */
export interface Outgoing {
  readonly message: Message;
  readonly address: string;
  readonly via: 'udp' | 'tcp';
}

export function isFor({ match, packet }: Entry, { message, via }: Outgoing): boolean {
  const { question } = packet;
  const asked = message.question;
  if (asked === undefined) return false;
  const isAbout = (word: string): boolean => match.has(word) || match.has('question') || match.has('all');
  if (question !== undefined) {
    const isNamed = equalNames(asked.name, question.name);
    if (match.has('subdomain') ? !isWithin(asked.name, question.name) : isAbout('qname') && !isNamed)
      return false;
    if (isAbout('qtype') && asked.type !== question.type) return false;
  }
  if (match.has('opcode') && message.opcode !== opcodeIn(packet.words)) return false;
  if (match.has('UDP') && via !== 'udp') return false;
  if (match.has('TCP') && via !== 'tcp') return false;
  if (match.has('DO') && message.edns?.dnssecOk !== true) return false;
  return !(match.has('noedns') && message.edns !== undefined);
}

const opcodeIn = (words: ReadonlySet<string>): number =>
  [...words].map((word) => OPCODES[word]).find((each) => each !== undefined) ?? 0;

/**
 * Lines of a difference: `-` was expected, `+` came. What goes along with an answer (NS, glue, the parent's
 * records) differs from resolver to resolver by right; ours is minimal, so of the other sections only the SOA
 * of a denial is compared.
 */
export function differences({ match, packet }: Entry, { rcode, answer, authority }: Outcome): string[] {
  const isAbout = (word: string): boolean => match.has(word) || match.has('all') || match.has('all_noedns');
  const lines: string[] = [];
  const expectedRcode = rcodeIn(packet.words);
  if (isAbout('rcode') && rcode !== expectedRcode) {
    lines.push(`- ${rcodeText(expectedRcode)}`, `+ ${rcodeText(rcode)}`);
  }
  const withTtl = match.has('ttl');
  if (isAbout('answer')) {
    lines.push(...setDifference(packet.sections.ANSWER.map(textOf(withTtl)), textsOf(answer, withTtl)));
  }
  const isSoa = (record: Record): boolean => record.type === Type.SOA;
  const expectedSoa = packet.sections.AUTHORITY.filter(isSoa);
  if (isAbout('authority') && rcode !== Rcode.SERVFAIL && expectedSoa.length > 0) {
    lines.push(...setDifference(expectedSoa.map(textOf(withTtl)), textsOf(authority, withTtl)));
  }
  return lines;
}

function setDifference(expected: readonly string[], found: readonly string[]): string[] {
  return [
    ...expected.filter((text) => !found.includes(text)).map((text) => `- ${text}`),
    ...found.filter((text) => !expected.includes(text)).map((text) => `+ ${text}`),
  ];
}

const textOf =
  (withTtl: boolean) =>
  ({ owner, ttl, type, rdata }: Record): string =>
    `${nameText(owner)} ${withTtl ? `${ttl} ` : ''}${typeText(type)} ${rdataText(type, rdata)}`.toLowerCase();

const textsOf = (rrsets: readonly AnswerRrset[], withTtl: boolean): string[] =>
  rrsets.flatMap(({ owner, block, ttl }) =>
    rdatasOf(block).map((rdata) =>
      textOf(withTtl)({ owner, ttl, type: rrsetType(block, 0), class: 1, rdata }),
    ),
  );
