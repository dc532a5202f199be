/**
 * A zone as one run of bytes in a SharedArrayBuffer: compact, position-independent, the same on disk as in
 * memory, read by any number of threads without a lock. Written whole by `zone/compile`; `zone/change`
 * appends to it, and what was written before stays as it is. Words are 32 bits in the machine's order; RRset
 * blocks and names are bytes (wire/rrset, wire/name).
 *
 *   header, 16 words
 *     0  magic "CRN1"                 4  number of records, as compiled   8  has it a cut or DNAME: 1 or 0
 *     1  format version               5  labels of the apex               9  where the newest version ends
 *     2  bytes in all, as compiled    6  where the slots begin            10  slots in use
 *     3  CLASS                        7  number of slots: a power of two  11  has it a pool: 1 or 0
 *                                                                         12 to 15  free, zero
 *
 *   nodes, one for each name and each empty non-terminal, the apex first; a node is known by the word that it
 *   begins at, and 0 is none
 *     0  hash of the name (wire/name)
 *     1  offset of the first RRset block
 *     2  bits 0-15 number of RRsets, 16-23 flags (NodeFlag)
 *     3  number of children in the newest version; for the writer only
 *     4… the name, lower-case wire bytes, and behind it the RRset blocks, in order of type. What one query
 *        reads lies together: memory that is in no cache of the processor is what a lookup waits for
 *
 *   slots: open addressing by hash, linear probing, at most half full as compiled; a slot holds a node or
 *   none
 *
 *   slack: memory that nothing has touched, until a change appends to it
 *     for each name that it changes: the node that stood in the slot before (`previous`) or none, and the
 *     name's node as it is from now on, which the slot then holds
 *     last, a word with the number of records: here a version ends
 *
 * A version is the word where it ends: nodes at or behind it are not there for who reads that version, and
 * what their slots held before is. So a reader keeps the zone that it began with while the next is being
 * written. There is one writer, and it alone uses words 9 and 10 and the numbers of children.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, copy, u16, u32 } from '../base/bytes.ts';
import { IMAGE_SLACK_BYTES_MIN, IMAGE_SLACK_SHARE } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { extendHash, NAME_BYTES_MAX, type Name, nameLength, nameText, ownName } from '../wire/name.ts';
import { firstRr, nextRr, RRSET_HEADER_BYTES, rrsetSize, rrsetTtl } from '../wire/rrset.ts';

export const IMAGE_MAGIC = 0x43524e31;
export const IMAGE_VERSION = 3;
export const HEADER_WORDS = 16;
export const HeaderWord = { RECORDS: 4, HIDES: 8, END: 9, SLOTS_USED: 10, POOLS: 11 } as const;
/** The name follows. */
export const NODE_WORDS = 4;
export const NodeWord = { HASH: 0, RRSETS_AT: 1, COUNT_AND_FLAGS: 2, CHILDREN: 3 } as const;
/** From a node's first word into the second line of the processor's cache, where its RRsets are. */
const NODE_REACH_WORDS = 15;
export const APEX = HEADER_WORDS;
export const NONE = 0;

/**
 * GONE has only who changes: there was such a name. WILDCARD: it has a child `*`. ALIAS: it has a pool that
 * answers as a CNAME would, whatever is asked for. DERIVED: it was made from pools (zone/derive).
 */
export const NodeFlag = {
  ...{ CUT: 1, DNAME: 2, WILDCARD: 4, GONE: 8 },
  ...{ POOL: 16, ALIAS: 32, DERIVED: 64 },
} as const;

const { RRSETS_AT, COUNT_AND_FLAGS, CHILDREN } = NodeWord;

/** Bytes of the block at `at`. */
export const blockBytes = (b: Bytes, at: number): number => RRSET_HEADER_BYTES + rrsetSize(b, at);

/** Zeroed memory for an image of so many bytes, and for what changes append to it. */
export const imageMemory = (bytes: number, slackBytesMin = IMAGE_SLACK_BYTES_MIN): SharedArrayBuffer =>
  new SharedArrayBuffer(bytes + slackBytesMin + 4 * Math.ceil(bytes / IMAGE_SLACK_SHARE / 4));

