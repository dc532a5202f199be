/**
 * One list of rules as a run of shared memory: made once, by a worker, and looked up by any thread, which
 * posts it for nothing. A name is found by the hashes of its suffixes, which `HashedName` has.
 *
 *   0        answers given by it (a double, which the resolver thread counts and the control thread reads)
 *   8        32-bit words, in the machine's order: as `Word` names them
 *   64       slots, 32 bits each, two for each rule: 0, or 6 bits of the name's hash and the place of an
 *            entry in multiples of 4. Open addressing, linear probing; the first of equal entries is found.
 *   then     entries, each at a multiple of 4: line (4), what it is about (3 bits) and action (29 bits), the
 *            name, in lower case. An address rule is there too, by a name made of its prefix.
 *   then     the place of each action (32 bits) and of the end, behind them the actions (rules/action)
 */
import { type Bytes, u32 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { type Name, nameFromText, ownName } from '../wire/name.ts';

/** What an entry is about. */
export const About = { NAME: 1, BELOW: 2, ADDRESS: 4 } as const;

export const Word = {
  SLOTS: 2,
  ACTIONS_AT: 3,
  RULES: 4,
  /** A bit for each length of a prefix that there is, from 0 to 32, and from 0 to 128. */
  LENGTHS_4: 5,
  LENGTHS_6: 7,
} as const;

export const HEADER_BYTES = 64;
export const ENTRY_NAME = 8;
const ABOUT_SHIFT = 29;
const ACTION_MASK = 2 ** ABOUT_SHIFT - 1;
const PLACE_BITS = 26;
const PLACE_MASK = 2 ** PLACE_BITS - 1;
/** No entry may stand behind it. */
export const PLACE_MAX = 4 * PLACE_MASK;

/** What a slot says of an entry at a multiple of 4; never 0, for no entry stands at 0. */
export const slotFor = (hash: number, entry: number): number => ((hash & ~PLACE_MASK) | (entry >>> 2)) >>> 0;

/** Whether the slot may be of an entry whose name has this hash. */
export const tagFits = (slot: number, hash: number): boolean => (slot ^ hash) >>> PLACE_BITS === 0;

export const placeIn = (slot: number): number => 4 * (slot & PLACE_MASK);

export const aboutOf = (b: Bytes, entry: number): number => u32(b, entry + 4) >>> ABOUT_SHIFT;
export const aboutAndAction = (about: number, action: number): number => (about << ABOUT_SHIFT) | action;

/** Writes to a name that no DNS name is like the prefix of so many bits in which the address lies. */
export function prefixName(address: Bytes, bits: number, out: HashedName): void {
  let text = address.length === IPV4_BYTES ? '4' : '6';
  for (let i = 0; 8 * i < bits; i++) {
    const mask = 0xff00 >> Math.min(bits - 8 * i, 8);
    text += ((address[i] as number) & mask).toString(16).padStart(2, '0');
  }
  out.set(nameFromText(`${text}.${bits}`) as Name, 0);
}

export class RuleImage {
  readonly buffer: SharedArrayBuffer;
  /** Of the prefix that `findAddress` found last. */
  bitsFound = 0;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #answers: Float64Array;
  readonly #prefix = new HashedName();

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer, 0, buffer.byteLength >> 2);
    this.#answers = new Float64Array(buffer, 0, 1);
  }

  get rules(): number {
    return this.#words[Word.RULES] as number;
  }

  get answers(): number {
    return this.#answers[0] as number;
  }

  countAnswer(): void {
    this.#answers[0]! += 1;
  }

  /** Goes on with what a former image of the list has counted. */
  countOn(before: RuleImage): void {
    this.#answers[0] = before.answers;
  }

  get hasAddressRules(): boolean {
    for (let i = Word.LENGTHS_4 as number; i < HEADER_BYTES >> 2; i++) if (this.#words[i] !== 0) return true;
    return false;
  }

  /** The entry about the name, or the nearest one about what is below a name; 0 where there is none. */
  find(name: HashedName): number {
    for (let i = 0; i <= name.labels; i++) {
      const entry = this.#entryFor(name, i, i === 0 ? About.NAME : About.BELOW);
      if (entry !== 0) return entry;
    }
    return 0;
  }

  /** The entry about the longest prefix in which the address lies. */
  findAddress(address: Bytes): number {
    const isLong = address.length === IPV6_BYTES;
    const word = isLong ? Word.LENGTHS_6 : Word.LENGTHS_4;
    for (let bits = 8 * address.length; bits >= 0; bits--) {
      if ((((this.#words[word + (bits >> 5)] as number) >>> (bits & 31)) & 1) === 0) continue;
      prefixName(address, bits, this.#prefix);
      const entry = this.#entryFor(this.#prefix, 0, About.ADDRESS);
      if (entry === 0) continue;
      this.bitsFound = bits;
      return entry;
    }
    return 0;
  }

  lineOf(entry: number): number {
    return u32(this.#bytes, entry);
  }

  /** The listed name, without the asterisk. */
  nameOf(entry: number): Name {
    return ownName(this.#bytes, entry + ENTRY_NAME);
  }

  /** As `rules/action` has it, in memory that does not change. */
  actionOf(entry: number): Bytes {
    const table = (this.#words[Word.ACTIONS_AT] as number) >> 2;
    const action = u32(this.#bytes, entry + 4) & ACTION_MASK;
    return this.#bytes.subarray(this.#words[table + action], this.#words[table + action + 1]);
  }

  /** For the name from label `i` on. */
  #entryFor(name: HashedName, i: number, about: number): number {
    const slots = this.#words[Word.SLOTS] as number;
    const hash = name.hash[i] as number;
    for (let slot = (hash >>> 0) % slots; ; slot = slot + 1 === slots ? 0 : slot + 1) {
      const found = this.#words[(HEADER_BYTES >> 2) + slot] as number;
      if (found === 0) return 0;
      if (!tagFits(found, hash)) continue;
      const entry = placeIn(found);
      if ((aboutOf(this.#bytes, entry) & about) === 0) continue;
      if (name.suffixIs(i, this.#bytes, entry + ENTRY_NAME)) return entry;
    }
  }
}
