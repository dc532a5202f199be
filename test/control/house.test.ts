import { PassThrough } from 'node:stream';
import { decode, encode, type Packet, type RecordType } from 'dns-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { Histograms } from '../../src/base/histogram.ts';
import { parseIp } from '../../src/base/ip.ts';
import { HOSTS_WAIT_MS } from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import { BugLog } from '../../src/control/bugs.ts';
import { configure } from '../../src/control/config.ts';
import type { ResolverPublication } from '../../src/control/front-letters.ts';
import { spawnThread } from '../../src/control/fronts.ts';
import { HandOver } from '../../src/control/hand-over.ts';
import { House } from '../../src/control/house.ts';
import type { Loadout } from '../../src/control/load.ts';
import { type Log, openLog } from '../../src/control/log.ts';
import { ResolverThread } from '../../src/control/resolver-thread.ts';
import type { Settings } from '../../src/control/settings.ts';
import { LATENCY_ROWS, latencyRow, Path } from '../../src/server/observer.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { catalog } from '../support/authority.ts';
import { until } from '../transport/peer.ts';

const RECURSION = new URL('../../src/recursion.ts', import.meta.url);

/**
 * Without zones and root hints; names of the hosts file are all that can be resolved, and nobody is asked.
 */
function loadout(hostsText: string | undefined, zones = new Catalog([])): Loadout {
  return { catalog: zones, zones: [], rootHints: [], hostsText, rules: [] };
}

const HOSTS = '192.0.2.1 printer\n';
let defaults: Settings;
let log: Log;
let logged: string;
let house: House;
let handOver: HandOver;
let resolver: ResolverThread;
let latency: Histograms;

beforeEach(async () => {
  const { settings } = await configure({}, '/none');
  if (settings === undefined) throw new Error('the defaults are valid');
  defaults = settings;
  logged = '';
  const out = new PassThrough();
  out.on('data', (chunk: Buffer) => {
    logged += chunk;
  });
  log = openLog(settings.log, out, false);
  latency = new Histograms(LATENCY_ROWS);
  const ground = {
    world: realWorld,
    counters: new Counters(),
    latency,
    log,
    bugs: new BugLog(log.logger, realWorld),
  };
  house = new House(settings, loadout(HOSTS), ground);
  handOver = new HandOver(house.pipeline, ground.counters);
  resolver = new ResolverThread({
    ...{ ...ground, logger: log.logger, spawn: spawnThread<ResolverPublication>(RECURSION) },
    onSightings: (posted) => house.logSightings(posted),
    onLimited: (note) => house.noteLimited(note),
    onChange: () => handOver.reconnect(resolver),
  });
  const follow = (published: Parameters<typeof resolver.follow>[0]): void => resolver.follow(published);
  house.follow({ all: follow, ahead: follow });
  await resolver.start();
});
afterEach(async () => {
  await resolver.stop();
  await house.close();
});

async function ask(name: string, type: RecordType = 'A', address = '127.0.0.1'): Promise<string> {
  const query = encode({ type: 'query', id: 1, flags: 0x100, questions: [{ name, type }] });
  const out = new Uint8Array(65_535);
  const answer = await new Promise<Uint8Array>((resolve) => {
    const client = { transport: 'udp', address: parseIp(address) as Uint8Array, port: 5_000 } as const;
    const length = handOver.answer(query, query.length, client, out, resolve);
    if (length > 0) resolve(out.subarray(0, length));
  });
  const packet: Packet = decode(Buffer.from(answer));
  const [first] = packet.answers ?? [];
  if (first !== undefined && 'data' in first) return String(first.data);
  return (packet as { rcode?: string }).rcode ?? '';
}

const withRecursion = (changed: Partial<Settings['recursion']>): Settings => ({
  ...defaults,
  recursion: { ...defaults.recursion, ...changed },
});

