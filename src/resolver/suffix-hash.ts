/**
 * Hashes a name with all its ancestors in one pass, under a key drawn at start. What is looked up comes in
 * many types at many ancestors, so hashing is done once for all of them: each byte, counted from the end of
 * the name, is multiplied by a number of its place, and the sum up to a label is the hash from there on.
 * Strongly universal (Lemire and Kaser, 2014: multilinear hashing; of each sum only the upper 16 bits are
 * used): whoever does not know the key makes two names collide with a chance of 2^-32, however they are
 * chosen. Nothing is allocated.
 */
import { SIPHASH_KEY_WORDS, sipHash24 } from '../base/siphash.ts';
import type { World } from '../base/world.ts';
import { LABELS_MAX, labelOffsets, NAME_BYTES_MAX, type Name } from '../wire/name.ts';

/** Behind the numbers of a name's places: the one of the type. */
const TYPE_AT = NAME_BYTES_MAX;

export class SuffixHash {
  /** Of each label, the root's after the last. */
  readonly #offsets = new Uint8Array(LABELS_MAX + 1);
  readonly #first = new Int32Array(LABELS_MAX + 1);
  readonly #second = new Int32Array(LABELS_MAX + 1);
  readonly #firstKey = new Int32Array(TYPE_AT + 1);
  readonly #secondKey = new Int32Array(TYPE_AT + 1);
  #labels = 0;

  constructor(world: World) {
    const key = Int32Array.from({ length: SIPHASH_KEY_WORDS }, () => world.draw(2 ** 32) | 0);
    const drawn = new Int32Array(2);
    for (let place = 0; place <= TYPE_AT; place++) {
      sipHash24(key, 0, Uint8Array.of(place >> 8, place), 2, drawn);
      this.#firstKey[place] = drawn[0] as number;
      this.#secondKey[place] = drawn[1] as number;
    }
  }

  /** Labels of the name that was taken, the root not counted. */
  get labels(): number {
    return this.#labels;
  }

  take(name: Name): void {
    const labels = labelOffsets(name, 0, this.#offsets);
    this.#labels = labels;
    this.#offsets[labels] = name.length - 1;
    let first = 0;
    let second = 0;
    this.#first[labels] = 0;
    this.#second[labels] = 0;
    for (let i = labels - 1, at = name.length - 2; i >= 0; i--) {
      for (const labelAt = this.#offsets[i] as number; at >= labelAt; at--) {
        const byte = name[at] as number;
        const place = name.length - 1 - at;
        first = (first + Math.imul(byte, this.#firstKey[place] as number)) | 0;
        second = (second + Math.imul(byte, this.#secondKey[place] as number)) | 0;
      }
      this.#first[i] = first;
      this.#second[i] = second;
    }
  }

  /** Where in the name its label `i` is. */
  offset(i: number): number {
    return this.#offsets[i] as number;
  }

  /** Of the name from its label `i` on, and a type. */
  of(i: number, type: number): number {
    const first = (this.#first[i] as number) + Math.imul(type, this.#firstKey[TYPE_AT] as number);
    const second = (this.#second[i] as number) + Math.imul(type, this.#secondKey[TYPE_AT] as number);
    return (first & 0xffff_0000) | ((second >>> 16) & 0xffff);
  }
}
