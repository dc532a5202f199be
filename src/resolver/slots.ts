/**
 * An index of fixed size: where in a ring what has a certain hash stands. A slot is two words, hash and
 * place; each stands at its hash's home or behind it without a gap, so a search for what is not there ends at
 * the first empty slot, and seldom has to look at a ring at all.
 */
import { assert } from '../base/assert.ts';

export const SLOT_BYTES = 8;
/** Of a hundred slots, those in use at most: a search that finds nothing then looks at some eight. */
const FULL_PERCENT = 75;

export class Slots {
  readonly #count: number;
  readonly #max: number;
  /** Hash, and place plus 1; 0 where there is none. */
  #words: Int32Array;
  #size = 0;

  constructor(count: number) {
    assert(count >= 2, 'one slot always stays empty');
    this.#count = count;
    this.#max = Math.floor((count * FULL_PERCENT) / 100);
    this.#words = new Int32Array(2 * count);
  }

  get size(): number {
    return this.#size;
  }

  /** What part of it is used, from 0 to 1. */
  get fullness(): number {
    return this.#size / this.#max;
  }

  clear(): void {
    // Memory that nobody has written yet is not there yet.
    this.#words = new Int32Array(2 * this.#count);
    this.#size = 0;
  }

  /** The first slot of that hash, or -1. */
  first(hash: number): number {
    return this.#seek(this.#home(hash), hash);
  }

  /** The next one behind `slot`, or -1. */
  next(slot: number, hash: number): number {
    return this.#seek(this.#behind(slot), hash);
  }

  placeAt(slot: number): number {
    return (this.#words[2 * slot + 1] as number) - 1;
  }

  move(slot: number, place: number): void {
    this.#words[2 * slot + 1] = place + 1;
  }

  add(hash: number, place: number): void {
    assert(this.#size < this.#max, 'room was made before');
    let slot = this.#home(hash);
    while (this.#words[2 * slot + 1] !== 0) slot = this.#behind(slot);
    this.#words[2 * slot] = hash;
    this.#words[2 * slot + 1] = place + 1;
    this.#size += 1;
  }

  /** What stands behind moves up as far as its home allows, so that no gap is left in front of it. */
  remove(slot: number): void {
    const words = this.#words;
    let gap = slot;
    for (let i = this.#behind(slot); words[2 * i + 1] !== 0; i = this.#behind(i)) {
      const home = this.#home(words[2 * i] as number);
      if (this.#steps(home, i) < this.#steps(gap, i)) continue;
      words[2 * gap] = words[2 * i] as number;
      words[2 * gap + 1] = words[2 * i + 1] as number;
      gap = i;
    }
    words[2 * gap + 1] = 0;
    this.#size -= 1;
  }

  #seek(from: number, hash: number): number {
    const words = this.#words;
    for (let slot = from; words[2 * slot + 1] !== 0; slot = this.#behind(slot)) {
      if (words[2 * slot] === hash) return slot;
    }
    return -1;
  }

  #home(hash: number): number {
    return Math.floor(((hash >>> 0) / 2 ** 32) * this.#count);
  }

  #behind(slot: number): number {
    return slot + 1 === this.#count ? 0 : slot + 1;
  }

  #steps(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#count;
  }
}