/** What of an image other threads need to read it. */
export interface ImageVersion {
  readonly buffer: SharedArrayBuffer;
  readonly end: number;
  /** How to choose from its pools (pool/plan); absent where it has none. */
  readonly plan?: SharedArrayBuffer | undefined;
}

export class Image implements ImageVersion {
  readonly buffer: SharedArrayBuffer;
  readonly end: number;
  readonly bytes: Uint8Array;
  readonly apexName: Name;
  readonly apexLabels: number;
  /** The apex as it is in this version. */
  readonly apex: number;
  readonly recordCount: number;
  readonly serial: number;
  readonly klass: number;
  readonly soaAt: number;
  /** min(TTL of the SOA, MINIMUM), RFC 2308 §3. */
  readonly negativeTtl: number;
  /** Some name is hidden, or could be. */
  readonly hides: boolean;
  /** Some name has a pool, or once had. */
  readonly hasPools: boolean;
  readonly plan: SharedArrayBuffer | undefined;
  /** The words of the plan. */
  readonly pools: Int32Array | undefined;
  readonly #words: Int32Array;
  readonly #slots: number;
  readonly #mask: number;
  /** Behind it nothing stood as compiled. */
  readonly #wholeEnd: number;

  /** The newest version, unless another is given. */
  constructor(buffer: SharedArrayBuffer, end?: number, plan?: SharedArrayBuffer) {
    this.buffer = buffer;
    this.plan = plan;
    this.pools = plan && new Int32Array(plan);
    this.bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.#wholeEnd = this.#word(2) >> 2;
    this.klass = this.#word(3);
    this.apexName = ownName(this.bytes, this.nameAt(APEX));
    this.apexLabels = this.#word(5);
    this.#slots = this.#word(6);
    this.#mask = this.#word(7) - 1;
    this.hides = this.#word(HeaderWord.HIDES) !== 0;
    this.hasPools = this.#word(HeaderWord.POOLS) !== 0;
    this.end = end ?? this.#word(HeaderWord.END);
    this.recordCount = this.#word(this.end === this.#wholeEnd ? HeaderWord.RECORDS : this.end - 1);
    this.apex = this.end === this.#wholeEnd ? APEX : this.#apexNow();
    this.soaAt = this.rrset(this.apex, Type.SOA);
    assert(this.soaAt !== 0, 'a zone that passed its checks has a SOA');
    const soaEnd = nextRr(this.bytes, firstRr(this.soaAt));
    this.serial = u32(this.bytes, soaEnd - 20);
    this.negativeTtl = Math.min(rrsetTtl(this.bytes, this.soaAt), u32(this.bytes, soaEnd - 4));
  }

