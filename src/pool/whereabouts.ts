/**
 * Where clients are: one table of all addresses, in memory that all threads share, made by
 * `pool/whereabouts-builder` and never changed. `find` fills the fields from the row of the range that an
 * address lies in; it allocates nothing, and an address that no database knows has a row too, of zeros.
 *
 *   0   words: directory, ranges of IPv4, and their number; the same for IPv6; the rows
 *   …   directory: for each value of an address' first 16 bits, and one more, the range that it begins in
 *   …   ranges, in order, without gaps: the first address of each (1 word, 4 for IPv6; the first is 0), and
 *       behind it its row, which so is in the processor's cache when the range is found
 *   …   rows, six words each: continent, country, subdivision (pool/place-codes), number of the autonomous
 *       system, latitude and longitude in 1e-5 degrees, NOWHERE where they are not known
 */
import { assert } from '../base/assert.ts';
import { type Bytes, put32, u32 } from '../base/bytes.ts';
import { IPV4_BYTES } from '../base/ip.ts';
import { isMapped } from '../base/prefix.ts';
import { metresBetween } from './distance.ts';
import { PlaceLevel } from './place-codes.ts';

/** Words of the header; of the two families first those of IPv4. */
export const FAMILY_WORDS = 3;
export const HEADER_WORDS = 2 * FAMILY_WORDS + 1;
export const ROWS_AT = 2 * FAMILY_WORDS;
export const ROW_WORDS = 6;
export const DIRECTORY_WORDS = 0x1_0001;
/** In place of a latitude or longitude. */
export const NOWHERE = 0x7fff_ffff;

export class Whereabouts {
  readonly #words: Uint32Array;
  readonly #rows: Int32Array;
  readonly #v4: Family;
  readonly #v6: Family;
  #found: Family;

  /** Of the address found last; see pool/place-codes. */
  continent = 0;
  country = 0;
  subdivision = 0;
  /** As a signed word; 0 where it is not known. */
  asn = 0;
  latitude: number = NOWHERE;
  longitude: number = NOWHERE;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
    this.#rows = new Int32Array(memory);
    this.#v4 = new Family(this.#words, 0, 1);
    this.#v6 = new Family(this.#words, FAMILY_WORDS, 4);
    this.#found = this.#v4;
  }

  /** For 4 or 16 bytes; an IPv4 address in IPv6 clothes is the IPv4 address (RFC 4291 §2.5.5.2). */
  find(address: Bytes): void {
    if (address.length === IPV4_BYTES) this.#found = this.#v4.find(address, 0);
    else if (isMapped(address)) this.#found = this.#v4.find(address, 12);
    else this.#found = this.#v6.find(address, 0);
    this.#tell();
  }

  /** Ranges of IPv6, from 0 on. */
  get rangesOfV6(): number {
    return this.#v6.count;
  }

  /** Goes to one of them, as `find` does to the range of an address, and writes where it begins. */
  visitV6(range: number, first: Uint8Array): void {
    this.#found = this.#v6.visit(range, first);
    this.#tell();
  }

  #tell(): void {
    const rows = this.#rows;
    const at = this.#found.row;
    this.continent = rows[at] as number;
    this.country = rows[at + 1] as number;
    this.subdivision = rows[at + 2] as number;
    this.asn = rows[at + 3] as number;
    this.latitude = rows[at + 4] as number;
    this.longitude = rows[at + 5] as number;
  }

  /** The length of the shortest prefix around the address found last, all of which is where it is. */
  get bits(): number {
    return this.#found.bits;
  }

  /** From where the address found last is to a place, in 1e-5 degrees; NOWHERE if that is not known. */
  metresTo(latitude: number, longitude: number): number {
    if (this.latitude === NOWHERE) return NOWHERE;
    return metresBetween(this.latitude, this.longitude, latitude, longitude);
  }

  /** Whether the address found last is in that place (pool/place-codes). */
  isIn(place: number): boolean {
    return (
      place === PlaceLevel.EVERYWHERE ||
      place === this.continent ||
      place === this.country ||
      place === this.subdivision
    );
  }
}

/** The ranges of one family, and the one that was found last. */
class Family {
  readonly #words: Uint32Array;
  readonly #directory: number;
  readonly #ranges: number;
  readonly count: number;
  readonly #rowsAt: number;
  /** Words of an address. */
  readonly #width: number;
  readonly #address: Uint32Array;
  #range = 0;

  constructor(words: Uint32Array, headerAt: number, width: number) {
    this.#words = words;
    this.#directory = words[headerAt] as number;
    this.#ranges = words[headerAt + 1] as number;
    this.count = words[headerAt + 2] as number;
    this.#rowsAt = words[ROWS_AT] as number;
    this.#width = width;
    this.#address = new Uint32Array(width);
    assert(this.count > 0 && words[this.#ranges] === 0, 'every address lies in a range');
  }

  find(address: Bytes, at: number): this {
    const words = this.#words;
    const mine = this.#address;
    const width = this.#width;
    const ranges = this.#ranges;
    for (let i = 0; i < width; i++) mine[i] = u32(address, at + 4 * i);
    const first = this.#directory + ((mine[0] as number) >>> 16);
    let low = words[first] as number;
    let high = words[first + 1] as number;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (isBehind(words, ranges + (width + 1) * middle, mine, width)) high = middle - 1;
      else low = middle;
    }
    this.#range = low;
    return this;
  }

  visit(range: number, first: Uint8Array): this {
    this.#range = range;
    for (let i = 0; i < this.#width; i++) {
      this.#address[i] = this.#words[this.#startOf(range) + i] as number;
      put32(first, 4 * i, this.#address[i] as number);
    }
    return this;
  }

  #startOf(range: number): number {
    return this.#ranges + (this.#width + 1) * range;
  }

  /** Where in the table the row stands. */
  get row(): number {
    return this.#rowsAt + ROW_WORDS * (this.#words[this.#startOf(this.#range) + this.#width] as number);
  }

  /** Longer by one than what the address shares with its neighbours in other ranges. */
  get bits(): number {
    const next = this.#range + 1;
    const before = this.#range === 0 ? 0 : 1 + this.#sharedBits(this.#range, true);
    const behind = next === this.count ? 0 : 1 + this.#sharedBits(next, false);
    return Math.max(before, behind);
  }

  /** Leading bits that the address has in common with where a range starts, or with the address before. */
  #sharedBits(range: number, isBefore: boolean): number {
    const start = this.#startOf(range);
    for (let i = 0; i < this.#width; i++) {
      const borrow = isBefore && this.#isZero(start + i + 1, start + this.#width) ? 1 : 0;
      const differing = ((this.#words[start + i] as number) - borrow) ^ (this.#address[i] as number);
      if (differing !== 0) return 32 * i + Math.clz32(differing);
    }
    return 32 * this.#width;
  }

  #isZero(from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (this.#words[at] !== 0) return false;
    return true;
  }
}

/** Whether the address at `at` comes after the other. */
function isBehind(words: Uint32Array, at: number, other: Uint32Array, width: number): boolean {
  let i = 0;
  while (i + 1 < width && words[at + i] === other[i]) i += 1;
  return (words[at + i] as number) > (other[i] as number);
}
