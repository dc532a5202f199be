/**
 * Facts of a shelf as bytes that can be kept, and read by another shelf later: times are told from the moment
 * of packing, so that no clock but the wall's has to be the same. Out come chunks of whole facts, the oldest
 * first; in goes any number of them, joined, whose checksum was right.
 *
 *   a fact:  0 size in all (32 bits)    4 which shelf (8 bits)    5 bytes of the name (8 bits)    6 type (16)
 *            8 seconds since it was learned (32)    12 milliseconds left, perhaps below 0 (32)
 *           16 the name, and behind it the bytes of the fact
 */
import { put16, put32, u16, u32 } from '../base/bytes.ts';
import { CACHE_TTL_SECONDS_MAX, SHELF_FACT_BYTES_MAX } from '../base/limits.ts';
import type { Cache } from './cache.ts';
import type { Delegations } from './delegation.ts';
import type { Shelf } from './shelf.ts';

const HEADER_BYTES = 16;
const CHUNK_BYTES = 4 * SHELF_FACT_BYTES_MAX;

/** In the order in which they are packed: whom to ask comes first. */
export const shelvesOf = (delegations: Delegations, cache: Cache): readonly Shelf[] => [
  delegations.shelf,
  cache.shelf,
];

export function* packed(shelves: readonly Shelf[]): Generator<Uint8Array, void, void> {
  for (const [which, shelf] of shelves.entries()) yield* packedFrom(shelf, which);
}

function* packedFrom(shelf: Shelf, which: number): Generator<Uint8Array, void, void> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  const nowMs = shelf.nowMs();
  let length = 0;
  for (const fact of shelf.facts()) {
    const leftMs = Math.floor(shelf.expiresMs(fact) - nowMs);
    // What nobody can use any more may stand there for longer than 32 bits can tell.
    if (leftMs <= -shelf.lingerMs) continue;
    const from = shelf.nameAt(fact);
    const end = shelf.endOf(fact);
    const size = HEADER_BYTES + end - from;
    if (length + size > chunk.length) {
      yield chunk.subarray(0, length);
      length = 0;
    }
    put32(chunk, length, size);
    chunk[length + 4] = which;
    chunk[length + 5] = shelf.valueAt(fact) - from;
    put16(chunk, length + 6, shelf.typeOf(fact));
    put32(chunk, length + 8, shelf.ageSeconds(fact));
    put32(chunk, length + 12, leftMs);
    chunk.set(shelf.bytes.subarray(from, end), length + HEADER_BYTES);
    length += size;
  }
  yield chunk.subarray(0, length);
}

/** Puts each on its shelf, `awayMs` after it was packed; says how many. */
export function unpack(bytes: Uint8Array, shelves: readonly Shelf[], awayMs: number): number {
  let count = 0;
  for (let at = 0, size = 0; at + HEADER_BYTES <= bytes.length; at += size) {
    size = u32(bytes, at);
    const valueAt = at + HEADER_BYTES + (bytes[at + 5] as number);
    const shelf = shelves[bytes[at + 4] as number];
    if (shelf === undefined || at + size > bytes.length || valueAt > at + size) break;
    const leftMs = Math.min(u32(bytes, at + 12) | 0, 1000 * CACHE_TTL_SECONDS_MAX) - awayMs;
    if (leftMs <= -shelf.lingerMs) continue;
    const name = bytes.subarray(at + HEADER_BYTES, valueAt);
    const age = u32(bytes, at + 8) + Math.floor(awayMs / 1000);
    const put = shelf.put(name, u16(bytes, at + 6), shelf.nowMs() + leftMs, at + size - valueAt, age);
    if (put < 0) continue;
    shelf.bytes.set(bytes.subarray(valueAt, at + size), put);
    count += 1;
  }
  return count;
}
