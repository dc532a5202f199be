/** Who is due when: the next one first, in a heap of two arrays, so that a turn allocates nothing. */

export class Agenda<Each> {
  readonly #times: number[] = [];
  readonly #entries: Each[] = [];

  /** Of the next one; Infinity where there is none. */
  get nextMs(): number {
    return this.#times[0] ?? Infinity;
  }

  add(atMs: number, entry: Each): void {
    let i = this.#times.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const parentMs = this.#times[parent] as number;
      if (parentMs <= atMs) break;
      this.#put(i, parentMs, this.#entries[parent] as Each);
      i = parent;
    }
    this.#put(i, atMs, entry);
  }

  /** The next one; there is one. */
  take(): Each {
    const first = this.#entries[0] as Each;
    const lastMs = this.#times.pop() as number;
    const last = this.#entries.pop() as Each;
    const { length } = this.#times;
    if (length === 0) return first;
    let i = 0;
    for (let child = 1; child < length; child = 2 * i + 1) {
      const right = child + 1;
      if (right < length && (this.#times[right] as number) < (this.#times[child] as number)) child = right;
      const childMs = this.#times[child] as number;
      if (childMs >= lastMs) break;
      this.#put(i, childMs, this.#entries[child] as Each);
      i = child;
    }
    this.#put(i, lastMs, last);
    return first;
  }

  #put(i: number, atMs: number, entry: Each): void {
    this.#times[i] = atMs;
    this.#entries[i] = entry;
  }
}
