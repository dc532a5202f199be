/**
 * An RRset as one run of bytes, ready to copy into a message. Zone images, caches and replies all hold this
 * form, so one encoder serves them all; it is addressed as (bytes, offset) and never moves.
 *
 *   offset  size      meaning
 *   0       2         TYPE
 *   2       2         count of RRs, at least 1
 *   4       4         TTL in seconds
 *   8       2         size: bytes of all RRs together, so no RRset exceeds what a message can carry
 *   10      2         zero
 *   12      size      the RRs: RDLENGTH (2), RDATA with names uncompressed, case as written
 *
 * Class and owner are not in here: a zone and a cache entry know them.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, put16, put32, u16, u32 } from '../base/bytes.ts';

export const RRSET_HEADER_BYTES = 12;
export const RRSET_RRS_BYTES_MAX = 0xffff;

export const rrsetType = (b: Bytes, at: number): number => u16(b, at);
export const rrsetCount = (b: Bytes, at: number): number => u16(b, at + 2);
export const rrsetTtl = (b: Bytes, at: number): number => u32(b, at + 4);
export const rrsetSize = (b: Bytes, at: number): number => u16(b, at + 8);
/** Offset of the first RR; RDATA starts two bytes further. */
export const firstRr = (at: number): number => at + RRSET_HEADER_BYTES;
export const nextRr = (b: Bytes, rrAt: number): number => rrAt + 2 + u16(b, rrAt);

export function putRrsetHeader(
  b: Bytes,
  at: number,
  type: number,
  count: number,
  ttl: number,
  size: number,
): void {
  put16(b, at, type);
  put16(b, at + 2, count);
  put32(b, at + 4, ttl);
  put16(b, at + 8, size);
  put16(b, at + 10, 0);
}

/** Packs RDATAs into a block of its own. The caller has bounded them: together at most 65,535 bytes. */
export function packRrset(type: number, ttl: number, rdatas: readonly Bytes[]): Uint8Array {
  const size = rdatas.reduce((sum, rdata) => sum + 2 + rdata.length, 0);
  assert(size <= RRSET_RRS_BYTES_MAX && rdatas.length > 0, 'an RRset has RRs, and fits a message');
  const block = new Uint8Array(RRSET_HEADER_BYTES + size);
  putRrsetHeader(block, 0, type, rdatas.length, ttl, size);
  let at = RRSET_HEADER_BYTES;
  for (const rdata of rdatas) {
    put16(block, at, rdata.length);
    block.set(rdata, at + 2);
    at += 2 + rdata.length;
  }
  return block;
}

/** The RDATAs as views. For cold paths: it makes an array. */
export function rdatasOf(b: Bytes, at = 0): Uint8Array[] {
  const rdatas: Uint8Array[] = [];
  let rr = firstRr(at);
  for (let left = rrsetCount(b, at); left > 0; left--) {
    rdatas.push(b.subarray(rr + 2, rr + 2 + u16(b, rr)));
    rr = nextRr(b, rr);
  }
  return rdatas;
}
