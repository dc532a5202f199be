/**
 * Makes a `RuleImage` of rules as they are read, name by name, without an object for each. What is given
 * twice is what it was at first. Bounded: what would be too much is not taken.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, copy, put32 } from '../base/bytes.ts';
import { IPV6_BYTES } from '../base/ip.ts';
import { RULE_NAMES_BYTES_MAX, RULE_PROBES_MAX, RULES_PER_LIST_MAX } from '../base/limits.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { FOLD, NAME_BYTES_MAX, nameHash, nameLength, sameName } from '../wire/name.ts';
import {
  About,
  aboutAndAction,
  aboutOf,
  ENTRY_NAME,
  HEADER_BYTES,
  PLACE_MAX,
  placeIn,
  prefixName,
  slotFor,
  tagFits,
  Word,
} from './image.ts';

const ENTRY_BYTES_MAX = ENTRY_NAME + NAME_BYTES_MAX + 3;
const ROOM_MIN = 4_096;

assert(
  HEADER_BYTES + 8 * RULES_PER_LIST_MAX + 4 + RULE_NAMES_BYTES_MAX <= PLACE_MAX,
  'slots can point at every entry',
);

export class RuleBuilder {
  /** As they will stand in the image. */
  #entries = new Uint8Array(ROOM_MIN);
  #end = 0;
  #rules = 0;
  readonly #lengths = new Uint32Array(HEADER_BYTES >> 2);
  readonly #actions: Uint8Array[] = [];
  readonly #actionIds = new Map<string, number>();
  readonly #prefix = new HashedName();

  get rules(): number {
    return this.#rules;
  }

  /** The number of an action, of which there is one of each. */
  action(bytes: Uint8Array): number {
    const key = Buffer.from(bytes).toString('latin1');
    const known = this.#actionIds.get(key);
    if (known !== undefined) return known;
    this.#actionIds.set(key, this.#actions.length);
    return this.#actions.push(bytes) - 1;
  }

  /** About the uncompressed name at `at`: itself, what is below it, or both. False where there is no room. */
  add(about: number, name: Bytes, at: number, action: number, line: number): boolean {
    if (this.#rules === RULES_PER_LIST_MAX || this.#end + ENTRY_BYTES_MAX > RULE_NAMES_BYTES_MAX)
      return false;
    const length = nameLength(name, at);
    const entry = this.#end;
    this.#end += (ENTRY_NAME + length + 3) & ~3;
    if (this.#end > this.#entries.length) this.#grow();
    const entries = this.#entries;
    put32(entries, entry, line);
    put32(entries, entry + 4, aboutAndAction(about, action));
    for (let i = 0; i < length; i++) entries[entry + ENTRY_NAME + i] = FOLD[name[at + i] as number] as number;
    this.#rules += 1;
    return true;
  }

  /** About addresses, by their first bits. */
  addPrefix(address: Bytes, bits: number, action: number, line: number): boolean {
    const word = address.length === IPV6_BYTES ? Word.LENGTHS_6 : Word.LENGTHS_4;
    this.#lengths[word + (bits >> 5)]! |= 1 << (bits & 31);
    prefixName(address, bits, this.#prefix);
    return this.add(About.ADDRESS, this.#prefix.bytes, 0, action, line);
  }

  /** Undefined where names collide as they would not by chance (LIMITS C20). */
  finish(): SharedArrayBuffer | undefined {
    const slots = 2 * this.#rules + 1;
    const entriesAt = HEADER_BYTES + 4 * slots;
    const actionsAt = entriesAt + this.#end;
    const actionBytes = this.#actions.reduce((sum, { length }) => sum + length, 0);
    const actionsFrom = actionsAt + 4 * (this.#actions.length + 1);
    const buffer = new SharedArrayBuffer((actionsFrom + actionBytes + 3) & ~3);
    const bytes = new Uint8Array(buffer);
    const words = new Uint32Array(buffer);
    words.set(this.#lengths);
    words[Word.SLOTS] = slots;
    words[Word.ACTIONS_AT] = actionsAt;
    words[Word.RULES] = this.#rules;
    bytes.set(this.#entries.subarray(0, this.#end), entriesAt);
    let at = actionsFrom;
    for (const [i, action] of this.#actions.entries()) {
      words[(actionsAt >> 2) + i] = at;
      bytes.set(action, at);
      at += action.length;
    }
    words[(actionsAt >> 2) + this.#actions.length] = at;
    for (let entry = entriesAt; entry < actionsAt; ) {
      const length = nameLength(bytes, entry + ENTRY_NAME);
      if (!putSlot(words, bytes, slots, entry)) return undefined;
      entry += (ENTRY_NAME + length + 3) & ~3;
    }
    return buffer;
  }

  #grow(): void {
    const larger = new Uint8Array(Math.ceil(this.#end * 1.5) + ENTRY_BYTES_MAX);
    copy(this.#entries, 0, larger, 0, this.#entries.length);
    this.#entries = larger;
  }
}

/** Behind those that came before, unless one of them says the same. False where there are too many. */
function putSlot(words: Uint32Array, bytes: Bytes, slots: number, entry: number): boolean {
  const hash = nameHash(bytes, entry + ENTRY_NAME);
  const wanted = slotFor(hash, entry);
  const about = aboutOf(bytes, entry);
  let slot = (hash >>> 0) % slots;
  for (let left = RULE_PROBES_MAX; left > 0; left--, slot = slot + 1 === slots ? 0 : slot + 1) {
    const at = (HEADER_BYTES >> 2) + slot;
    const taken = words[at] as number;
    if (taken === 0) {
      words[at] = wanted;
      return true;
    }
    if (!tagFits(taken, hash)) continue;
    const other = placeIn(taken);
    const isSame = sameName(bytes, other + ENTRY_NAME, bytes, entry + ENTRY_NAME);
    if (isSame && (aboutOf(bytes, other) & about) === about) return true;
  }
  return false;
}
