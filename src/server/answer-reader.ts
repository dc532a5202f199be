/**
 * Reads the answer cache (`answer-memory`): in goes a question, out comes a reply that is complete, or false.
 * The entry is copied before it is looked at, and is believed only if its slot has not moved meanwhile; so
 * what the writer does at the same time costs a hit, and never truth. Nothing is allocated.
 */

import type { Reply } from '../answer/reply.ts';
import { type Bytes, u16 } from '../base/bytes.ts';
import { ANSWER_BYTES_MAX } from '../base/limits.ts';
import { RRSET_HEADER_BYTES, rrsetSize } from '../wire/rrset.ts';
import { AnswerKey, AnswerMemory, aligned, Entry, Kept, Slot, WAYS } from './answer-memory.ts';

const EXPIRED = 'this has expired, and no server answers';

export class AnswerReader {
  readonly #memory: AnswerMemory;
  readonly #now: () => number;
  readonly #era: number;
  readonly #key = new AnswerKey();
  readonly #copy = new ArrayBuffer(ANSWER_BYTES_MAX);
  readonly #words = new Int32Array(this.#copy);
  readonly #times = new Float64Array(this.#copy);
  readonly #bytes = new Uint8Array(this.#copy);

  /** `now` is the world's clock, perhaps read only now and then. */
  constructor(memory: SharedArrayBuffer, era: number, now: () => number) {
    this.#memory = new AnswerMemory(memory);
    this.#era = era;
    this.#now = now;
  }

  /** Adds what is known to what the reply has as its answer already; false and untouched where it is not. */
  complete(name: Bytes, nameLength: number, type: number, variant: number, reply: Reply): boolean {
    this.#key.set(name, nameLength, type, variant, this.#era);
    const first = this.#memory.setOf(this.#key);
    for (let i = 0; i < WAYS; i++) {
      const slot = first + i * Slot.WORDS;
      if (this.#memory.words[slot + Slot.TAG] !== this.#memory.hash[1]) continue;
      const sequence = this.copyOut(slot);
      if (sequence < 0 || !this.isWhole(slot, sequence) || !this.#isAnswer()) continue;
      const nowMs = this.#now();
      const leftMs = (this.#times[Entry.EXPIRY >> 3] as number) - nowMs;
      if (leftMs <= 0 || this.#isDue(slot, leftMs)) return false;
      // A flag that gets lost, or meets another entry, costs nobody anything.
      if (this.#memory.words[slot + Slot.ASKED] === 0) this.#memory.words[slot + Slot.ASKED] = 1;
      this.#add(reply, nowMs);
      return true;
    }
    return false;
  }

  /** Copies the slot's entry, and gives the sequence it had before; -1 where there is nothing to copy. */
  copyOut(slot: number): number {
    const { words, ringWords, ring } = this.#memory;
    const sequence = Atomics.load(words, slot) & 0x7fff_ffff;
    const at = words[slot + Slot.AT] as number;
    const size = words[slot + Slot.SIZE] as number;
    // Of two entries, these may be any numbers.
    const isSound = size >= Entry.KEY && size <= ANSWER_BYTES_MAX && at >= 0 && at + size <= ring.length;
    if ((sequence & 1) !== 0 || !isSound) return -1;
    const from = at >> 2;
    for (let i = 0; i < size >> 2; i++) this.#words[i] = ringWords[from + i] as number;
    return sequence;
  }

  /**
   * Whether the copy is of one entry. A read-modify-write, though nothing is changed: what was read before
   * stays before it on any processor, where it might sink below a load.
   */
  isWhole(slot: number, sequence: number): boolean {
    return (Atomics.add(this.#memory.words, slot, 0) & 0x7fff_ffff) === sequence;
  }

  /** Whether the copy is of an entry for the key. */
  #isAnswer(): boolean {
    const { bytes, length } = this.#key;
    if (u16(this.#bytes, Entry.KEY_BYTES) !== length) return false;
    for (let i = 0; i < length; i++) if (this.#bytes[Entry.KEY + i] !== bytes[i]) return false;
    return true;
  }

  /** Whether it is for this reader to pass the question on, for the answer has not long to live. */
  #isDue(slot: number, leftMs: number): boolean {
    const { words } = this.#memory;
    const due = words[slot + Slot.DUE] as number;
    return leftMs <= due && Atomics.compareExchange(words, slot + Slot.DUE, due, 0) === due;
  }

  #add(reply: Reply, nowMs: number): void {
    const bytes = this.#bytes;
    reply.keepAnswers();
    reply.rcode = u16(bytes, Entry.RCODE);
    const ede = u16(bytes, Entry.EDE);
    if (ede !== 0) {
      reply.edeCode = ede;
      reply.edeText = EXPIRED;
    }
    let at = aligned(Entry.KEY + u16(bytes, Entry.KEY_BYTES));
    for (let left = u16(bytes, Entry.RRSETS); left > 0; left--) {
      const ttl = Math.ceil(((this.#times[at >> 3] as number) - nowMs) / 1_000);
      const ownerAt = at + Kept.OWNER;
      const block = ownerAt + (bytes[at + Kept.OWNER_BYTES] as number);
      reply.add(bytes[at + Kept.SECTION] as number, bytes, ownerAt, bytes, block, ttl);
      at = aligned(block + RRSET_HEADER_BYTES + rrsetSize(bytes, block));
    }
  }
}
