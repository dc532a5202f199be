/**
 * All addresses of one family as ranges, each with a value: in order, without gaps, the first from address 0,
 * and no two neighbours alike. Databases of places are read into them, and laid over one another.
 */
import { assert } from '../base/assert.ts';
import { PLACE_RANGES_MAX } from '../base/limits.ts';

const ROOM_MIN = 1_024;
/** Three databases of two families, and two overlays: two values make one exact number. */
const VALUES_MAX = 10 * PLACE_RANGES_MAX;
assert(VALUES_MAX ** 2 <= Number.MAX_SAFE_INTEGER, 'a pair of values is a number');

export class Ranges {
  /** Words of an address: 1 for IPv4, 4 for IPv6. */
  readonly width: number;
  #starts: Uint32Array;
  #values: Uint32Array;
  #count = 0;

  constructor(width: number) {
    this.width = width;
    this.#starts = new Uint32Array(width * ROOM_MIN);
    this.#values = new Uint32Array(ROOM_MIN);
  }

  get count(): number {
    return this.#count;
  }

  /** The first address of each, `width` words long. */
  get starts(): Uint32Array {
    return this.#starts.subarray(0, this.width * this.#count);
  }

  get values(): Uint32Array {
    return this.#values.subarray(0, this.#count);
  }

  /** From that address on, which comes after all before. False where there would be too many ranges. */
  add(address: Uint32Array, at: number, value: number): boolean {
    if (this.#count > 0 && this.#values[this.#count - 1] === value) return true;
    if (this.#count === PLACE_RANGES_MAX) return false;
    if (this.#count === this.#values.length) this.#grow();
    for (let i = 0; i < this.width; i++) {
      this.#starts[this.width * this.#count + i] = address[at + i] as number;
    }
    this.#values[this.#count++] = value;
    return true;
  }

  #grow(): void {
    const [starts, values] = [this.#starts, this.#values];
    this.#starts = new Uint32Array(2 * starts.length);
    this.#starts.set(starts);
    this.#values = new Uint32Array(2 * values.length);
    this.#values.set(values);
  }
}

/**
 * Two of one family as one, whose values come from those of both; `join` is asked once for each pair that
 * occurs. Undefined where there would be too many ranges.
 */
export function overlaid(
  above: Ranges,
  below: Ranges,
  join: (above: number, below: number) => number,
): Ranges | undefined {
  const { width } = above;
  const joined = new Ranges(width);
  const known = new Map<number, number>();
  const [upper, lower] = [above.values, below.values];
  const [upperStarts, lowerStarts] = [above.starts, below.starts];
  const valueAt = (i: number, j: number): number => {
    const pair = (upper[i] as number) * VALUES_MAX + (lower[j] as number);
    const value = known.get(pair) ?? join(upper[i] as number, lower[j] as number);
    known.set(pair, value);
    return value;
  };
  let hasRoom = joined.add(upperStarts, 0, valueAt(0, 0));
  for (let i = 0, j = 0; hasRoom && (i + 1 < upper.length || j + 1 < lower.length); ) {
    const nextUpper = i + 1 < upper.length ? width * (i + 1) : -1;
    const nextLower = j + 1 < lower.length ? width * (j + 1) : -1;
    const order = compare(upperStarts, nextUpper, lowerStarts, nextLower, width);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    const [starts, at] = order <= 0 ? [upperStarts, nextUpper] : [lowerStarts, nextLower];
    hasRoom = joined.add(starts, at, valueAt(i, j));
  }
  return hasRoom ? joined : undefined;
}

/** Negative where the first comes first; what is not there, at -1, comes last. */
function compare(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number, width: number): number {
  if (aAt < 0 || bAt < 0) return bAt < 0 ? -1 : 1;
  for (let i = 0; i < width; i++) {
    const difference = (a[aAt + i] as number) - (b[bAt + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
