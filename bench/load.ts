/**
 * A million A records: from the start of the process to its first answer, and what it holds in memory two
 * seconds later. One server at a time, the median of the rounds. A start of ours from an image that it kept
 * is measured too; the start that makes it does not count.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '../src/base/assert.ts';
import { authorities } from './authorities.ts';
import { peakMb, residentMb } from './machine.ts';
import { OURS, type Recipe, start } from './servers.ts';
import type { Sitting } from './sitting.ts';
import { medianBy } from './statistics.ts';
import type { Workload } from './zone.ts';

export const KEPT = `${OURS}, kept image`;

export interface LoadRow {
  readonly server: string;
  readonly startMs: number;
  readonly startCpuMs: number;
  readonly residentMb: number;
  readonly peakMb: number;
}

const SETTLE_MS = 2_000;

export async function measureLoad(sitting: Sitting): Promise<LoadRow[]> {
  const zone = await sitting.bigZone();
  const question = `h999999.${zone.apex}`;
  const kept = keepingImages(zone, sitting.folder);
  await startOnce(kept, sitting, question);
  const rows = new Map<string, LoadRow[]>();
  for (let round = 0; round < (sitting.isQuick ? 1 : 3); round++) {
    for (const recipe of [...authorities(zone), kept]) {
      const row = await startOnce(recipe, sitting, question);
      if (row) rows.set(recipe.name, [...(rows.get(recipe.name) ?? []), row]);
    }
  }
  return [...rows.values()].map((tries) => medianBy(tries, ({ startMs }) => startMs) as LoadRow);
}

function keepingImages(zone: Workload, folder: string): Recipe {
  const images = join(folder, 'images');
  mkdirSync(images);
  const [recipe] = authorities(zone, { cache: { images } });
  assert(recipe !== undefined, 'ours comes first');
  return { ...recipe, name: KEPT };
}

async function startOnce(
  recipe: Recipe,
  { folder, skip }: Sitting,
  question: string,
): Promise<LoadRow | undefined> {
  const server = await start(recipe, { folder, question, skip });
  if (server === undefined) return undefined;
  try {
    await sleep(SETTLE_MS);
    const memory = { residentMb: residentMb(server.pid), peakMb: peakMb(server.pid) };
    return { server: server.name, startMs: server.startMs, startCpuMs: server.startCpuMs, ...memory };
  } finally {
    await server.stop();
  }
}
