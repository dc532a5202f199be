/**
 * How long answers take under a load that a server bears with ease: at half of what it can do at most, and at
 * a rate that is the same for all, half of what the slowest can. Queries come at random moments; the round in
 * the middle by its 99th percentile.
 */
import { authorities } from './authorities.ts';
import { ask, inTurns } from './dnsperf.ts';
import { type Pace, type Pacer, pacerOver } from './pace.ts';
import { type Server, startAll, stopAll } from './servers.ts';
import type { Sitting } from './sitting.ts';
import { medianBy } from './statistics.ts';

export interface LatencyRow {
  readonly server: string;
  readonly maxPerSecond: number;
  readonly atHalf: Pace;
  readonly commonPerSecond: number;
  readonly atCommon: Pace;
}

export async function measureLatency(sitting: Sitting): Promise<LatencyRow[] | undefined> {
  const zone = await sitting.zone();
  const queries = await sitting.queries();
  const pacer = await pacerOver(sitting.folder, queries);
  if (pacer === undefined) return sitting.skip('latency: its client needs a C compiler') as undefined;
  const servers = await startAll(authorities(zone), sitting.startFor(zone));
  try {
    const rates = await inTurns(servers, sitting.isQuick ? 1 : 3, (server) =>
      ask(server, queries, '-c 8 -q 200 -l 2'),
    );
    const common = Math.min(...rates.map(({ perSecond }) => perSecond)) / 2;
    const halves = await pacesInTurns(sitting, pacer, servers, (_, i) => (rates[i]?.perSecond ?? 0) / 2);
    const commons = await pacesInTurns(sitting, pacer, servers, () => common);
    return servers.map(({ name }, i) => ({
      server: name,
      maxPerSecond: rates[i]?.perSecond as number,
      atHalf: halves[i] as Pace,
      commonPerSecond: Math.round(common),
      atCommon: commons[i] as Pace,
    }));
  } finally {
    await stopAll(servers);
  }
}

async function pacesInTurns(
  { isQuick }: Sitting,
  pacer: Pacer,
  servers: readonly Server[],
  rateOf: (server: Server, i: number) => number,
): Promise<Pace[]> {
  const paces: Pace[][] = servers.map(() => []);
  for (let round = 0; round < (isQuick ? 1 : 3); round++) {
    for (const [i, server] of servers.entries()) {
      paces[i]?.push(await pacer(server, rateOf(server, i), isQuick ? 2 : 4));
    }
  }
  return paces.map(middlePace);
}

/** By its 99th percentile; losses of all rounds. */
export function middlePace(rounds: readonly Pace[]): Pace {
  const median = medianBy(rounds, ({ p99 }) => p99) as Pace;
  return { ...median, lost: rounds.reduce((sum, { lost }) => sum + lost, 0) };
}
