/**
 * That the simulator finds what is wrong: a few of the mutants, which `npm run sim -- --mutants` does all of.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutant.ts';
import { fateOf } from './mutants.ts';

test('each mistake is planted in one place, which is there', () => {
  for (const { file, line } of MUTANTS) {
    const parts = readFileSync(`src/resolver/${file}`, 'utf8').split(line);
    expect([file, line, parts.length]).toEqual([file, line, 2]);
  }
});

const SEEDS = 60;
const matching = MUTANTS.flatMap(({ mistake, file }, i) =>
  file === 'match.ts' ? [[mistake, i] as const] : [],
);

test.each(matching)('notices that %s', (_, number) => {
  expect(fateOf(number, SEEDS)).toMatchObject({ fate: 'found' });
});
