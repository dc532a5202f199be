/** Front threads as the control thread sees them: real threads, real sockets, and deaths on demand. */
import { PassThrough } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { Histograms } from '../../src/base/histogram.ts';
import { parseIp } from '../../src/base/ip.ts';
import {
  FRONT_SIGHTING_LETTERS_MAX,
  FRONT_WAKE_MS,
  HAND_OVERS_MAX,
  LATENCY_SAMPLE_MS,
  UDP_BYTES_MAX,
} from '../../src/base/limits.ts';
import { realWorld, type World } from '../../src/base/world.ts';
import { BugLog } from '../../src/control/bugs.ts';
import type { UdpDoor } from '../../src/control/doors.ts';
import {
  type FrontPublication,
  FrontWord,
  type ThreadStart,
  unpackSighting,
} from '../../src/control/front-letters.ts';
import { Fronts, type FrontsRoom, spawnThread } from '../../src/control/fronts.ts';
import type { LimitNote } from '../../src/control/limit-notes.ts';
import { hasRead, type Line, newLine, unread } from '../../src/control/line.ts';
import { openLog } from '../../src/control/log.ts';
import { AnswerMemory } from '../../src/server/answer-memory.ts';
import { AnswerWriter } from '../../src/server/answer-writer.ts';
import { LATENCY_ROWS, latencyRow, Path, type Sighting } from '../../src/server/observer.ts';
import { RateLimit } from '../../src/server/rate-limit.ts';
import { type Client, LATER } from '../../src/transport/door.ts';
import { Returns, unpack } from '../../src/transport/udp-return.ts';
import { type Message, readMessage } from '../../src/wire/message.ts';
import { nameText } from '../../src/wire/name.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { change } from '../../src/zone/change.ts';
import { Image, type ImageVersion } from '../../src/zone/image.ts';
import { catalog, lines, name, queryFor, SOA_AND_NS } from '../support/authority.ts';
import { changesIn } from '../support/changes.ts';
import { native } from '../transport/batch-listener.ts';
import { type Peer, udpPeer, until } from '../transport/peer.ts';

type FrontStart = ThreadStart<FrontPublication>;

const FRONT = new URL('../../src/front.ts', import.meta.url);
const spawnFront = spawnThread<FrontPublication>;

let fronts: Fronts;
let door: UdpDoor | undefined;
let counters: Counters;
let latency: Histograms;
let sightings: Sighting[];
let peers: Peer[];
let threads: { worker: Worker; start: FrontStart }[];
let logged: string[];
let limited: LimitNote[];
let world: World;
let farEnds: Line[];
let allowed: readonly number[];
/** What is done with queries that were handed over. */
let resume: (
  packet: Uint8Array,
  length: number,
  client: Client,
  out: Uint8Array,
  send: (response: Uint8Array) => void,
) => number;

/** A resolver thread in this one. */
const switchboard: FrontsRoom['switchboard'] = {
  connect() {
    const { near, far } = newLine();
    farEnds.push(far);
    far.port.on('message', (bag: Uint8Array) => read(far, bag));
    return near;
  },
  allow(open) {
    allowed = open;
  },
  settled: () => Promise.resolve(),
};

function read(line: Line, bag: Uint8Array): void {
  const returns = new Returns(native, counters);
  const out = new Uint8Array(65_535);
  let count = 0;
  for (const { way, packet } of unpack(bag)) {
    count += 1;
    const send = (response: Uint8Array): void => {
      returns.add(way, response);
      returns.flush((fd) => allowed.includes(fd));
    };
    const length = resume(packet, packet.length, way.client, out, send);
    if (length > 0) send(out.slice(0, length));
  }
  hasRead(line, count);
}

const zones = (address: string): ImageVersion[] =>
  catalog({ 'example.com': `${SOA_AND_NS}www 60 A ${address}\n` }).images.map(({ buffer, end }) => ({
    buffer,
    end,
  }));
