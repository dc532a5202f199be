/**
 * What the readers of the wire promise: they never throw, read nothing beyond the end, agree with one
 * another, and what they accept can be written as text and read back.
 */
import { strict as assert } from 'node:assert';
import { EdnsOption, isMetaType, Rcode, typeText } from '../../src/wire/codes.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { Flag, type Message, type ResourceRecord, readMessage } from '../../src/wire/message.ts';
import { NAME_BYTES_MAX, nameText, ownName, parseName, ROOT, readName } from '../../src/wire/name.ts';
import { Query } from '../../src/wire/query.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { Reader } from '../../src/wire/reader.ts';
import type { Complaint } from '../../src/zone/complaint.ts';
import { parseZoneText } from '../../src/zone/parser.ts';

/** Records of one message that are written and read back: these take time. */
const TEXTS_MAX = 4;
const QUERY_EXTRAS_MAX = 4;

export function checkMessage(input: Uint8Array): void {
  const before = input.slice();
  const message = readMessage(input);
  assert.deepEqual(input, before, 'a reader changes nothing');
  if (message === undefined) return;
  const records = [...message.answer, ...message.authority, ...message.additional];
  assert(records.length <= input.length / 11, 'a record has 11 bytes or more');
  for (const { owner, ttl } of records) {
    checkSpelled(owner);
    assert(ttl <= 0x7fff_ffff, 'RFC 2181 §8');
  }
  for (const record of records.slice(0, TEXTS_MAX)) checkText(record);
}

/** RDATA that is accepted reads back from its text to the same bytes. */
function checkText({ type, rdata }: ResourceRecord): void {
  const text = rdataText(type, rdata);
  assert(!/[\n\r]/.test(text), 'one line');
  if (isMetaType(type)) return;
  const complaints: Complaint[] = [];
  const records = parseZoneText(ROOT, `. 0 IN ${typeText(type)} ${text}\n`, complaints);
  assert.equal(complaints.map((complaint) => complaint.text).join(), '', text);
  assert.deepEqual(records.rdata(0), rdata, text);
}

function checkSpelled(name: Uint8Array): void {
  assert(name.length <= NAME_BYTES_MAX && name.at(-1) === 0, 'RFC 1035 §3.1');
  const text = nameText(name);
  assert(!/[^\x21-\x7e]/.test(text), 'text is printable ASCII');
  assert.deepEqual(parseName(Buffer.from(text), ROOT), name, text);
}

/** The first byte says where to read; behind it is the message. As text, all of it. */
export function checkName(input: Uint8Array): void {
  const [at = 0] = input;
  const bytes = input.subarray(1);
  const reader = new Reader(bytes, Math.min(at, bytes.length));
  const name = readName(reader);
  assert(reader.at >= 0 && reader.at <= bytes.length, 'the cursor stays within');
  assert.deepEqual(reader.ok ? name : undefined, expectedName(bytes, at, bytes.length), 'RFC 1035 §4.1.4');
  if (reader.ok) checkSpelled(name);
  checkUncompressed(bytes, at);
  const parsed = parseName(bytes, ROOT);
  if (typeof parsed !== 'string') checkSpelled(parsed);
}

/** The same in the plainest words: labels, and pointers to what stands before them. */
function expectedName(bytes: Uint8Array, at: number, end: number): Uint8Array | undefined {
  const labels: number[] = [];
  for (let i = at; i < end; ) {
    const length = bytes[i] as number;
    if (length === 0) return labels.length < NAME_BYTES_MAX ? Uint8Array.of(...labels, 0) : undefined;
    if (length >= 0xc0) {
      const target = (length % 64) * 256 + (bytes[i + 1] ?? 0);
      if (i + 2 > end || target >= i || target < 12) return undefined;
      const rest = expectedName(bytes, target, i);
      if (rest === undefined || labels.length + rest.length > NAME_BYTES_MAX) return undefined;
      return Uint8Array.of(...labels, ...rest);
    }
    if (length > 63 || i + 1 + length > end) return undefined;
    labels.push(...bytes.subarray(i, i + 1 + length));
    i += 1 + length;
  }
  return undefined;
}

/** The reader of questions accepts what has no pointer, and no more. */
function checkUncompressed(bytes: Uint8Array, at: number): void {
  const hashed = new HashedName();
  const behind = hashed.read(bytes, at, bytes.length);
  const reader = new Reader(bytes, Math.min(at, bytes.length));
  const name = readName(reader);
  const isPlain = reader.ok && reader.at === at + name.length;
  assert.equal(behind >= 0, isPlain, 'a pointer is no part of a question');
  if (!isPlain) return;
  assert.equal(behind, reader.at);
  assert.deepEqual(hashed.bytes.slice(0, hashed.length), ownName(name));
}

export function checkQuery(input: Uint8Array): void {
  if (input.length < 12) return;
  const query = new Query();
  const verdict = query.read(input, input.length);
  assert([Rcode.NOERROR, Rcode.FORMERR, Rcode.BADVERS].some((code) => code === verdict));
  assert(query.questionEnd >= 12 && query.questionEnd <= input.length, 'a question lies within');
  assert(query.udpSize >= 512, 'RFC 6891 §6.2.3');
  const message = readMessage(input);
  if (message === undefined || !isQuestionAlone(message, input)) return;
  // The reader of messages does not look into options: one that is malformed is malformed for us alone.
  if (verdict === Rcode.FORMERR && hasMalformedCookie(message)) return;
  assert.notEqual(verdict, Rcode.FORMERR, 'what the reader of messages takes for a question is one');
  assert.deepEqual(query.name.bytes.slice(0, query.name.length), message.question?.name);
  assert.deepEqual([query.type, query.class], [message.question?.type, message.question?.class]);
  assert.deepEqual(
    [query.hasEdns, query.dnssecOk],
    [message.edns !== undefined, message.edns?.dnssecOk ?? false],
  );
}

/** RFC 7873 §5.2.2; the first one counts. */
function hasMalformedCookie({ edns }: Message): boolean {
  const bytes = edns?.options.find(({ code }) => code === EdnsOption.COOKIE)?.value.length ?? 8;
  return bytes !== 8 && (bytes < 16 || bytes > 40);
}

/** One question without pointer, and not too much behind it. */
function isQuestionAlone(message: Message, input: Uint8Array): boolean {
  const { question, answer, authority, additional, edns, flags } = message;
  if (question === undefined || (flags & Flag.QR) !== 0) return false;
  const extras = additional.length + (edns === undefined ? 0 : 1);
  const isPlain = new HashedName().read(input, 12, input.length) >= 0;
  // Options of a later version are not looked at there, and are here.
  const isReadable = edns === undefined || edns.version === 0;
  return answer.length + authority.length === 0 && extras <= QUERY_EXTRAS_MAX && isPlain && isReadable;
}
