/**
 * Whether the simulator would notice: runs it with each mutant of `mutant.ts` in a process of its own, until
 * a law is broken or enough seeds are run. A mutant whose line is not in the source any more has to be
 * rewritten.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { MUTANTS } from './mutant.ts';

const SEEDS = 400;

export type Fate = 'found' | 'survives' | 'does not apply';

export function fateOf(number: number, seeds = SEEDS): { readonly fate: Fate; readonly told: string } {
  const [hook, run] = ['mutant.ts', 'run.ts'].map((file) => join(import.meta.dirname, file)) as [
    string,
    string,
  ];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', hook, run, '--seeds', `${seeds}`, '--first'],
    { env: { ...process.env, SIM_MUTANT: `${number}` }, encoding: 'utf8' },
  );
  if (stdout.includes('breaks')) return { fate: 'found', told: stdout.split('\n')[0] ?? '' };
  return status === 0 ? { fate: 'survives', told: '' } : { fate: 'does not apply', told: stderr };
}

/** Tells of each; whether all were found. */
export function findMutants(): boolean {
  const fates = MUTANTS.map(({ mistake, file }, number) => {
    const { fate, told } = fateOf(number);
    console.log(`${fate.padEnd(14)}  ${file.padEnd(14)}  ${mistake}\n${' '.repeat(16)}${told.slice(0, 160)}`);
    return fate;
  });
  const found = fates.filter((fate) => fate === 'found').length;
  console.log(`${found} of ${fates.length} found`);
  return found === fates.length;
}
