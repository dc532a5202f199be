/**
 * The records of one zone in columns: a million of them without an object each. In: interned owners and RDATA
 * from the parser; out: the same columns, read by check and compile. Invariant: row `i < count` is whole, its
 * owner is `< nameCount`, and its RDATA is a u16 length and that many bytes at `rdataAt[i]`, names
 * uncompressed, case kept. The columns are replaced when they grow: read them anew after `intern` or `add`.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, put16, u16 } from '../base/bytes.ts';
import { Class } from '../wire/codes.ts';
import { FOLD, type Name, nameHash, nameLength, sameName } from '../wire/name.ts';

/** A line of a zone file is seldom shorter; columns that turn out too short grow. */
const LINE_BYTES_EXPECTED = 20;
const ROWS_MIN = 64;
const RDATA_BYTES_EXPECTED = 6;
const NAME_BYTES_EXPECTED = 20;
const RDATA_BYTES_MAX = 0xffff;

export class Records {
  readonly apex: Name;
  /** The class of all records: a zone has one. */
  klass: number = Class.IN;
  /** File names, by number. */
  readonly files: string[] = [];

  /** Interned owner names; id 0 is the apex. */
  nameCount = 0;
  /** Their lower-cased wire bytes, end to end. */
  nameBytes: Uint8Array;
  nameAt: Uint32Array;
  nameHash: Int32Array;

  /** Names whose records were made from pools (zone/derive). */
  readonly derived = new Set<number>();

  count = 0;
  owner: Uint32Array;
  type: Uint16Array;
  ttl: Uint32Array;
  rdataAt: Uint32Array;
  line: Uint32Array;
  file: Uint16Array;
  rdataBytes: Uint8Array;

  /** Bytes of `nameBytes` and of `rdataBytes` in use. */
  #nameEnd = 0;
  #rdataEnd = 0;
  /** Open addressing, linear probing: name id + 1, or 0. A power of two, at most half full. */
  #slots: Uint32Array;

  constructor(apex: Name, expectedBytes = 0) {
    const rows = ROWS_MIN + Math.ceil(expectedBytes / LINE_BYTES_EXPECTED);
    this.apex = apex;
    this.nameBytes = new Uint8Array(rows * NAME_BYTES_EXPECTED);
    this.nameAt = new Uint32Array(rows);
    this.nameHash = new Int32Array(rows);
    this.owner = new Uint32Array(rows);
    this.type = new Uint16Array(rows);
    this.ttl = new Uint32Array(rows);
    this.rdataAt = new Uint32Array(rows);
    this.line = new Uint32Array(rows);
    this.file = new Uint16Array(rows);
    this.rdataBytes = new Uint8Array(rows * (2 + RDATA_BYTES_EXPECTED));
    this.#slots = new Uint32Array(2 ** Math.floor(Math.log2(2 * rows)));
    this.intern(apex, 0);
  }

  /** The id of the uncompressed name at `at`, given one if it is new. */
  intern(bytes: Bytes, at: number): number {
    return this.internHashed(bytes, at, nameHash(bytes, at));
  }

  /** The same when its `nameHash` is already known. */
  internHashed(bytes: Bytes, at: number, hash: number): number {
    const slot = this.#slotOf(bytes, at, hash);
    const found = this.#slots[slot] as number;
    if (found !== 0) return found - 1;
    const id = this.nameCount;
    if (2 * (id + 1) > this.#slots.length) {
      this.#slots = this.#slotsOf(2 * this.#slots.length);
      this.#slots[this.#slotOf(bytes, at, hash)] = id + 1;
    } else {
      this.#slots[slot] = id + 1;
    }
    this.#appendName(bytes, at, hash);
    return id;
  }

  /** The id of the uncompressed name at `at`, or -1. */
  findName(bytes: Bytes, at: number): number {
    return (this.#slots[this.#slotOf(bytes, at, nameHash(bytes, at))] as number) - 1;
  }

  add(owner: number, type: number, ttl: number, rdata: Bytes, line: number, file: number): void {
    const length = rdata.length;
    assert(length <= RDATA_BYTES_MAX, 'RDATA fits its length field');
    const row = this.count;
    if (row === this.owner.length) this.#growRows();
    this.owner[row] = owner;
    this.type[row] = type;
    this.ttl[row] = ttl;
    this.line[row] = line;
    this.file[row] = file;
    this.rdataAt[row] = this.#rdataEnd;
    const end = this.#rdataEnd + 2 + length;
    if (end > this.rdataBytes.length) this.rdataBytes = grown(this.rdataBytes, end);
    put16(this.rdataBytes, this.#rdataEnd, length);
    for (let i = 0, to = this.#rdataEnd + 2; i < length; i++) this.rdataBytes[to + i] = rdata[i] as number;
    this.#rdataEnd = end;
    this.count = row + 1;
  }

  /** As `#slots`, of that length: a power of two, and at least twice as many as names. */
  slots(count: number): Uint32Array {
    return this.#slots.length === count ? this.#slots : this.#slotsOf(count);
  }

  /** A view of an owner name, for cold paths. */
  name(id: number): Name {
    const at = this.nameAt[id] as number;
    return this.nameBytes.subarray(at, at + nameLength(this.nameBytes, at));
  }

  /** A view of a row's RDATA, for cold paths. */
  rdata(row: number): Uint8Array {
    const at = this.rdataAt[row] as number;
    return this.rdataBytes.subarray(at + 2, at + 2 + u16(this.rdataBytes, at));
  }

  /** Where the name is, or the free slot where it belongs. */
  #slotOf(bytes: Bytes, at: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = (this.#slots[slot] as number) - 1;
      if (id < 0) return slot;
      if (this.nameHash[id] === hash && sameName(this.nameBytes, this.nameAt[id] as number, bytes, at)) {
        return slot;
      }
    }
  }

  #appendName(bytes: Bytes, at: number, hash: number): void {
    const id = this.nameCount;
    const length = nameLength(bytes, at);
    if (id === this.nameAt.length) {
      this.nameAt = grown(this.nameAt, id + 1);
      this.nameHash = grown(this.nameHash, id + 1);
    }
    const end = this.#nameEnd + length;
    if (end > this.nameBytes.length) this.nameBytes = grown(this.nameBytes, end);
    const { nameBytes } = this;
    for (let i = 0, to = this.#nameEnd; i < length; i++)
      nameBytes[to + i] = FOLD[bytes[at + i] as number] as number;
    this.nameAt[id] = this.#nameEnd;
    this.nameHash[id] = hash;
    this.#nameEnd = end;
    this.nameCount = id + 1;
  }

  #growRows(): void {
    const rows = this.count + 1;
    this.owner = grown(this.owner, rows);
    this.type = grown(this.type, rows);
    this.ttl = grown(this.ttl, rows);
    this.rdataAt = grown(this.rdataAt, rows);
    this.line = grown(this.line, rows);
    this.file = grown(this.file, rows);
  }

  #slotsOf(count: number): Uint32Array {
    const slots = new Uint32Array(count);
    const mask = count - 1;
    for (let id = 0; id < this.nameCount; id++) {
      let slot = (this.nameHash[id] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    return slots;
  }
}

/** A copy half as large again, or as large as is needed. */
function grown<Column extends Uint8Array | Uint16Array | Uint32Array | Int32Array>(
  column: Column,
  needed: number,
): Column {
  const length = Math.max(needed, Math.ceil(column.length * 1.5));
  const larger = new (column.constructor as new (length: number) => Column)(length);
  larger.set(column);
  return larger;
}
