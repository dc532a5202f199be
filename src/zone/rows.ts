/**
 * The rows of a zone's records in the order an image wants them: by owner, then by type, else as written. A
 * counting sort, so a million rows take two passes and no comparisons; rows of type 0 were dropped by the
 * checks.
 */
import type { Records } from './records.ts';

export function groupRows(records: Records): Rows {
  const starts = new Uint32Array(records.nameCount + 1);
  for (let row = 0; row < records.count; row++) {
    if (records.type[row] !== 0) starts[(records.owner[row] as number) + 1]!++;
  }
  for (let id = 0; id < records.nameCount; id++) starts[id + 1]! += starts[id] as number;
  const next = starts.slice();
  const order = new Uint32Array(starts[records.nameCount] as number);
  for (let row = 0; row < records.count; row++) {
    if (records.type[row] !== 0) order[next[records.owner[row] as number]!++] = row;
  }
  for (let id = 0; id < records.nameCount; id++) sortByType(records, order, starts[id]!, starts[id + 1]!);
  return new Rows(records, order, starts);
}

function sortByType(records: Records, order: Uint32Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    if (records.type[order[i]!]! >= records.type[order[i - 1]!]!) continue;
    order.subarray(from, to).sort((a, b) => records.type[a]! - records.type[b]! || a - b);
    return;
  }
}

/** Positions count through all kept rows; `start(id)` is the first of an owner's. */
export class Rows {
  readonly #records: Records;
  readonly #order: Uint32Array;
  readonly #starts: Uint32Array;

  constructor(records: Records, order: Uint32Array, starts: Uint32Array) {
    this.#records = records;
    this.#order = order;
    this.#starts = starts;
  }

  get count(): number {
    return this.#order.length;
  }

  start(id: number): number {
    return this.#starts[id] as number;
  }

  /** The row in `Records`. */
  row(position: number): number {
    return this.#order[position] as number;
  }

  type(position: number): number {
    return this.#records.type[this.#order[position] as number] as number;
  }

  /** Of the RRset's first row: the checks have levelled them (RFC 2181 §5.2). */
  ttl(position: number): number {
    return this.#records.ttl[this.#order[position] as number] as number;
  }

  rdataAt(position: number): number {
    return this.#records.rdataAt[this.#order[position] as number] as number;
  }

  /** The position behind the RRset that starts at `position`. */
  rrsetEnd(position: number, limit: number): number {
    const row = this.#order[position] as number;
    const type = this.#records.type[row];
    const owner = this.#records.owner[row];
    let end = position + 1;
    while (end < limit) {
      const other = this.#order[end] as number;
      if (this.#records.type[other] !== type || this.#records.owner[other] !== owner) break;
      end++;
    }
    return end;
  }
}
