/**
 * What is met most often, of keys without number, in a fixed number of places (space-saving: Metwally,
 * Agrawal and El Abbadi, 2005), and of late: what was met so long ago weighs half. In shared memory: one
 * thread writes, any may read. Adding allocates nothing.
 *
 *   word 0      a 32-bit sequence, odd while somebody writes
 *   then, as doubles:
 *     0         the time that weights count from; a later one weighs more, rather than an earlier one less
 *     1         when the first key was added
 *     2         the weight of all that was added
 *     3 …       of each place its weight, and then, of each place, how much of that may be another's
 *   then the hash of each place's key, 32 bits; its length, 8 bits; and the keys, KEY_BYTES each
 *
 * A place's weight is never too small, and too large by no more than it says: what was in the place before.
 * No key that makes up more than one part in PLACES of all is missing.
 */
import { SKETCH_HALF_LIFE_MS, SKETCH_PLACES } from './limits.ts';
import { growth, rate } from './pace.ts';

/** A name. */
const KEY_BYTES = 255;
const HEAD_WORDS = 3;
const DOUBLES = HEAD_WORDS + 2 * SKETCH_PLACES;
const BYTES = 8 + 8 * DOUBLES + SKETCH_PLACES * (4 + 1 + KEY_BYTES);
/** Half-lives until weights are made small again: a double holds a thousand doublings. */
const REBASE_HALVINGS = 512;
/** Writing takes a few microseconds, now and then. */
const READ_TRIES_MAX = 1_000;

export interface Weighed {
  readonly key: Uint8Array;
  /** How many a second of late. */
  readonly perSecond: number;
  /** Of that, what may have been others. */
  readonly errorPerSecond: number;
}

export interface Ranking {
  /** The heaviest first. */
  readonly heaviest: readonly Weighed[];
  readonly perSecond: number;
}

export class Sketch {
  static readonly BYTES = Math.ceil(BYTES / 8) * 8;
  readonly #sequence: Int32Array;
  readonly #head: Float64Array;
  readonly #weights: Float64Array;
  readonly #errors: Float64Array;
  readonly #hashes: Int32Array;
  readonly #lengths: Uint8Array;
  readonly #keys: Uint8Array;

  /** At `at` of zeroed memory, or of such that another thread writes. */
  constructor(memory: SharedArrayBuffer | ArrayBuffer, at = 0) {
    const doublesAt = at + 8;
    const hashesAt = doublesAt + 8 * DOUBLES;
    const lengthsAt = hashesAt + 4 * SKETCH_PLACES;
    this.#sequence = new Int32Array(memory, at, 1);
    this.#head = new Float64Array(memory, doublesAt, HEAD_WORDS);
    this.#weights = new Float64Array(memory, doublesAt + 8 * HEAD_WORDS, SKETCH_PLACES);
    this.#errors = new Float64Array(memory, doublesAt + 8 * (HEAD_WORDS + SKETCH_PLACES), SKETCH_PLACES);
    this.#hashes = new Int32Array(memory, hashesAt, SKETCH_PLACES);
    this.#lengths = new Uint8Array(memory, lengthsAt, SKETCH_PLACES);
    this.#keys = new Uint8Array(memory, lengthsAt + SKETCH_PLACES, SKETCH_PLACES * KEY_BYTES);
  }

