/**
 * Servers as child processes: each on the server's core, on a loopback port that the system chose, with a
 * folder of its own. A server is up when it answers, and gone when the bench is.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';
import { cpuSeconds, ENVIRONMENT, isInstalled } from './machine.ts';

const SERVER_CORE = '0';
export const CLIENT_CORE = '1';

/** How a server is run. */
export interface Recipe {
  readonly name: string;
  readonly program: string;
  /** The flag that makes it tell its version. */
  readonly version?: string;
  /** What to run, given an empty folder of its own, a port of 127.0.0.1, and threads for queries. */
  command(own: string, port: number, threads: number): readonly string[];
}

export interface Start {
  /** The bench's folder. */
  readonly folder: string;
  /** Asked until it is answered: an A record. */
  readonly question: string;
  readonly cores?: string;
  readonly threads?: number;
  /** Told why a peer has to be left out. */
  readonly skip: (why: string) => void;
}

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

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => void child.kill()));

/** What a program says. It ends with the bench. */
export async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const done = promisify(execFile)(program, args, { env: ENVIRONMENT, maxBuffer: 1 << 24 });
  running.add(done.child);
  try {
    return (await done).stdout;
  } finally {
    running.delete(done.child);
  }
}

export const OURS = 'Cairn';

/** Undefined when a peer has to be left out; that we cannot be started is an error. */
export async function start(recipe: Recipe, how: Start): Promise<Server | undefined> {
  const { name, program } = recipe;
  if (!isInstalled(program)) return how.skip(`${name}: not installed`) as undefined;
  const port = await freePort();
  const own = mkdtempSync(join(how.folder, `${program}-`));
  const command = recipe.command(own, port, how.threads ?? 1);
  const cores = how.cores ?? SERVER_CORE;
  const server = await launch(name, ['taskset', '-c', cores, ...command], '127.0.0.1', port, how.question);
  if (typeof server !== 'string') return server;
  if (name.startsWith(OURS)) throw new Error(server);
  return how.skip(server) as undefined;
}

/** Those that can be started, ours first. */
export async function startAll(recipes: readonly Recipe[], how: Start): Promise<Server[]> {
  const servers: Server[] = [];
  try {
    for (const recipe of recipes) {
      const server = await start(recipe, how);
      if (server) servers.push(server);
    }
    return servers;
  } catch (error) {
    await stopAll(servers);
    throw error;
  }
}

export const stopAll = (servers: readonly Server[]): Promise<unknown> =>
  Promise.all(servers.map((server) => server.stop()));

/** Runs a command and waits for its first answer; or a sentence that says why there is none. */
export async function launch(
  name: string,
  command: readonly string[],
  address: string,
  port: number,
  question: string,
): Promise<Server | string> {
  const began = performance.now();
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let complaint = '';
  child.stderr?.on('data', (bytes) => (complaint = `${complaint}${bytes}`.slice(-2_000)));
  const stop = (): Promise<void> => end(child);
  if (await answers(address, port, question, child)) {
    const pid = child.pid as number;
    const startMs = Math.round(performance.now() - began);
    return { name, pid, port, startMs, startCpuMs: Math.round(1_000 * cpuSeconds(pid)), stop };
  }
  await stop();
  return `${name} does not answer: ${complaint.trim() || 'it gives no reason'}`;
}

async function end(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(killer);
}

/** Free for UDP and for TCP. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const socket = createSocket('udp4').bind(port, '127.0.0.1');
  const isFree = await once(socket, 'listening').then(
    () => true,
    () => false,
  );
  socket.close();
  listener.close();
  return isFree ? port : freePort();
}

/** Asks every few milliseconds until a NOERROR with an answer comes. */
async function answers(
  address: string,
  port: number,
  question: string,
  child: ChildProcess,
): Promise<boolean> {
  const query = writeQuery({
    ...{ id: 1, spelled: nameFromText(question) as Uint8Array, type: 1, class: 1, recursionDesired: true },
  });
  const socket = createSocket('udp4');
  let answered = false;
  socket.on('error', () => undefined); // Refused: it does not listen yet.
  socket.on('message', (m) => (answered ||= ((m[3] as number) & 15) === 0 && m.readUInt16BE(6) > 0));
  const giveUp = performance.now() + START_MS_MAX;
  while (!answered && child.exitCode === null && child.signalCode === null && performance.now() < giveUp) {
    socket.send(query, port, address);
    await sleep(3);
  }
  socket.close();
  return answered;
}