test('names are resolved for neighbours, and nobody else', async () => {
  expect(await ask('printer')).toBe('192.0.2.1');
  expect(await ask('printer', 'A', '198.51.100.1')).toBe('REFUSED');
});

test('who may recurse changes with the next query', async () => {
  expect(await house.apply(withRecursion({ allow: ['198.51.100.0/24'] }), loadout(HOSTS))).toEqual([]);
  expect(await ask('printer')).toBe('REFUSED');
  expect(await ask('printer', 'A', '198.51.100.1')).toBe('192.0.2.1');
});

test('recursion can be switched off and on again', async () => {
  await house.apply(withRecursion({ enabled: false }), loadout(HOSTS));
  expect(await ask('printer')).toBe('REFUSED');
  expect(await ask('printer')).toBe('REFUSED');
  await house.apply(defaults, loadout(HOSTS));
  await resolver.start();
  expect(await ask('printer')).toBe('192.0.2.1');
});

test('while its thread is away, recursion is SERVFAIL and zones are answered', async () => {
  const ours = catalog({ 'example.com': '@ 60 SOA ns host 1 1 1 1 1\n@ 60 NS ns\nwww 60 A 192.0.2.8\n' });
  await house.apply(defaults, loadout(HOSTS, ours));
  await resolver.stop();
  expect(await ask('printer')).toBe('SERVFAIL');
  expect(await ask('www.example.com')).toBe('192.0.2.8');
  expect(handOver.pending).toBe(0);
});

test('another hosts file is served', async () => {
  await house.apply(defaults, loadout('192.0.2.2 printer\n'));
  expect(await ask('printer')).toBe('192.0.2.2');
});

test('zones are replaced whole', async () => {
  const zone = (address: string): Catalog =>
    catalog({ 'example.com': `@ 60 SOA a b 1 1 1 1 1\n@ 60 NS a\na 60 A 192.0.2.53\nwww 60 A ${address}\n` });
  await house.apply(defaults, loadout(HOSTS, zone('192.0.2.8')));
  expect(await ask('www.example.com')).toBe('192.0.2.8');
  await house.apply(defaults, loadout(HOSTS, zone('192.0.2.9')));
  expect(await ask('www.example.com')).toBe('192.0.2.9');
  await house.apply(defaults, loadout(HOSTS));
  expect(house.catalog.zoneCount).toBe(0);
});

test('while hosts of a new zone are looked for, settings are as they were, too', async () => {
  const world = new VirtualWorld();
  const grounds = { world, counters: new Counters(), latency, log, bugs: new BugLog(log.logger, world) };
  const waiting = new House(defaults, loadout(HOSTS), grounds);
  let ahead = 0;
  waiting.follow({ all: () => {}, ahead: () => void ahead++ });
  const id = (): string => {
    const questions = [{ name: 'id.server', type: 'TXT', class: 'CH' } as const];
    const query = encode({ type: 'query', id: 1, questions });
    const out = new Uint8Array(512);
    const client = { transport: 'tcp', address: Uint8Array.of(127, 0, 0, 1), port: 5_000 } as const;
    const length = waiting.pipeline.answer(query, query.length, client, out, () => {});
    return String((decode(Buffer.from(out.subarray(0, length))).answers?.[0] as { data?: unknown })?.data);
  };
  const [before, named] = [id(), { ...defaults, identity: { ...defaults.identity, id: 'another' } }];
  const ours = (serial: number): Catalog =>
    catalog({
      'z.test': `@ 60 SOA a b ${serial} 1 1 1 1\n@ 60 NS a\na 60 A 192.0.2.53\nw POOL h.test.\n`,
    });
  const applied = waiting.apply(named, loadout(HOSTS, ours(1)));
  await world.pass(HOSTS_WAIT_MS / 2);
  expect([ahead, waiting.catalog.zoneCount, id()]).toEqual([1, 0, before]);
  await world.until(applied);
  expect([waiting.catalog.zoneCount, id()]).toEqual([1, 'another']);
  // Whoever is served by now is waited for no more.
  const againMs = world.nowMs();
  await world.until(waiting.apply(defaults, loadout(HOSTS, ours(2))));
  expect([ahead, world.nowMs() - againMs]).toEqual([1, 0]);
});

