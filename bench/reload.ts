/**
 * A zone of a million records is replaced twice by its next version while 50,000 queries a second come in:
 * what is lost, how long answers take meanwhile, and how long until the new version is served. Server and
 * loading share one core.
 */
import { createSocket } from 'node:dgram';
import { copyFileSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';
import { authorities } from './authorities.ts';
import { type Pace, type Pacer, pacerOver } from './pace.ts';
import { type Server, start } from './servers.ts';
import type { Sitting } from './sitting.ts';
import { type Workload, writeBigQueries, writeBigZone } from './zone.ts';

export const RELOAD_PER_SECOND = 50_000;
const RELOADS = 2;
const FIRST_RELOAD_MS = 1_500;
const SECONDS_PER_RELOAD = 4;
const LOOK_MS = 20;
const FOLLOW_MS_MAX = 20_000;

export interface ReloadRow extends Pace {
  readonly server: string;
  /** From the signal until a query gets the new serial; of each reload. */
  readonly publishedMs: readonly number[];
}

export async function measureReload(sitting: Sitting): Promise<ReloadRow[] | undefined> {
  const { folder, isQuick } = sitting;
  const zone = await sitting.bigZone();
  const queries = await writeBigQueries(folder);
  const pacer = await pacerOver(folder, queries);
  if (pacer === undefined) return sitting.skip('reload: its client needs a C compiler') as undefined;
  const versions: Workload[] = [];
  for (let i = 0; i < (isQuick ? 1 : RELOADS); i++) versions.push(await writeBigZone(folder, 2 + i));
  const rows: ReloadRow[] = [];
  for (const [i, { name }] of authorities(zone).entries()) {
    // A copy of everything, so that moving a version to its place is all that is left to do under load.
    const own = { ...zone, file: join(folder, 'reloaded.zone') };
    copyFileSync(zone.file, own.file);
    const next = versions.map(({ file }) => `${file}.next`);
    versions.forEach(({ file }, v) => void copyFileSync(file, next[v] as string));
    const recipe = authorities(own)[i];
    const server = recipe && (await start(recipe, sitting.startFor(own)));
    if (server === undefined) continue;
    try {
      const row = await reloadUnderLoad(server, own, next, pacer);
      if (row === undefined) sitting.skip(`${name}: did not serve the new zone in time`);
      else rows.push({ ...row, server: name });
    } finally {
      await server.stop();
    }
  }
  return rows;
}

async function reloadUnderLoad(
  server: Server,
  zone: Workload,
  next: readonly string[],
  pacer: Pacer,
): Promise<Omit<ReloadRow, 'server'> | undefined> {
  const publishedMs: number[] = [];
  const began = performance.now();
  const pacing = pacer(server, RELOAD_PER_SECOND, 1 + SECONDS_PER_RELOAD * next.length);
  for (const [i, file] of next.entries()) {
    const dueMs = FIRST_RELOAD_MS + 1_000 * SECONDS_PER_RELOAD * i;
    await sleep(dueMs - (performance.now() - began));
    // Newer than anything that was loaded: BIND looks whether the file is.
    utimesSync(file, new Date(), new Date());
    renameSync(file, zone.file);
    const signalled = performance.now();
    process.kill(server.pid, 'SIGHUP');
    if (!(await servesSerial(server.port, zone.apex, 2 + i))) {
      await pacing;
      return undefined;
    }
    publishedMs.push(Math.round(performance.now() - signalled));
  }
  return { ...(await pacing), publishedMs };
}

/** Asks for the SOA every LOOK_MS, until it has the serial. */
async function servesSerial(port: number, apex: string, serial: number): Promise<boolean> {
  const query = writeQuery({
    ...{ id: 1, spelled: nameFromText(apex) as Uint8Array, type: 6, class: 1, recursionDesired: false },
  });
  const socket = createSocket('udp4');
  let served = 0;
  socket.on('error', () => undefined);
  socket.on('message', (response) => (served = serialIn(response, query.length)));
  const giveUp = performance.now() + FOLLOW_MS_MAX;
  while (served !== serial && performance.now() < giveUp) {
    socket.send(query, port, '127.0.0.1');
    await sleep(LOOK_MS);
  }
  socket.close();
  return served === serial;
}

/**
 * Of the SOA that is the first record of an answer: behind the question come a pointer, type, class, TTL and
 * length, then two names, then the serial.
 */
export function serialIn(response: Buffer, questionEnd: number): number {
  const isAnswer = response.length > questionEnd && response.readUInt16BE(6) > 0;
  if (!isAnswer) return 0;
  let at = questionEnd + 12;
  for (let names = 0; names < 2; names++) {
    while (at < response.length && (response[at] as number) > 0 && (response[at] as number) < 0xc0) {
      at += 1 + (response[at] as number);
    }
    at += response[at] === 0 ? 1 : 2;
  }
  return at + 4 <= response.length ? response.readUInt32BE(at) : 0;
}
