/**
 * Sets of addresses by prefix (`10.0.0.0/8`, `2001:db8::/32`, a bare address for itself): who may recurse,
 * whom we never ask. Prefixes become sorted, disjoint ranges when read, so a question is a binary search
 * however long the list. An IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.2) is the IPv4 address; an IPv6
 * scope says nothing here.
 */
import { type Bytes, u32 } from './bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, ipText, parseIp } from './ip.ts';
import { PREFIX_MEMO_MAX } from './limits.ts';

/** Of an IPv4 address in IPv6 clothes, before its own. */
export const MAPPED_BITS = 96;

export interface BadPrefix {
  readonly text: string;
  /** What would have been right, in words. */
  readonly expected: string;
}

/** First and last address, as one number. */
type Range<N> = readonly [first: N, last: N];

export class PrefixSet {
  /** First and last of each range, one word each. */
  readonly #v4: Uint32Array;
  /** The same in four words each: asking makes no number of 128 bits. */
  readonly #v6: Uint32Array;
  /** Answers already found, by text: the same few clients ask again and again. */
  readonly #memo = new Map<string, boolean>();

  private constructor(v4: Range<number>[], v6: Range<bigint>[]) {
    this.#v4 = Uint32Array.from(merged(v4).flat());
    this.#v6 = Uint32Array.from(merged(v6).flatMap(([first, last]) => [...words(first), ...words(last)]));
  }

  /** The set; or everything that is wrong with the texts. */
  static parse(texts: readonly string[]): PrefixSet | BadPrefix[] {
    const v4: Range<number>[] = [];
    const v6: Range<bigint>[] = [];
    const bad: BadPrefix[] = [];
    for (const text of texts) {
      const prefix = parsePrefix(text);
      if (typeof prefix === 'string') bad.push({ text, expected: prefix });
      else if (prefix.bytes.length === IPV4_BYTES) v4.push(range4(prefix.bytes, prefix.bits));
      else v6.push(range6(prefix.bytes, prefix.bits));
    }
    return bad.length > 0 ? bad : new PrefixSet(v4, v6);
  }

  /** False for a text that is no address. */
  has(address: string): boolean {
    const known = this.#memo.get(address);
    if (known !== undefined) return known;
    const bytes = parseIp(address);
    const member = bytes !== undefined && this.hasBytes(bytes);
    // Forgetting everything is rarer and cheaper than keeping order.
    if (this.#memo.size >= PREFIX_MEMO_MAX) this.#memo.clear();
    this.#memo.set(address, member);
    return member;
  }

  /** For 4 or 16 bytes. Allocates nothing. */
  hasBytes(bytes: Bytes): boolean {
    if (bytes.length === IPV4_BYTES) return within4(this.#v4, u32(bytes, 0));
    return isMapped(bytes) ? within4(this.#v4, u32(bytes, 12)) : within6(this.#v6, bytes);
  }
}

export interface Prefix {
  /** 4 or 16; what lies behind the prefix may be anything. */
  readonly bytes: Bytes;
  readonly bits: number;
}

export const prefixText = ({ bytes, bits }: Prefix): string => `${ipText(bytes)}/${bits}`;

/** The prefix, or what would have been right. */
export function parsePrefix(text: string): Prefix | string {
  const [address = '', length, ...more] = text.split('/');
  const written = parseIp(address);
  if (written === undefined || more.length > 0)
    return 'an address or a prefix, as in 192.0.2.0/24 or 2001:db8::/32';
  const bitsMax = written.length * 8;
  const bits = length === undefined ? bitsMax : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (bits < 0 || bits > bitsMax) return `a prefix length from 0 to ${bitsMax}`;
  const bytes = unmapped(written);
  // Less than the 96 bits that say "IPv4" is a piece of IPv6 space, whatever else it covers.
  return bytes === written || bits < MAPPED_BITS
    ? { bytes: written, bits }
    : { bytes, bits: bits - MAPPED_BITS };
}

/** An IPv4 address inside `::ffff:0:0/96`. */
export function isMapped(bytes: Bytes): boolean {
  if (bytes.length !== IPV6_BYTES || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return true;
}

export const unmapped = (bytes: Bytes): Bytes => (isMapped(bytes) ? bytes.subarray(12) : bytes);

function number6(b: Bytes): bigint {
  const view = new DataView(b.buffer, b.byteOffset);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

const words = (n: bigint): number[] => [96n, 64n, 32n, 0n].map((by) => Number((n >> by) & 0xffff_ffffn));

function range4(bytes: Bytes, bits: number): Range<number> {
  const size = 2 ** (32 - bits);
  const first = Math.floor(u32(bytes, 0) / size) * size;
  return [first, first + size - 1];
}

function range6(bytes: Bytes, bits: number): Range<bigint> {
  const free = BigInt(128 - bits);
  const first = (number6(bytes) >> free) << free;
  return [first, first + (1n << free) - 1n];
}

/** Sorted and disjoint. Prefixes nest or keep apart, so dropping the nested ones is all there is to do. */
function merged<N extends number | bigint>(ranges: Range<N>[]): Range<N>[] {
  ranges.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] > b[1] ? -1 : 1));
  const kept: Range<N>[] = [];
  for (const range of ranges) {
    const last = kept.at(-1);
    if (last === undefined || range[0] > last[1]) kept.push(range);
  }
  return kept;
}

function within4(ranges: Uint32Array, address: number): boolean {
  let low = 0;
  let high = ranges.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[2 * middle + 1] as number) < address) low = middle + 1;
    else high = middle;
  }
  return 2 * low < ranges.length && (ranges[2 * low] as number) <= address;
}

function within6(ranges: Uint32Array, address: Bytes): boolean {
  let low = 0;
  let high = ranges.length >> 3;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order6(ranges, 8 * middle + 4, address) < 0) low = middle + 1;
    else high = middle;
  }
  return 8 * low < ranges.length && order6(ranges, 8 * low, address) <= 0;
}

/** Negative where the four words at `at` are less than the address, positive where they are more. */
function order6(ranges: Uint32Array, at: number, address: Bytes): number {
  for (let i = 0; i < 4; i++) {
    const difference = (ranges[at + i] as number) - u32(address, 4 * i);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** With zeros behind it. */
export function masked({ bytes, bits }: Prefix): Prefix {
  const known = (byte: number, i: number): number =>
    byte & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i)));
  return { bytes: bytes.map(known), bits };
}
