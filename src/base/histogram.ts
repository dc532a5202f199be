/**
 * How long things take, as counts in shared memory: rows of buckets whose bounds are powers of two of a
 * microsecond. A bank belongs to one thread, which only ever bumps; whoever reads several adds them up.
 * Observing allocates nothing.
 *
 *   row r begins at word r * ROW_WORDS, each word a double:
 *     0 … 23   observations of at most 2^i µs, and more than the bound before
 *     24       longer ones
 *     25       the sum of all, in µs
 */

/** 2^23 µs are 8.4 s: the last bound lies behind the longest life of a resolution. */
const BOUNDS = 24;
const SUM_AT = BOUNDS + 1;
const ROW_WORDS = SUM_AT + 1;

/** Upper bounds of the buckets in µs; the last bucket has none. */
export const BOUNDS_US: readonly number[] = Array.from({ length: BOUNDS }, (_, i) => 2 ** i);

export interface HistogramRow {
  /** By bound, not cumulative; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sumUs: number;
}

export class Histograms {
  readonly memory: SharedArrayBuffer;
  readonly #words: Float64Array;
  readonly #others: Histograms[] = [];

  /** A new bank of so many rows; or, of another thread's memory, a view of its bank. */
  constructor(rows: number, memory = new SharedArrayBuffer(rows * ROW_WORDS * 8)) {
    this.memory = memory;
    this.#words = new Float64Array(memory);
  }

  observe(row: number, us: number): void {
    // The clock never runs backwards, but its resolution may make a short time nothing.
    const whole = us <= 1 ? 1 : Math.ceil(us);
    const bucket = whole >= 2 ** (BOUNDS - 1) + 1 ? BOUNDS : 32 - Math.clz32(whole - 1);
    const at = row * ROW_WORDS;
    this.#words[at + bucket]! += 1;
    this.#words[at + SUM_AT]! += us;
  }

  /** From now on, what is read here has the other thread's bank in it. */
  include(other: Histograms): void {
    this.#others.push(other);
  }

  row(row: number): HistogramRow {
    const counts = Array.from({ length: BOUNDS + 1 }, (_, i) => this.#sum(row, i));
    return { counts, sumUs: this.#sum(row, SUM_AT) };
  }

  #sum(row: number, at: number): number {
    const own = this.#words[row * ROW_WORDS + at] as number;
    return this.#others.reduce((sum, other) => sum + other.#sum(row, at), own);
  }
}
