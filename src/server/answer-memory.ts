/**
 * The answer cache: what resolutions came to, in memory that all threads share. Its one writer is the
 * resolver thread (`answer-writer`), its readers are whoever answers queries (`answer-reader`). An entry
 * holds an outcome as RRset blocks, ready for a `Reply`; so a hit is finished like any other answer.
 *
 *   words 0…3          the key of the hash, drawn at start: nobody can choose names that share a set
 *   words 8 + 8 i …    slot i, in sets of eight:
 *     + 0    sequence    odd while the writer is at it; moves with every change
 *     + 1    tag         the half of the key's hash that did not choose the set
 *     + 2    at          where its entry stands in the ring, in bytes
 *     + 3    size        of the entry; 0 where there is none
 *     + 4,5  expiry      milliseconds, a double
 *     + 6    asked       1 since somebody asked for it
 *     + 7    due         so many milliseconds before its expiry one reader passes the question on, so that
 *                        it is asked for anew, and makes this 0
 *   then the ring: entries one behind the other, each at a multiple of 8, none across the end. A new one
 *   takes the place of the oldest.
 *
 *   an entry:  0 slot, or -1 where only the end is filled up; 4 size (32 bits); 8 expiry (double)
 *              16 bytes of the key, 18 count of RRsets, 20 RCODE (u16), 22 an Extended DNS Error that it has
 *              expired, or 0 (u16)
 *              24 the key: name in lower case, type (2), variant (1: DNS64, DO, CD), era (4). A subnet of
 *              clients would follow here as it is in RFC 7871 §6; who asks tries it with and without.
 *              then each RRset, at a multiple of 8: 0 expiry (double), 8 section, 9 bytes of the owner
 *              (u8), 10 the owner, behind it its block (wire/rrset)
 *
 * The era belongs to the zones we serve and to how others are asked: when what is kept may contradict either,
 * it is another era, and no older entry is found any more, whichever thread hears of it first.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, copy, put16, put32 } from '../base/bytes.ts';
import { ANSWER_BYTES_MAX, ANSWER_MEMORY_BYTES_MAX, ANSWER_MEMORY_BYTES_MIN } from '../base/limits.ts';
import { SIPHASH_KEY_WORDS, sipHash24 } from '../base/siphash.ts';
import type { World } from '../base/world.ts';
import { NAME_BYTES_MAX } from '../wire/name.ts';

export const WAYS = 8;
export const Slot = { SEQUENCE: 0, TAG: 1, AT: 2, SIZE: 3, EXPIRY: 4, ASKED: 6, DUE: 7, WORDS: 8 } as const;
export const Entry = {
  SLOT: 0,
  SIZE: 4,
  EXPIRY: 8,
  KEY_BYTES: 16,
  RRSETS: 18,
  RCODE: 20,
  EDE: 22,
  KEY: 24,
} as const;
export const Kept = { EXPIRY: 0, SECTION: 8, OWNER_BYTES: 9, OWNER: 10 } as const;
/** Behind the name in a key: type, variant, era. */
const KEY_EXTRA_BYTES = 7;
const SLOTS_AT = 8;

/** Up to the next multiple of 8. */
export const aligned = (bytes: number): number => (bytes + 7) & ~7;

/** What is asked for, as bytes. */
export class AnswerKey {
  readonly bytes = new Uint8Array(NAME_BYTES_MAX + KEY_EXTRA_BYTES);
  length = 0;

  /** `name` is in lower case; `variant` is what of the query beyond its question an answer may depend on. */
  set(name: Bytes, nameLength: number, type: number, variant: number, era: number): void {
    copy(name, 0, this.bytes, 0, nameLength);
    put16(this.bytes, nameLength, type);
    this.bytes[nameLength + 2] = variant;
    put32(this.bytes, nameLength + 3, era);
    this.length = nameLength + KEY_EXTRA_BYTES;
  }
}

export class AnswerMemory {
  readonly words: Int32Array;
  /** The ring. */
  readonly ring: Uint8Array;
  readonly ringWords: Int32Array;
  readonly ringTimes: Float64Array;
  readonly times: Float64Array;
  readonly slots: number;
  /** The tag of the last key that was hashed stands in its second word. */
  readonly hash = new Int32Array(2);

  constructor(memory: SharedArrayBuffer) {
    // A quarter for slots, which are 32 bytes: an entry is some 100 to 200.
    this.slots = 2 ** Math.floor(Math.log2(memory.byteLength / 4 / (4 * Slot.WORDS)));
    const ringAt = 4 * (SLOTS_AT + this.slots * Slot.WORDS);
    const ringBytes = (memory.byteLength - ringAt) & ~7;
    assert(ringBytes >= ANSWER_BYTES_MAX && this.slots >= WAYS, 'there is room for the largest entry');
    this.words = new Int32Array(memory, 0, ringAt / 4);
    this.ring = new Uint8Array(memory, ringAt, ringBytes);
    this.ringWords = new Int32Array(memory, ringAt, ringBytes / 4);
    this.ringTimes = new Float64Array(memory, ringAt, ringBytes / 8);
    this.times = new Float64Array(memory, 0, ringAt / 8);
  }

  /** Memory of about so many bytes, within its bounds, empty, under a new key. */
  static make(bytes: number, world: World): SharedArrayBuffer {
    const most = Math.min(bytes, ANSWER_MEMORY_BYTES_MAX);
    const memory = new SharedArrayBuffer(Math.max(most & ~7, ANSWER_MEMORY_BYTES_MIN));
    const words = new Int32Array(memory);
    for (let i = 0; i < SIPHASH_KEY_WORDS; i++) words[i] = world.draw(2 ** 32) | 0;
    return memory;
  }

  /** Whether it is this one: posted twice, memory comes as two objects. The key was drawn for one alone. */
  is(memory: SharedArrayBuffer): boolean {
    const key = new Int32Array(memory, 0, SIPHASH_KEY_WORDS);
    return (
      memory.byteLength === this.words.buffer.byteLength && key.every((word, i) => word === this.words[i])
    );
  }

  /** The word of slot `i`. */
  slotAt(i: number): number {
    return SLOTS_AT + i * Slot.WORDS;
  }

  /** The word of the first slot of the key's set. */
  setOf({ bytes, length }: AnswerKey): number {
    sipHash24(this.words, 0, bytes, length, this.hash);
    return this.slotAt(((this.hash[0] as number) & (this.slots / WAYS - 1)) * WAYS);
  }
}
