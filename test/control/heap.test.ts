/** The engine's word for it is none of ours, so a new Node may not know it any more. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test.each([
  ['this engine knows how to keep its heap small', '', ''],
  [
    'an engine that does not would say so, and go on',
    '--no-such-word=1',
    expect.stringContaining('no-such-word'),
  ],
])('%s', (_, word, stderr) => {
  const script = `
    if ('${word}') require('node:v8').setFlagsFromString('${word}');
    import('./src/control/heap.ts').then(({ keepHeapSmall }) => (keepHeapSmall(), console.log('alive')));`;
  const run = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(run).toMatchObject({ status: 0, stdout: 'alive\n', stderr });
});
