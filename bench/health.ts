/**
 * What it costs to check who is up, and how soon it is known who is not. Ten thousand members at addresses of
 * their own behind one listener, each probed every ten seconds, beside the same pools without checks; and a
 * member that is a process, which is killed while its pool is asked for again and again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server as Listener } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMessage, writeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';
import { authorities } from './authorities.ts';
import { cpuSeconds, residentMb } from './machine.ts';
import { type Pace, type Pacer, pacerOver } from './pace.ts';
import { OURS, type Recipe, type Server, start, startAll, stopAll } from './servers.ts';
import type { Sitting } from './sitting.ts';
import { medianBy } from './statistics.ts';
import { chance, writeLines } from './zone.ts';

export const CHECKED_MEMBERS = 10_000;
const POOLS = 2_000;
const EVERY_SECONDS = 10;
const APEX = 'checked.test';
const HEAD = `$TTL 60\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\nh1 A 192.0.2.1\n`;
const QUERIES = 50_000;
const QUERIES_PER_SECOND = 10_000;
/** The first round, and what the engine makes of the code. */
const SETTLE_MS = 12_000;
const ASK_EVERY_MS = 5;
const GONE_MS = 500;
/** An answer that has not come by then is lost. */
const ANSWER_MS = 200;
const DEATH_MS_MAX = 10_000;

export interface HealthRow {
  /** Of a core, by checks alone. */
  readonly cpuPercent: number;
  readonly addedMb: number;
  /** With checks and without. */
  readonly p99: readonly [number, number];
  readonly lost: number;
  /** From the end of a member's process until it was in no answer. */
  readonly goneMs: readonly number[];
  /** Questions without an answer meanwhile. */
  readonly unanswered: number;
}

export async function measureHealth(sitting: Sitting): Promise<HealthRow | undefined> {
  const cost = await checkMany(sitting);
  if (cost === undefined) return undefined;
  const deaths = [];
  for (let round = 0; round < (sitting.isQuick ? 1 : 5); round++) deaths.push(await killOne(sitting));
  return {
    ...cost,
    goneMs: deaths.map(({ goneMs }) => goneMs),
    unanswered: deaths.reduce((sum, { unanswered }) => sum + unanswered, 0),
  };
}

type Cost = Omit<HealthRow, 'goneMs' | 'unanswered'>;

async function checkMany(sitting: Sitting): Promise<Cost | undefined> {
  const queries = join(sitting.folder, 'checked-queries.txt');
  const draw = chance(7);
  await writeLines(queries, '', QUERIES, () => `p${Math.floor(draw() * POOLS)}.${APEX} A\n`);
  const pacer = await pacerOver(sitting.folder, queries);
  if (pacer === undefined) return sitting.skip('health: its client needs a C compiler') as undefined;
  // Loopback has all of 127.0.0.0/8, and one socket hears all of it only as it hears everything.
  const listener = await listen('0.0.0.0');
  const servers = await startAll(
    [await serving(sitting, undefined), await serving(sitting, (listener.address() as AddressInfo).port)],
    sitting.startFor({ apex: APEX, file: '', records: 0 }),
  );
  try {
    await sleep(SETTLE_MS);
    return await costOf(sitting, pacer, servers as [Server, Server]);
  } finally {
    await stopAll(servers);
    listener.close();
  }
}

/** The second server is the one that checks. */
async function costOf(
  { isQuick }: Sitting,
  pacer: Pacer,
  [idle, checking]: readonly [Server, Server],
): Promise<Cost> {
  const addedMb = residentMb(checking.pid) - residentMb(idle.pid);
  const seconds = (isQuick ? 1 : 3) * EVERY_SECONDS;
  const before = [cpuSeconds(idle.pid), cpuSeconds(checking.pid)] as const;
  await sleep(1_000 * seconds);
  const spent = cpuSeconds(checking.pid) - before[1] - (cpuSeconds(idle.pid) - before[0]);
  const paces: [Pace[], Pace[]] = [[], []];
  for (let round = 0; round < (isQuick ? 1 : 5); round++) {
    paces[0].push(await pacer(checking, QUERIES_PER_SECOND, isQuick ? 2 : 4));
    paces[1].push(await pacer(idle, QUERIES_PER_SECOND, isQuick ? 2 : 4));
  }
  const [withChecks, without] = paces.map((own) => medianBy(own, ({ p99 }) => p99)?.p99 ?? Number.NaN);
  return {
    cpuPercent: (100 * spent) / seconds,
    addedMb,
    p99: [withChecks as number, without as number],
    lost: paces.flat().reduce((sum, { lost }) => sum + lost, 0),
  };
}

