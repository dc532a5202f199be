/**
 * Fuzzing by hand: `npm run fuzz -- --target pipeline --count 1000000 --seed 7`. Without a target, each of
 * them. What breaks a promise is kept in test/fuzz/corpus/, which `npm test` replays from then on.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Chance } from '../support/chance.ts';
import { attack, TARGET_NAMES, TARGETS, type TargetName } from './targets.ts';

const CORPUS = 'test/fuzz/corpus';
const HELP = `npm run fuzz -- [--target ${TARGET_NAMES.join('|')}] [--count N] [--seed N]
  --target  what to attack; each in turn when left out
  --count   inputs for each target (100000)
  --seed    the first seed (1); each thousand inputs has the next
`;

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const isTarget = (word: string): word is TargetName => Object.hasOwn(TARGETS, word);

function fuzz(target: TargetName, firstSeed: number, count: number): boolean {
  const BATCH = 1_000;
  for (let done = 0, seed = firstSeed; done < count; done += BATCH, seed++) {
    const crash = attack(TARGETS[target], new Chance(seed), Math.min(BATCH, count - done));
    if (crash === undefined) continue;
    const hash = createHash('sha256').update(crash.input).digest('hex').slice(0, 12);
    const file = `${CORPUS}/${target}-${hash}.bin`;
    writeFileSync(file, crash.input);
    console.log(`${target}, seed ${seed}: kept as ${file}`);
    console.log(crash.error);
    return false;
  }
  console.log(`${target}: ${count} inputs from seed ${firstSeed}, no promise broken`);
  return true;
}

const { target, count, seed, help } = values;
if (help || (target !== undefined && !isTarget(target))) {
  console.log(HELP);
  process.exit(help ? 0 : 2);
}
const targets = target === undefined ? TARGET_NAMES : [target];
const results = targets.map((one) => fuzz(one, Number(seed), Number(count)));
process.exit(results.every(Boolean) ? 0 : 1);
