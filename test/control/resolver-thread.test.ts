/** The resolver thread as others have it: real threads, a small internet on loopback, deaths on demand. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { Histograms } from '../../src/base/histogram.ts';
import { UDP_BATCH_MAX, UNREAD_MAX } from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import { BugLog } from '../../src/control/bugs.ts';
import { configure } from '../../src/control/config.ts';
import type { UdpDoor } from '../../src/control/doors.ts';
import type { FrontPublication, ResolverPublication } from '../../src/control/front-letters.ts';
import { Fronts, spawnThread } from '../../src/control/fronts.ts';
import { HandOver } from '../../src/control/hand-over.ts';
import { House } from '../../src/control/house.ts';
import { type PostedAnswer, handOver as writeTo } from '../../src/control/line.ts';
import type { Loadout } from '../../src/control/load.ts';
import { openLog } from '../../src/control/log.ts';
import { ResolverThread } from '../../src/control/resolver-thread.ts';
import type { Settings } from '../../src/control/settings.ts';
import { LATENCY_ROWS } from '../../src/server/observer.ts';
import { LATER } from '../../src/transport/door.ts';
import { Bag } from '../../src/transport/udp-return.ts';
import { Rcode } from '../../src/wire/codes.ts';
import { readMessage } from '../../src/wire/message.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import type { LoadedZone } from '../../src/zone/loader.ts';
import { Internet } from '../operation/internet.ts';
import { catalog, client, lines, name, queryFor, SOA_AND_NS } from '../support/authority.ts';
import { native } from '../transport/batch-listener.ts';
import { type Peer, udpPeer, until } from '../transport/peer.ts';

const ROOT = '127.55.0.1';
const HOSTING = '127.55.0.2';
const SILENT = '127.55.0.3';
const soa = (ns: string): string => `@ 60 SOA ${ns} host.${ns} 1 3600 600 86400 30\n@ 3600 NS ${ns}\n`;
const root = `${soa('a.root.')}a.root. 60 A ${ROOT}
net. 60 NS a.net.
a.net. 60 A ${HOSTING}
dead. 60 NS a.dead.
a.dead. 60 A ${SILENT}
`;
const net = `${soa('a.net.')}a.net. 60 A ${HOSTING}
www 300 A 192.0.2.1
alias 200 CNAME www
to-ours 60 CNAME www.ours.example.
to-new 60 CNAME www.new.net.
www.new 300 A 192.0.2.66
below.www 60 A 192.0.2.7
`;
const internet = new Internet([
  { address: ROOT, zones: { '.': root } },
  { address: HOSTING, zones: { net } },
]);

const OURS = `${SOA_AND_NS}www 60 A 192.0.2.99\naway 60 CNAME www.net.\n`;
let settings: Settings;
let house: House;
let counters: Counters;
let logged: string;
let fronts: Fronts;
let resolver: ResolverThread;
let handOver: HandOver;
let door: UdpDoor;
let peer: Peer;
let threads: Worker[];
/** Hears everything and says nothing. */
let silent: Socket;

const loadout = (zones: Record<string, string>): Loadout => ({
  catalog: Object.keys(zones).length === 0 ? new Catalog([]) : catalog(zones),
  zones: [],
  rootHints: [{ name: name('a.root'), addresses: [ROOT] }],
  hostsText: '192.0.2.9 printer\n',
  rules: [],
});

beforeEach(async () => {
  await internet.open();
  silent = createSocket('udp4').bind(internet.port, SILENT);
  await once(silent, 'listening');
  const configured = await configure({}, '/none');
  const defaults = configured.settings as Settings;
  const neverQuery = { own: false, prefixes: [] };
  settings = {
    ...defaults,
    recursion: { ...defaults.recursion, neverQuery, upstreamPort: internet.port, clientMs: 1_500 },
  };
  [logged, threads] = ['', []];
  const out = new PassThrough();
  out.on('data', (chunk) => {
    logged += chunk;
  });
  const log = openLog({ level: 'info', format: 'json', queries: false }, out, false);
  counters = new Counters();
  const ground = {
    ...{ world: realWorld, counters, latency: new Histograms(LATENCY_ROWS), log },
    bugs: new BugLog(log.logger, realWorld),
  };
  house = new House(settings, loadout({ 'ours.example': OURS }), ground);
  handOver = new HandOver(house.pipeline, counters);
  const room = { ...ground, logger: log.logger, onSightings: () => {}, onLimited: () => {} };
  const spawn = spawnThread<ResolverPublication>(new URL('../../src/recursion.ts', import.meta.url));
  resolver = new ResolverThread({
    ...room,
    spawn: (start) => {
      const worker = spawn(start);
      threads.push(worker);
      return worker;
    },
    onChange: () => {
      handOver.reconnect(resolver);
      fronts.reconnect();
    },
  });
  const spawnFront = spawnThread<FrontPublication>(new URL('../../src/front.ts', import.meta.url));
  fronts = new Fronts(1, { ...room, native, switchboard: resolver, spawn: spawnFront });
  house.follow({
    all: ({ walk, neverQuery: never, ...common }) => {
      resolver.follow({ ...common, walk, ...(never && { neverQuery: never }) } as Parameters<
        typeof resolver.follow
      >[0]);
      fronts.publish(common);
    },
    ahead: () => {},
  });
  door = fronts.listen('127.0.0.1', 0);
  await resolver.start();
  await fronts.start();
  peer = await udpPeer(door.address, door.port);
});
afterEach(async () => {
  peer.close();
  await door.close();
  await fronts.stop();
  await resolver.stop();
  await house.close();
  silent.close();
  await internet.close();
});

