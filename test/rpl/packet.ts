/**
 * Packets of scenario files: from lines of text to records, and from records to bytes.
 */
import { classFromText, Rcode, typeFromText } from '../../src/wire/codes.ts';
import { Flag } from '../../src/wire/header.ts';
import { type Name, nameFromText, ownName, parseName, ROOT } from '../../src/wire/name.ts';
import { parseRdata } from '../../src/wire/rdata-text.ts';

export interface Record {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdata: Uint8Array;
}

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export const SECTIONS = ['ANSWER', 'AUTHORITY', 'ADDITIONAL'] as const;
export type Section = (typeof SECTIONS)[number];

export interface Packet {
  /** Of REPLY: flags, and perhaps an RCODE and an opcode. */
  readonly words: ReadonlySet<string>;
  readonly question: Question | undefined;
  readonly sections: { readonly [Each in Section]: readonly Record[] };
}

const OTHER_RCODES: { readonly [word: string]: number } = { NOTIMPL: Rcode.NOTIMP };
export const OPCODES: { readonly [word: string]: number } = {
  QUERY: 0,
  IQUERY: 1,
  STATUS: 2,
  NOTIFY: 4,
  UPDATE: 5,
};
const DEFAULT_TTL = 3_600;

export const rcodeOf = (word: string): number | undefined =>
  OTHER_RCODES[word] ?? (Rcode as { readonly [word: string]: number })[word];

export const isReplyWord = (word: string): boolean =>
  Object.hasOwn(Flag, word) || word === 'DO' || rcodeOf(word) !== undefined || Object.hasOwn(OPCODES, word);

export const rcodeIn = (words: ReadonlySet<string>): number =>
  [...words].map(rcodeOf).find((rcode) => rcode !== undefined) ?? Rcode.NOERROR;

/** What names without a final dot end with, and the TTL of records without one. */
export interface Context {
  origin: Name;
  ttl: number;
}

export const newContext = (): Context => ({ origin: ROOT, ttl: DEFAULT_TTL });

const fieldsOf = (text: string): { text: string; quoted: boolean }[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"|[^\s"]+/g)].map((found) => ({
    text: found[1] ?? found[0],
    quoted: found[1] !== undefined,
  }));

function nameIn(text: string, { origin }: Context): Name | undefined {
  const parsed = parseName(Buffer.from(text), origin);
  return typeof parsed === 'string' ? undefined : ownName(parsed);
}

/** `www.example.com. IN A`; a string says what was expected. */
export function questionFrom(text: string, context: Context): Question | string {
  const [owner = '', ...words] = fieldsOf(text).map((field) => field.text);
  const name = nameIn(owner, context);
  if (name === undefined) return `a name, not ${owner}`;
  const type = words.map(typeOf).find((each) => each !== undefined);
  const klass = words.map(classFromText).find((each) => each !== undefined) ?? 1;
  return type === undefined ? 'a class and a type' : { name, type, class: klass };
}

const typeOf = (word: string): number | undefined =>
  ['IN', 'CH', 'HS'].includes(word.toUpperCase()) ? undefined : typeFromText(word);

/** `owner [TTL] [class] type rdata`, the two in the middle in any order. */
export function recordFrom(text: string, context: Context): Record | string {
  const [owner, ...rest] = fieldsOf(text.replaceAll(/[()]/g, ' '));
  const name = nameIn(owner?.text ?? '', context);
  if (name === undefined) return `a name, not ${owner?.text}`;
  let { ttl } = context;
  let klass = 1;
  for (let field = rest.shift(); field !== undefined; field = rest.shift()) {
    if (/^\d+$/.test(field.text)) ttl = Number(field.text);
    else if (/^(IN|CH|HS)$/i.test(field.text)) klass = classFromText(field.text) ?? 1;
    else {
      const type = typeOf(field.text);
      if (type === undefined) return `a type, not ${field.text}`;
      const fields = rest.map((each) => ({ bytes: Buffer.from(each.text), quoted: each.quoted, column: 0 }));
      const rdata = parseRdata(type, fields, context.origin);
      if (!(rdata instanceof Uint8Array)) return `RDATA of ${field.text}: ${rdata[0]?.expected}`;
      return { owner: name, type, class: klass, ttl, rdata: rdata.slice() };
    }
  }
  return 'a type';
}

export const asName = (text: string): Name | undefined => nameFromText(text);

/** The bytes of a packet, with the ID, and perhaps the question, of what it replies to. */
export function writePacket(packet: Packet, id: number, question: Uint8Array | undefined): Buffer {
  const { words, sections } = packet;
  const flags = Object.entries(Flag).reduce((sum, [word, flag]) => sum | (words.has(word) ? flag : 0), 0);
  const opcode = [...words].map((word) => OPCODES[word]).find((each) => each !== undefined) ?? 0;
  const rcode = rcodeIn(words);
  const header = Buffer.alloc(12);
  const edns = words.has('DO');
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(flags | (opcode << 11) | (rcode & 0xf), 2);
  const own =
    packet.question &&
    Buffer.concat([packet.question.name, u16(packet.question.type), u16(packet.question.class)]);
  const asked = question ?? own;
  header.writeUInt16BE(asked === undefined ? 0 : 1, 4);
  for (const [i, section] of SECTIONS.entries()) {
    header.writeUInt16BE(sections[section].length + (edns && section === 'ADDITIONAL' ? 1 : 0), 6 + 2 * i);
  }
  const records = SECTIONS.flatMap((section) => sections[section].map(recordBytes));
  const opt = edns ? [Buffer.from([0, 0, 41, 4, 208, rcode >> 4, 0, 0x80, 0, 0, 0])] : [];
  return Buffer.concat([header, asked ?? Buffer.alloc(0), ...records, ...opt]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}

function recordBytes({ owner, type, class: klass, ttl, rdata }: Record): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(klass, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(rdata.length, 8);
  return Buffer.concat([owner, fixed, rdata]);
}
