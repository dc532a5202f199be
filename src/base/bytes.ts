/**
 * Reads and writes in network order, for the few files that own a byte layout. No bounds are checked here:
 * the caller has checked a length, or owns the structure. Past the end a read yields 0. A stranger's bytes
 * are read through `wire/reader`, which remembers failure.
 */

export type Bytes = Uint8Array;

export const u8 = (b: Bytes, at: number): number => (b[at] as number) | 0;
export const u16 = (b: Bytes, at: number): number => ((b[at] as number) << 8) | (b[at + 1] as number);
export const u32 = (b: Bytes, at: number): number =>
  (((b[at] as number) << 24) |
    ((b[at + 1] as number) << 16) |
    ((b[at + 2] as number) << 8) |
    (b[at + 3] as number)) >>>
  0;

export function put16(b: Bytes, at: number, value: number): void {
  b[at] = value >> 8;
  b[at + 1] = value;
}

export function put32(b: Bytes, at: number, value: number): void {
  b[at] = value >> 24;
  b[at + 1] = value >> 16;
  b[at + 2] = value >> 8;
  b[at + 3] = value;
}

/** Copies `length` bytes; for the short runs of DNS a loop beats `subarray` + `set`, and makes no object. */
export function copy(from: Bytes, fromAt: number, to: Bytes, toAt: number, length: number): void {
  for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i] as number;
}

/** Of more, one call of the engine's is quicker than a loop. */
const SHORT_BYTES = 128;

/** An owned copy of a part. Not `slice`, which on a Node `Buffer` is a view. */
export function copyOf(b: Bytes, from = 0, to = b.length): Uint8Array {
  if (to - from > SHORT_BYTES || to > b.length) return new Uint8Array(b.subarray(from, to));
  const own = new Uint8Array(to - from);
  copy(b, from, own, 0, own.length);
  return own;
}

export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export const toHex = (b: Bytes): string => Buffer.from(b.buffer, b.byteOffset, b.length).toString('hex');
export const toBase64 = (b: Bytes): string =>
  Buffer.from(b.buffer, b.byteOffset, b.length).toString('base64');
