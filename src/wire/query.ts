/**
 * A client's query, read into one scratch object per thread: the first of the two structures that everything
 * moves. Reading allocates nothing and gives a verdict as an RCODE: NOERROR, FORMERR or BADVERS. The
 * question's own case is not remembered: a response copies the question's bytes.
 */
import { type Bytes, u8, u16 } from '../base/bytes.ts';
import { EDNS_OPTIONS_MAX, UDP_PLAIN_BYTES_MAX } from '../base/limits.ts';
import { isSubnet, SUBNET_BYTES_MIN, subnetAddress, subnetBits } from './client-subnet.ts';
import { EdnsOption, Rcode, Type } from './codes.ts';
import { HashedName } from './hashed-name.ts';
import { DNSSEC_OK, Flag, HEADER_BYTES } from './header.ts';

/** Records a query may carry behind its question: OPT, TSIG, and slack for the future (RFC 6891 §6.1.1). */
const QUERY_EXTRAS_MAX = 4;
const OPT_FIXED_BYTES = 10;
/** RFC 7873 §4: a client's part, and behind it perhaps a server's. */
const CLIENT_COOKIE_BYTES = 8;
const COOKIE_BYTES_MIN = CLIENT_COOKIE_BYTES + 8;
const COOKIE_BYTES_MAX = CLIENT_COOKIE_BYTES + 32;

export class Query {
  packet: Bytes = new Uint8Array(0);
  length = 0;
  id = 0;
  /** The header's second word as it came. */
  flags = 0;
  readonly #own = new HashedName();
  /** Its own, or one that was read before and is only lent. */
  name = this.#own;
  type = 0;
  class = 0;
  /** Offset behind the question, which starts at 12; 12 when none could be read. */
  questionEnd = HEADER_BYTES;
  hasEdns = false;
  ednsVersion = 0;
  /** What the client takes over UDP, at least 512 (RFC 6891 §6.2.3). */
  udpSize = UDP_PLAIN_BYTES_MAX;
  dnssecOk = false;
  /** Where the value of the COOKIE option stands, and its length: 0 without one. */
  cookieAt = 0;
  cookieBytes = 0;
  wantsNsid = false;
  /** Where the value of the Client Subnet option stands, and its length: -1 without one. */
  subnetAt = 0;
  subnetBytes = -1;
  /** Whether it tells of a client's network as it should (RFC 7871 §6). */
  hasSubnet = false;
  /** Length of the value of the edns-tcp-keepalive option; -1 without one. */
  keepaliveBytes = -1;

  /** Reads the header, of which at least 12 bytes are there, and forgets the query before. */
  readHeader(packet: Bytes, length: number): void {
    this.packet = packet;
    this.length = length;
    this.id = u16(packet, 0);
    this.flags = u16(packet, 2);
    this.name = this.#own;
    this.name.clear();
    this.type = 0;
    this.class = 0;
    this.questionEnd = HEADER_BYTES;
    this.hasEdns = false;
    this.dnssecOk = false;
    this.ednsVersion = 0;
    this.udpSize = UDP_PLAIN_BYTES_MAX;
    this.cookieBytes = 0;
    this.wantsNsid = false;
    this.keepaliveBytes = -1;
    this.subnetBytes = -1;
    this.hasSubnet = false;
  }

  /**
   * Reads header, question and EDNS. What was read until a fault stays, so that the fault can be answered.
   * `name` is the question's, where it was read from the packet before: it is lent until the next is read.
   */
  read(packet: Bytes, length: number, name?: HashedName): number {
    this.readHeader(packet, length);
    const verdict = this.#readBody(name);
    // Whoever cannot write EDNS gets none back.
    if (verdict === Rcode.FORMERR) this.hasEdns = false;
    return verdict;
  }

  get recursionDesired(): boolean {
    return (this.flags & Flag.RD) !== 0;
  }

  /** Whether it takes more than the question to tell what is wrong with it. */
  get isUnusual(): boolean {
    return this.keepaliveBytes > 0 || this.subnetBytes >= 0 || this.questionEnd === HEADER_BYTES;
  }

  /** Whether nobody is to be told of the client's network (RFC 7871 §7.1.2). */
  get hidesSubnet(): boolean {
    return this.subnetBytes >= SUBNET_BYTES_MIN && this.subnetBits === 0;
  }

  /** Of an address in that network, with zeros for what is not told; lent until the next is read. */
  get subnetAddress(): Bytes {
    return subnetAddress(this.packet, this.subnetAt, this.subnetBytes);
  }

  get subnetBits(): number {
    return subnetBits(this.packet, this.subnetAt);
  }

  /** Whether a question was read: with a cookie there may be none (RFC 7873 §5.4). */
  get hasQuestion(): boolean {
    return this.questionEnd > HEADER_BYTES;
  }

