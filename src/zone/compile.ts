/**
 * Freezes checked records into an image (zone/image has the layout). In: `Records`, settled; out: one
 * SharedArrayBuffer. Two walks over names and their RRsets: the first gives every name its node's place, so
 * that nodes can point at one another; the second writes.
 */
import { assert } from '../base/assert.ts';
import { copy, put32, u8, u16 } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import { labelCount, nameLength } from '../wire/name.ts';
import { targetOffset } from '../wire/rdata.ts';
import { LINKED, putRrsetHeader, RRSET_HEADER_BYTES } from '../wire/rrset.ts';
import { HEADER_WORDS, IMAGE_MAGIC, IMAGE_VERSION, NODE_WORDS, NONE } from './image.ts';
import type { Records } from './records.ts';
import { groupRows, type Rows } from './rows.ts';
import { growTree, OPEN, type Tree } from './tree.ts';

/** Offsets are signed words. */
const IMAGE_BYTES_MAX = 0x7fff_fff0;

export function compileZone(records: Records): SharedArrayBuffer {
  const tree = growTree(records);
  const rows = groupRows(records);
  return new Compiler(records, tree, rows).compile();
}

class Compiler {
  readonly #records: Records;
  readonly #tree: Tree;
  readonly #rows: Rows;
  /** The node of each name id; behind the last, where nodes end. */
  readonly #nodes: Uint32Array;
  readonly #slots: number;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(records: Records, tree: Tree, rows: Rows) {
    this.#records = records;
    this.#tree = tree;
    this.#rows = rows;
    this.#nodes = this.#layOut();
    this.#slots = 2 ** Math.ceil(Math.log2(2 * records.nameCount));
    const total = 4 * (this.#nodesEnd + this.#slots);
    assert(total <= IMAGE_BYTES_MAX, 'an image fits signed offsets');
    const buffer = new SharedArrayBuffer(total);
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  compile(): SharedArrayBuffer {
    for (let id = 0; id < this.#records.nameCount; id++) {
      this.#putNode(id);
      this.#putSlot(this.#records.nameHash[id] as number, this.#node(id));
    }
    this.#putHeader();
    return this.#words.buffer as SharedArrayBuffer;
  }

  get #nodesEnd(): number {
    return this.#nodes[this.#records.nameCount] as number;
  }

  /** Of an id that is none, NONE. */
  #node(id: number): number {
    return id < 0 ? NONE : (this.#nodes[id] as number);
  }

  #layOut(): Uint32Array {
    const { nameCount, nameBytes, nameAt, rdataBytes } = this.#records;
    const nodes = new Uint32Array(nameCount + 1);
    let word = HEADER_WORDS;
    for (let id = 0; id < nameCount; id++) {
      nodes[id] = word;
      let bytes = nameLength(nameBytes, nameAt[id] as number);
      for (let row = this.#rows.start(id), end = this.#rows.start(id + 1); row < end; ) {
        const next = this.#rows.rrsetEnd(row, end);
        bytes += RRSET_HEADER_BYTES + (isLinked(this.#rows.type(row)) ? 4 * (next - row) : 0);
        for (; row < next; row++) bytes += 2 + u16(rdataBytes, this.#rows.rdataAt(row));
      }
      word += NODE_WORDS + ((bytes + 3) >> 2);
    }
    nodes[nameCount] = word;
    return nodes;
  }

  #putNode(id: number): void {
    const { nameBytes, nameAt, nameHash } = this.#records;
    const node = this.#node(id);
    const above = this.#tree.above[id] as number;
    const name = nameAt[id] as number;
    const length = nameLength(nameBytes, name);
    let at = 4 * (node + NODE_WORDS);
    copy(nameBytes, name, this.#bytes, at, length);
    at += length;
    this.#words[node] = nameHash[id] as number;
    this.#words[node + 1] = at;
    this.#words[node + 2] = this.#rows.rrsetsOf(id) | (u8(this.#tree.flags, id) << 16);
    this.#words[node + 3] = above === OPEN ? NONE : this.#node(above);
    this.#words[node + 4] = this.#node(this.#tree.wildcard[id] as number);
    for (let row = this.#rows.start(id), end = this.#rows.start(id + 1); row < end; ) {
      const next = this.#rows.rrsetEnd(row, end);
      at = this.#putRrset(id, row, next, at);
      row = next;
    }
  }

  #putSlot(hash: number, node: number): void {
    const slots = this.#nodesEnd;
    let slot = hash & (this.#slots - 1);
    while (this.#words[slots + slot] !== NONE) slot = (slot + 1) & (this.#slots - 1);
    this.#words[slots + slot] = node;
  }

  #putRrset(owner: number, row: number, end: number, at: number): number {
    const type = this.#rows.type(row);
    const start = at;
    const from = this.#records.rdataBytes;
    at += RRSET_HEADER_BYTES;
    for (let i = row; i < end; i++) {
      const rdataAt = this.#rows.rdataAt(i);
      const length = 2 + u16(from, rdataAt);
      copy(from, rdataAt, this.#bytes, at, length);
      at += length;
    }
    putRrsetHeader(this.#bytes, start, type, end - row, this.#rows.ttl(row), at - start - RRSET_HEADER_BYTES);
    if (!isLinked(type)) return at;
    this.#bytes[start + 11] = LINKED;
    for (let i = row; i < end; i++, at += 4) {
      put32(this.#bytes, at, this.#link(owner, type, this.#rows.rdataAt(i) + 2));
    }
    return at;
  }

  /** The node that the target of one RR has, its wildcard's node if that covers it (RFC 4592 §3.2), or 0. */
  #link(owner: number, type: number, rdata: number): number {
    const from = this.#records.rdataBytes;
    const target = rdata + targetOffset(type);
    if (u8(from, target) === 0) return isSelf(type, u16(from, rdata)) ? this.#node(owner) : NONE;
    const apexLength = this.#records.apex.length;
    for (let at = target, left = nameLength(from, target); left >= apexLength; ) {
      const id = this.#records.findName(from, at);
      if (id >= 0) return at === target ? this.#node(id) : this.#coveringWildcard(id);
      left -= u8(from, at) + 1;
      at += u8(from, at) + 1;
    }
    return NONE;
  }

  #coveringWildcard(encloser: number): number {
    const hidden = this.#tree.above[encloser] !== OPEN;
    return hidden ? NONE : this.#node(this.#tree.wildcard[encloser] as number);
  }

  #putHeader(): void {
    this.#words.set([
      IMAGE_MAGIC,
      IMAGE_VERSION,
      this.#bytes.length,
      this.#records.klass,
      this.#rows.count,
      labelCount(this.#records.apex),
      this.#nodesEnd,
      this.#slots,
    ]);
  }
}

const isLinked = (type: number): boolean => targetOffset(type) >= 0;

/** A target of "." means the owner itself in ServiceMode of SVCB and HTTPS (RFC 9460 §2.5.2), else nobody. */
const isSelf = (type: number, priority: number): boolean =>
  (type === Type.SVCB || type === Type.HTTPS) && priority !== 0;
