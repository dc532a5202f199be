/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a short hash under a secret key, for what a stranger must be
 * able neither to forge (cookies) nor to steer (tables keyed by strangers). 64-bit words are pairs of 32-bit
 * halves, low half first. Nothing is allocated.
 */
import type { Bytes } from './bytes.ts';

/** A key, as 32-bit words read from its bytes in little-endian order. */
export const SIPHASH_KEY_WORDS = 4;

/** The carry out of a + b, given their sum modulo 2^32. */
const carry = (a: number, b: number, sum: number): number => ((a & b) | ((a | b) & ~sum)) >>> 31;

/** Four bytes at `i`, of which those from `end` on count as zero. */
function word(bytes: Bytes, i: number, end: number): number {
  if (i + 4 <= end) {
    return (
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    );
  }
  let value = 0;
  for (let k = 0; i + k < end && k < 4; k++) value |= (bytes[i + k] as number) << (8 * k);
  return value;
}

/** The state v0…v3 while a hash is made; a thread makes one at a time. */
const state = new Int32Array(8);

/** Takes one block of the message in, with so many rounds. */
function absorb(m: number, mm: number, rounds: number): void {
  let a = state[0] as number;
  let aa = state[1] as number;
  let b = state[2] as number;
  let bb = state[3] as number;
  let c = state[4] as number;
  let cc = state[5] as number;
  let d = (state[6] as number) ^ m;
  let dd = (state[7] as number) ^ mm;
  for (let left = rounds; left > 0; left--) {
    let low = (a + b) | 0;
    aa = (aa + bb + carry(a, b, low)) | 0;
    a = low;
    low = (b << 13) | (bb >>> 19);
    bb = ((bb << 13) | (b >>> 19)) ^ aa;
    b = low ^ a;
    low = aa; // A rotation by 32 swaps the halves.
    aa = a;
    a = low;
    low = (c + d) | 0;
    cc = (cc + dd + carry(c, d, low)) | 0;
    c = low;
    low = (d << 16) | (dd >>> 16);
    dd = ((dd << 16) | (d >>> 16)) ^ cc;
    d = low ^ c;
    low = (a + d) | 0;
    aa = (aa + dd + carry(a, d, low)) | 0;
    a = low;
    low = (d << 21) | (dd >>> 11);
    dd = ((dd << 21) | (d >>> 11)) ^ aa;
    d = low ^ a;
    low = (c + b) | 0;
    cc = (cc + bb + carry(c, b, low)) | 0;
    c = low;
    low = (b << 17) | (bb >>> 15);
    bb = ((bb << 17) | (b >>> 15)) ^ cc;
    b = low ^ c;
    low = cc;
    cc = c;
    c = low;
  }
  state[0] = a ^ m;
  state[1] = aa ^ mm;
  state[2] = b;
  state[3] = bb;
  state[4] = c;
  state[5] = cc;
  state[6] = d;
  state[7] = dd;
}

/**
 * Writes the hash of the first `length` bytes under the key at `key[keyAt…]` to `out`: its low half, then its
 * high half.
 */
export function sipHash24(
  key: Int32Array,
  keyAt: number,
  bytes: Bytes,
  length: number,
  out: Int32Array,
): void {
  const k0 = key[keyAt] as number;
  const k1 = key[keyAt + 1] as number;
  const k2 = key[keyAt + 2] as number;
  const k3 = key[keyAt + 3] as number;
  state[0] = k0 ^ 0x70736575;
  state[1] = k1 ^ 0x736f6d65;
  state[2] = k2 ^ 0x6e646f6d;
  state[3] = k3 ^ 0x646f7261;
  state[4] = k0 ^ 0x6e657261;
  state[5] = k1 ^ 0x6c796765;
  state[6] = k2 ^ 0x79746573;
  state[7] = k3 ^ 0x74656462;
  const lastAt = length & ~7;
  for (let at = 0; at < lastAt; at += 8) absorb(word(bytes, at, length), word(bytes, at + 4, length), 2);
  // The last block has the length in its top byte.
  absorb(word(bytes, lastAt, length), word(bytes, lastAt + 4, length) | (length << 24), 2);
  state[4] = (state[4] as number) ^ 0xff;
  absorb(0, 0, 4);
  const low = (state[0] as number) ^ (state[2] as number);
  const high = (state[1] as number) ^ (state[3] as number);
  out[0] = low ^ (state[4] as number) ^ (state[6] as number);
  out[1] = high ^ (state[5] as number) ^ (state[7] as number);
}

/** The words of 16 bytes. */
export const sipHashKey = (bytes: Bytes): Int32Array =>
  Int32Array.from({ length: SIPHASH_KEY_WORDS }, (_, i) => word(bytes, 4 * i, bytes.length));
