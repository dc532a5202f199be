/**
 * A zone as one immutable run of bytes in a SharedArrayBuffer: compact, position-independent, the same on
 * disk as in memory, read by any number of threads without a lock. Written once by `zone/compile`, read by
 * `zone/lookup` and `answer`. Words are 32 bits in the machine's order; RRset blocks and names are bytes
 * (wire/rrset, wire/name).
 *
 *   header, 16 words
 *     0  magic "CRN1"           3  CLASS                       6  where the slots begin, in words
 *     1  format version         4  number of records           7  number of slots: a power of two
 *     2  bytes in all           5  labels of the apex          8  to 15  free, zero
 *
 *   nodes, one for each name and each empty non-terminal, the apex first; a node is known by the word that it
 *   begins at, and 0 is none
 *     0  hash of the name (wire/name)
 *     1  offset of the first RRset block
 *     2  bits 0-15 number of RRsets, 16-23 flags (NodeFlag)
 *     3  above: the topmost cut at or above it, or DNAME owner above it: a node, or none
 *     4  wildcard: the node of the `*` child, or none (RFC 4592)
 *     5… the name, lower-case wire bytes, and behind it the RRset blocks, in order of type. What one query
 *        reads lies together: memory that is in no cache of the processor is what a lookup waits for
 *
 *   slots: open addressing by hash, linear probing, at most half full; a slot holds a node or none
 */
import { assert } from '../base/assert.ts';
import { type Bytes, u16, u32 } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import type { HashedName } from '../wire/hashed-name.ts';
import { nameText } from '../wire/name.ts';
import {
  firstRr,
  nextRr,
  RRSET_HEADER_BYTES,
  rrsetCount,
  rrsetLinked,
  rrsetSize,
  rrsetTtl,
} from '../wire/rrset.ts';

export const IMAGE_MAGIC = 0x43524e31;
export const IMAGE_VERSION = 1;
export const HEADER_WORDS = 16;
/** The name follows. */
export const NODE_WORDS = 5;
/** From a node's first word into the second line of the processor's cache, where its RRsets are. */
const NODE_REACH_WORDS = 15;
export const APEX = HEADER_WORDS;
export const NONE = 0;

export const NodeFlag = { CUT: 1, DNAME: 2 } as const;

/** Bytes of the block at `at`, links included. */
export const blockBytes = (b: Bytes, at: number): number =>
  RRSET_HEADER_BYTES + rrsetSize(b, at) + (rrsetLinked(b, at) ? 4 * rrsetCount(b, at) : 0);

export class Image {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly apexLabels: number;
  readonly recordCount: number;
  readonly serial: number;
  readonly klass: number;
  readonly soaAt: number;
  /** min(TTL of the SOA, MINIMUM), RFC 2308 §3. */
  readonly negativeTtl: number;
  readonly #words: Int32Array;
  readonly #slots: number;
  readonly #mask: number;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.klass = this.#word(3);
    this.recordCount = this.#word(4);
    this.apexLabels = this.#word(5);
    this.#slots = this.#word(6);
    this.#mask = this.#word(7) - 1;
    this.soaAt = this.rrset(APEX, Type.SOA);
    assert(this.soaAt !== 0, 'a zone that passed its checks has a SOA');
    const soaEnd = nextRr(this.bytes, firstRr(this.soaAt));
    this.serial = u32(this.bytes, soaEnd - 20);
    this.negativeTtl = Math.min(rrsetTtl(this.bytes, this.soaAt), u32(this.bytes, soaEnd - 4));
  }

  #word(at: number): number {
    return this.#words[at] as number;
  }

  /** The node of the name from label `from` on, or NONE. */
  find(name: HashedName, from: number): number {
    const hash = name.hash[from] as number;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = this.#word(this.#slots + slot);
      if (node === NONE) return NONE;
      if (this.#word(node) === hash && name.suffixIs(from, this.bytes, this.nameAt(node))) return node;
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
    return nameText(this.bytes, this.nameAt(APEX));
  }

  rrsetCount(node: number): number {
    return this.#word(node + 2) & 0xffff;
  }

  has(node: number, flag: number): boolean {
    return (this.#word(node + 2) & (flag << 16)) !== 0;
  }

  above(node: number): number {
    return this.#word(node + 3);
  }

  wildcard(node: number): number {
    return this.#word(node + 4);
  }

  /** The first RRset block of a node that has any; `blockBytes` leads to the next. */
  firstRrset(node: number): number {
    return this.#word(node + 1);
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
