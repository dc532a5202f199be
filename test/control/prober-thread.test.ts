/** The prober thread as the control thread has it: real threads, members that are processes, real deaths. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { Histograms } from '../../src/base/histogram.ts';
import { realWorld } from '../../src/base/world.ts';
import { BugLog } from '../../src/control/bugs.ts';
import { spawnThread } from '../../src/control/fronts.ts';
import { openLog } from '../../src/control/log.ts';
import { poolStandings } from '../../src/control/pool-standings.ts';
import type { ProberPublication } from '../../src/control/prober-letters.ts';
import { ownDoors, ProberThread } from '../../src/control/prober-thread.ts';
import { Reports } from '../../src/control/reports.ts';
import type { Check } from '../../src/health/check.ts';
import { MemberWord, membersOf, poolsIn, Status } from '../../src/pool/plan.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import { LATENCY_ROWS } from '../../src/server/observer.ts';
import type { Image, ImageVersion } from '../../src/zone/image.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { image, SOA_AND_NS } from '../support/authority.ts';
import { until } from '../transport/peer.ts';

const ENTRY = new URL('../../src/prober.ts', import.meta.url);

const zone = (pools: string): Image =>
  planned(image('z.test.', `$TTL 60\n${SOA_AND_NS}${pools}\n`), undefined);
const versions = (...images: Image[]): ImageVersion[] =>
  images.map(({ buffer, end, plan }) => ({ buffer, end, plan }));

/** Of each member, in the order of its records. */
function statuses(of: Image): number[] {
  const plan = of.pools as Int32Array;
  return [...poolsIn(plan)].flatMap((pool) =>
    [...membersOf(plan, pool)].map((member) => Atomics.load(plan, member + MemberWord.STATUS)),
  );
}
const shares = (of: Image): boolean[] => statuses(of).map((status) => (status & Status.SHARE) > 0);
const are = (of: Image, ...isIn: boolean[]): Promise<void> =>
  until(() => JSON.stringify(shares(of)) === JSON.stringify(isIn));

let folder: string;
let counters: Counters;
let logged: string;
let prober: ProberThread;
let threads: Worker[];
let members: ChildProcess[];

