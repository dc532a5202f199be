/**
 * "Did you mean …?": the known word closest to a mistyped one, so that a complaint can name what was probably
 * meant. Nothing is suggested that is further away than a third of the word, or three letters.
 */

export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestSteps = Math.min(3, Math.max(1, Math.floor(word.length / 3))) + 1;
  for (const candidate of known) {
    const steps = stepsBetween(word.toLowerCase(), candidate.toLowerCase());
    if (steps < bestSteps) [best, bestSteps] = [candidate, steps];
  }
  return best;
}

/**
 * Letters inserted, dropped, changed, or swapped with their neighbour. Words of more than 40 letters are cut.
 */
function stepsBetween(a: string, b: string): number {
  const from = a.slice(0, 40);
  const to = b.slice(0, 40);
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      let steps = Math.min(changed, last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) steps = Math.min(steps, before[j - 2]! + 1);
      row.push(steps);
    }
    [before, last] = [last, row];
  }
  return last[to.length]!;
}
