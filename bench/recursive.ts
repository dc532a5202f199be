/**
 * Resolvers over the farm under as much load as dnsperf can make: from the cache, and of names that nobody
 * has asked before, each asked once. All threads of a resolver run on one core; the authorities share the
 * client's.
 */
import { ask, inTurns, type RateRow } from './dnsperf.ts';
import { FARM_QUESTION, startFarm, writeHotQueries, writeNewNames, writeWarmQueries } from './farm.ts';
import { recursors } from './recursors.ts';
import { type Server, startAll, stopAll } from './servers.ts';
import type { Sitting } from './sitting.ts';

const CACHE_MB = 256;
const HIT = '-c 8 -q 200';
/** Each name once: through the list, and no further. */
const MISS = '-c 8 -q 500 -n 1';

export async function measureCached(sitting: Sitting): Promise<RateRow[] | undefined> {
  const hot = await writeHotQueries(sitting.folder);
  const { rounds, seconds } = sitting.isQuick ? { rounds: 1, seconds: 3 } : { rounds: 3, seconds: 5 };
  return overTheFarm(sitting, (servers) =>
    inTurns(servers, rounds, (server) => ask(server, hot, `${HIT} -l ${seconds}`)),
  );
}

export async function measureMiss(sitting: Sitting): Promise<RateRow[] | undefined> {
  const count = sitting.isQuick ? 20_000 : 60_000;
  const lists: string[] = [];
  for (let round = 0; round < (sitting.isQuick ? 1 : 3); round++) {
    lists.push(await writeNewNames(sitting.folder, round * count, count));
  }
  return overTheFarm(sitting, (servers) =>
    inTurns(servers, lists.length, (server, round) => ask(server, lists[round] as string, MISS)),
  );
}

/** Resolvers that know every delegation, and have just answered everything that `hot` may ask. */
async function overTheFarm(
  sitting: Sitting,
  measure: (servers: readonly Server[]) => Promise<RateRow[]>,
): Promise<RateRow[] | undefined> {
  const farm = await startFarm(sitting.folder, sitting.skip);
  if (farm === undefined) return undefined;
  const how = { folder: sitting.folder, question: FARM_QUESTION, skip: sitting.skip };
  let servers: Server[] = [];
  try {
    servers = await startAll(recursors({ hints: farm.hints, cacheMb: CACHE_MB }), how);
    const warm = await writeWarmQueries(sitting.folder);
    for (const server of servers) await ask(server, warm, MISS);
    for (const server of servers) await ask(server, warm, `${HIT} -n 2`);
    return await measure(servers);
  } finally {
    await stopAll(servers);
    await farm.stop();
  }
}
