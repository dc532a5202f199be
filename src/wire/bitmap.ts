/**
 * The set of types that NSEC, NSEC3 and CSYNC carry (RFC 4034 §4.1.2): windows of 256 types in rising
 * order, each a number, a length 1 to 32, and that many bytes of bits, the last of them never zero. One set
 * has one form.
 */
import { typeText } from './codes.ts';
import type { Kind } from './kind.ts';
import { readType } from './kinds-number.ts';

const WINDOW_BYTES_MAX = 32;

export const bitmap: Kind = {
  scan(b, at, end) {
    let i = at;
    for (let lastWindow = -1; i < end; ) {
      const window = b[i] as number;
      const length = i + 2 <= end ? (b[i + 1] as number) : 0;
      if (window <= lastWindow || length < 1 || length > WINDOW_BYTES_MAX) return -1;
      i += 2 + length;
      if (i > end || b[i - 1] === 0) return -1;
      lastWindow = window;
    }
    return i;
  },

  print(b, at, end) {
    const types: string[] = [];
    for (let i = at; i < end; i += 2 + (b[i + 1] as number)) {
      for (let bit = 0; bit < (b[i + 1] as number) * 8; bit++) {
        const set = ((b[i + 2 + (bit >> 3)] as number) & (0x80 >> (bit & 7))) !== 0;
        if (set) types.push(typeText(((b[i] as number) << 8) | bit));
      }
    }
    return types.join(' ');
  },

  parse(entry) {
    const types = new Set<number>();
    while (entry.more) {
      const type = entry.read('a record type', readType);
      if (type !== undefined) types.add(type);
    }
    const sorted = [...types].sort((a, b) => a - b);
    for (let i = 0; i < sorted.length; ) {
      const window = (sorted[i] as number) >> 8;
      const bits = new Uint8Array(WINDOW_BYTES_MAX);
      let last = 0;
      for (; i < sorted.length && (sorted[i] as number) >> 8 === window; i++) {
        last = (sorted[i] as number) & 0xff;
        bits[last >> 3] = (bits[last >> 3] as number) | (0x80 >> (last & 7));
      }
      entry.put(window, 1);
      entry.put((last >> 3) + 1, 1);
      entry.putBytes(bits.subarray(0, (last >> 3) + 1));
    }
  },
};
