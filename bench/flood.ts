/**
 * Memory under random subdomains: millions of names, each asked once, half of which do not exist and half
 * have no such type. What the process holds after each tenth of them, and what our cache says it holds.
 */
import { ask, type RateRow } from './dnsperf.ts';
import { FARM_QUESTION, startFarm, writeFloodNames, writeWarmQueries } from './farm.ts';
import { residentMb } from './machine.ts';
import { metricsAt, recursors } from './recursors.ts';
import { OURS, type Server, start } from './servers.ts';
import type { Sitting } from './sitting.ts';

export const FLOOD_CACHE_MB = 64;
const STEPS = 10;
const ONCE = '-c 8 -q 500 -n 1';

export interface FloodRow {
  readonly server: string;
  readonly names: number;
  readonly perSecond: number;
  readonly lost: number;
  readonly failed: number;
  /** After each tenth. */
  readonly residentMb: readonly number[];
  /** What the cache accounts for; undefined for who does not tell. */
  readonly cacheMb: readonly number[] | undefined;
}

export async function measureFlood(sitting: Sitting): Promise<FloodRow[] | undefined> {
  const farm = await startFarm(sitting.folder, sitting.skip);
  if (farm === undefined) return undefined;
  const step = sitting.isQuick ? 20_000 : 200_000;
  const lists: string[] = [];
  for (let i = 0; i < STEPS; i++) lists.push(await writeFloodNames(sitting.folder, i * step, step));
  const how = { folder: sitting.folder, question: FARM_QUESTION, skip: sitting.skip };
  const warm = await writeWarmQueries(sitting.folder);
  const rows: FloodRow[] = [];
  try {
    const flooded = recursors({ hints: farm.hints, cacheMb: FLOOD_CACHE_MB }).filter(({ name }) =>
      [OURS, 'Unbound'].includes(name),
    );
    for (const recipe of flooded) {
      const server = await start(recipe, how);
      if (server === undefined) continue;
      await ask(server, warm, ONCE);
      try {
        rows.push({ ...(await flood(server, lists)), names: STEPS * step });
      } finally {
        await server.stop();
      }
    }
  } finally {
    await farm.stop();
  }
  return rows;
}

async function flood(server: Server, lists: readonly string[]): Promise<Omit<FloodRow, 'names'>> {
  const rates: RateRow[] = [];
  const resident: number[] = [];
  const cache: number[] = [];
  for (const list of lists) {
    rates.push(await ask(server, list, ONCE));
    resident.push(residentMb(server.pid));
    if (server.name === OURS) cache.push(await cacheMbOf(server.port));
  }
  const sum = (of: (row: RateRow) => number): number => rates.reduce((all, row) => all + of(row), 0);
  return {
    server: server.name,
    perSecond: Math.round(sum(({ perSecond }) => perSecond) / rates.length),
    lost: sum(({ lost }) => lost),
    failed: sum(({ failed }) => failed),
    residentMb: resident,
    cacheMb: cache.length > 0 ? cache : undefined,
  };
}

async function cacheMbOf(port: number): Promise<number> {
  const page = await (await fetch(`http://${metricsAt(port)}/metrics`)).text();
  return cachedBytes(page) / 2 ** 20;
}

export const cachedBytes = (page: string): number =>
  Number(/^cairn_cache_bytes(?:\{[^}]*\})? (\S+)$/m.exec(page)?.[1] ?? Number.NaN);