const settings = {
  allow: ['127.0.0.0/8', '::1'],
  showPoolsTo: [],
  chaos: { version: undefined, hostname: undefined, id: undefined },
  watching: { isTimed: false, logEvery: undefined },
  guard: {
    allowQuery: undefined,
    own: [],
    limit: undefined,
    exempt: [],
    secrets: undefined,
    requireOverLimit: false,
    nsid: '',
    subnetsFrom: [],
    idleMs: 10_000,
    udpBytes: UDP_BYTES_MAX,
  },
};

const answers = { memory: AnswerMemory.make(0, realWorld), era: 1 };

function frontsOf(count: number, spawn = spawnFront(FRONT)): Fronts {
  const stream = new PassThrough();
  stream.on('data', (line) => logged.push(String(line)));
  const { logger } = openLog({ level: 'info', format: 'json', queries: false }, stream, false);
  const room: FrontsRoom = {
    ...{ native, world, counters, logger, bugs: new BugLog(logger, realWorld), latency },
    onSightings: (posted) => void sightings.push(...posted.map(unpackSighting)),
    switchboard,
    onLimited: (note) => limited.push(note),
    spawn: (start) => {
      const worker = spawn(start);
      threads.push({ worker, start });
      return worker;
    },
  };
  fronts = new Fronts(count, room);
  fronts.publish({ settings, images: zones('192.0.2.1'), answers, stop: false });
  return fronts;
}

async function started(count = 1, address = '127.0.0.1', spawn = spawnFront(FRONT)): Promise<UdpDoor> {
  frontsOf(count, spawn);
  door = fronts.listen(address, 0);
  await fronts.start();
  return door;
}

async function peerOf({ address, port }: UdpDoor): Promise<Peer> {
  const peer = await udpPeer(address, port);
  peers.push(peer);
  return peer;
}

const heard = async (peer: Peer): Promise<string[]> => {
  const message = readMessage(await peer.hear());
  return message ? lines(message) : [];
};

async function ask(peer: Peer, question: string, rd = false): Promise<string[]> {
  peer.send(queryFor(question, { rd }));
  return heard(peer);
}

beforeEach(() => {
  counters = new Counters();
  latency = new Histograms(LATENCY_ROWS);
  sightings = [];
  [peers, threads, logged, limited, farEnds, allowed, door] = [[], [], [], [], [], [], undefined];
  resume = () => 0;
  world = realWorld;
});
afterEach(async () => {
  for (const peer of peers) peer.close();
  await door?.close();
  await fronts.stop();
  for (const { port } of farEnds) port.close();
});

