/**
 * Replies for tests, written as records in text, encoded by dns-packet and read back by our own reader.
 */
import { encode, type RecordType } from 'dns-packet';
import type { Asked } from '../../src/resolver/wish.ts';
import { typeFromText, typeText } from '../../src/wire/codes.ts';
import { type Message, readMessage } from '../../src/wire/message.ts';
import { type Name, nameFromText, nameText } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { rdatasOf, rrsetTtl, rrsetType } from '../../src/wire/rrset.ts';
import { recordFrom } from '../scenarios/record-text.ts';

export interface Parts {
  readonly rcode?: number;
  readonly aa?: boolean;
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
}

export const name = (text: string): Name => nameFromText(text) as Name;

/** `www.example.com A` */
export function asked(text: string): Asked {
  const [owner = '', type = ''] = text.split(' ');
  return { name: name(owner), type: typeFromText(type) as number };
}

export function message(question: string, parts: Parts): Message {
  const [owner = '', type = ''] = question.split(' ');
  const bytes = encode({
    type: 'response',
    id: 1,
    flags: (parts.aa === false ? 0 : 0x0400) | (parts.rcode ?? 0),
    questions: [{ name: owner, type: type as RecordType }],
    answers: (parts.answer ?? []).map(recordFrom),
    authorities: (parts.authority ?? []).map(recordFrom),
    additionals: (parts.additional ?? []).map(recordFrom),
  });
  const read = readMessage(bytes);
  if (read === undefined) throw new Error('our own reader does not read this');
  return read;
}

/** `A 300 192.0.2.1 192.0.2.2` */
export function blockText(block: Uint8Array | undefined): string {
  if (block === undefined) return 'none';
  const type = rrsetType(block, 0);
  const rdatas = rdatasOf(block).map((rdata) => rdataText(type, rdata));
  return [typeText(type), rrsetTtl(block, 0), ...rdatas].join(' ');
}

export const plain = (owner: Name): string => nameText(owner);
