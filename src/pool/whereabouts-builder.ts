/**
 * Makes the table of `pool/whereabouts` of ranges and rows: in memory to be shared, with the rows that occur.
 */
import type { PlaceRows } from './place-rows.ts';
import type { Ranges } from './ranges.ts';
import { DIRECTORY_WORDS, FAMILY_WORDS, HEADER_WORDS, ROW_WORDS, ROWS_AT } from './whereabouts.ts';

/** Row numbers of both families' ranges are numbers in `rows`. */
export function makeWhereabouts(v4: Ranges, v6: Ranges, rows: PlaceRows): SharedArrayBuffer {
  const used = new Map<number, number>();
  for (const row of [...v4.values, ...v6.values]) if (!used.has(row)) used.set(row, used.size);
  const length = HEADER_WORDS + wordsOf(v4) + wordsOf(v6) + ROW_WORDS * used.size;
  const memory = new SharedArrayBuffer(4 * length);
  const words = new Uint32Array(memory);
  const behind = putFamily(words, 0, HEADER_WORDS, v4, used);
  const rowsAt = putFamily(words, FAMILY_WORDS, behind, v6, used);
  words[ROWS_AT] = rowsAt;
  const signed = new Int32Array(memory);
  for (const [row, place] of used) rows.put(row, signed, rowsAt + ROW_WORDS * place);
  return memory;
}

const wordsOf = ({ width, count }: Ranges): number => DIRECTORY_WORDS + (width + 1) * count;

/** Gives where it ends. */
function putFamily(
  words: Uint32Array,
  headerAt: number,
  at: number,
  ranges: Ranges,
  used: ReadonlyMap<number, number>,
): number {
  const { width, count, starts, values } = ranges;
  const rangesAt = at + DIRECTORY_WORDS;
  words.set([at, rangesAt, count], headerAt);
  for (let i = 0; i < count; i++) {
    const range = rangesAt + (width + 1) * i;
    words.set(starts.subarray(width * i, width * (i + 1)), range);
    words[range + width] = used.get(values[i] as number) as number;
  }
  for (let head = 0, range = 0; head < DIRECTORY_WORDS; head++) {
    while (range + 1 < count && beginsAtMost(starts, width * (range + 1), width, head)) range += 1;
    words[at + head] = range;
  }
  return rangesAt + (width + 1) * count;
}

/** Whether a range begins at or before the first address of those first 16 bits. */
function beginsAtMost(starts: Uint32Array, at: number, width: number, head: number): boolean {
  const first = starts[at] as number;
  if (first !== head * 0x1_0000) return first < head * 0x1_0000;
  for (let i = 1; i < width; i++) if (starts[at + i] !== 0) return false;
  return true;
}
