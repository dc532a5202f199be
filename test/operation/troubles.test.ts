/**
 * The troubles of the bench, played through by the whole server alone: each stays within its pass line.
 * `npm run bench -- --only troubles` sets the peers beside it.
 */
import { expect, test } from 'vitest';
import { endure } from '../../bench/contest.ts';
import { buildGood, TROUBLES } from '../../bench/troubles.ts';
import { WildInternet } from '../../bench/wild.ts';
import { folderOf, ServerProcess } from './server.ts';

const NET = 87;
const QUIET_MS = 200;

test('every trouble stays within its pass line', async () => {
  const internet = await WildInternet.open(NET, 0);
  const folder = folderOf({ hints: internet.hints });
  await buildGood(internet);
  const recursion = { rootHints: folder.path('hints'), neverQuery: [], upstreamPort: internet.port };
  folder.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], recursion }));
  const server = new ServerProcess(['--config', folder.path('cairn.yaml')], 'recursion');
  try {
    const ends = await endure(internet, await server.port(), TROUBLES, QUIET_MS);
    const tooFar = TROUBLES.map(({ what, passLine }, i) => `${what}: ${ends[i]?.told}, not ${passLine}`);
    expect(tooFar.filter((_, i) => ends[i]?.isPassed !== true)).toEqual([]);
  } finally {
    await server.stop();
    internet.close();
    folder.remove();
  }
});
