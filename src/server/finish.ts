/**
 * The last step of every query: a reply becomes bytes. Only this file knows the header, EDNS, sizes and
 * truncation. Whole RRsets go in or stay out (RFC 2181 §9): additional data is left out silently, anything
 * else, glue that a referral needs included, sets TC.
 */
import { type Reply, Section } from '../answer/reply.ts';
import { type Bytes, copy, put16, put32, u16 } from '../base/bytes.ts';
import { UDP_BYTES_MAX } from '../base/limits.ts';
import { EdnsOption, Type } from '../wire/codes.ts';
import { DNSSEC_OK, Flag, HEADER_BYTES, OPCODE_MASK } from '../wire/header.ts';
import type { Query } from '../wire/query.ts';
import { rrsetCount } from '../wire/rrset.ts';
import { MessageWriter } from '../wire/writer.ts';
import { ResponseOptions } from './options.ts';

const { QR, AA, TC, RA } = Flag;
const HEADER = HEADER_BYTES;
const { ANSWER, AUTHORITY, ADDITIONAL } = Section;
/**
 * What comes back as it was sent (RFC 1035 §4.1.1). CD too, always: RFC 4035 §3 says MUST, where its §3.1.6
 * would rather have it cleared in authoritative answers.
 */
const ECHOED = OPCODE_MASK | Flag.RD | Flag.CD;
const ANSWER_COUNT_AT = 6;
const ADDITIONAL_COUNT_AT = 10;
const OPT_BYTES = 11;
const EDE_FIXED_BYTES = 6;
const NO_OPTIONS = new ResponseOptions();

export class Finisher {
  readonly #writer = new MessageWriter();
  /**
   * Responses by type, as far as a byte tells types apart: clients ask for A and AAAA by turns, and one count
   * of all would give them the same order each time.
   */
  readonly #turns = new Uint16Array(256);
  #rotation = 0;
  /** What we say that we take over UDP (RFC 6891 §6.2.5). */
  udpBytes = UDP_BYTES_MAX;

  /**
   * Writes the response to `out` and gives its length. `limit` is what the transport carries; over UDP the
   * client's own limit has been taken into it. `options` go out whatever else does.
   */
  finish(
    query: Query,
    reply: Reply,
    recursionAvailable: boolean,
    limit: number,
    out: Bytes,
    options = NO_OPTIONS,
  ): number {
    const writer = this.#writer;
    copy(query.packet, HEADER, out, HEADER, query.questionEnd - HEADER);
    const hasQuestion = query.questionEnd > HEADER;
    const room = query.hasEdns ? limit - OPT_BYTES - options.length : limit;
    writer.begin(out, query.questionEnd, room, hasQuestion ? query.name : undefined);
    put32(out, ANSWER_COUNT_AT, 0);
    put16(out, ADDITIONAL_COUNT_AT, 0);
    this.#rotation = this.#turns[query.type & 0xff]!++;
    const isWhole =
      this.#section(ANSWER, reply, query.class) &&
      this.#section(AUTHORITY, reply, query.class) &&
      this.#section(ADDITIONAL, reply, query.class) &&
      !reply.isShort;
    const end = writer.at + (query.hasEdns ? OPT_BYTES : 0);
    const length = query.hasEdns ? putOptions(out, end, limit, reply, options) : end;
    if (query.hasEdns) putOpt(out, writer.at, query, reply.rcode, this.udpBytes, length - end);
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
      const ttl = reply.ttl(i);
      const rotation = reply.isOrdered(i) ? 0 : this.#rotation;
      if (this.#writer.rrset(reply.owner(i), reply.ownerAt(i), block, at, klass, ttl, rotation)) {
        records += rrsetCount(block, at);
      } else if (section !== ADDITIONAL || reply.isNeeded(i)) {
        isWhole = false;
      }
    }
    put16(out, countAt, records);
    return isWhole;
  }
}

/** Puts the OPT, for which there is room, before its options. */
function putOpt(
  out: Bytes,
  at: number,
  query: Query,
  rcode: number,
  udpBytes: number,
  optionBytes: number,
): void {
  out[at] = 0;
  put16(out, at + 1, Type.OPT);
  put16(out, at + 3, udpBytes);
  out[at + 5] = rcode >> 4;
  out[at + 6] = 0; // RFC 6891 §6.1.3: the version we speak.
  put16(out, at + 7, query.dnssecOk ? DNSSEC_OK : 0); // RFC 3225 §3: DO comes back as sent.
  put16(out, at + 9, optionBytes);
  put16(out, ADDITIONAL_COUNT_AT, u16(out, ADDITIONAL_COUNT_AT) + 1);
}

/** Puts the options, for which there is room, and as much of an Extended DNS Error as there is room for. */
function putOptions(out: Bytes, at: number, limit: number, reply: Reply, options: ResponseOptions): number {
  copy(options.bytes, 0, out, at, options.length);
  return putExtendedError(out, at + options.length, limit, reply);
}

const utf8 = new TextEncoder();

/**
 * The error never costs an answer its place: it is the first to go (RFC 8914 §3), its text before its code.
 * Not with TC, as that section would have it: nobody should ask again for a comment on a whole answer.
 */
function putExtendedError(out: Bytes, at: number, limit: number, reply: Reply): number {
  const textAt = at + EDE_FIXED_BYTES;
  if (reply.edeCode < 0 || textAt > limit) return at;
  const { written } = utf8.encodeInto(reply.edeText, out.subarray(textAt, limit)); // Whole characters only.
  put16(out, at, EdnsOption.EDE);
  put16(out, at + 2, 2 + written);
  put16(out, at + 4, reply.edeCode);
  return textAt + written;
}
