/**
 * Servers of one zone under as much load as dnsperf can make: over UDP, over TCP, and with more than one
 * thread. A warm pass, then rounds in turn.
 */
import { cpus } from 'node:os';
import { authorities, ECHO, TCP_SETTINGS } from './authorities.ts';
import { ask, inTurns, middleRound, type RateRow } from './dnsperf.ts';
import { type Server, start, startAll, stopAll } from './servers.ts';
import type { Sitting } from './sitting.ts';

/** Eight sockets, 200 queries in flight. */
const UDP = '-c 8 -q 200';
/** A hundred connections, 20 queries in flight on each. */
const TCP = '-m tcp -c 100 -q 2000';

export async function measureUdp(sitting: Sitting): Promise<RateRow[]> {
  const zone = await sitting.zone();
  return race(sitting, await startAll([...authorities(zone), ECHO], sitting.startFor(zone)), UDP);
}

export async function measureTcp(sitting: Sitting): Promise<RateRow[]> {
  const zone = await sitting.zone();
  return race(sitting, await startAll(authorities(zone, TCP_SETTINGS), sitting.startFor(zone)), TCP);
}

async function race(sitting: Sitting, servers: readonly Server[], flags: string): Promise<RateRow[]> {
  const { rounds, seconds } = sitting.isQuick ? { rounds: 1, seconds: 3 } : { rounds: 3, seconds: 5 };
  try {
    const queries = await sitting.queries();
    for (const server of servers) await ask(server, queries, `${flags} -l ${seconds > 3 ? 2 : 1}`);
    return await inTurns(servers, rounds, (server) => ask(server, queries, `${flags} -l ${seconds}`));
  } finally {
    await stopAll(servers);
  }
}

export interface ScaleRow extends RateRow {
  readonly threads: number;
  /** Whether a thread of the server had to share its core with the client. */
  readonly isShared: boolean;
}

const THREADS = [1, 2];

/**
 * Each server with one thread and with two, each thread with a core of its own, in so far as there are cores.
 */
export async function measureScale(sitting: Sitting): Promise<ScaleRow[]> {
  const zone = await sitting.zone();
  const queries = await sitting.queries();
  const rows: ScaleRow[] = [];
  for (const recipe of authorities(zone)) {
    for (const threads of THREADS) {
      const { server: cores, client, isShared } = coresFor(threads, cpus().length);
      const server = await start(recipe, { ...sitting.startFor(zone), cores, threads });
      if (server === undefined) continue;
      try {
        const rounds: RateRow[] = [];
        for (let round = 0; round < (sitting.isQuick ? 1 : 3); round++) {
          rounds.push(await ask(server, queries, `${UDP} -l ${sitting.isQuick ? 2 : 3}`, client));
        }
        rows.push({ ...middleRound(rounds), threads, isShared });
      } finally {
        await server.stop();
      }
    }
  }
  return rows;
}

/** Core 0 and up for the server's threads, the rest for the client, which shares the last if none is left. */
export function coresFor(
  threads: number,
  count: number,
): { server: string; client: string; isShared: boolean } {
  const last = count - 1;
  return {
    server: `0-${Math.min(threads - 1, last)}`,
    client: `${Math.min(threads, last)}-${last}`,
    isShared: threads >= count,
  };
}
