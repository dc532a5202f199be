/**
 * What has hurt name servers through their transports, row by row of the threats E1 to E4 and E11: the whole
 * server with a small table of connections, attacked from outside while others ask. Deadlines to the
 * millisecond are in test/transport/tcp, with a clock of the test's own.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { TCP_PIPELINE_MAX, UDP_BATCH_MAX } from '../../src/base/limits.ts';
import type { Native } from '../../src/transport/native.ts';
import { framed } from '../../src/transport/stream.ts';
import { Batch } from '../../src/transport/udp-batch.ts';
import { Bag } from '../../src/transport/udp-return.ts';
import { type UdpSocket as Opened, openUdpSockets } from '../../src/transport/udp-socket.ts';
import { Rcode } from '../../src/wire/codes.ts';
import { readMessage } from '../../src/wire/message.ts';
import { valueIn } from '../control/scrape.ts';
import { ask, folderOf, ServerProcess, short, zoneText } from '../operation/server.ts';
import { Watched } from '../operation/watched.ts';
import { catalog, pipeline, queryFor, SOA_AND_NS } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { native } from '../transport/batch-listener.ts';
import { type TcpPeer, tcpPeer, udpPeer } from '../transport/peer.ts';

const CLIENTS = 64;
const CLIENTS_PER_ADDRESS = 16;
const IDLE_MS = 400;
const DRIP_MS = 50;
const FDS_MORE = 8;
const MIB = 2 ** 20;

let files: ReturnType<typeof folderOf>;
let silent: UdpSocket;
let server: ServerProcess;
let port: number;
let watched: Watched;
let peers: TcpPeer[];

beforeAll(async () => {
  // The only server in the world hears everything and says nothing: what is asked of it waits.
  silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const big = Array.from({ length: 200 }, (_, i) => `big TXT "${String(i).padStart(250, '.')}"\n`).join('');
  files = folderOf({
    hints: '. 3600 NS a.root.\na.root. 3600 A 127.0.0.1\n',
    'example.com.zone': zoneText('192.0.2.1') + big,
  });
  const recursion = {
    ...{ rootHints: 'hints', neverQuery: [], upstreamPort: silent.address().port, clientTimeout: '8s' },
  };
  const tcp = { clients: CLIENTS, clientsPerAddress: CLIENTS_PER_ADDRESS, idle: `${IDLE_MS}ms` };
  const settings = { listen: ['127.0.0.1:0'], zones: '.', threads: 2, recursion, tcp, grace: '0ms' };
  files.write('cairn.yaml', JSON.stringify({ ...settings, http: { listen: '127.0.0.1:0' } }));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  port = await server.port();
  watched = new Watched(server);
});
afterAll(async () => {
  await server.stop();
  silent.close();
  files.remove();
});

beforeEach(() => {
  peers = [];
});
afterEach(async () => {
  // With a reset: who only closes its half is still owed its answers.
  for (const { socket } of peers) socket.resetAndDestroy();
  await until(async () => (await watched.value('cairn_tcp_connections')) === 0);
  expect(await watched.value('cairn_bugs_total')).toBe(0);
  expect(server.child.exitCode).toBe(null);
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const until = async (truth: () => Promise<boolean>): Promise<void> => {
  while (!(await truth())) await sleep(20);
};

async function peer(from = '127.0.0.1'): Promise<TcpPeer> {
  const made = await tcpPeer('127.0.0.1', port, from);
  peers.push(made);
  return made;
}

/** So many addresses of their own, each with so many connections. */
const crowd = (net: number, addresses: number, each: number): Promise<TcpPeer[]> =>
  Promise.all(
    Array.from({ length: addresses * each }, (_, i) => peer(`127.68.${net}.${1 + (i % addresses)}`)),
  );

const WWW = queryFor('www.example.com A', { rd: true });

