/**
 * That the simulator finds what is wrong: a few of the mutants, which `npm run sim -- --mutants` does all of.
 */
import { expect, test } from 'vitest';
import { MUTANTS } from './mutant.ts';
import { fateOf } from './mutants.ts';

const SEEDS = 60;
const matching = MUTANTS.flatMap(({ mistake, file }, i) =>
  file === 'match.ts' ? [[mistake, i] as const] : [],
);

test.each(matching)('notices that %s', (_, number) => {
  expect(fateOf(number, SEEDS)).toMatchObject({ fate: 'found' });
});
