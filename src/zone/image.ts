/**
 * A zone as one immutable run of bytes in a SharedArrayBuffer: compact, position-independent, the same on
 * disk as in memory, read by any number of threads without a lock. Written once by `zone/compile`, read by
 * `zone/lookup` and `answer`. Words are 32 bits in the machine's order; RRset blocks and names are bytes
 * (wire/rrset, wire/name).
 *
 *   header, 16 words
 *     0  magic "CRN1"       4  nodes: their number      8  offset of nodes         12 serial of the SOA
 *     1  format version     5  slots: a power of two    9  offset of slots         13 offset of the SOA block
 *     2  bytes in all       6  records in all           10 offset of names         14 TTL of negative answers
 *     3  CLASS              7  labels of the apex       11 offset of RRset blocks  15 free, zero
 *
 *   node, 6 words; number 0 is "none", number 1 is the apex; every empty non-terminal is a node
 *     0  hash of the name (wire/name)
 *     1  offset of the name: lower-case wire bytes
 *     2  offset of its first RRset block; the others follow, in order of type
 *     3  bits 0-15 number of RRsets, 16-23 flags (NodeFlag)
 *     4  above: the topmost cut at or above it, or DNAME owner above it: a node number, or 0
 *     5  wildcard: the node of the `*` child, or 0 (RFC 4592)
 *
 *   slots: open addressing by hash, linear probing, at most half full; a slot holds a node number or 0
 */
import { type Bytes, u16 } from '../base/bytes.ts';
import type { HashedName } from '../wire/hashed-name.ts';
import { nameHash, sameName } from '../wire/name.ts';
import { RRSET_HEADER_BYTES, rrsetCount, rrsetLinked, rrsetSize } from '../wire/rrset.ts';

export const IMAGE_MAGIC = 0x43524e31;
export const IMAGE_VERSION = 1;
export const HEADER_WORDS = 16;
export const NODE_WORDS = 6;
export const APEX = 1;
export const NONE = 0;

export const NodeFlag = { CUT: 1, DNAME: 2 } as const;

/** Bytes of the block at `at`, links included. */
export const blockBytes = (b: Bytes, at: number): number =>
  RRSET_HEADER_BYTES + rrsetSize(b, at) + (rrsetLinked(b, at) ? 4 * rrsetCount(b, at) : 0);

export class Image {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly apexLabels: number;
  readonly nodeCount: number;
  readonly recordCount: number;
  readonly serial: number;
  readonly klass: number;
  readonly soaAt: number;
  /** min(TTL of the SOA, MINIMUM), RFC 2308 §3. */
  readonly negativeTtl: number;
  readonly #words: Int32Array;
  readonly #nodes: number;
  readonly #slots: number;
  readonly #mask: number;

  constructor(buffer: SharedArrayBuffer) {
    const words = new Int32Array(buffer);
    const word = (i: number): number => words[i] as number;
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.#words = words;
    this.klass = word(3);
    this.nodeCount = word(4);
    this.#mask = word(5) - 1;
    this.recordCount = word(6);
    this.apexLabels = word(7);
    this.#nodes = word(8) >> 2;
    this.#slots = word(9) >> 2;
    this.serial = word(12) >>> 0;
    this.soaAt = word(13);
    this.negativeTtl = word(14);
  }

  #node(node: number, word: number): number {
    return this.#words[this.#nodes + node * NODE_WORDS + word] as number;
  }

  /** The node of the name from label `from` on, or NONE. */
  find(name: HashedName, from: number): number {
    const hash = name.hash[from] as number;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = this.#words[this.#slots + slot] as number;
      if (node === NONE) return NONE;
      if (this.#node(node, 0) === hash && name.suffixIs(from, this.bytes, this.#node(node, 1))) return node;
    }
  }

  /** The node of an uncompressed name, for cold paths. */
  findName(bytes: Bytes, at = 0): number {
    const hash = nameHash(bytes, at);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const node = this.#words[this.#slots + slot] as number;
      if (node === NONE) return NONE;
      if (this.#node(node, 0) === hash && sameName(bytes, at, this.bytes, this.#node(node, 1))) return node;
    }
  }

  nameAt(node: number): number {
    return this.#node(node, 1);
  }

  rrsetCount(node: number): number {
    return this.#node(node, 3) & 0xffff;
  }

  has(node: number, flag: number): boolean {
    return (this.#node(node, 3) & (flag << 16)) !== 0;
  }

  above(node: number): number {
    return this.#node(node, 4);
  }

  wildcard(node: number): number {
    return this.#node(node, 5);
  }

  /** The first RRset block of a node that has any; `blockBytes` leads to the next. */
  firstRrset(node: number): number {
    return this.#node(node, 2);
  }

  /** The block of that type at the node, or 0. */
  rrset(node: number, type: number): number {
    let at = this.#node(node, 2);
    for (let left = this.rrsetCount(node); left > 0; left--) {
      if (u16(this.bytes, at) === type) return at;
      at += blockBytes(this.bytes, at);
    }
    return 0;
  }
}
