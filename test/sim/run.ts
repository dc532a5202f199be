/**
 * The simulator by hand. `npm run sim -- --seed 7` tells what happens in one run, packet by packet;
 * `npm run sim -- --seeds 1000000 --from 5000 --minutes 480` looks for laws that are broken, for a night.
 * Ends with 1 if it found any. A seed that found a mistake belongs into `seeds.txt`, with the commit that
 * mends it.
 */
import { parseArgs } from 'node:util';
import { play, type Report } from './play.ts';

const HELP = `npm run sim -- --seed N
npm run sim -- [--seeds COUNT] [--from N] [--minutes M]
  --seed     replays one run, and tells all of it
  --seeds    runs (2000), each with the next seed…
  --from     …beginning here (1)
  --minutes  stops after so long, whatever is left
`;
/** More of them say nothing new. */
const FAILURES_TOLD_MAX = 20;
const PROGRESS_EVERY = 2_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
    help: { type: 'boolean', default: false },
  },
});

async function replay(seed: number): Promise<boolean> {
  const report = await play(seed);
  console.log(report.log.join('\n'));
  console.log(`\nseed ${seed}: ${report.questions} questions, ${report.sent} packets, log ${report.hash}`);
  for (const law of report.broken) console.log(`BROKEN: ${law}`);
  return report.broken.length === 0;
}

function tell({ seed, broken }: Report): void {
  console.log(`seed ${seed} breaks ${broken.length} laws, the first: ${broken[0]}`);
  console.log(`  npm run sim -- --seed ${seed}`);
}

async function search(from: number, count: number, minutes: number): Promise<boolean> {
  const endMs = performance.now() + minutes * 60_000;
  const sums = { runs: 0, failed: 0, questions: 0, failures: 0, sent: 0, guesses: 0 };
  for (let seed = from; seed < from + count && performance.now() < endMs; seed++) {
    const report = await play(seed);
    sums.runs++;
    sums.questions += report.questions;
    sums.failures += report.failures;
    sums.sent += report.sent;
    sums.guesses += report.guesses;
    if (report.broken.length > 0 && sums.failed++ < FAILURES_TOLD_MAX) tell(report);
    if (sums.runs % PROGRESS_EVERY === 0) console.log(`… ${sums.runs} runs, up to seed ${seed}`);
  }
  console.log(
    `${sums.runs} runs from seed ${from}: ${sums.failed} broke a law. ${sums.questions} questions, ` +
      `${sums.failures} of them failed with good reason; ${sums.sent} packets, ` +
      `${sums.guesses} forgeries guessed right.`,
  );
  return sums.failed === 0;
}

const numbers = [values.seed ?? values.from, values.seeds, values.minutes].map(Number) as [
  number,
  number,
  number,
];
if (values.help || numbers.some(Number.isNaN)) {
  console.log(HELP);
  process.exit(values.help ? 0 : 2);
}
const [first, count, minutes] = numbers;
process.exit((await (values.seed === undefined ? search(first, count, minutes) : replay(first))) ? 0 : 1);
