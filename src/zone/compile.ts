/**
 * Freezes checked records into an image (zone/image has the layout). In: `Records`, settled; out: one
 * SharedArrayBuffer. Two walks over the same RRsets: the first measures, the second writes.
 */
import { assert } from '../base/assert.ts';
import { u8, u16, u32 } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import { nameLength } from '../wire/name.ts';
import { targetOffset } from '../wire/rdata.ts';
import { LINKED, putRrsetHeader, RRSET_HEADER_BYTES } from '../wire/rrset.ts';
import { HEADER_WORDS, IMAGE_MAGIC, IMAGE_VERSION, NODE_WORDS } from './image.ts';
import type { Records } from './records.ts';
import { groupRows, type Rows } from './rows.ts';
import { growTree, OPEN, type Tree } from './tree.ts';

/** Offsets are signed words. */
const IMAGE_BYTES_MAX = 0x7fff_fff0;
const NODE_OF = 1; // Node numbers are name ids moved up by one: 0 is "none".

export function compileZone(records: Records): SharedArrayBuffer {
  const tree = growTree(records);
  const rows = groupRows(records);
  return new Compiler(records, tree, rows).compile();
}

class Compiler {
  readonly #records: Records;
  readonly #tree: Tree;
  readonly #rows: Rows;
  readonly #slots: number;
  readonly #nodesAt = HEADER_WORDS * 4;
  readonly #slotsAt: number;
  readonly #namesAt: number;
  readonly #blocksAt: number;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(records: Records, tree: Tree, rows: Rows) {
    this.#records = records;
    this.#tree = tree;
    this.#rows = rows;
    const names = records.nameCount;
    const nameBytes = (records.nameAt[names - 1] as number) + records.name(names - 1).length;
    this.#slots = 2 ** Math.ceil(Math.log2(2 * names));
    this.#slotsAt = this.#nodesAt + (names + NODE_OF) * NODE_WORDS * 4;
    this.#namesAt = this.#slotsAt + this.#slots * 4;
    this.#blocksAt = this.#namesAt + nameBytes;
    const total = this.#blocksAt + this.#measure();
    assert(total <= IMAGE_BYTES_MAX, 'an image fits signed offsets');
    const buffer = new SharedArrayBuffer((total + 3) & ~3);
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#bytes.set(records.nameBytes.subarray(0, nameBytes), this.#namesAt);
  }

  compile(): SharedArrayBuffer {
    let at = this.#blocksAt;
    for (let id = 0; id < this.#records.nameCount; id++) {
      this.#putNode(id, at);
      for (let row = this.#rows.start(id), end = this.#rows.start(id + 1); row < end; ) {
        const next = this.#rows.rrsetEnd(row, end);
        at = this.#putRrset(id, row, next, at);
        row = next;
      }
    }
    this.#putHeader();
    return this.#words.buffer as SharedArrayBuffer;
  }

  #measure(): number {
    let bytes = 0;
    for (let row = 0; row < this.#rows.count; ) {
      const next = this.#rows.rrsetEnd(row, this.#rows.count);
      bytes += RRSET_HEADER_BYTES + (isLinked(this.#rows.type(row)) ? 4 * (next - row) : 0);
      for (; row < next; row++) bytes += 2 + u16(this.#records.rdataBytes, this.#rows.rdataAt(row));
    }
    return bytes;
  }

  #putNode(id: number, firstBlock: number): void {
    const node = (this.#nodesAt >> 2) + (id + NODE_OF) * NODE_WORDS;
    const hash = this.#records.nameHash[id] as number;
    const above = this.#tree.above[id] as number;
    this.#words[node] = hash;
    this.#words[node + 1] = this.#namesAt + (this.#records.nameAt[id] as number);
    this.#words[node + 2] = firstBlock;
    this.#words[node + 3] = this.#rows.rrsetsOf(id) | (u8(this.#tree.flags, id) << 16);
    this.#words[node + 4] = above === OPEN ? 0 : above + NODE_OF;
    this.#words[node + 5] = (this.#tree.wildcard[id] as number) + NODE_OF;
    const slots = this.#slotsAt >> 2;
    let slot = hash & (this.#slots - 1);
    while (this.#words[slots + slot] !== 0) slot = (slot + 1) & (this.#slots - 1);
    this.#words[slots + slot] = id + NODE_OF;
  }

  #putRrset(owner: number, row: number, end: number, at: number): number {
    const type = this.#rows.type(row);
    const start = at;
    const from = this.#records.rdataBytes;
    at += RRSET_HEADER_BYTES;
    for (let i = row; i < end; i++) {
      const rdataAt = this.#rows.rdataAt(i);
      const length = 2 + u16(from, rdataAt);
      for (let k = 0; k < length; k++) this.#bytes[at + k] = u8(from, rdataAt + k);
      at += length;
    }
    putRrsetHeader(this.#bytes, start, type, end - row, this.#rows.ttl(row), at - start - RRSET_HEADER_BYTES);
    if (!isLinked(type)) return at;
    this.#bytes[start + 11] = LINKED;
    for (let i = row; i < end; i++, at += 4) {
      const link = this.#link(owner, type, this.#rows.rdataAt(i) + 2);
      for (let k = 0; k < 4; k++) this.#bytes[at + k] = link >>> (24 - 8 * k);
    }
    return at;
  }

  /** The node that the target of one RR has, its wildcard's node if that covers it (RFC 4592 §3.2), or 0. */
  #link(owner: number, type: number, rdata: number): number {
    const from = this.#records.rdataBytes;
    const target = rdata + targetOffset(type);
    if (u8(from, target) === 0) return isSelf(type, u16(from, rdata)) ? owner + NODE_OF : 0;
    const apexLength = this.#records.apex.length;
    for (let at = target, left = nameLength(from, target); left >= apexLength; ) {
      const id = this.#records.findName(from, at);
      if (id >= 0) return at === target ? id + NODE_OF : this.#coveringWildcard(id);
      left -= u8(from, at) + 1;
      at += u8(from, at) + 1;
    }
    return 0;
  }

  #coveringWildcard(encloser: number): number {
    const hidden = this.#tree.above[encloser] !== OPEN;
    return hidden ? 0 : (this.#tree.wildcard[encloser] as number) + NODE_OF;
  }

  #putHeader(): void {
    const soa = this.#soaAt();
    const rdata = soa + RRSET_HEADER_BYTES + 2;
    const tail = rdata + nameLength(this.#bytes, rdata);
    const serial = tail + nameLength(this.#bytes, tail);
    const ttl = u32(this.#bytes, soa + 4);
    this.#words.set([
      IMAGE_MAGIC,
      IMAGE_VERSION,
      this.#bytes.length,
      this.#records.klass,
      this.#records.nameCount,
      this.#slots,
      this.#rows.count,
      labelsOf(this.#records),
      this.#nodesAt,
      this.#slotsAt,
      this.#namesAt,
      this.#blocksAt,
      u32(this.#bytes, serial) | 0,
      soa,
      Math.min(ttl, u32(this.#bytes, serial + 16)), // RFC 2308 §3
      0,
    ]);
  }

  #soaAt(): number {
    let at = this.#blocksAt;
    for (let row = 0; row < this.#rows.start(1); ) {
      const type = this.#rows.type(row);
      if (type === Type.SOA) return at;
      const next = this.#rows.rrsetEnd(row, this.#rows.start(1));
      at += RRSET_HEADER_BYTES + u16(this.#bytes, at + 8) + (isLinked(type) ? 4 * (next - row) : 0);
      row = next;
    }
    assert(false, 'a zone that passed its checks has a SOA');
  }
}

const isLinked = (type: number): boolean => targetOffset(type) >= 0;

/** A target of "." means the owner itself in ServiceMode of SVCB and HTTPS (RFC 9460 §2.5.2), else nobody. */
const isSelf = (type: number, priority: number): boolean =>
  (type === Type.SVCB || type === Type.HTTPS) && priority !== 0;

function labelsOf(records: Records): number {
  let labels = 0;
  for (let at = 0; u8(records.apex, at) !== 0; at += u8(records.apex, at) + 1) labels++;
  return labels;
}