async function heard(): Promise<string[]> {
  const message = readMessage(await peer.hear());
  return message === undefined ? [] : lines(message);
}

async function ask(question: string): Promise<string[]> {
  peer.send(queryFor(question, { rd: true }));
  return heard();
}

/** As over TCP: in the control thread. */
async function askTcp(question: string): Promise<string[]> {
  const packet = queryFor(question, { rd: true });
  const out = new Uint8Array(65_535);
  const bytes = await new Promise<Uint8Array>((resolve) => {
    const length = handOver.answer(packet, packet.length, client('tcp'), out, resolve);
    if (length !== LATER) resolve(out.slice(0, length));
  });
  const message = readMessage(bytes);
  return message === undefined ? [] : lines(message);
}

const ageless = (told: readonly string[]): string[] => told.map((line) => line.replace(/ \d+ IN /, ' IN '));

test('what is found out once is answered alike from then on by any thread', async () => {
  const questions = [
    'www.net',
    'alias.net',
    'away.ours.example',
    'nowhere.net',
    'www.net AAAA',
    'www.net ANY',
  ];
  const first: string[][] = [];
  for (const question of questions) first.push(ageless(await ask(question)));
  expect(first[1]).toEqual(['NOERROR ra', 'an alias.net. IN CNAME www.net.', 'an www.net. IN A 192.0.2.1']);
  expect(first[3]).toEqual(['NXDOMAIN ra', expect.stringContaining('ns net. IN SOA')]);
  expect(first[2]).toEqual(expect.arrayContaining(['NOERROR aa ra', 'an www.net. IN A 192.0.2.1']));
  // What it sends it counts afterwards: a thread that is ended between the two takes the count along.
  await until(() => counters.record().udpSent === questions.length);
  const { recursive = 0, recursionCached = 0 } = counters.record();
  // By the thread where the query is, which hands nothing over.
  await threads[0]?.terminate();
  const told = await internet.hearing(async () => {
    for (const [i, question] of questions.entries()) {
      expect([question, ageless(await ask(question))]).toEqual([question, first[i]]);
      expect([question, ageless(await askTcp(question))]).toEqual([question, first[i]]);
    }
  });
  expect(told).toEqual([]);
  await until(() => counters.record().udpSent === 2 * questions.length);
  expect(counters.record()).toMatchObject({
    recursive: recursive + 2 * questions.length,
    recursionCached: recursionCached + 2 * questions.length,
    queries: 3 * questions.length,
    handOversDropped: 0,
  });
});

test('nothing of our own is kept, nor what leads to it, nor failures, nor the hosts file', async () => {
  expect(await ask('to-ours.net')).toEqual([
    'NOERROR ra',
    'an to-ours.net. 60 IN CNAME www.ours.example.',
    'an www.ours.example. 60 IN A 192.0.2.99',
  ]);
  expect((await ask('printer'))[1]).toMatch(/192\.0\.2\.9$/);
  expect((await ask('a.localhost'))[0]).toBe('NOERROR aa ra');
  expect((await ask('www.dead'))[0]).toBe('SERVFAIL ra');
  // What is kept would be told all the same.
  await house.apply(settings, loadout({ 'ours.example': OURS.replace('192.0.2.99', '192.0.2.98') }));
  expect((await ask('to-ours.net'))[2]).toBe('an www.ours.example. 60 IN A 192.0.2.98');
  expect(counters.record()).toMatchObject({ recursionCached: expect.any(Number) });
  await until(() => resolver.standing.cacheEntries > 0);
  expect(resolver.standing.answerEntries).toBe(0);
});