  #readBody(name: HashedName | undefined): number {
    const { packet, length } = this;
    const questions = u16(packet, 4);
    if (questions === 0) return this.#readCookieAlone();
    if (questions !== 1) return Rcode.FORMERR; // RFC 9619 §4: one question, unless §5.4 above.
    if (name === undefined) this.name.read(packet, HEADER_BYTES, length);
    else this.name = name;
    const at = this.name.end;
    if (at < 0 || at + 4 > length) return Rcode.FORMERR;
    this.type = u16(packet, at);
    this.class = u16(packet, at + 2);
    this.questionEnd = at + 4;
    return this.#readExtras();
  }

  /** RFC 7873 §5.4: a client that wants nothing but a server cookie asks no question. */
  #readCookieAlone(): number {
    const verdict = this.#readExtras();
    return verdict === Rcode.NOERROR && this.cookieBytes === 0 ? Rcode.FORMERR : verdict;
  }

  #readExtras(): number {
    const { packet, length } = this;
    // A query answers nothing; only IXFR brings an authority record, its SOA (RFC 1995 §3).
    if (u16(packet, 6) !== 0) return Rcode.FORMERR;
    const authority = u16(packet, 8);
    if (authority !== 0 && !(authority === 1 && this.type === Type.IXFR)) return Rcode.FORMERR;
    const extras = authority + u16(packet, 10);
    if (extras > QUERY_EXTRAS_MAX) return Rcode.FORMERR;
    let at = this.questionEnd;
    for (let i = 0; i < extras; i++) {
      const owner = at;
      at = skipName(packet, at, length);
      if (at < 0 || at + OPT_FIXED_BYTES > length) return Rcode.FORMERR;
      const rdataAt = at + OPT_FIXED_BYTES;
      const end = rdataAt + u16(packet, at + 8);
      if (end > length) return Rcode.FORMERR;
      if (u16(packet, at) === Type.OPT) {
        // RFC 6891 §6.1.1: one OPT, owned by the root, in the additional section.
        if (this.hasEdns || u8(packet, owner) !== 0 || i < authority) return Rcode.FORMERR;
        if (!this.#readOpt(at, end)) return Rcode.FORMERR;
      }
      at = end;
    }
    if (at !== length) return Rcode.FORMERR; // Bytes that no count announces belong to no message.
    return this.ednsVersion === 0 ? Rcode.NOERROR : Rcode.BADVERS; // RFC 6891 §6.1.3
  }

  /** `at` is the OPT's TYPE field. */
  #readOpt(at: number, end: number): boolean {
    const { packet } = this;
    this.hasEdns = true;
    this.udpSize = Math.max(u16(packet, at + 2), UDP_PLAIN_BYTES_MAX);
    this.ednsVersion = u8(packet, at + 5);
    this.dnssecOk = (u16(packet, at + 6) & DNSSEC_OK) !== 0;
    if (this.ednsVersion !== 0) return true; // Later versions may write options otherwise.
    let options = 0;
    let option = at + OPT_FIXED_BYTES;
    while (option < end) {
      if (++options > EDNS_OPTIONS_MAX || option + 4 > end) return false;
      const bytes = u16(packet, option + 2);
      if (!this.#noteOption(u16(packet, option), option + 4, bytes)) return false;
      option += 4 + bytes;
    }
    return option === end; // Options we do not know are ignored (RFC 6891 §6.1.2).
  }

  /** False where the option is malformed. */
  #noteOption(code: number, at: number, bytes: number): boolean {
    if (code === EdnsOption.COOKIE && this.cookieBytes === 0) {
      this.cookieAt = at; // RFC 7873 §5.2: the first one counts.
      this.cookieBytes = bytes;
      // RFC 7873 §5.2.2
      return bytes === CLIENT_COOKIE_BYTES || (bytes >= COOKIE_BYTES_MIN && bytes <= COOKIE_BYTES_MAX);
    }
    if (code === EdnsOption.NSID)
      this.wantsNsid = true; // RFC 5001 §2.1; a value would mean nothing.
    else if (code === EdnsOption.KEEPALIVE) this.keepaliveBytes = bytes;
    else if (code === EdnsOption.SUBNET && this.subnetBytes < 0) {
      this.subnetAt = at;
      this.subnetBytes = bytes;
      this.hasSubnet = isSubnet(this.packet, at, bytes);
    }
    return true;
  }
}

/** The offset behind a possibly compressed name, or -1; what a pointer leads to does not matter here. */
function skipName(packet: Bytes, at: number, end: number): number {
  while (at < end) {
    const label = u8(packet, at);
    if (label === 0) return at + 1;
    if (label >= 0xc0) return at + 2 <= end ? at + 2 : -1;
    if (label > 63) return -1;
    at += label + 1;
  }
  return -1;
}
