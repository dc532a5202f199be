/**
 * A zone's records laid out for the checks: rows by name and type, how names hang together, and a report that
 * finds the line of a row. A check reads from here, and complains here.
 */
import { Type } from '../wire/codes.ts';
import { nameText } from '../wire/name.ts';
import type { Records } from './records.ts';
import type { Report } from './report.ts';
import { groupRows, type Rows } from './rows.ts';
import { growTree, OPEN, type Tree } from './tree.ts';

export class Inspection {
  readonly records: Records;
  readonly rows: Rows;
  /** No entry was lost to an error, so what is not here is not in the file. */
  readonly whole: boolean;
  readonly report: Report;
  /** Some name is hidden, or could be. */
  readonly hasCuts: boolean;
  /** Names that have records; the tree adds those between them and the apex behind these. */
  readonly #owners: number;
  #tree: Tree | undefined;

  constructor(records: Records, report: Report, whole: boolean) {
    this.records = records;
    this.rows = groupRows(records);
    this.whole = whole;
    this.report = report;
    this.#owners = records.nameCount;
    this.hasCuts = hasCuts(records);
  }

  get owners(): number {
    return this.#owners;
  }

  /** Grown on first need: a zone without cuts and missing targets needs none. */
  get tree(): Tree {
    this.#tree ??= growTree(this.records);
    return this.#tree;
  }

  /** The cut at or above a name, or the DNAME above it, that is topmost; or OPEN. */
  cover(id: number): number {
    return this.hasCuts ? (this.tree.above[id] as number) : OPEN;
  }

  /** Position of the first row of that type at a name, or -1. */
  find(id: number, type: number): number {
    if (id >= this.#owners) return -1;
    const end = this.rows.start(id + 1);
    let low = this.rows.start(id);
    for (let high = end; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.rows.type(middle) < type) low = middle + 1;
      else high = middle;
    }
    return low < end && this.rows.type(low) === type ? low : -1;
  }

  has(id: number, type: number): boolean {
    return this.find(id, type) >= 0;
  }

  text(id: number): string {
    return nameText(this.records.nameBytes, this.records.nameAt[id]);
  }

  get apexText(): string {
    return nameText(this.records.apex);
  }

  /** A row's place, told at another row. */
  placeOf(row: number, toldAt: number): string {
    const line = this.#lineOf(row);
    return this.#fileOf(row) === this.#fileOf(toldAt) ? `line ${line}` : `${this.#fileOf(row)}:${line}`;
  }

  error(row: number, text: string): void {
    this.report.error(this.#fileOf(row), this.#lineOf(row), 0, text);
  }

  warning(row: number, text: string): void {
    this.report.warning(this.#fileOf(row), this.#lineOf(row), 0, text);
  }

  /** Of something that is in no row. */
  zoneError(text: string): void {
    this.report.error(this.records.files[0] ?? '', 0, 0, text);
  }

  #lineOf(row: number): number {
    return this.records.line[row] as number;
  }

  #fileOf(row: number): string {
    return this.records.files[this.records.file[row] as number] as string;
  }
}

function hasCuts({ type, owner, count }: Records): boolean {
  for (let row = 0; row < count; row++) {
    if (type[row] === Type.DNAME || (type[row] === Type.NS && owner[row] !== 0)) return true;
  }
  return false;
}