function newProber(): ProberThread {
  const out = new PassThrough().on('data', (chunk: Buffer) => {
    logged += chunk;
  });
  const { logger } = openLog({ level: 'info', format: 'json', queries: false }, out, false);
  const spawnProber = spawnThread<ProberPublication>(ENTRY);
  return new ProberThread({
    ...{ world: realWorld, counters, latency: new Histograms(LATENCY_ROWS), logger },
    bugs: new BugLog(logger, realWorld),
    onSightings: () => undefined,
    onLimited: () => undefined,
    holdsFile: join(folder, 'holds'),
    spawn: (start) => {
      const worker = spawnProber(start);
      threads.push(worker);
      return worker;
    },
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-prober-'));
  counters = new Counters();
  logged = '';
  threads = [];
  members = [];
  prober = newProber();
});
afterEach(async () => {
  await prober.stop();
  for (const member of members) member.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A process that accepts connections; its port. */
async function member(): Promise<number> {
  const script = `const s = require('net').createServer((c) => c.end());
    s.listen(0, '127.0.0.1', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  members.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return Number(String(line));
}

const tcp: Check = {
  ...{ name: 'tcp', procedure: { kind: 'tcp', port: undefined } },
  ...{ intervalMs: 200, timeoutMs: 200, rise: 2, fall: 2 },
};
const checked = (port: number): string => `www POOL 127.0.0.1 port=${port} check=tcp`;

const told: Check = { ...tcp, name: 'told', procedure: { kind: 'external' } };
const health = {
  checks: [tcp, told],
  probes: { allow: ['127.0.0.0/8'], perSecond: 1_000, atOnce: 10 },
  doors: [],
};

test('there is none where no pool has checks', async () => {
  prober.follow({ images: versions(zone('www POOL 127.0.0.1'), image('y.test.', SOA_AND_NS)), health });
  await prober.start();
  expect(threads).toEqual([]);
  expect(prober.standing).toMatchObject({ isAlive: false, checks: [] });
  await expect(prober.inquiries.ask('members', { pool: undefined })).rejects.toThrow('no pool');
});

test('when it has started, the first results are in; who dies is out, and all hear of it', async () => {
  const [one, other] = [await member(), await member()];
  const pools = zone(`${checked(one)}\n${checked(other)}`);
  prober.follow({ images: versions(pools), health });
  await prober.start();
  expect(shares(pools)).toEqual([true, true]);
  members[1]?.kill('SIGKILL');
  await are(pools, true, false);
  await until(() => logged.includes('a pool member is down'));
  expect(JSON.parse(logged.split('\n')[0] ?? '')).toMatchObject({
    ...{ level: 'warn', check: 'tcp', target: `127.0.0.1:${other}`, why: 'connection refused' },
  });
  expect(counters.get(Counter.targetsDown)).toBe(1);
  await until(() => prober.standing.checks[0]?.down === 1);
  expect(prober.standing.checks[0]).toEqual({ check: 'tcp', down: 1, pending: 0, up: 1 });
  expect(poolStandings([pools])[0]).toMatchObject({ changes: 1, members: { up: 1, down: 1 } });
  expect(prober.probeTimes.row(0).sumUs).toBeGreaterThan(0);
});

test('it comes with the first check and goes with the last', async () => {
  const port = await member();
  prober.follow({ images: versions(zone('www POOL 127.0.0.1')), health });
  await prober.start();
  const pools = zone(checked(port));
  prober.follow({ images: versions(pools) });
  await are(pools, true);
  prober.follow({ images: versions(zone('www POOL 127.0.0.1')) });
  await until(() => !prober.standing.isAlive);
  expect(threads.length).toBe(1);
});

test('one that dies is followed by one that knows what it knew', async () => {
  const [one, other] = [await member(), await member()];
  const pools = zone(`${checked(one)}\n${checked(other)}`);
  prober.follow({ images: versions(pools), health });
  await prober.start();
  await threads[0]?.terminate();
  await until(() => threads.length === 2);
  const pending = statuses(pools).map((status) => status & Status.PENDING);
  expect(pending).toEqual([0, 0]);
  members[0]?.kill('SIGKILL');
  await are(pools, false, true);
  expect(counters.get(Counter.probersDied)).toBe(1);
});

test('whom an operator holds is held, also over a restart, until he is released', async () => {
  const port = await member();
  const pools = zone(`${checked(port)}\nwww POOL 127.0.0.2\nwww POOL 127.0.0.3`);
  prober.follow({ images: versions(pools), health });
  await prober.start();
  expect(prober.hold('www.z.test.', '127.0.0.2', 'drain')).toBe(true);
  await are(pools, true, false, true);
  await prober.stop();
  prober = newProber();
  const again = zone('www POOL 127.0.0.2\nwww POOL 127.0.0.3');
  prober.follow({ images: versions(again), health });
  await prober.start();
  await are(again, false, true);
  expect(prober.standing.held).toBe(1);
  prober.hold('www.z.test.', '127.0.0.2', undefined);
  await are(again, true, true);
  await until(() => !prober.standing.isAlive);
  expect(readFileSync(join(folder, 'holds'), 'utf8')).toBe('');
});

test('a file of holds that is damaged is told, and holds nobody', async () => {
  writeFileSync(join(folder, 'holds'), '{"pool":"www.z.test.","member":"127.0.0.2","hold":"drain"}\n{"po');
  const damaged = newProber();
  expect(damaged.standing.held).toBe(0);
  await until(() => logged.includes('damaged'));
});

test('what others reported outlives it', async () => {
  const members = (owner: string): string =>
    [1, 2, 3].map((host) => `${owner} POOL 10.0.0.${host} check=told`).join('\n');
  const pools = zone(members('www'));
  prober.follow({ images: versions(pools), health });
  await prober.start();
  await until(() => prober.inquiries.isOpen);
  const say = (host: number, isUp: boolean): Promise<number> =>
    prober.report({ check: 'told', address: Uint8Array.of(10, 0, 0, host), isUp, forMs: Infinity });
  expect([await say(1, true), await say(2, false), await say(9, true)]).toEqual([1, 1, 0]);
  await are(pools, true, false, false);
  // In other memory nothing is known of its members.
  const others = zone(members('own'));
  await threads[0]?.terminate();
  prober.follow({ images: versions(others), health });
  await until(() => threads.length === 2);
  await are(others, true, false, false);
  const told = await prober.inquiries.ask('members', { pool: 'own.z.test.' });
  expect(told.map(({ targets: [target] }) => target?.standing)).toEqual(['up', 'down', 'pending']);
});

test('reports hold for as long as was said, the last word of each', async () => {
  const world = new VirtualWorld();
  const reports = new Reports(world);
  const say = (host: number, isUp: boolean, forMs: number): void =>
    reports.keep({ check: 'told', address: Uint8Array.of(10, 0, 0, host), isUp, forMs });
  say(1, false, Infinity);
  say(2, true, 5_000);
  say(1, true, Infinity);
  await world.pass(3_000);
  const told = (): unknown[] => reports.all.map(({ address, isUp, forMs }) => [address[3], isUp, forMs]);
  expect(told()).toEqual([
    [2, true, 2_000],
    [1, true, Infinity],
  ]);
  await world.pass(2_000);
  expect(told()[0]).toEqual([2, false, Infinity]);
});

test('it tells how members stand, and hears how others find them', async () => {
  const pools = zone('www POOL 10.0.0.1 check=told\nother POOL 10.0.0.2 check=told');
  prober.follow({ images: versions(pools), health });
  await prober.start();
  const address = Uint8Array.of(10, 0, 0, 1);
  const report = { check: 'told', address, isUp: true, forMs: Infinity };
  await until(() => prober.inquiries.isOpen);
  expect(await prober.inquiries.ask('report', report)).toBe(1);
  expect(await prober.inquiries.ask('report', { ...report, check: 'tcp' })).toBe(0);
  const [www, ...others] = await prober.inquiries.ask('members', { pool: 'www.z.test.' });
  expect(others).toEqual([]);
  expect(www).toMatchObject({ member: '10.0.0.1', targets: [{ standing: 'up', nextMs: undefined }] });
});

test('our doors are all addresses at which we listen', () => {
  const listen = [{ address: '127.0.0.9', port: 5300 }];
  expect(ownDoors(listen, { address: '127.0.0.9', port: 9153 })).toEqual([
    { address: '127.0.0.9', port: 5300 },
    { address: '127.0.0.9', port: 9153 },
  ]);
  expect(ownDoors([], false)).toContainEqual({ address: '127.0.0.1', port: 53 });
});