/** Over both transports, and by whoever watches. */
async function expectService(): Promise<void> {
  expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
  const client = await peer('127.0.0.1');
  client.send(WWW);
  expect(readMessage(await client.hear())?.rcode).toBe(Rcode.NOERROR);
  client.close();
  expect(await watched.value('cairn_tcp_connections')).toBeLessThanOrEqual(CLIENTS);
}

describe('E1: connections that say little, and slowly', () => {
  const whole = framed(WWW);
  test.each<[string, (peer: TcpPeer, tick: number) => void]>([
    [
      'a byte now and then',
      ({ socket }, tick) => void socket.write(whole.subarray(tick % 30, (tick % 30) + 1)),
    ],
    [
      'a length and nothing behind it',
      ({ socket }, tick) => void (tick === 0 && socket.write(Buffer.of(0, 40))),
    ],
    ['half a length', ({ socket }, tick) => void (tick === 0 && socket.write(Buffer.of(0)))],
    ['nothing', () => {}],
  ])(
    '%s holds no place: others are served meanwhile, and all are closed [RFC 7766 §6.2.3]',
    async (_, say) => {
      const closedBefore = await watched.value('cairn_tcp_closed_total{reason="silent"}');
      const dribblers = await crowd(1, 8, 12);
      let open = dribblers.length;
      for (const { over } of dribblers) void over.then(() => open--);
      await expectService();
      for (let tick = 0; open > 0; tick++) {
        for (const each of dribblers) if (each.socket.writable) say(each, tick);
        await sleep(DRIP_MS);
      }
      expect(await watched.value('cairn_tcp_closed_total{reason="silent"}')).toBeGreaterThan(closedBefore);
      await expectService();
    },
  );

  test('a length of zero ends the connection, and costs the others nothing', async () => {
    const [zero, other] = [await peer(), await peer()];
    zero.socket.write(Buffer.concat([framed(WWW), Buffer.of(0, 0), framed(WWW)]));
    await zero.over;
    expect(zero.heard).toBeLessThanOrEqual(1);
    other.send(WWW);
    expect(readMessage(await other.hear())?.answer).toHaveLength(1);
  });
});

describe('E2: floods of connections', () => {
  test.each([
    ['one address', 1, 300, CLIENTS_PER_ADDRESS],
    ['a hundred addresses', 100, 3, CLIENTS],
  ])('from %s get no more than its share, and everybody else is served', async (_, addresses, each, most) => {
    const filesBefore = watched.openFiles;
    const flood = await crowd(2, addresses, each);
    await expectService();
    expect(await watched.value('cairn_tcp_connections')).toBeLessThanOrEqual(most + 1);
    expect(watched.openFiles).toBeLessThanOrEqual(filesBefore + CLIENTS + FDS_MORE);
    // Most were closed again at once, and the rest have no time left.
    await Promise.all(flood.map(({ over }) => over));
    await until(async () => watched.openFiles <= filesBefore + FDS_MORE);
  });
});

describe('E3: asking much and reading nothing', () => {
  test('a peer that never reads is not read from, and costs the kernel’s buffers and ours', async () => {
    const questions = 100_000;
    const before = await watched.scrape();
    const bytesBefore = watched.residentBytes;
    const greedy = await peer('127.68.3.1');
    greedy.socket.pause();
    greedy.send(...Array(questions).fill(queryFor('big.example.com TXT')));
    const answered = async (): Promise<number> =>
      (await watched.value('cairn_tcp_responses_total')) - valueIn(before, 'cairn_tcp_responses_total');
    for (let last = -1; last !== (await answered()); await sleep(100)) last = await answered();
    // Some megabytes are the kernel's; a billion bytes had been asked for.
    expect(await answered()).toBeLessThan(questions / 100);
    expect((watched.residentBytes - bytesBefore) / MIB).toBeLessThan(32);
    await expectService();
  });

  test(`no more than ${TCP_PIPELINE_MAX} questions of a connection are in flight`, async () => {
    const before = await watched.value('cairn_recursive_total');
    const inFlight = async (): Promise<number> => (await watched.value('cairn_recursive_total')) - before;
    const greedy = await peer('127.68.3.2');
    greedy.send(...Array.from({ length: 200 }, (_, i) => queryFor(`n${i}.silent A`, { rd: true })));
    await until(async () => (await inFlight()) >= TCP_PIPELINE_MAX);
    await expectService();
    expect(await inFlight()).toBe(TCP_PIPELINE_MAX);
  });

  test('what is known passes what has to be waited for [RFC 7766 §7]', async () => {
    const client = await peer();
    client.send(queryFor('slow.silent A', { rd: true }), WWW);
    expect(readMessage(await client.hear())?.answer).toHaveLength(1);
  });
});

