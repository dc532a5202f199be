/**
 * What is made of several rounds: the one in the middle, and how ours stands to theirs. Pure.
 */

/** The round in the middle by `by`; with an even number the worse of the two, if less is better. */
export function medianBy<Row>(rows: readonly Row[], by: (row: Row) => number): Row | undefined {
  const sorted = rows.toSorted((a, b) => by(a) - by(b));
  return sorted[sorted.length >> 1];
}

/** Below 1 ours is less. */
export const ratio = (ours: number, theirs: number): string => (ours / theirs).toFixed(2);
