/**
 * The last step of every query: a reply becomes bytes. Only this file knows the header, EDNS, sizes and
 * truncation. Whole RRsets go in or stay out (RFC 2181 §9): additional data is left out silently, anything
 * else, glue that a referral needs included, sets TC.
 */

import { OWN_TTL, type Reply, Section } from '../answer/reply.ts';
import { type Bytes, copy, put16, put32 } from '../base/bytes.ts';
import { UDP_BYTES_MAX } from '../base/limits.ts';
import { EdnsOption, Type } from '../wire/codes.ts';
import { HEADER_BYTES, type Query } from '../wire/query.ts';
import { rrsetCount, rrsetTtl } from '../wire/rrset.ts';
import { MessageWriter } from '../wire/writer.ts';

const QR = 0x8000;
const AA = 0x0400;
const TC = 0x0200;
const RA = 0x0080;
/** Opcode, RD and CD come back as they were sent (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
const ECHOED = 0x7910;
const OPT_BYTES = 11;
const EDE_FIXED_BYTES = 6;
const DO_BIT = 0x8000;
const ANSWER_COUNT_AT = 6;

export class Finisher {
  readonly #writer = new MessageWriter();
  #rotation = 0;

  /**
   * Writes the response to `out` and gives its length. `limit` is what the transport carries; over UDP the
   * client's own limit has been taken into it.
   */
  finish(query: Query, reply: Reply, recursionAvailable: boolean, limit: number, out: Bytes): number {
    const writer = this.#writer;
    copy(query.packet, HEADER_BYTES, out, HEADER_BYTES, query.questionEnd - HEADER_BYTES);
    const hasQuestion = query.questionEnd > HEADER_BYTES;
    const optBytes = query.hasEdns ? OPT_BYTES + edeBytes(reply) : 0;
    writer.begin(out, query.questionEnd, limit - optBytes, hasQuestion ? query.name : undefined);
    put32(out, ANSWER_COUNT_AT, 0);
    put16(out, ANSWER_COUNT_AT + 4, 0);
    this.#rotation = (this.#rotation + 1) & 0x3fff_ffff;
    const isWhole =
      this.#section(Section.ANSWER, reply, query.class) &&
      this.#section(Section.AUTHORITY, reply, query.class) &&
      this.#section(Section.ADDITIONAL, reply, query.class);
    let length = writer.at;
    if (query.hasEdns) length = putOpt(out, length, query, reply);
    let flags = QR | (query.flags & ECHOED) | (reply.rcode & 0xf);
    if (reply.authoritative) flags |= AA;
    if (!isWhole) flags |= TC;
    if (recursionAvailable) flags |= RA;
    put16(out, 0, query.id);
    put16(out, 2, flags);
    put16(out, 4, hasQuestion ? 1 : 0);
    return length;
  }

  /** False when something had to stay out whose absence the client must know of. */
  #section(section: number, reply: Reply, klass: number): boolean {
    const { out } = this.#writer;
    const countAt = ANSWER_COUNT_AT + 2 * section;
    let records = 0;
    let isWhole = true;
    for (let i = 0; i < reply.count && isWhole; i++) {
      if (reply.section(i) !== section) continue;
      const block = reply.block(i);
      const at = reply.blockAt(i);
      const ttl = reply.ttl(i) === OWN_TTL ? rrsetTtl(block, at) : reply.ttl(i);
      if (this.#writer.rrset(reply.owner(i), reply.ownerAt(i), block, at, klass, ttl, this.#rotation)) {
        records += rrsetCount(block, at);
      } else if (section !== Section.ADDITIONAL || reply.isNeeded(i)) {
        isWhole = false;
      }
    }
    put16(out, countAt, records);
    return isWhole;
  }
}

/** Room that the Extended DNS Error takes in the OPT. */
const edeBytes = (reply: Reply): number =>
  reply.edeCode < 0 ? 0 : EDE_FIXED_BYTES + Math.min(Buffer.byteLength(reply.edeText), EDE_TEXT_BYTES_MAX);

/** RFC 8914 §6.4: text is kept short, so that it never costs an answer its place. */
const EDE_TEXT_BYTES_MAX = 200;

function putOpt(out: Bytes, at: number, query: Query, reply: Reply): number {
  out[at] = 0;
  put16(out, at + 1, Type.OPT);
  put16(out, at + 3, UDP_BYTES_MAX);
  out[at + 5] = reply.rcode >> 4;
  out[at + 6] = 0; // RFC 6891 §6.1.3: the version we speak.
  put16(out, at + 7, query.dnssecOk ? DO_BIT : 0); // RFC 3225 §3: DO comes back as sent.
  let end = at + OPT_BYTES;
  if (reply.edeCode >= 0) {
    const text = Buffer.from(reply.edeText).subarray(0, EDE_TEXT_BYTES_MAX);
    put16(out, end, EdnsOption.EDE);
    put16(out, end + 2, 2 + text.length);
    put16(out, end + 4, reply.edeCode);
    out.set(text, end + EDE_FIXED_BYTES);
    end += EDE_FIXED_BYTES + text.length;
  }
  put16(out, at + 9, end - at - OPT_BYTES);
  put16(
    out,
    ANSWER_COUNT_AT + 4,
    ((out[ANSWER_COUNT_AT + 4] as number) << 8) + (out[ANSWER_COUNT_AT + 5] as number) + 1,
  );
  return end;
}