test('a front answers from the zones, and what it counts is counted', async () => {
  const peer = await peerOf(await started());
  expect(await ask(peer, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.2.1');
  // What was sent is counted behind the call that sends it.
  await until(() => counters.record().udpSent === 1);
  expect(counters.record()).toMatchObject({ queries: 1, authoritative: 1, udpReceived: 1 });
});

test('what is published holds for the next query', async () => {
  const peer = await peerOf(await started(2));
  for (const address of ['192.0.2.2', '192.0.2.3', '192.0.2.4']) {
    fronts.publish({ images: zones(address) });
    expect(await ask(peer, 'www.example.com')).toContain(`an www.example.com. 60 IN A ${address}`);
  }
  fronts.publish({ settings: { ...settings, chaos: { ...settings.chaos, id: 'seven' } } });
  peer.send(queryFor('id.server TXT', { klass: 3 }));
  expect(await heard(peer)).toContain('an id.server. 0 CH TXT "seven"');
});

test('one zone that changed is told alone, and to threads that come later as well', async () => {
  const place = (address: string): { image: ImageVersion & { place: number } } => {
    return { image: { place: 0, ...(zones(address)[0] as ImageVersion) } };
  };
  const peer = await peerOf(await started());
  fronts.publish(place('192.0.2.7'));
  expect(await ask(peer, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.2.7');
  await threads[0]?.worker.terminate();
  await until(() => threads.length === 2);
  expect(await ask(peer, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.2.7');
});

test('a change in the same memory leaves nothing to collect, and later threads know of it', async () => {
  const collections = new Int32Array(new SharedArrayBuffer(4));
  const text = `const { workerData } = require('node:worker_threads');
    globalThis.gc = () => Atomics.add(workerData.collections, 0, 1);
    import(${JSON.stringify(FRONT.href)})`;
  const counting = (start: FrontStart): Worker =>
    new Worker(text, { eval: true, workerData: { ...start, collections } });
  const peer = await peerOf(await started(1, '127.0.0.1', counting));
  const { buffer, end } = zones('192.0.2.7')[0] as ImageVersion;
  fronts.publish({ image: { place: 0, buffer, end } });
  await fronts.settled();
  await until(() => Atomics.load(collections, 0) > 0);
  await new Promise((resolve) => setTimeout(resolve, 2 * FRONT_WAKE_MS));
  const before = Atomics.load(collections, 0);
  const image = new Image(buffer, end);
  const changes = changesIn(image, name('example.com'), `${SOA_AND_NS}www 60 A 192.0.2.8`);
  const changed = change(image, changes);
  if (changed.kind !== 'changed') throw new Error(changed.kind);
  fronts.publish({ image: { place: 0, buffer: undefined, end: changed.image.end } });
  expect(await ask(peer, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.2.8');
  await threads[0]?.worker.terminate();
  await until(() => threads.length === 2);
  expect(await ask(peer, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.2.8');
  expect(Atomics.load(collections, 0)).toBe(before);
});

test.each(['127.0.0.1', '::1', '0.0.0.0'])(
  'what needs recursion is handed over, and its answer leaves %s, at once or later',
  async (address) => {
    const sends: (() => void)[] = [];
    const asked: unknown[] = [];
    resume = (packet, length, { transport, port, local }, out, send) => {
      asked.push({ transport, port, local });
      const answer = packet.slice(0, length);
      answer[2] = 0x80;
      if (asked.length === 1) out.set(answer);
      else sends.push(() => send(answer));
      return asked.length === 1 ? length : LATER;
    };
    const { port } = await started(1, address);
    const at = address === '0.0.0.0' ? '127.0.0.2' : address;
    const peer = await peerOf({ ...(door as UdpDoor), address: at, port });
    expect(await ask(peer, 'www.elsewhere.net', true)).toEqual(['NOERROR']);
    peer.send(queryFor('www.elsewhere.net', { rd: true }));
    await until(() => sends.length === 1);
    expect(await ask(peer, 'www.example.com', true)).toContain('an www.example.com. 60 IN A 192.0.2.1');
    sends[0]?.();
    expect(await heard(peer)).toEqual(['NOERROR']);
    const local = { address: parseIp(at), port };
    expect(asked).toEqual([1, 2].map(() => ({ transport: 'udp', port: peer.port, local })));
    expect(farEnds.map(unread)).toEqual([0]);
  },
);

test('an answer that comes when its socket is closed goes nowhere', async () => {
  let late: (() => void) | undefined;
  resume = (packet, length, _client, _out, send) => {
    const answer = packet.slice(0, length);
    late = () => send(answer);
    return LATER;
  };
  const peer = await peerOf(await started());
  peer.send(queryFor('www.elsewhere.net', { rd: true }));
  await until(() => late !== undefined);
  await door?.close();
  late?.();
  expect(counters.record()).toMatchObject({ udpSent: 0, udpSendFailed: 0 });
});

test('a front hands over no more than is read, and answers what it knows', async () => {
  const peer = await peerOf(await started());
  // Nobody has read anything for a long time.
  const [line] = farEnds as [Line];
  Atomics.store(line.queries, 1, -HAND_OVERS_MAX);
  peer.send(queryFor('www.elsewhere.net', { rd: true }));
  await until(() => counters.record().handOversDropped === 1);
  expect(await ask(peer, 'www.example.com', true)).toContain('an www.example.com. 60 IN A 192.0.2.1');
});

test('what is known of others is answered by the front, behind aliases of our own too', async () => {
  const memory = AnswerMemory.make(0, realWorld);
  const writer = new AnswerWriter(memory, () => realWorld.nowMs());
  const block = packRrset(1, 300, [Uint8Array.of(192, 0, 2, 9)]);
  const owner = name('www.elsewhere.net');
  const known = { rcode: 0, answer: [{ owner, block, ttl: 300 }], authority: [], ede: undefined };
  writer.keep(owner, 1, 0, 7, known, false);
  const peer = await peerOf(await started());
  const images = catalog({
    'example.com': `${SOA_AND_NS}away 60 CNAME www.elsewhere.net.
`,
  }).images.map(({ buffer, end }) => ({ buffer, end }));
  fronts.publish({ images, answers: { memory, era: 7 } });
  const told = expect.stringMatching(/^an wWw.elsewhere.net. \d+ IN A 192.0.2.9$/);
  expect(await ask(peer, 'wWw.elsewhere.net', true)).toEqual(['NOERROR ra', told]);
  expect(await ask(peer, 'away.example.com', true)).toEqual([
    'NOERROR aa ra',
    'an away.example.com. 60 IN CNAME www.elsewhere.net.',
    expect.stringMatching(/^an www.elsewhere.net. \d+ IN A 192.0.2.9$/),
  ]);
  await until(() => counters.record().udpSent === 2);
  expect(counters.record()).toMatchObject({
    recursive: 2,
    recursionCached: 2,
    authoritative: 1,
    answered: 2,
  });
  // In another era nobody knows it any more.
  let handed = 0;
  resume = () => handed++ * 0;
  fronts.publish({ answers: { memory, era: 8 } });
  peer.send(queryFor('www.elsewhere.net', { rd: true }));
  await until(() => handed === 1);
});

/** Says that it has followed whatever is published, and does nothing else. */
const FOLLOWING = `
  for (;;) Atomics.store(words, ${FrontWord.SEEN}, Atomics.load(words, ${FrontWord.GENERATION}));`;

test('a front that does not go round any more is ended, though nobody asks it to follow', async () => {
  world = {
    ...realWorld,
    nowMs: () => 100 * realWorld.nowMs(),
    after: (ms, call) => realWorld.after(ms / 50, call),
  };
  await started(1, '127.0.0.1', posing(FOLLOWING));
  await until(() => counters.record().frontsDied > 0);
  expect(logged.join('')).toContain('a thread is stuck');
});

const watched = (isTimed: boolean, logEvery?: number) => ({
  settings: { ...settings, watching: { isTimed, logEvery } },
});

test('what a front answered is seen by the control thread as the front saw it', async () => {
  const peer = await peerOf(await started());
  fronts.publish(watched(false, 1));
  await ask(peer, 'www.example.com');
  peer.send(new Uint8Array([7, 7, 0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]));
  await peer.hear();
  await until(() => sightings.length === 2);
  const [asked, update] = sightings as [Sighting, Sighting];
  const client = { transport: 'udp', address: Uint8Array.of(127, 0, 0, 1), port: peer.port };
  expect(asked).toMatchObject({ client, rcode: 0, path: Path.AUTHORITATIVE });
  expect(nameText(asked.query.name.bytes)).toBe('www.example.com.');
  expect(lines(readMessage(asked.out.subarray(0, asked.length)) as Message)).toContain(
    'an www.example.com. 60 IN A 192.0.2.1',
  );
  expect(Math.abs(realWorld.wallMs() - asked.wallMs)).toBeLessThan(60_000);
  expect(update).toMatchObject({ rcode: 4, path: Path.OTHER, query: { questionEnd: 12, length: 17 } });
});

test('of many that fronts answered, one of so many is seen, and none where nobody wants any', async () => {
  const peer = await peerOf(await started());
  for (let i = 0; i < 5; i++) await ask(peer, 'www.example.com');
  fronts.publish(watched(false, 10));
  for (let i = 0; i < 400; i++) await ask(peer, 'www.example.com');
  fronts.publish(watched(false));
  await ask(peer, 'www.example.com');
  await until(() => fronts.underway === 0);
  expect(sightings.length).toBeGreaterThan(10);
  expect(sightings.length).toBeLessThan(120);
});

test('what is logged gives way to queries that need recursion, and is counted', async () => {
  const peer = await peerOf(await started());
  fronts.publish(watched(false, 1));
  const words = threads[0]?.start.words as Int32Array;
  Atomics.store(words, FrontWord.TAKEN, -FRONT_SIGHTING_LETTERS_MAX);
  resume = (packet, length, _client, out) => {
    out.set(packet.slice(0, length));
    out[2] = 0x80;
    return length;
  };
  await ask(peer, 'www.example.com');
  expect(await ask(peer, 'www.elsewhere.net', true)).toEqual(['NOERROR']);
  const { queryLogTaken, queryLogDropped, handOversDropped } = counters.record();
  expect([queryLogTaken, queryLogDropped, handOversDropped]).toEqual([1, 1, 0]);
  expect(sightings).toEqual([]);
});

test('fronts time their answers, and what a thread has timed stays when it dies', async () => {
  const row = latencyRow(Path.AUTHORITATIVE, false);
  const timed = (): number => latency.row(row).counts.reduce((sum, n) => sum + n);
  const peer = await peerOf(await started());
  await ask(peer, 'www.example.com');
  expect(timed()).toBe(0);
  fronts.publish(watched(true));
  await ask(peer, 'www.example.com');
  await until(() => timed() === 1);
  await new Promise((resolve) => setTimeout(resolve, 2 * LATENCY_SAMPLE_MS));
  await ask(peer, 'www.example.com');
  await until(() => timed() === 2);
  expect(latency.row(row).sumUs).toBeGreaterThan(0);
  expect(fronts.alive).toBe(1);
  await threads[0]?.worker.terminate();
  await until(() => fronts.alive === 0);
  await until(() => fronts.alive === 1);
  await ask(peer, 'www.example.com');
  await until(() => timed() === 3);
});

test('a front that dies is told, counted and started again; what comes meanwhile is answered', async () => {
  const listening = await started(2);
  const many = await Promise.all(Array.from({ length: 24 }, () => peerOf(listening)));
  await threads[0]?.worker.terminate();
  for (const peer of many) peer.send(queryFor('www.example.com'));
  for (const peer of many) expect((await heard(peer))[0]).toBe('NOERROR aa ra');
  expect(threads).toHaveLength(3);
  await until(() => counters.record().udpSent === 24);
  expect(counters.record().frontsDied).toBe(1);
  expect(logged.join('')).toContain('a front thread died');
});

test('a front that cannot live is started again ever more slowly, and holds up nothing', async () => {
  const text = 'throw new Error("no life")';
  await started(1, '127.0.0.1', () => new Worker(text, { eval: true }));
  await until(() => counters.record().frontsDied >= 2);
  const waits = logged.flatMap((line) => /"afterMs":(\d+)/.exec(line)?.[1] ?? []);
  expect(waits.slice(0, 2)).toEqual(['100', '200']);
  expect(logged.join('')).toContain('no life');
  await fronts.settled();
});

test('a front that the system has no thread for is tried again', async () => {
  let tries = 0;
  const listening = await started(1, '127.0.0.1', (start) => {
    if (++tries < 3) throw new Error('no thread to be had');
    return spawnFront(FRONT)(start);
  });
  expect((await ask(await peerOf(listening), 'www.example.com'))[0]).toBe('NOERROR aa ra');
  expect(counters.record().frontsDied).toBe(2);
  expect(logged.join('')).toContain('no thread to be had');
});

/** A thread of the test's own, which is told what a front is told. */
const posing = (text: string) => (start: FrontStart) =>
  new Worker(
    `const { parentPort, workerData: { words, generation } } = require('node:worker_threads');
     Atomics.store(words, ${FrontWord.SEEN}, generation); ${text}`,
    { eval: true, workerData: start },
  );

test('a front that is stuck is ended, and holds up neither a change nor the end', async () => {
  // Time enough for any thread passes in a moment.
  world = {
    ...realWorld,
    nowMs: () => 100 * realWorld.nowMs(),
    after: (ms, call) => realWorld.after(ms / 50, call),
  };
  await started(1, '127.0.0.1', posing('for (;;);'));
  fronts.publish({ images: zones('192.0.2.2') });
  await fronts.settled();
  expect(counters.record().frontsDied).toBeGreaterThan(0);
});

test('a bug that a front met is logged, with the packet', async () => {
  const letter = "{ notes: [], sightings: [], bugs: [{ bug: new Error('odd'), packet: '00ff' }] }";
  await started(1, '127.0.0.1', posing(`parentPort.postMessage(${letter}); setTimeout(() => {}, 60_000)`));
  await until(() => logged.length > 0);
  const { packet, stack } = JSON.parse(logged[0] ?? '');
  expect([packet, stack]).toEqual(['00ff', expect.stringContaining('Error: odd')]);
  await threads[0]?.worker.terminate();
});

test('who is limited has one account at all fronts, also at one that died and came back', async () => {
  const rates = { responses: 50, nxdomains: 50, errors: 50, total: 500, windowMs: 15_000, slip: 0 };
  const limit = new RateLimit(rates, realWorld);
  const guard = { ...settings.guard, limit: { rates, table: limit.memory } };
  const listening = await started(2);
  fronts.publish({ settings: { ...settings, guard } });
  const many = await Promise.all(Array.from({ length: 16 }, () => peerOf(listening)));
  const flood = async (queries: number): Promise<void> => {
    const { queries: before } = counters.record();
    for (let i = 0; i < queries; i++) (many[i % many.length] as Peer).send(queryFor('www.example.com'));
    await until(() => counters.record().queries === (before ?? 0) + queries);
  };
  await flood(500);
  // The burst, and what is paid back while the test runs.
  expect(counters.record().udpSent).toBeGreaterThanOrEqual(125);
  expect(counters.record().udpSent).toBeLessThan(225);
  await until(() => limited.length > 0);
  expect(limited[0]).toMatchObject({ kind: 'response', prefix: '127.0.0.0/24', held: expect.any(Number) });
  await flood(1_000);
  const { udpSent: before } = counters.record();
  for (const { worker } of threads.slice()) await worker.terminate();
  await until(() => threads.length === 4);
  await flood(200);
  expect(counters.record().udpSent).toBe(before);
});

test('one that stops reads what has arrived before', async () => {
  const listening = await started(2);
  const peer = await peerOf(listening);
  for (let i = 0; i < 200; i++) peer.send(queryFor('www.example.com'));
  await new Promise((resolve) => setTimeout(resolve, 5));
  await listening.stopReceiving();
  for (let i = 0; i < 200; i++) await peer.hear();
  await listening.close();
  await fronts.stop();
  expect(counters.record().frontsDied).toBe(0);
});

test('addresses come and go while others are served', async () => {
  const peer = await peerOf(await started(1));
  const second = fronts.listen('::1', 0);
  const guest = await peerOf(second);
  expect((await ask(guest, 'www.example.com'))[0]).toBe('NOERROR aa ra');
  expect((await ask(peer, 'www.example.com'))[0]).toBe('NOERROR aa ra');
  await second.close();
  expect((await ask(peer, 'www.example.com'))[0]).toBe('NOERROR aa ra');
});
