/**
 * Scenarios by hand: `npm run rpl -- FILES…` plays files in the grammar of Unbound's testbound and of
 * Deckard, a line for each: pass, fail and in what, skip and why. Ends with 1 if one failed.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { judge } from './replay.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.log('npm run rpl -- FILES…');
  process.exit(2);
}
const counts = { pass: 0, fail: 0, skip: 0 };
for (const file of files) {
  const verdict = await judge(readFileSync(file, 'latin1'));
  counts[verdict.kind]++;
  const why = verdict.kind === 'skip' ? ` (${verdict.why})` : '';
  console.log(`${verdict.kind} ${basename(file)}: ${verdict.title}${why}`);
  if (verdict.kind === 'fail') console.log(verdict.lines.map((line) => `    ${line}`).join('\n'));
}
console.log(`${counts.pass} passed, ${counts.fail} failed, ${counts.skip} skipped`);
process.exit(counts.fail > 0 ? 1 : 0);