async function serving({ folder }: Sitting, port: number | undefined): Promise<Recipe> {
  const check = port === undefined ? '' : ' check=alive';
  const file = join(folder, `${APEX}.${port ?? 'idle'}.zone`);
  const each = CHECKED_MEMBERS / POOLS;
  const line = (i: number): string =>
    `p${Math.floor(i / each)} POOL 127.1.${i >> 8}.${i & 255} weight=${1 + (i % each)}${check}\n`;
  await writeLines(file, HEAD, CHECKED_MEMBERS, line);
  return checkingRecipe(
    APEX,
    file,
    port === undefined ? {} : { alive: checkOf(port, `${EVERY_SECONDS}s`, 3) },
  );
}

const checkOf = (port: number | undefined, interval: string, fall: number): object => ({
  ...{ tcp: { port }, interval, timeout: '500ms', rise: 1, fall },
});

function checkingRecipe(apex: string, file: string, checks: object): Recipe {
  const settings = { checks, probes: { allow: ['127.0.0.0/8'] } };
  const recipe = authorities({ apex, file, records: 0 }, settings).find(({ name }) => name === OURS);
  return recipe as Recipe;
}

async function listen(address: string): Promise<Listener> {
  const listener = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.destroy();
  });
  listener.listen({ host: address, port: 0, backlog: 1_024 });
  await once(listener, 'listening');
  return listener;
}

/** A member of two, gone without a word; asked for every few milliseconds until it is in no answer. */
async function killOne({ folder, skip }: Sitting): Promise<{ goneMs: number; unanswered: number }> {
  const apex = 'death.test';
  const file = join(folder, `${apex}.zone`);
  const members = [await Member.begin('127.2.0.1'), await Member.begin('127.2.0.2')] as const;
  try {
    const lines = members.map(
      ({ address, port }) => `h1 POOL ${address} weight=1 port=${port} check=alive\n`,
    );
    await writeLines(file, HEAD.replace(/^h1 .*\n/m, ''), members.length, (i) => lines[i] as string);
    const recipe = checkingRecipe(apex, file, { alive: checkOf(undefined, '1s', 2) });
    const server = (await start(recipe, { folder, question: `h1.${apex}`, skip })) as Server;
    try {
      await sleep(2_500 + 1_000 * Math.random()); // Long enough for two rounds; not in step with them.
      return await watchDeath(server.port, `h1.${apex}`, members[0]);
    } finally {
      await server.stop();
    }
  } finally {
    for (const member of members) member.kill();
  }
}

async function watchDeath(
  port: number,
  name: string,
  dying: Member,
): Promise<{ goneMs: number; unanswered: number }> {
  const socket = createSocket('udp4');
  const spelled = nameFromText(name) as Uint8Array;
  let asked = 0;
  let answered = 0;
  let lastSeenMs = 0;
  socket.on('message', (message) => {
    answered += 1;
    const isIn = readMessage(message)?.answer.some(({ rdata }) => dying.isAt(rdata));
    if (isIn) lastSeenMs = performance.now();
  });
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  dying.kill();
  const killedMs = performance.now();
  // Gone is who is not in the answers of half a second, of which it would be in every other one.
  for (let now = killedMs; now - Math.max(lastSeenMs, killedMs) < GONE_MS; now = performance.now()) {
    if (now - killedMs > DEATH_MS_MAX) break;
    socket.send(writeQuery({ id: asked++ & 0xffff, spelled, type: 1, class: 1, recursionDesired: false }));
    await sleep(ASK_EVERY_MS);
  }
  await sleep(ANSWER_MS);
  socket.close();
  return { goneMs: Math.max(0, lastSeenMs - killedMs), unanswered: asked - answered };
}

/** A process that accepts connections, and nothing else. */
class Member {
  readonly address: string;
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(address: string, port: number, process: ChildProcess) {
    this.address = address;
    this.port = port;
    this.#process = process;
  }

  static async begin(address: string): Promise<Member> {
    const program =
      "const s = require('net').createServer((c) => c.on('error', () => 0).destroy());" +
      `s.listen(0, '${address}', () => console.log(s.address().port))`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
    const kill = (): void => void child.kill('SIGKILL');
    process.on('exit', kill);
    child.on('exit', () => process.off('exit', kill));
    const [port] = await once(child.stdout, 'data');
    return new Member(address, Number(port), child);
  }

  isAt(address: Uint8Array): boolean {
    return this.address === address.join('.');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
