/**
 * The contest by hand, as long as one likes: `node test/oracle/run.ts --seed 1 --worlds 100 --questions
 * 420`. Prints how often each rule explained a difference, then every difference that none explains, with
 * its zones.
 */
import { parseArgs } from 'node:util';
import { contest, findingsText, newOutcome } from './contest.ts';
import { installed, versionOf } from './peers.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    worlds: { type: 'string', default: '12' },
    questions: { type: 'string', default: '420' },
    findings: { type: 'string', default: '20' },
  },
});
const first = Number(values.seed);
const names = installed();
for (const name of names) console.log(`${name}: ${versionOf(name)}`);
const outcome = newOutcome();
for (let seed = first; seed < first + Number(values.worlds); seed++) {
  await contest(seed, Number(values.questions), names, outcome);
}
const { asked, compared, explained, findings } = outcome;
console.log(`${asked} questions, ${compared} comparisons, ${findings.length} unexplained`);
for (const [name, times] of [...explained].sort((a, b) => b[1] - a[1])) console.log(`${times} × ${name}`);
console.log(findingsText(outcome, Number(values.findings)));
process.exit(findings.length > 0 ? 1 : 0);
