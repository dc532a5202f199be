/**
 * A database of places, a file in MaxMind's format, as ranges of addresses. It is a tree of nodes, each with
 * a record for 0 and one for 1, that leads by the bits of an address to a value (pool/database-values), and
 * at the end of the file says what it is. An IPv6 tree has the IPv4 addresses at ::/96; where it shows them
 * at other prefixes too, as those of 6to4, there is nothing for us. Whatever is wrong with a file is a text.
 */
import { PLACE_FILE_BYTES_MAX } from '../base/limits.ts';
import { DatabaseValues } from './database-values.ts';
import { Ranges } from './ranges.ts';

const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');
/** The format: what a file says of itself lies in its last bytes. */
const METADATA_BYTES_MAX = 131_072;
/** Zeros between the tree and the values. */
const SEPARATOR_BYTES = 16;
const V4_AT = 96;

export interface AddressRanges {
  readonly v4: Ranges;
  readonly v6: Ranges;
}

export interface Database extends AddressRanges {
  /** When it was made, in seconds since 1970. */
  readonly builtSeconds: number;
}

/** Of the values at these positions of the file, a row; 0 for those that say nothing. */
export type RowOf = (values: DatabaseValues, at: number) => number;

/** The ranges, with rows for values; or what is wrong with the file. */
export function readDatabase(bytes: Buffer, rowOf: RowOf): Database | string {
  if (bytes.length > PLACE_FILE_BYTES_MAX) return `it is larger than ${PLACE_FILE_BYTES_MAX} bytes`;
  const marker = bytes.lastIndexOf(MARKER);
  if (marker < bytes.length - METADATA_BYTES_MAX || marker < 0)
    return 'it does not end as one in the format of MaxMind';
  const metadataAt = marker + MARKER.length;
  const metadata = new DatabaseValues(bytes, metadataAt);
  const said = (key: string): number => metadata.number(metadata.member(metadataAt, key)) ?? -1;
  const [version, nodes, bits] = [said('ip_version'), said('node_count'), said('record_size')];
  if (metadata.fault !== undefined) return metadata.fault;
  if (said('binary_format_major_version') !== 2) return 'it has another version of the format than 2';
  if (version !== 4 && version !== 6) return 'its tree is neither of IPv4 nor of IPv6';
  if (bits !== 24 && bits !== 28 && bits !== 32) return 'its records have neither 24, 28 nor 32 bits';
  const treeBytes = (nodes * bits) / 4;
  if (nodes < 1 || treeBytes + SEPARATOR_BYTES > marker) return 'its tree is longer than the file';
  const ranges = new Tree(bytes, nodes, bits, marker, rowOf).read(version);
  return typeof ranges === 'string' ? ranges : { ...ranges, builtSeconds: said('build_epoch') };
}

class Tree {
  readonly #bytes: Buffer;
  readonly #nodes: number;
  readonly #recordBits: number;
  /** Where values begin, and end. */
  readonly #section: number;
  readonly #end: number;
  readonly #values: DatabaseValues;
  readonly #rowOf: RowOf;
  /** Rows by where their values lie. */
  readonly #rows = new Map<number, number>();
  /** A bit for each node: no tree comes by one twice. */
  readonly #seen: Uint8Array;
  /** Where we are, and how much of it counts. */
  readonly #address = new Uint32Array(4);
  #fault: string | undefined;

  constructor(bytes: Buffer, nodes: number, recordBits: number, end: number, rowOf: RowOf) {
    this.#bytes = bytes;
    this.#nodes = nodes;
    this.#recordBits = recordBits;
    this.#section = (nodes * recordBits) / 4 + SEPARATOR_BYTES;
    this.#end = end;
    this.#values = new DatabaseValues(bytes.subarray(0, end), this.#section);
    this.#rowOf = rowOf;
    this.#seen = new Uint8Array((nodes >> 3) + 1);
  }

  read(version: number): AddressRanges | string {
    const v4 = new Ranges(1);
    const v6 = new Ranges(4);
    let root = 0;
    for (let bit = 0; version === 6 && bit < V4_AT && root < this.#nodes; bit++) root = this.#record(root, 0);
    this.#walk(root, 0, v4);
    this.#address.fill(0);
    if (version === 6) this.#walk(0, 0, v6, root < this.#nodes ? root : -1);
    else v6.add(this.#address, 0, 0);
    return this.#fault ?? this.#values.fault ?? { v4, v6 };
  }

  /** What lies below a record, `depth` bits down; what leads to `except` is left out. */
  #walk(record: number, depth: number, ranges: Ranges, except = -1): void {
    if (this.#fault !== undefined || this.#values.fault !== undefined) return;
    if (record >= this.#nodes || record === except) {
      const row = record === except ? 0 : this.#row(record);
      if (!ranges.add(this.#address, 0, row)) this.#fault = 'it has too many ranges of addresses';
      return;
    }
    if (depth === 32 * ranges.width || this.#isSeen(record)) {
      this.#fault = 'its tree leads back into itself';
      return;
    }
    this.#walk(this.#record(record, 0), depth + 1, ranges, except);
    const bit = 2 ** (31 - (depth & 31));
    (this.#address[depth >> 5] as number) += bit;
    this.#walk(this.#record(record, 1), depth + 1, ranges, except);
    (this.#address[depth >> 5] as number) -= bit;
  }

  #isSeen(node: number): boolean {
    const [at, bit] = [node >> 3, 1 << (node & 7)];
    const isSeen = ((this.#seen[at] as number) & bit) !== 0;
    this.#seen[at] = (this.#seen[at] as number) | bit;
    return isSeen;
  }

  /** Of 28 bits, the byte in the middle has the first four of both. */
  #record(node: number, side: number): number {
    const bytes = this.#recordBits >> 2;
    const at = node * bytes;
    if (this.#recordBits === 24) return this.#bytes.readUIntBE(at + 3 * side, 3);
    if (this.#recordBits === 32) return this.#bytes.readUInt32BE(at + 4 * side);
    const middle = this.#bytes[at + 3] as number;
    const first = side === 0 ? middle >> 4 : middle & 0xf;
    return first * 2 ** 24 + this.#bytes.readUIntBE(at + 4 * side, 3);
  }

  #row(record: number): number {
    if (record === this.#nodes) return 0;
    const at = record - this.#nodes - SEPARATOR_BYTES + this.#section;
    if (at < this.#section || at >= this.#end) {
      this.#fault = 'its tree leads outside of the file';
      return 0;
    }
    const known = this.#rows.get(at);
    if (known !== undefined) return known;
    const row = this.#rowOf(this.#values, at);
    this.#rows.set(at, row);
    return row;
  }
}
