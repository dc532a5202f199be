/**
 * Cairn and its peers, each started the same way: one zone, one thread, one core, no logging of queries, on a
 * loopback port that the system chose. A server is up when it answers, and gone when the bench is.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';
import { cpuSeconds, isInstalled, PATH } from './machine.ts';
import type { Workload } from './zone.ts';

export const SERVER_CORE = '0';
export const CLIENT_CORE = '1';

/** What to run, given a folder, the zone in it, and a port. */
interface Recipe {
  readonly name: string;
  readonly program: string;
  command(folder: string, zone: Workload, port: number): readonly string[];
}

const cairn: Recipe = {
  name: 'Cairn',
  program: 'sh',
  command: (folder, { apex, file }, port) => [
    new URL('../bin/cairn', import.meta.url).pathname,
    ...[
      'serve',
      '--no-recursion',
      '--listen',
      `127.0.0.1:${port}`,
      '--zone',
      `${apex}=${join(folder, file)}`,
    ],
  ],
};

const nsd: Recipe = {
  name: 'NSD',
  program: 'nsd',
  command(folder, { apex, file }, port) {
    const own = join(folder, `nsd-${port}`);
    const server = [
      ...[`ip-address: 127.0.0.1@${port}`, 'server-count: 1', 'username: ""', 'chroot: ""', 'database: ""'],
      ...[`zonesdir: ${folder}`, `pidfile: ${own}/pid`, `xfrdfile: ${own}/xfrd`, `zonelistfile: ${own}/list`],
      ...['verbosity: 0', 'rrl-ratelimit: 0'],
    ];
    mkdirSync(own);
    const zoneLines = `zone:\n  name: ${apex}\n  zonefile: ${file}\n`;
    writeFileSync(
      join(own, 'conf'),
      `server:\n  ${server.join('\n  ')}\nremote-control:\n  control-enable: no\n${zoneLines}`,
    );
    return ['nsd', '-d', '-c', join(own, 'conf')];
  },
};

const knot: Recipe = {
  name: 'Knot DNS',
  program: 'knotd',
  command(folder, { apex, file }, port) {
    const own = join(folder, `knot-${port}`);
    mkdirSync(own);
    writeFileSync(
      join(own, 'conf'),
      `server:\n  listen: 127.0.0.1@${port}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n` +
        `  rundir: ${own}\ndatabase:\n  storage: ${own}\nlog:\n  - target: stderr\n    any: error\n` +
        `zone:\n  - domain: ${apex}\n    file: ${join(folder, file)}\n    storage: ${folder}\n` +
        '    zonefile-load: whole\n    journal-content: none\n',
    );
    return ['knotd', '-c', join(own, 'conf')];
  },
};

/** Not a server: what the kernel alone costs. */
const echo: Recipe = {
  name: 'C echo',
  program: 'cc',
  command(folder, _zone, port) {
    const program = join(folder, 'echo');
    const source = new URL('./echo.c', import.meta.url).pathname;
    execFileSync('cc', ['-O2', '-o', program, source]);
    return [program, String(port)];
  },
};

export const RECIPES: readonly Recipe[] = [cairn, nsd, knot];
/** With the floor beside them. */
export const UDP_RECIPES: readonly Recipe[] = [...RECIPES, echo];

export interface Server {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
  /** Of that, what a core was busy: user and system time. */
  readonly startCpuMs: number;
  stop(): Promise<void>;
}

const START_MS_MAX = 30_000;

/**
 * Starts a server and waits for its first answer to `question`; or tells `skip` why a peer has to be left
 * out.
 */
export async function start(
  recipe: Recipe,
  folder: string,
  zone: Workload,
  question: string,
  skip: (why: string) => void,
): Promise<Server | undefined> {
  if (!isInstalled(recipe.program)) return skip(`${recipe.name}: not installed`) as undefined;
  const port = await freePort();
  const command = recipe.command(folder, zone, port);
  const began = performance.now();
  const child = spawn('taskset', ['-c', SERVER_CORE, ...command], {
    env: { ...process.env, PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr?.on('data', (bytes) => (complaint = `${complaint}${bytes}`.slice(-2_000)));
  const stop = (): Promise<void> => end(child);
  if (await answers(port, question, child)) {
    const pid = child.pid as number;
    const startMs = Math.round(performance.now() - began);
    return { name: recipe.name, pid, port, startMs, startCpuMs: Math.round(1_000 * cpuSeconds(pid)), stop };
  }
  await stop();
  const why = `${recipe.name} does not answer: ${complaint.trim() || 'it gives no reason'}`;
  if (recipe === cairn) throw new Error(why);
  return skip(why) as undefined;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(killer);
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Asks every few milliseconds until a NOERROR with an answer comes. */
async function answers(port: number, question: string, child: ChildProcess): Promise<boolean> {
  const query = writeQuery({
    ...{ id: 1, spelled: nameFromText(question) as Uint8Array, type: 1, class: 1, recursionDesired: false },
  });
  const socket = createSocket('udp4');
  let answered = false;
  socket.on('error', () => undefined); // Refused: it does not listen yet.
  socket.on('message', (m) => (answered ||= ((m[3] as number) & 15) === 0 && m.readUInt16BE(6) > 0));
  const giveUp = performance.now() + START_MS_MAX;
  while (!answered && child.exitCode === null && performance.now() < giveUp) {
    socket.send(query, port, '127.0.0.1');
    await sleep(3);
  }
  socket.close();
  return answered;
}
