/**
 * Through the kernel: every server answers the same query list over UDP from one core, dnsperf asks from the
 * other. A warm pass, then rounds in which the servers take turns, so that a slow minute of the machine hits
 * all of them; of each server the median round is told.
 */
import { spawnSync } from 'node:child_process';
import { cpuSeconds, PATH } from './machine.ts';
import { CLIENT_CORE, type Server, start, UDP_RECIPES } from './servers.ts';
import type { Workload } from './zone.ts';

export interface UdpRow {
  readonly server: string;
  readonly perSecond: number;
  readonly lost: number;
  readonly cpuMicros: number;
}

export interface UdpEffort {
  readonly rounds: number;
  readonly seconds: number;
}

export async function measureUdp(
  folder: string,
  zone: Workload,
  queries: string,
  effort: UdpEffort,
  skip: (why: string) => void,
): Promise<UdpRow[]> {
  const servers: Server[] = [];
  try {
    for (const recipe of UDP_RECIPES) {
      const server = await start(recipe, folder, zone, `h1.${zone.apex}`, skip);
      if (server) servers.push(server);
    }
    for (const server of servers) ask(server, queries, 2);
    const rounds = Array.from({ length: effort.rounds }, () =>
      servers.map((server) => ask(server, queries, effort.seconds)),
    );
    return servers.map((_, i) => median(rounds.map((round) => round[i] as UdpRow)));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function median(rows: UdpRow[]): UdpRow {
  const sorted = rows.toSorted((a, b) => a.cpuMicros - b.cpuMicros);
  return { ...(sorted[sorted.length >> 1] as UdpRow), lost: rows.reduce((sum, row) => sum + row.lost, 0) };
}

function ask(server: Server, queries: string, seconds: number): UdpRow {
  const before = cpuSeconds(server.pid);
  const args = [
    '-s',
    '127.0.0.1',
    '-p',
    String(server.port),
    '-d',
    queries,
    '-c',
    '8',
    '-q',
    '200',
    '-l',
    String(seconds),
  ];
  const run = spawnSync('taskset', ['-c', CLIENT_CORE, 'dnsperf', ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH },
  });
  const spent = cpuSeconds(server.pid) - before;
  const figure = (label: string): number =>
    Number(new RegExp(`${label}: +([\\d.]+)`).exec(run.stdout)?.[1] ?? Number.NaN);
  return {
    server: server.name,
    perSecond: Math.round(figure('Queries per second')),
    lost: figure('Queries lost'),
    cpuMicros: (1e6 * spent) / figure('Queries completed'),
  };
}