  #apexNow(): number {
    const name = new HashedName();
    name.set(this.apexName, 0);
    return this.find(name, 0);
  }

  #word(at: number): number {
    return this.#words[at] as number;
  }

  /** The node of the name from label `from` on, or NONE. */
  find(name: HashedName, from: number): number {
    const at = name.labelAt[from] as number;
    return this.seek(name.hash[from] as number, name.bytes, at, name.length - at);
  }

  /** The node of the lower-case name at `at`, with that hash and of that length, or NONE. */
  seek(hash: number, bytes: Bytes, at: number, length: number): number {
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      let node = this.#word(this.#slots + slot);
      if (node === NONE) return NONE;
      if (node >= this.end) node = this.#heldBefore(slot);
      if (this.#word(node) === hash && node !== NONE && this.#isCalled(node, bytes, at, length)) {
        return node >= this.#wholeEnd && this.has(node, NodeFlag.GONE) ? NONE : node;
      }
    }
  }

  /** For the writer: the slot's word with the name's newest node, or that of a free one where it belongs. */
  slotOf(hash: number, bytes: Bytes, at: number, length: number): number {
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const node = this.#word(this.#slots + slot);
      const isIt = node === NONE || (this.#word(node) === hash && this.#isCalled(node, bytes, at, length));
      if (isIt) return this.#slots + slot;
    }
  }

  /** For the writer: whether so many words and names more find room. */
  hasRoom(words: number, names: number): boolean {
    const isShort = 4 * (this.end + words) > this.buffer.byteLength;
    return !isShort && 4 * (this.#word(HeaderWord.SLOTS_USED) + names) <= 3 * (this.#mask + 1);
  }

  /**
   * For the writer: whether it is time to compile the zone anew, while there is still room; or would be, with
   * so many words and names more.
   */
  isCrowded(words = 0, names = 0): boolean {
    const whole = 4 * this.#wholeEnd;
    const isHalfUsed = 2 * (4 * (this.end + words) - whole) > this.buffer.byteLength - whole;
    return isHalfUsed || 8 * (this.#word(HeaderWord.SLOTS_USED) + names) > 5 * (this.#mask + 1);
  }

  /** For the writer. */
  children(node: number): number {
    return this.#word(node + CHILDREN);
  }

  #isCalled(node: number, bytes: Bytes, at: number, length: number): boolean {
    const nameAt = this.nameAt(node);
    for (let i = 0; i < length; i++) if (bytes[at + i] !== this.bytes[nameAt + i]) return false;
    return true;
  }

  /**
   * What the slot holds for this version, when it holds something newer: the writer is ahead of what was
   * published to us. Its store to the slot came last, so what this load sees is whole, on any processor.
   */
  #heldBefore(slot: number): number {
    let node = Atomics.load(this.#words, this.#slots + slot);
    while (node >= this.end) node = this.#word(node - 1);
    return node;
  }

  /** All nodes, in no order. */
  *nodes(): Generator<number> {
    for (let slot = 0; slot <= this.#mask; slot++) {
      const node = this.#heldBefore(slot);
      if (node !== NONE && !this.has(node, NodeFlag.GONE)) yield node;
    }
  }

  /** What stands in the first slot for that hash: mostly the node looked for, or NONE. */
  slot(hash: number): number {
    return this.#word(this.#slots + (hash & this.#mask));
  }

  /** Reads where a node begins and where most end, for the sake of having read it. */
  touch(node: number): number {
    return this.#word(node) ^ this.#word(Math.min(node + NODE_REACH_WORDS, this.#words.length - 1));
  }

  nameAt(node: number): number {
    return 4 * (node + NODE_WORDS);
  }

  get apexText(): string {
    return nameText(this.apexName);
  }

  rrsetCount(node: number): number {
    return this.#word(node + COUNT_AND_FLAGS) & 0xffff;
  }

  flags(node: number): number {
    return this.#word(node + COUNT_AND_FLAGS) >>> 16;
  }

  has(node: number, flag: number): boolean {
    return (this.#word(node + COUNT_AND_FLAGS) & (flag << 16)) !== 0;
  }

  /** The `*` child of a node, or NONE (RFC 4592 §2.1.1). */
  wildcard(node: number): number {
    if (!this.has(node, NodeFlag.WILDCARD)) return NONE;
    const length = nameLength(this.bytes, this.nameAt(node));
    copy(this.bytes, this.nameAt(node), wildcardName, 2, length);
    return this.seek(extendHash(this.#word(node), wildcardName, 0), wildcardName, 0, 2 + length);
  }

  /** The first RRset block of a node that has any; `blockBytes` leads to the next. */
  firstRrset(node: number): number {
    return this.#word(node + RRSETS_AT);
  }

  /** The block of that type at the node, or 0. */
  rrset(node: number, type: number): number {
    let at = this.firstRrset(node);
    for (let left = this.rrsetCount(node); left > 0; left--) {
      if (u16(this.bytes, at) === type) return at;
      at += blockBytes(this.bytes, at);
    }
    return 0;
  }
}

/** `*` and a name. */
const wildcardName = new Uint8Array(2 + NAME_BYTES_MAX);
wildcardName.set([1, 0x2a]);
