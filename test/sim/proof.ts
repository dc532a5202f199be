/**
 * A range of seeds as tests: in batches, so that a failure is told by its seed and how to see it again.
 */
import { expect, test } from 'vitest';
import { play } from './play.ts';

const BATCH = 100;

export function proveSeeds(from: number, count: number): void {
  const batches = Array.from({ length: count / BATCH }, (_, i) => from + i * BATCH);
  test.each(batches)(`breaks no law in ${BATCH} runs from seed %i`, async (first) => {
    for (let seed = first; seed < first + BATCH; seed++) await proveSeed(seed);
  });
}

export async function proveSeed(seed: number): Promise<void> {
  const { broken } = await play(seed);
  expect(broken, `npm run sim -- --seed ${seed}`).toEqual([]);
}
