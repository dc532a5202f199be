/**
 * A whole message as a value, for those who look at all of it: the resolver, the tools, the tests. Bytes come
 * in, a `Message` comes out with every name uncompressed and its case kept; or undefined, for what no strict
 * reader accepts. All of it is checked at once, but what stands behind the answer is made into records when
 * somebody asks for them: to most replies it is a courtesy that nobody believes. Nothing throws, and nothing
 * is allocated from a count: records are read as long as there are bytes. Out goes a query. Replies are
 * written by `writer`; queries that we are asked are read by `query`.
 */
import { assert } from '../base/assert.ts';
import { copyOf, put16, u16 } from '../base/bytes.ts';
import { EDNS_OPTIONS_MAX, MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { Type } from './codes.ts';
import { DNSSEC_OK, Flag, HEADER_BYTES, opcodeOf, rcodeOf } from './header.ts';
import { isFolded, isWithin, type Name, ownName, ROOT, readName, skipName, skipNameWithin } from './name.ts';
import { readRdata, skipRdata } from './rdata.ts';
import { Reader } from './reader.ts';

export { Flag, opcodeOf, rcodeOf } from './header.ts';

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord {
  /** Uncompressed, case kept. */
  readonly owner: Uint8Array;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** Names in it are uncompressed. */
  readonly rdata: Uint8Array;
}

export interface EdnsOptionValue {
  readonly code: number;
  readonly value: Uint8Array;
}

export interface Edns {
  readonly version: number;
  readonly udpSize: number;
  readonly dnssecOk: boolean;
  /** Empty where the version is not 0: later versions may format them otherwise. */
  readonly options: readonly EdnsOptionValue[];
}

export interface Message {
  readonly id: number;
  /** The second 16 bits of the header as they came. */
  readonly flags: number;
  readonly opcode: number;
  /** The extended bits of EDNS included. */
  readonly rcode: number;
  readonly question: (Question & { readonly spelled: Uint8Array }) | undefined;
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Without the OPT, which is `edns`. */
  readonly additional: readonly ResourceRecord[];
  /** How many they are. */
  readonly authorities: number;
  readonly additionals: number;
  readonly edns: Edns | undefined;
  /** Whether the owners of all records are at or below this name. */
  isWithin(zone: Name): boolean;
}

/** RFC 1035 §4.1.4: two bits, and behind them an offset. */
const POINTER = 0xc000;
const CLASS_AND_TTL_BYTES = 6;
const NOTHING: readonly never[] = [];

type Opt = { readonly edns: Edns; readonly rcodeHigh: number };

export function readMessage(bytes: Uint8Array): Message | undefined {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const questions = reader.u16();
  const answers = reader.u16();
  const authorities = reader.u16();
  const additionals = reader.u16();
  // RFC 9619 §4: never more than one question. None is legal, in a reply to what could not be read.
  if (questions > 1) return undefined;
  const question = questions === 1 ? readQuestion(reader) : undefined;
  const answer = readSection(reader, answers, question);
  const { at: authorityAt } = reader;
  const strayAt = skipSection(reader, authorities);
  const { at: additionalAt } = reader;
  const optAt = skipSection(reader, additionals);
  // Bytes after the last record belong to no section (RFC 1035 §4.1): a sender whose counts are wrong may
  // have them all wrong, and what nobody reads is where a smuggler hides.
  if (!reader.ok || reader.left > 0) return undefined;
  // RFC 6891 §6.1.1: at most one OPT, in the additional section only, owned by the root.
  if (answer.length < answers || strayAt !== NO_OPT) return undefined;
  const opt = optAt === NO_OPT ? undefined : readOpt(new Reader(bytes, optAt));
  if (opt === 'malformed') return undefined;
  const counts = { authorities, additionals: additionals - (opt === undefined ? 0 : 1) };
  return new Received({ id, flags, question, answer, ...counts }, opt, bytes, authorityAt, additionalAt);
}

type Known = Pick<Message, 'id' | 'flags' | 'question' | 'answer' | 'authorities' | 'additionals'>;

class Received implements Message {
  readonly id: number;
  readonly flags: number;
  readonly opcode: number;
  readonly rcode: number;
  readonly question: Message['question'];
  readonly answer: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
  readonly authorities: number;
  readonly additionals: number;
  /** Owned; none where nothing is left to be read. */
  readonly #bytes: Uint8Array;
  readonly #authorityAt: number;
  readonly #additionalAt: number;
  #authority: readonly ResourceRecord[] | undefined;
  #additional: readonly ResourceRecord[] | undefined;

  constructor(
    known: Known,
    opt: Opt | undefined,
    bytes: Uint8Array,
    authorityAt: number,
    additionalAt: number,
  ) {
    this.id = known.id;
    this.flags = known.flags;
    this.opcode = opcodeOf(known.flags);
    this.rcode = ((opt?.rcodeHigh ?? 0) << 4) | rcodeOf(known.flags);
    this.question = known.question;
    this.answer = known.answer;
    this.edns = opt?.edns;
    this.authorities = known.authorities;
    this.additionals = known.additionals;
    this.#bytes = known.authorities + known.additionals > 0 ? copyOf(bytes) : ROOT;
    this.#authorityAt = authorityAt;
    this.#additionalAt = additionalAt;
  }

  get authority(): readonly ResourceRecord[] {
    this.#authority ??= this.authorities === 0 ? NOTHING : this.#section(this.#authorityAt, this.authorities);
    return this.#authority;
  }

  get additional(): readonly ResourceRecord[] {
    const count = this.additionals + (this.edns === undefined ? 0 : 1);
    this.#additional ??= this.additionals === 0 ? NOTHING : this.#section(this.#additionalAt, count);
    return this.#additional;
  }

  #section(at: number, count: number): readonly ResourceRecord[] {
    return readSection(new Reader(this.#bytes, at), count, this.question);
  }

  isWithin(zone: Name): boolean {
    for (const { owner } of this.answer) if (!isWithin(owner, zone)) return false;
    if (this.authorities + this.additionals === 0) return true;
    const reader = new Reader(this.#bytes, this.#authorityAt);
    while (reader.left > 0) {
      const isOwnerWithin = skipNameWithin(reader, zone);
      if (skipBody(reader) !== Type.OPT && !isOwnerWithin) return false;
    }
    return true;
  }
}

function readQuestion(reader: Reader): Question & { readonly spelled: Uint8Array } {
  const spelled = readName(reader);
  return {
    name: isFolded(spelled) ? spelled : ownName(spelled),
    spelled,
    type: reader.u16(),
    class: reader.u16(),
  };
}

/** Its records, less an OPT. */
function readSection(reader: Reader, count: number, question: Message['question']): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  let pointer = question === undefined ? -1 : POINTER | HEADER_BYTES;
  let owner = question?.spelled ?? ROOT;
  for (let left = count; left > 0 && reader.ok; left--) {
    // The records of an RRset mostly point to one and the same name, and often to the question's.
    const begins = peek16(reader);
    if (begins < POINTER || begins !== pointer) owner = readName(reader);
    else reader.at += 2;
    pointer = begins;
    const type = reader.u16();
    const klass = reader.u16();
    const ttl = reader.u32();
    const length = reader.u16();
    if (type === Type.OPT) {
      reader.skip(length);
      continue;
    }
    const rdata = readRdata(type, reader, length);
    if (rdata === undefined) reader.fail();
    // RFC 2181 §8: a TTL with its top bit set is zero.
    else records.push({ owner, type, class: klass, ttl: ttl > 0x7fff_ffff ? 0 : ttl, rdata });
  }
  return records;
}

const NO_OPT = -1;

/** The place of its OPT. Fails the reader where one is malformed, and at a second OPT (RFC 6891 §6.1.1). */
function skipSection(reader: Reader, count: number): number {
  let optAt = NO_OPT;
  let pointer = -1;
  for (let left = count; left > 0 && reader.ok; left--) {
    const { at } = reader;
    const begins = peek16(reader);
    if (begins < POINTER || begins !== pointer) skipName(reader);
    else reader.at += 2;
    pointer = begins;
    const type = reader.u16();
    reader.skip(CLASS_AND_TTL_BYTES);
    const length = reader.u16();
    if (type !== Type.OPT) {
      if (!skipRdata(type, reader, length)) reader.fail();
      continue;
    }
    if (optAt !== NO_OPT) reader.fail();
    optAt = at;
    // Its options are bounded in number where they are read.
    reader.skip(length);
  }
  return optAt;
}

/** Skips what of a record stands behind its owner, and gives its type. */
function skipBody(reader: Reader): number {
  const type = reader.u16();
  reader.skip(CLASS_AND_TTL_BYTES);
  reader.skip(reader.u16());
  return type;
}

/** The next 16 bits; -1 at the end. */
const peek16 = ({ bytes, at, end }: Reader): number => (at + 2 > end ? -1 : u16(bytes, at));

/** RFC 6891 §6.1.3: CLASS is the UDP size; TTL is the high bits of the RCODE, the version, and flags. */
function readOpt(reader: Reader): Opt | 'malformed' {
  if (readName(reader).length !== 1) return 'malformed';
  reader.skip(2);
  const udpSize = reader.u16();
  const ttl = reader.u32();
  const version = (ttl >>> 16) & 0xff;
  const length = reader.u16();
  reader.end = reader.at + length;
  const options = version === 0 && length > 0 ? readOptions(reader) : NOTHING;
  if (options === 'malformed') return 'malformed';
  const dnssecOk = (ttl & DNSSEC_OK) !== 0;
  return { edns: { version, udpSize, dnssecOk, options }, rcodeHigh: ttl >>> 24 };
}

function readOptions(reader: Reader): readonly EdnsOptionValue[] | 'malformed' {
  const options: EdnsOptionValue[] = [];
  while (reader.left > 0) {
    if (options.length === EDNS_OPTIONS_MAX) return 'malformed';
    const code = reader.u16();
    const length = reader.u16();
    const { at } = reader;
    reader.skip(length);
    if (!reader.ok) return 'malformed';
    options.push({ code, value: copyOf(reader.bytes, at, at + length) });
  }
  return options;
}

export interface QueryToWrite {
  readonly id: number;
  /** The name in wire form, in the case that is to be sent. */
  readonly spelled: Uint8Array;
  readonly type: number;
  readonly class: number;
  readonly recursionDesired?: boolean;
  readonly checkingDisabled?: boolean;
  readonly authenticData?: boolean;
  readonly edns?: {
    readonly udpSize: number;
    readonly dnssecOk?: boolean;
    readonly options?: readonly EdnsOptionValue[];
  };
}

export function writeQuery(query: QueryToWrite): Uint8Array {
  const out = new Uint8Array(queryBytes(query));
  const { spelled, edns } = query;
  put16(out, 0, query.id);
  put16(
    out,
    2,
    (query.recursionDesired ? Flag.RD : 0) |
      (query.authenticData ? Flag.AD : 0) |
      (query.checkingDisabled ? Flag.CD : 0),
  );
  put16(out, 4, 1);
  put16(out, 10, edns === undefined ? 0 : 1);
  out.set(spelled, HEADER_BYTES);
  let at = HEADER_BYTES + spelled.length;
  put16(out, at, query.type);
  put16(out, at + 2, query.class);
  if (edns === undefined) return out;
  at += 5; // The root's zero is there already.
  put16(out, at, Type.OPT);
  put16(out, at + 2, edns.udpSize);
  put16(out, at + 6, edns.dnssecOk ? DNSSEC_OK : 0);
  at += 10;
  put16(out, at - 2, out.length - at);
  for (const option of edns.options ?? []) {
    put16(out, at, option.code);
    put16(out, at + 2, option.value.length);
    out.set(option.value, at + 4);
    at += 4 + option.value.length;
  }
  return out;
}

function queryBytes({ spelled, edns }: QueryToWrite): number {
  const plain = HEADER_BYTES + spelled.length + 4;
  if (edns === undefined) return plain;
  const options = (edns.options ?? []).reduce((sum, option) => sum + 4 + option.value.length, 0);
  const total = plain + 11 + options;
  assert(total <= MESSAGE_BYTES_MAX, 'our own query fits a message');
  return total;
}