  /** Of `bytes`, those in [from, to) were met `count` times. */
  add(bytes: Uint8Array, from: number, to: number, count: number, nowMs: number): void {
    // Odd from now on, also after somebody who died while writing.
    const writing = (this.#sequence[0] as number) | 1;
    Atomics.store(this.#sequence, 0, writing);
    const head = this.#head;
    if (head[2] === 0) head[0] = head[1] = nowMs;
    if (nowMs - (head[0] as number) > REBASE_HALVINGS * SKETCH_HALF_LIFE_MS) this.#rebase(nowMs);
    const weight = count * growth(nowMs - (head[0] as number));
    const place = this.#placeOf(bytes, from, to);
    this.#weights[place]! += weight;
    head[2]! += weight;
    Atomics.store(this.#sequence, 0, writing + 1);
  }

  /** Its own, or that of the lightest. */
  #placeOf(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashOf(bytes, from, to);
    let lightest = 0;
    for (let place = 0; place < SKETCH_PLACES; place++) {
      if (this.#hashes[place] === hash && this.#isAt(place, bytes, from, to)) return place;
      if ((this.#weights[place] as number) < (this.#weights[lightest] as number)) lightest = place;
    }
    this.#hashes[lightest] = hash;
    this.#lengths[lightest] = to - from;
    this.#errors[lightest] = this.#weights[lightest] as number;
    for (let i = from; i < to; i++) this.#keys[lightest * KEY_BYTES + i - from] = bytes[i] as number;
    return lightest;
  }

  #isAt(place: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#weights[place] === 0 || this.#lengths[place] !== to - from) return false;
    const at = place * KEY_BYTES - from;
    for (let i = from; i < to; i++) if (this.#keys[at + i] !== bytes[i]) return false;
    return true;
  }

  #rebase(nowMs: number): void {
    const factor = 1 / growth(nowMs - (this.#head[0] as number));
    this.#head[0] = nowMs;
    this.#head[2]! *= factor;
    for (let place = 0; place < SKETCH_PLACES; place++) {
      this.#weights[place]! *= factor;
      this.#errors[place]! *= factor;
    }
  }

  /** All of it as it was at one moment; undefined where somebody wrote at all times. */
  copied(): Sketch | undefined {
    const { buffer, byteOffset } = this.#sequence;
    for (let i = 0; i < READ_TRIES_MAX; i++) {
      const before = Atomics.load(this.#sequence, 0);
      if (before % 2 !== 0) continue;
      const copy = buffer.slice(byteOffset, byteOffset + Sketch.BYTES);
      if (Atomics.load(this.#sequence, 0) === before) return new Sketch(copy);
    }
    return undefined;
  }

  /** What a weight here comes to now. */
  perSecond(weight: number, nowMs: number): number {
    const [originMs, beganMs] = this.#head as unknown as [number, number];
    return rate(weight / growth(nowMs - originMs), nowMs - beganMs);
  }

  get total(): number {
    return this.#head[2] as number;
  }

  /** What a key that has no place may have had. */
  get unseen(): number {
    return this.#weights.reduce((least, weight) => Math.min(least, weight), Number.POSITIVE_INFINITY);
  }

  *places(): Generator<{ readonly key: Uint8Array; readonly weight: number; readonly error: number }> {
    for (const [place, weight] of this.#weights.entries()) {
      if (weight === 0) continue;
      const at = place * KEY_BYTES;
      const key = this.#keys.slice(at, at + (this.#lengths[place] as number));
      yield { key, weight, error: this.#errors[place] as number };
    }
  }
}

/** What several threads have met, as of one of them; a key without a place in one may have been met there. */
export function ranked(sketches: readonly Sketch[], nowMs: number): Ranking {
  const copies = sketches.flatMap((sketch) => sketch.copied() ?? []).filter(({ total }) => total > 0);
  const unseen = copies.map((copy) => copy.perSecond(copy.unseen, nowMs));
  const anywhere = unseen.reduce((sum, each) => sum + each, 0);
  const met = new Map<string, Weighed>();
  for (const [i, copy] of copies.entries()) {
    const here = unseen[i] as number;
    for (const { key, weight, error } of copy.places()) {
      const id = Buffer.from(key).toString('latin1');
      const before = met.get(id) ?? { key, perSecond: anywhere, errorPerSecond: anywhere };
      met.set(id, {
        key,
        perSecond: before.perSecond + copy.perSecond(weight, nowMs) - here,
        errorPerSecond: before.errorPerSecond + copy.perSecond(error, nowMs) - here,
      });
    }
  }
  return {
    heaviest: [...met.values()].sort((a, b) => b.perSecond - a.perSecond),
    perSecond: copies.reduce((sum, copy) => sum + copy.perSecond(copy.total, nowMs), 0),
  };
}

/** FNV-1a: who makes keys collide gains nothing, all places are looked at anyway. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash;
}