test('what waits for a restart is named', async () => {
  const listen = [{ address: '127.0.0.1', port: 53 }];
  const tcp = { ...defaults.tcp, idleMs: 1 };
  const http = { listen: { address: '127.0.0.1', port: 9_153 } };
  expect(await house.apply({ ...defaults, listen, tcp, http, user: 'x' }, loadout(HOSTS))).toEqual([
    'listen',
    'tcp',
    'http',
    'user',
  ]);
});

test('queries are logged from when it is asked for until it is not', async () => {
  await ask('printer');
  expect(logged).toBe('');
  await house.apply(
    { ...defaults, log: { ...defaults.log, queries: { every: 1, format: 'json', to: undefined } } },
    loadout(HOSTS),
  );
  await ask('printer');
  await until(() => logged !== '');
  expect(JSON.parse(logged)).toMatchObject({
    msg: 'query',
    client: '127.0.0.1#5000',
    over: 'udp',
    name: 'printer.',
    type: 'A',
    class: 'IN',
    rcode: 'NOERROR',
  });
  logged = '';
  await house.apply(defaults, loadout(HOSTS));
  await ask('printer');
  expect(logged).toBe('');
});

test('each answer is logged and timed by the path it took', async () => {
  const queries = { every: 1, format: 'json', to: undefined } as const;
  const http = { listen: { address: '127.0.0.1', port: 9_153 } };
  const ours = catalog({ 'example.com': '@ 60 SOA ns host 1 1 1 1 1\n@ 60 NS ns\nwww 60 A 192.0.2.8\n' });
  await house.apply({ ...defaults, http, log: { ...defaults.log, queries } }, loadout(HOSTS, ours));
  for (const name of ['www.example.com', 'printer', 'nobody.knows']) await ask(name);
  await ask('printer', 'A', '198.51.100.1');
  house.answersItself();
  await until(() => logged.trimEnd().split('\n').length === 4);
  const lines = logged.trimEnd().split('\n');
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const rows = told.map(({ name, path, rcode, flags }) => [name, path, rcode, flags].join(' '));
  expect(rows.sort()).toEqual([
    'nobody.knows. recursive SERVFAIL rd ra',
    'printer. cached NOERROR aa rd ra',
    'printer. other REFUSED rd',
    'www.example.com. authoritative NOERROR aa rd ra',
  ]);
  const { counts } = latency.row(latencyRow(Path.RECURSIVE, false));
  expect(counts.reduce((sum, n) => sum + n)).toBe(1);
  expect(resolver.standing).toMatchObject({ resolutions: 0 });
});

test('it answers itself', () => {
  expect(house.answersItself()).toBe(true);
});

test('who is guarded from addresses of this network is from those behind the NAT64, too', async () => {
  const rebinding = { addresses: ['10.0.0.0/8', 'fd00::/8'], allow: [] };
  const dns64 = { prefix: '2001:db8:64::/96', clients: ['::/0'], exclude: [], ignore: [] };
  const addresses = async (recursion: Partial<Settings['recursion']>): Promise<unknown> => {
    await house.apply({ ...defaults, recursion: { ...defaults.recursion, ...recursion } }, loadout(HOSTS));
    return house.forThreads().rules.rebinding?.addresses;
  };
  expect(await addresses({ rebinding, dns64 })).toEqual(['10.0.0.0/8', 'fd00::/8', '2001:db8:64::a00:0/104']);
  expect(await addresses({ rebinding })).toEqual(['10.0.0.0/8', 'fd00::/8']);
  expect(await addresses({ dns64 })).toBeUndefined();
});
