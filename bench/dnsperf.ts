/**
 * dnsperf on the client's core: as many queries as it and the server can do, and what each cost the server.
 * CPU is that of all processes and threads of the server, from before the first query to after the last
 * answer.
 */
import { cpuSeconds } from './machine.ts';
import { CLIENT_CORE, outputOf, type Server } from './servers.ts';
import { medianBy } from './statistics.ts';

export interface RateRow {
  readonly server: string;
  readonly perSecond: number;
  /** Without an answer after five seconds. */
  readonly lost: number;
  /** Answered with neither NOERROR nor NXDOMAIN. */
  readonly failed: number;
  /** User and system time of the server by answer. */
  readonly cpuMicros: number;
}

/** dnsperf's flags: how it asks, and for how long. */
export async function ask(
  server: Server,
  queries: string,
  flags: string,
  cores = CLIENT_CORE,
): Promise<RateRow> {
  const before = cpuSeconds(server.pid);
  const where = ['-s', '127.0.0.1', '-p', String(server.port), '-d', queries];
  const said = await outputOf('taskset', ['-c', cores, 'dnsperf', ...where, ...flags.split(' ')]);
  const spent = cpuSeconds(server.pid) - before;
  const { completed, ...rate } = ratesOf(said);
  return { server: server.name, ...rate, cpuMicros: (1e6 * spent) / completed };
}

/** What dnsperf says at its end. */
export function ratesOf(said: string): Omit<RateRow, 'server' | 'cpuMicros'> & { completed: number } {
  const figure = (label: string): number =>
    Number(new RegExp(`${label}: +([\\d.]+)`).exec(said)?.[1] ?? Number.NaN);
  const codes = /Response codes: +(.*)/.exec(said)?.[1] ?? '';
  const failed = [...codes.matchAll(/(\w+) (\d+) \(/g)]
    .filter(([, code]) => code !== 'NOERROR' && code !== 'NXDOMAIN')
    .reduce((sum, [, , count]) => sum + Number(count), 0);
  return {
    perSecond: Math.round(figure('Queries per second')),
    lost: figure('Queries lost'),
    failed,
    completed: figure('Queries completed'),
  };
}

/**
 * Rounds in which the servers take turns, so that a slow minute of the machine hits all of them. Of each
 * server the round in the middle by CPU; queries lost and failed in any round.
 */
export async function inTurns(
  servers: readonly Server[],
  rounds: number,
  run: (server: Server, round: number) => Promise<RateRow>,
): Promise<RateRow[]> {
  const rows = new Map(servers.map((server) => [server, [] as RateRow[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [server, own] of rows) own.push(await run(server, round));
  }
  return [...rows.values()].map(middleRound);
}

export function middleRound(rounds: readonly RateRow[]): RateRow {
  const sum = (of: (row: RateRow) => number): number => rounds.reduce((all, row) => all + of(row), 0);
  const median = medianBy(rounds, ({ cpuMicros }) => cpuMicros) as RateRow;
  return { ...median, lost: sum(({ lost }) => lost), failed: sum(({ failed }) => failed) };
}
