/**
 * A million A records: from the start of the process to its first answer, and what it holds in memory two
 * seconds later. One server at a time, the median of the rounds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { peakMb, residentMb } from './machine.ts';
import { RECIPES, start } from './servers.ts';
import type { Workload } from './zone.ts';

export interface LoadRow {
  readonly server: string;
  readonly startMs: number;
  readonly startCpuMs: number;
  readonly residentMb: number;
  readonly peakMb: number;
}

const SETTLE_MS = 2_000;

export async function measureLoad(
  folder: string,
  zone: Workload,
  rounds: number,
  skip: (why: string) => void,
): Promise<LoadRow[]> {
  const rows: LoadRow[] = [];
  for (const recipe of RECIPES) {
    const tries: LoadRow[] = [];
    for (let round = 0; round < rounds; round++) {
      const server = await start(recipe, folder, zone, `h999999.${zone.apex}`, skip);
      if (server === undefined) break;
      await sleep(SETTLE_MS);
      const memory = { residentMb: residentMb(server.pid), peakMb: peakMb(server.pid) };
      const { name, startMs, startCpuMs } = server;
      tries.push({ server: name, startMs, startCpuMs, ...memory });
      await server.stop();
    }
    tries.sort((a, b) => a.startMs - b.startMs);
    const median = tries[tries.length >> 1];
    if (median) rows.push(median);
  }
  return rows;
}
