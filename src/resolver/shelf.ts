/**
 * A store of facts that expire, by name and type, bounded in bytes: one run of memory outside of the engine's
 * heap, which the system gives as it is filled, and an index (`slots`). In goes a name, a type and the bytes
 * of a fact; out comes where they stand, to be read before anything else is put. The clock is the world's.
 *
 * Facts stand one behind the other in a ring, none across its end; a new one takes the place of the oldest.
 * That one moves to the front instead if it was asked for since it was written, so a stream of names that
 * nobody asks again cannot put out what is popular; and, as long as a quarter of the ring is garbage, if it
 * has not expired. When less is, what has expired is looked for and goes first. What moves is bounded by
 * what is put; where much that is wanted stands together, some of it goes.
 *
 *   a fact:  0 size (32 bits; negative: as many bytes to the end are empty)    4 hash
 *            8 expiry (ms, a double)                                          16 learned (s, 32 bits)
 *           20 type (16 bits)    22 bytes of the name (8 bits)    23 its standing
 *           24 the name, and behind it the bytes of the fact; together a multiple of 8
 */
import { copy, copyOf, put16, u16 } from '../base/bytes.ts';
import {
  SHELF_BYTES_MAX,
  SHELF_BYTES_MIN,
  SHELF_CREDIT_BYTES_MAX,
  SHELF_FACT_BYTES_MAX,
  SHELF_RESCUE_MULTIPLE,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { type Name, ROOT } from '../wire/name.ts';
import { SLOT_BYTES, Slots } from './slots.ts';
import { SuffixHash } from './suffix-hash.ts';

const Fact = { SIZE: 0, HASH: 4, EXPIRY: 8, LEARNED: 16, TYPE: 20, NAME_BYTES: 22, STANDING: 23, NAME: 24 };

/** 0 where it was replaced or dropped. */
const Standing = { HERE: 1, ASKED: 2, ASKED_EXPIRED: 4 } as const;

/** Memory for which there is one slot: with three quarters of them used, a fact of 96 bytes. */
const BYTES_PER_SLOT = 72;
/** Of ring or slots in use, from where on facts that have not expired may have to go. */
const CROWDED = 0.75;
/** Facts looked at for each one put while it is crowded. */
const SWEPT_PER_PUT = 2;
/** A larger part of the ring is no fact's. */
const FACT_SHARE = 1 / 4;

/** Up to the next multiple of 8. */
const aligned = (bytes: number): number => (bytes + 7) & ~7;

export interface ShelfTerms {
  readonly bytesMax: number;
  /** For how long what has expired is still of use to somebody, where there is room. */
  readonly lingerMs: number;
}

export class Shelf {
  readonly #world: World;
  readonly lingerMs: number;
  readonly #hash: SuffixHash;
  readonly #slots: Slots;
  readonly #length: number;
  #bytes!: Uint8Array;
  #text!: Buffer;
  #words!: Int32Array;
  #times!: Float64Array;
  /** Where the next goes, where the oldest stands, what was swept last; they count on, round after round. */
  #head = 0;
  #tail = 0;
  #swept = 0;
  /** Of facts that can be found. */
  #inUse = 0;
  /** Bytes that may be moved to the front. */
  #credit = 0;
  #sought: Name = ROOT;

  constructor({ bytesMax, lingerMs }: ShelfTerms, world: World) {
    const bytes = Math.min(Math.max(Math.floor(bytesMax), SHELF_BYTES_MIN), SHELF_BYTES_MAX);
    this.#world = world;
    this.lingerMs = lingerMs;
    this.#hash = new SuffixHash(world);
    this.#slots = new Slots(Math.floor(bytes / BYTES_PER_SLOT));
    this.#length = (bytes - SLOT_BYTES * Math.floor(bytes / BYTES_PER_SLOT)) & ~7;
    this.#clear();
  }

  /** Facts; some may have expired. */
  get size(): number {
    return this.#slots.size;
  }

  /** What they take up, those that were replaced and not put out yet included. */
  get used(): number {
    return this.#head - this.#tail + SLOT_BYTES * this.#slots.size;
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  /** The ring: what is found is read from here. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** `live` and `latest` look for this name, or an ancestor of it. Gives its labels, less the root. */
  seek(name: Name): number {
    this.#sought = name;
    this.#hash.take(name);
    return this.#hash.labels;
  }

  /** Where in the name its label `i` is. */
  labelAt(i: number): number {
    return this.#hash.offset(i);
  }

  /** What `hashOf` gives for a fact of such a type about the name that was looked for, or put. */
  soughtHash(type: number): number {
    return this.#hash.of(0, type);
  }

  /** The fact that has not expired, of the name from its label `i` on; -1 where there is none. */
  live(i: number, type: number): number {
    const slot = this.#slotOf(i, type);
    if (slot < 0) return -1;
    const fact = this.#factAt(slot);
    return this.#askFor(fact) ? fact : -1;
  }

  /** Be it expired. */
  latest(i: number, type: number): number {
    const slot = this.#slotOf(i, type);
    if (slot < 0) return -1;
    const fact = this.#factAt(slot);
    this.#askFor(fact);
    return fact;
  }

  /** Whether it has not expired. */
  #askFor(fact: number): boolean {
    const isLive = this.expiresMs(fact) > this.#world.nowMs();
    const standing = this.#bytes[fact + Fact.STANDING] as number;
    this.#bytes[fact + Fact.STANDING] = standing | (isLive ? Standing.ASKED : Standing.ASKED_EXPIRED);
    return isLive;
  }

  expiresMs(fact: number): number {
    return this.#times[(fact + Fact.EXPIRY) >> 3] as number;
  }

  /** Seconds that are left of a live fact: never 0, for it is still true. */
  secondsLeft(fact: number): number {
    return Math.ceil((this.expiresMs(fact) - this.#world.nowMs()) / 1000);
  }

  /** Whole seconds since it was learned. */
  ageSeconds(fact: number): number {
    const learned = this.#words[(fact + Fact.LEARNED) >> 2] as number;
    return Math.max(0, Math.floor(this.#world.nowMs() / 1000) - learned);
  }

  typeOf(fact: number): number {
    return u16(this.#bytes, fact + Fact.TYPE);
  }

  /** Of its name and type. */
  hashOf(fact: number): number {
    return this.#words[(fact + Fact.HASH) >> 2] as number;
  }

  /** Where in `bytes` its name is. */
  nameAt(fact: number): number {
    return fact + Fact.NAME;
  }

  /** An owned copy. */
  nameOf(fact: number): Name {
    return copyOf(this.#bytes, this.nameAt(fact), this.valueAt(fact));
  }

  /** Where in `bytes` the bytes begin that were put. */
  valueAt(fact: number): number {
    return fact + Fact.NAME + (this.#bytes[fact + Fact.NAME_BYTES] as number);
  }

  /** Where in `bytes` they end, and up to seven more. */
  endOf(fact: number): number {
    return fact + this.#sizeAt(fact);
  }

  /** Text that was put with `putText`. */
  textAt(at: number, length: number): string {
    return this.#text.toString('latin1', at, at + length);
  }

  /** Of ASCII; gives where it ends. */
  putText(at: number, text: string): number {
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i);
    return at + text.length;
  }

  /**
   * Makes room for a fact of so many bytes, in place of the one that is there, and says where in `bytes` they
   * are to be written at once; -1 where it is too large to be kept.
   */
  put(name: Name, type: number, expiresMs: number, valueBytes: number, ageSeconds = 0): number {
    this.drop(name, type);
    const size = aligned(Fact.NAME + name.length + valueBytes);
    if (size > Math.min(this.#length * FACT_SHARE, SHELF_FACT_BYTES_MAX)) return -1;
    if (this.#isCrowded) for (let i = 0; i < SWEPT_PER_PUT; i++) this.#sweep();
    const fact = this.#reserve(size);
    const hash = this.#hash.of(0, type);
    this.#words[fact >> 2] = size;
    this.#words[(fact + Fact.HASH) >> 2] = hash;
    this.#times[(fact + Fact.EXPIRY) >> 3] = expiresMs;
    this.#words[(fact + Fact.LEARNED) >> 2] = Math.floor(this.#world.nowMs() / 1000) - ageSeconds;
    put16(this.#bytes, fact + Fact.TYPE, type);
    this.#bytes[fact + Fact.NAME_BYTES] = name.length;
    this.#bytes[fact + Fact.STANDING] = Standing.HERE;
    copy(name, 0, this.#bytes, fact + Fact.NAME, name.length);
    this.#slots.add(hash, fact >> 3);
    this.#inUse += size;
    return fact + Fact.NAME + name.length;
  }

  drop(name: Name, type: number): void {
    this.seek(name);
    const slot = this.#slotOf(0, type);
    if (slot >= 0) this.#remove(slot);
  }

  /** All, or what is kept of such names. */
  clear(isDoomed?: (name: Name) => boolean): void {
    if (isDoomed === undefined) this.#clear();
    else {
      for (const fact of this.facts()) {
        if (isDoomed(this.nameOf(fact))) this.#remove(this.#slotAt(fact));
      }
    }
  }

  /**
   * All of them, the oldest first. Facts may come and go between two steps; one that moves to the front
   * meanwhile may come twice.
   */
  *facts(): Generator<number, void, void> {
    const end = this.#head + this.#length;
    for (let at = this.#tail; ; ) {
      at = Math.max(at, this.#tail);
      if (at >= Math.min(this.#head, end)) return;
      const fact = at % this.#length;
      at += this.#sizeAt(fact);
      if (this.#isHere(fact)) yield fact;
    }
  }

  #clear(): void {
    this.#slots.clear();
    const ring = new ArrayBuffer(this.#length);
    this.#bytes = new Uint8Array(ring);
    this.#text = Buffer.from(ring);
    this.#words = new Int32Array(ring);
    this.#times = new Float64Array(ring);
    this.#tail = this.#head;
    this.#inUse = 0;
  }

  #slotOf(i: number, type: number): number {
    const hash = this.#hash.of(i, type);
    let slot = this.#slots.first(hash);
    while (slot >= 0 && !this.#isAbout(this.#factAt(slot), i, type)) slot = this.#slots.next(slot, hash);
    return slot;
  }

  #isAbout(fact: number, i: number, type: number): boolean {
    const bytes = this.#bytes;
    const from = this.#hash.offset(i);
    const length = this.#sought.length - from;
    if (bytes[fact + Fact.NAME_BYTES] !== length || u16(bytes, fact + Fact.TYPE) !== type) return false;
    const at = fact + Fact.NAME;
    for (let k = 0; k < length; k++) if (bytes[at + k] !== this.#sought[from + k]) return false;
    return true;
  }

  #factAt(slot: number): number {
    return 8 * this.#slots.placeAt(slot);
  }

  /** Of a fact that is there. */
  #slotAt(fact: number): number {
    const hash = this.#words[(fact + Fact.HASH) >> 2] as number;
    let slot = this.#slots.first(hash);
    while (this.#slots.placeAt(slot) !== fact >> 3) slot = this.#slots.next(slot, hash);
    return slot;
  }

  #remove(slot: number): void {
    const fact = this.#factAt(slot);
    this.#bytes[fact + Fact.STANDING] = 0;
    this.#inUse -= this.#words[fact >> 2] as number;
    this.#slots.remove(slot);
  }

  /** Of a fact, or of what is empty in front of the ring's end. */
  #sizeAt(fact: number): number {
    return Math.abs(this.#words[fact >> 2] as number);
  }

  #isHere(fact: number): boolean {
    return (this.#words[fact >> 2] as number) > 0 && this.#bytes[fact + Fact.STANDING] !== 0;
  }

  get #isCrowded(): boolean {
    return this.#inUse > CROWDED * this.#length || this.#slots.fullness > CROWDED;
  }

  /** Room for `size` bytes in one piece and for one fact more, the oldest giving way. */
  #reserve(size: number): number {
    this.#credit = Math.min(this.#credit + SHELF_RESCUE_MULTIPLE * size, SHELF_CREDIT_BYTES_MAX);
    for (;;) {
      const filling = this.#fillingBefore(size);
      const isRoom = this.#head + filling + size - this.#tail <= this.#length;
      if (isRoom && this.#slots.fullness < 1) return this.#take(size, filling);
      this.#credit -= this.#putOut(this.#credit > 0);
    }
  }

  /** Bytes to the end of the ring, where a fact does not fit in front of it. */
  #fillingBefore(size: number): number {
    const at = this.#head % this.#length;
    return at + size > this.#length ? this.#length - at : 0;
  }

  #take(size: number, filling: number): number {
    if (filling > 0) this.#words[(this.#head % this.#length) >> 2] = -filling;
    const fact = (this.#head + filling) % this.#length;
    this.#head += filling + size;
    return fact;
  }

  /** The oldest goes, or moves to the front: then so many bytes were moved. */
  #putOut(mayMove: boolean): number {
    const fact = this.#tail % this.#length;
    const size = this.#sizeAt(fact);
    this.#tail += size;
    if (!this.#isHere(fact)) return 0;
    const slot = this.#slotAt(fact);
    const filling = this.#fillingBefore(size);
    const fits = this.#head + filling + size - this.#tail <= this.#length;
    if (!(mayMove && fits && this.#isWanted(fact))) {
      this.#remove(slot);
      return 0;
    }
    // It may move to where it overlaps itself: `copyWithin` minds that, filling would not.
    const to = (this.#head + filling) % this.#length;
    this.#bytes.copyWithin(to, fact, fact + size);
    this.#take(size, filling);
    this.#bytes[to + Fact.STANDING] = Standing.HERE;
    this.#slots.move(slot, to >> 3);
    return size;
  }

  #isWanted(fact: number): boolean {
    const left = this.expiresMs(fact) - this.#world.nowMs();
    if (left <= -this.lingerMs) return false;
    if (!this.#isCrowded) return true;
    const standing = this.#bytes[fact + Fact.STANDING] as number;
    return (standing & (left > 0 ? Standing.ASKED : Standing.ASKED_EXPIRED)) !== 0;
  }

  /** Looks at one fact more: one that has expired, and nobody was given since, need not wait for its turn. */
  #sweep(): void {
    if (this.#swept < this.#tail || this.#swept >= this.#head) this.#swept = this.#tail;
    if (this.#swept === this.#head) return;
    const fact = this.#swept % this.#length;
    this.#swept += this.#sizeAt(fact);
    if (!this.#isHere(fact) || this.expiresMs(fact) > this.#world.nowMs()) return;
    if (!this.#isWanted(fact)) this.#remove(this.#slotAt(fact));
  }
}
