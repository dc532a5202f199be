/**
 * The one writer of nodes (zone/image has their layout): from a name of `Records` and its rows to words and
 * bytes, wherever the node is to stand.
 */
import { copy, u16 } from '../base/bytes.ts';
import { nameLength } from '../wire/name.ts';
import { putRrsetHeader, RRSET_HEADER_BYTES } from '../wire/rrset.ts';
import { NODE_WORDS, NodeWord } from './image.ts';
import type { Records } from './records.ts';
import type { Rows } from './rows.ts';

/** How many words the node of a name takes. */
export function nodeSize({ nameBytes, nameAt, rdataBytes }: Records, rows: Rows, id: number): number {
  let bytes = nameLength(nameBytes, nameAt[id] as number);
  for (let row = rows.start(id), end = rows.start(id + 1); row < end; ) {
    const next = rows.rrsetEnd(row, end);
    bytes += RRSET_HEADER_BYTES;
    for (; row < next; row++) bytes += 2 + u16(rdataBytes, rows.rdataAt(row));
  }
  return NODE_WORDS + ((bytes + 3) >> 2);
}

export class NodeWriter {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #records: Records;
  readonly #rows: Rows;

  constructor(memory: SharedArrayBuffer, records: Records, rows: Rows) {
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#records = records;
    this.#rows = rows;
  }

  put(id: number, node: number, flags: number, children: number): void {
    const { nameBytes, nameAt, nameHash } = this.#records;
    const name = nameAt[id] as number;
    const length = nameLength(nameBytes, name);
    let at = 4 * (node + NODE_WORDS);
    copy(nameBytes, name, this.#bytes, at, length);
    at += length;
    this.#words[node + NodeWord.HASH] = nameHash[id] as number;
    this.#words[node + NodeWord.RRSETS_AT] = at;
    this.#words[node + NodeWord.CHILDREN] = children;
    let rrsets = 0;
    for (let row = this.#rows.start(id), end = this.#rows.start(id + 1); row < end; ) {
      const next = this.#rows.rrsetEnd(row, end);
      at = this.#putRrset(row, next, at);
      row = next;
      rrsets++;
    }
    this.#words[node + NodeWord.COUNT_AND_FLAGS] = rrsets | (flags << 16);
  }

  #putRrset(row: number, end: number, start: number): number {
    const from = this.#records.rdataBytes;
    let at = start + RRSET_HEADER_BYTES;
    for (let i = row; i < end; i++) {
      const rdataAt = this.#rows.rdataAt(i);
      const length = 2 + u16(from, rdataAt);
      copy(from, rdataAt, this.#bytes, at, length);
      at += length;
    }
    const size = at - start - RRSET_HEADER_BYTES;
    putRrsetHeader(this.#bytes, start, this.#rows.type(row), end - row, this.#rows.ttl(row), size);
    return at;
  }
}
