/**
 * A whole message as a value, for those who look at all of it: the resolver, the tools, the tests. Bytes come
 * in, a `Message` comes out with every name uncompressed and its case kept; or undefined, for what no strict
 * reader accepts. Nothing throws, and nothing is allocated from a count: records are read as long as there
 * are bytes. Out goes a query. Replies are written by `writer`; queries that we are asked are read by
 * `query`.
 */
import { assert } from '../base/assert.ts';
import { copyOf, put16, u16 } from '../base/bytes.ts';
import { EDNS_OPTIONS_MAX, MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { Type } from './codes.ts';
import { DNSSEC_OK, Flag, HEADER_BYTES, opcodeOf, rcodeOf } from './header.ts';
import { isFolded, type Name, ownName, ROOT, readName } from './name.ts';
import { readRdata } from './rdata.ts';
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
  readonly edns: Edns | undefined;
}

/** RFC 1035 §4.1.4: two bits, and behind them an offset. */
const POINTER = 0xc000;

type Opt = { readonly edns: Edns; readonly rcodeHigh: number };

export function readMessage(bytes: Uint8Array): Message | undefined {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const questions = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16()] as const;
  // RFC 9619 §4: never more than one question. None is legal, in a reply to what could not be read.
  if (questions > 1) return undefined;
  const question = questions === 1 ? readQuestion(reader) : undefined;
  const answer = readSection(reader, counts[0], question?.spelled);
  const authority = readSection(reader, counts[1], question?.spelled);
  const additional = readSection(reader, counts[2], question?.spelled);
  // Bytes after the last record belong to no section (RFC 1035 §4.1): a sender whose counts are wrong may
  // have them all wrong, and what nobody reads is where a smuggler hides.
  if (!reader.ok || reader.left > 0) return undefined;
  // RFC 6891 §6.1.1: at most one OPT, in the additional section only, owned by the root.
  if (placeOfOpt(answer) >= 0 || placeOfOpt(authority) >= 0) return undefined;
  const place = placeOfOpt(additional);
  const opt = place < 0 ? undefined : readOpt(additional.splice(place, 1)[0] as ResourceRecord);
  if (opt === 'malformed' || placeOfOpt(additional) >= 0) return undefined;
  return {
    id,
    flags,
    opcode: opcodeOf(flags),
    rcode: ((opt?.rcodeHigh ?? 0) << 4) | rcodeOf(flags),
    question,
    answer,
    authority,
    additional,
    edns: opt?.edns,
  };
}

/** -1 where there is none. */
function placeOfOpt(section: readonly ResourceRecord[]): number {
  for (let i = 0; i < section.length; i++) if ((section[i] as ResourceRecord).type === Type.OPT) return i;
  return -1;
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

function readSection(reader: Reader, count: number, spelled: Uint8Array | undefined): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  let pointer = spelled === undefined ? -1 : POINTER | HEADER_BYTES;
  let owner = spelled ?? ROOT;
  for (let left = count; left > 0 && reader.ok; left--) {
    // The records of an RRset mostly point to one and the same name, and often to the question's.
    const begins = peek16(reader);
    if (begins < POINTER || begins !== pointer) owner = readName(reader);
    else reader.at += 2;
    pointer = begins;
    const type = reader.u16();
    const klass = reader.u16();
    const ttl = reader.u32();
    // RFC 2181 §8: a TTL with its top bit set is zero; the OPT's is none.
    const soundTtl = ttl > 0x7fff_ffff && type !== Type.OPT ? 0 : ttl;
    const length = reader.u16();
    if (!reader.ok || length > reader.left) {
      reader.fail();
      break;
    }
    // The OPT's RDATA is options, whose number is bounded where they are read.
    const rdata = type === Type.OPT ? reader.take(length) : readRdata(type, reader, length);
    if (rdata === undefined) {
      reader.fail();
      break;
    }
    records.push({ owner, type, class: klass, ttl: soundTtl, rdata });
  }
  return records;
}

/** The next 16 bits; -1 at the end. */
const peek16 = ({ bytes, at, end }: Reader): number => (at + 2 > end ? -1 : u16(bytes, at));

/** RFC 6891 §6.1.3: CLASS is the UDP size; TTL is the high bits of the RCODE, the version, and flags. */
function readOpt(record: ResourceRecord): Opt | 'malformed' {
  if (record.owner.length !== 1) return 'malformed';
  const version = (record.ttl >>> 16) & 0xff;
  const options = version === 0 ? readOptions(record.rdata) : [];
  if (options === 'malformed') return 'malformed';
  const dnssecOk = (record.ttl & DNSSEC_OK) !== 0;
  return { edns: { version, udpSize: record.class, dnssecOk, options }, rcodeHigh: record.ttl >>> 24 };
}

function readOptions(rdata: Uint8Array): EdnsOptionValue[] | 'malformed' {
  const reader = new Reader(rdata);
  const options: EdnsOptionValue[] = [];
  while (reader.left > 0) {
    if (options.length === EDNS_OPTIONS_MAX) return 'malformed';
    const code = reader.u16();
    const value = reader.take(reader.u16());
    if (!reader.ok) return 'malformed';
    options.push({ code, value: copyOf(value) });
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