describe('E4: junk', () => {
  const chance = new Chance(4);
  const whole = (length: number): Uint8Array => chance.bytes(length).fill(0, 2, 4);
  test.each<[string, Uint8Array[]]>([
    ['a message of 65,533 bytes of junk', [whole(65_533)]],
    ['one of 65,535 bytes', [whole(65_535)]],
    ['a header alone', [whole(12)]],
    ['a response', [whole(40).fill(0x80, 2, 3)]],
    ['a hundred of them', chance.times(100, () => whole(12 + chance.below(500)))],
  ])('%s is one message that cannot be read: the question behind it is answered', async (_, junk) => {
    const client = await peer();
    client.send(...junk, WWW);
    for (;;) {
      const message = readMessage(await client.hear());
      if (message?.rcode === Rcode.NOERROR) break;
      expect(message?.rcode).toBe(Rcode.FORMERR);
    }
  });

  test.each([
    ['a length of 1', Buffer.of(0, 1, 0)],
    ['less than a header', framed(new Uint8Array(11))],
  ])('%s ends the connection: who counts so badly is not listened to', async (_, bytes) => {
    const client = await peer();
    client.socket.write(Buffer.concat([bytes, framed(WWW)]));
    await client.over;
    expect(client.heard).toBe(0);
  });

  test('bytes without any sense never hang a connection, and never answer wrongly', async () => {
    for (let i = 0; i < 40; i++) {
      const client = await peer(`127.68.4.${1 + (i % 4)}`);
      client.socket.write(chance.bytes(1 + chance.below(3_000)));
      client.socket.end();
      await client.over;
      for (let left = client.heard; left > 0; left--) {
        const message = readMessage(await client.hear());
        expect([Rcode.FORMERR, Rcode.NOTIMP, Rcode.REFUSED]).toContain(message?.rcode);
      }
    }
    await expectService();
  });
});

describe('E11: a network that takes no answers', () => {
  let socket: Opened;
  beforeEach(() => {
    [socket] = openUdpSockets(native, '127.0.0.1', 0, 1) as [Opened];
  });
  afterEach(() => void native.close(socket.fd));

  test('answers are dropped and counted; nothing piles up, and a batch waits no more than once', async () => {
    const calls = { send: 0, wait: 0 };
    const full: Native = {
      ...native,
      sendmmsg: () => {
        calls.send++;
        return -1;
      },
      poll: () => {
        calls.wait++;
        return 0;
      },
      errno: () => 'EAGAIN',
    };
    const subject = pipeline(catalog({ 'example.com.': `${SOA_AND_NS}www 60 IN A 192.0.2.1\n` }));
    const client = await udpPeer('127.0.0.1', socket.port);
    for (let i = 0; i < UDP_BATCH_MAX; i++) client.send(WWW);
    await sleep(20);
    const counters = new Counters();
    const batch = new Batch(full, counters, new Bag());
    expect(batch.receive(socket, true)).toBe(UDP_BATCH_MAX);
    const rounds = 2_000;
    const arraysBefore = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < rounds; round++) batch.answer(subject);
    expect(counters.record()).toMatchObject({ udpSent: 0, udpSendQueueFull: rounds * UDP_BATCH_MAX });
    expect(calls).toEqual({ send: 2 * rounds, wait: rounds });
    expect(process.memoryUsage().arrayBuffers - arraysBefore).toBeLessThan(16 * MIB);
    client.close();
  });
});
