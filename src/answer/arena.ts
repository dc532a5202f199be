/**
 * RRsets that no zone holds, made for one reply: blocks (wire/rrset) one behind the other in memory of the
 * thread. An RRset is begun, gets its RRs field by field, and is ended; where there is no room for an RR, who
 * writes is told before it begins. Nothing is allocated.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, copy, put16 } from '../base/bytes.ts';
import { ARENA_BYTES_MAX } from '../base/limits.ts';
import { nameLength } from '../wire/name.ts';
import { putRrsetHeader, RRSET_HEADER_BYTES, RRSET_RRS_BYTES_MAX } from '../wire/rrset.ts';

const ROOM = ARENA_BYTES_MAX;
const HEADER = RRSET_HEADER_BYTES;
const RRS_MAX = RRSET_RRS_BYTES_MAX;

export class Arena {
  readonly bytes: Bytes = new Uint8Array(ARENA_BYTES_MAX);
  #end = 0;
  #rrset = 0;
  #rr = 0;
  /** RRs of the RRset in hand. */
  count = 0;

  reset(): void {
    this.#end = 0;
  }

  begin(): void {
    this.#rrset = this.#end;
    this.#end += HEADER;
    this.count = 0;
  }

  /** Begins an RR of at most so many bytes of RDATA. False: there is no room for it. */
  beginRr(rdataBytes: number): boolean {
    const end = this.#end + 2 + rdataBytes;
    if (end > ROOM || end - this.#rrset - HEADER > RRS_MAX) return false;
    this.#rr = this.#end;
    this.#end += 2;
    return true;
  }

  put8(value: number): void {
    this.bytes[this.#end++] = value;
  }

  put16(value: number): void {
    put16(this.bytes, this.#end, value);
    this.#end += 2;
  }

  putBytes(from: Bytes, at: number, length: number): void {
    copy(from, at, this.bytes, this.#end, length);
    this.#end += length;
  }

  putName(from: Bytes, at: number): void {
    this.putBytes(from, at, nameLength(from, at));
  }

  endRr(): void {
    put16(this.bytes, this.#rr, this.#end - this.#rr - 2);
    this.count++;
  }

  /** Whether the RRset in hand, all of whose RRs have that length, has this one. */
  holds(from: Bytes, at: number, length: number): boolean {
    const end = this.#end;
    for (let rr = this.#rrset + RRSET_HEADER_BYTES; rr < end; rr += 2 + length) {
      let same = 0;
      while (same < length && this.bytes[rr + 2 + same] === from[at + same]) same++;
      if (same === length) return true;
    }
    return false;
  }

  /** Closes an RRset that has RRs; gives where it is. */
  end(type: number, ttl: number): number {
    assert(this.count > 0, 'an RRset has RRs');
    const size = this.#end - this.#rrset - HEADER;
    putRrsetHeader(this.bytes, this.#rrset, type, this.count, ttl, size);
    return this.#rrset;
  }
}