test('a zone that becomes ours is answered for at once, also behind what others told', async () => {
  expect((await ask('to-new.net'))[2]).toBe('an www.new.net. 300 IN A 192.0.2.66');
  await house.apply(settings, loadout({ 'new.net': `${SOA_AND_NS}www 60 A 192.0.2.67\n` }));
  expect((await ask('to-new.net'))[2]).toBe('an www.new.net. 60 IN A 192.0.2.67');
  await house.apply(settings, loadout({}));
  expect((await ask('to-new.net'))[2]).toMatch(/^an www.new.net. \d+ IN A 192.0.2.66$/);
});

test('a copy of the root is asked in its place, until it has expired [RFC 8806]', async () => {
  const [image] = catalog({
    '.': root.replace('net. 60 NS a.net.', 'net. 60 NS a.net.\nonly.here. 60 NS a.net.'),
  }).images;
  const withRoot = (untilSeconds: number): Loadout => {
    const zone = { image, changes: [], origin: undefined, from: 'text' } as unknown as LoadedZone;
    return { ...loadout({ 'ours.example': OURS }), localRoot: { zone, untilSeconds } };
  };
  const hear = async (question: string): Promise<string[]> => {
    resolver.flush('all');
    await resolver.settled();
    return (await internet.hearing(() => ask(question))).filter((line) => line.startsWith(ROOT));
  };
  await house.apply(settings, withRoot(realWorld.wallSeconds() + 600));
  expect(await hear('www.net')).toEqual([]);
  expect(await hear('www.nowhere')).toEqual([]);
  expect((await ask('www.nowhere'))[0]).toBe('NXDOMAIN ra');
  await house.apply(settings, withRoot(realWorld.wallSeconds() - 1));
  expect(await hear('www.net')).not.toEqual([]);
});

test('what is flushed is asked for again: a name, what is below it, or everything', async () => {
  const questions = ['www.net', 'below.www.net', 'to-new.net'];
  const hear = async (): Promise<string[]> => {
    const told = await internet.hearing(async () => {
      for (const question of questions) await ask(question);
    });
    return told.filter((line) => line.startsWith(HOSTING)).map((line) => line.split(' ')[2] as string);
  };
  await hear();
  expect(await hear()).toEqual([]);
  resolver.flush({ name: name('www.net'), below: false });
  await resolver.settled();
  expect(await hear()).toEqual(['www.net.']);
  resolver.flush({ name: name('www.net'), below: true });
  await resolver.settled();
  expect(await hear()).toEqual(['www.net.', 'below.www.net.']);
  resolver.flush('all');
  await resolver.settled();
  expect(await hear()).toEqual(expect.arrayContaining(['www.net.', 'below.www.net.', 'to-new.net.']));
});

test('when it dies, who waits is told, what is known is answered, and another one comes', async () => {
  await ask('www.net');
  const waiting = askTcp('www.dead');
  await until(() => handOver.pending === 1);
  await threads[0]?.terminate();
  expect((await waiting)[0]).toBe('SERVFAIL ra');
  expect((await ask('www.net'))[0]).toBe('NOERROR ra');
  expect((await ask('www.ours.example'))[0]).toBe('NOERROR aa ra');
  await until(() => threads.length === 2);
  expect((await askTcp('alias.net'))[0]).toBe('NOERROR ra');
  expect((await ask('to-new.net'))[0]).toBe('NOERROR ra');
  expect(logged).toContain('a resolver thread died');
  expect(counters.record()).toMatchObject({ resolversDied: 1, frontsDied: 0 });
});

test('a reload that changes nothing of it leaves what all threads know, and who writes it', async () => {
  await ask('www.net');
  await until(() => resolver.standing.answerEntries === 1);
  const { answerBytes } = resolver.standing;
  for (const digit of [1, 2, 3]) {
    await house.apply(settings, loadout({ 'ours.example': OURS.replace('192.0.2.99', `192.0.2.${digit}`) }));
  }
  await ask('alias.net');
  await until(() => resolver.standing.answerEntries !== 1);
  expect(resolver.standing.answerEntries).toBe(2);
  expect(resolver.standing.answerBytes).toBeGreaterThan(answerBytes);
  const { recursionCached = 0 } = counters.record();
  await threads[0]?.terminate();
  expect((await ask('www.net'))[0]).toBe('NOERROR ra');
  expect(counters.record().recursionCached).toBe(recursionCached + 1);
});

test('of what is handed over it reads a batch a turn, and hears other servers meanwhile', async () => {
  const batches: number[] = [];
  const line = resolver.connect({}) ?? expect.fail('it is there');
  line.port.on('message', (answers: readonly PostedAnswer[]) => batches.push(answers.length));
  const packet = queryFor('www.ours.example');
  for (let sent = 0; sent < UNREAD_MAX; sent += UDP_BATCH_MAX) {
    const bag = new Bag();
    for (let i = 0; i < UDP_BATCH_MAX; i++) bag.putPosted(i, client('tcp'), packet, packet.length);
    expect(writeTo(line, bag.take(), UDP_BATCH_MAX)).toBe(true);
  }
  await until(() => batches.reduce((sum, answers) => sum + answers, 0) === UNREAD_MAX);
  expect(Math.max(...batches)).toBeLessThanOrEqual(UDP_BATCH_MAX);
  line.port.close();
});

test('of what is handed over, one zone does not wait for another that is asked for much more', async () => {
  const order: number[] = [];
  const line = resolver.connect({}) ?? expect.fail('it is there');
  line.port.on('message', (answers: readonly PostedAnswer[]) => {
    order.push(...answers.map(({ ticket }) => ticket));
  });
  const bag = new Bag();
  const put = (ticket: number, question: string): void => {
    const packet = queryFor(question);
    bag.putPosted(ticket, client('tcp'), packet, packet.length);
  };
  for (let ticket = 0; ticket < UDP_BATCH_MAX - 1; ticket++) put(ticket, `r${ticket}.ours.example`);
  put(UDP_BATCH_MAX, 'www.other.example');
  writeTo(line, bag.take(), UDP_BATCH_MAX);
  await until(() => order.length === UDP_BATCH_MAX);
  expect(order.slice(0, 3)).toEqual([0, UDP_BATCH_MAX, 1]);
  line.port.close();
});

test('of more than may wait, who asks in a way that has no second try is told so', async () => {
  const rcodes: number[] = [];
  const line = resolver.connect({}) ?? expect.fail('it is there');
  line.port.on('message', (answers: readonly PostedAnswer[]) => {
    rcodes.push(...answers.map(({ response }) => (response[3] as number) & 0xf));
  });
  const bag = new Bag();
  const packet = queryFor('www.ours.example');
  for (let i = 0; i < UDP_BATCH_MAX; i++) bag.putPosted(i, client('tcp'), packet, packet.length);
  const bytes = bag.take();
  const times = UNREAD_MAX / UDP_BATCH_MAX + 1;
  const all = new Uint8Array(times * bytes.length);
  for (let i = 0; i < times; i++) all.set(bytes, i * bytes.length);
  writeTo(line, all, times * UDP_BATCH_MAX);
  await until(() => rcodes.length === times * UDP_BATCH_MAX);
  expect(rcodes.filter((rcode) => rcode === Rcode.SERVFAIL)).toHaveLength(UDP_BATCH_MAX);
  expect(counters.record().handOversDropped).toBe(UDP_BATCH_MAX);
  expect(resolver.underway).toBe(0);
  line.port.close();
});

test('a reload takes it away and brings it back, and what it has in hand is answered first', async () => {
  peer.send(queryFor('www.dead', { rd: true }));
  await until(() => resolver.underway === 1);
  const off = { ...settings, recursion: { ...settings.recursion, enabled: false } };
  await house.apply(off, loadout({ 'ours.example': OURS }));
  expect((await heard())[0]).toBe('SERVFAIL ra');
  expect((await ask('www.net'))[0]).toBe('REFUSED');
  expect((await askTcp('www.net'))[0]).toBe('REFUSED');
  await house.apply(settings, loadout({ 'ours.example': OURS }));
  await resolver.start();
  expect((await ask('www.net'))[0]).toBe('NOERROR ra');
  expect([threads.length, counters.record().resolversDied]).toEqual([2, 0]);
});

test('an answer whose socket was closed meanwhile goes nowhere', async () => {
  peer.send(queryFor('www.dead', { rd: true }));
  await until(() => resolver.underway === 1);
  const { udpSent } = counters.record();
  await door.close();
  await until(() => resolver.underway === 0);
  expect(counters.record()).toMatchObject({ udpSent, udpSendFailed: 0, failed: 1 });
});

/** Of this process, with what waits for several of them. */
function openSockets(): number {
  const link = (fd: string): string => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // The folder's own.
    }
  };
  return readdirSync('/proc/self/fd').filter((fd) => /^socket:|eventpoll/.test(link(fd))).length;
}

test('a thread that is ended with questions out leaves no socket behind', async () => {
  await ask('www.net');
  const before = openSockets();
  for (let i = 0; i < 20; i++) peer.send(queryFor(`n${i}.dead`, { rd: true }));
  // Some share one.
  await until(() => openSockets() > before);
  await threads[0]?.terminate();
  await until(() => threads.length === 2);
  await resolver.settled();
  expect(openSockets()).toBeLessThanOrEqual(before);
});
