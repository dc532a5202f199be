/** Exchanges over real sockets with servers on loopback that do what servers do, and worse. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CounterName, Counters } from '../../src/base/counters.ts';
import {
  UPSTREAM_BYTES_MAX,
  UPSTREAM_PORT_TRIES_MAX,
  UPSTREAM_TCP_QUESTIONS_MAX,
} from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import type { Event } from '../../src/resolver/upstream.ts';
import type { Native } from '../../src/transport/native.ts';
import { Frames, framed } from '../../src/transport/stream.ts';
import { type SocketUpstream, socketUpstream, type UpstreamSettings } from '../../src/transport/upstream.ts';
import { exchanged } from '../support/exchange.ts';
import { loop, native } from './batch-listener.ts';
import { until } from './peer.ts';
import { ask, idOf } from './script.ts';

const LONG_MS = 10_000;
const SHORT_MS = 60;

let counters: Counters;
let upstream: SocketUpstream;
let closers: (() => void)[];

/** With the sockets of the kind that is tested, and closed at the end. */
let kind: Native | undefined;
function newUpstream(settings: UpstreamSettings = {}): SocketUpstream {
  const made = socketUpstream({ counters, native: kind, loop, ...settings });
  closers.push(() => made.close());
  return made;
}

const setUp = (native: Native | undefined) => (): void => {
  kind = native;
  counters = new Counters();
  closers = [];
  upstream = newUpstream();
};
beforeEach(setUp(undefined));
afterEach(() => {
  for (const close of closers) close();
});

const count = (name: CounterName): number => counters.record()[name];
const query = ask(7, 'query');
const echoed = new Uint8Array(query);
const accept = (bytes: Uint8Array): boolean => bytes.length >= 12 && idOf(bytes) === 7;

async function udpServer(
  serve: (server: UdpSocket, message: Buffer, from: RemoteInfo) => void,
  address = '127.0.0.1',
): Promise<number> {
  const server = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  closers.push(() => void server.close());
  server.on('message', (message, from) => serve(server, message, from));
  server.bind(0, address);
  await once(server, 'listening');
  return server.address().port;
}

async function tcpServer(
  serve: (socket: Socket, message: Uint8Array, nth: number) => void,
  connected: (socket: Socket) => void = () => {},
  address = '127.0.0.1',
): Promise<{ port: number; server: Server; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  let asked = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    connected(socket);
    const frames = new Frames();
    socket.on('data', (chunk) => {
      frames.feed(chunk);
      for (let message = frames.next(); message; message = frames.next()) serve(socket, message, asked++);
    });
  });
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, address);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server, sockets };
}

/** A port on which, just now, nobody listens. */
async function freePort(): Promise<number> {
  const { port, server } = await tcpServer(() => {});
  server.close();
  await once(server, 'close');
  return port;
}

const exchange = (port: number, via: 'udp' | 'tcp', ms = LONG_MS, address = '127.0.0.1'): Promise<Event> =>
  exchanged(upstream, { address, port }, query, via, ms, accept);

/** A question over TCP of its own. */
const exchangeOf = (id: number, port: number, ms = LONG_MS): Promise<Event> =>
  exchanged(
    upstream,
    { address: '127.0.0.1', port },
    ask(id, 'query'),
    'tcp',
    ms,
    (bytes) => bytes.length >= 12 && idOf(bytes) === id,
  );

describe.each([
  ['sockets of Node', undefined],
  ['sockets of the system', native],
])('over UDP, by %s', (_kind, sockets) => {
  beforeEach(setUp(sockets));

  test('a query brings a reply', async () => {
    const port = await udpServer((server, message, from) => server.send(message, from.port, from.address));
    const event = await exchange(port, 'udp');
    expect(event).toEqual({ got: 'reply', bytes: echoed, ms: expect.any(Number) });
    expect([count('upstreamUdpSent'), count('upstreamReplies')]).toEqual([1, 1]);
  });

  test('and so it does over IPv6', async () => {
    const port = await udpServer(
      (server, message, from) => server.send(message, from.port, from.address),
      '::1',
    );
    expect((await exchange(port, 'udp', LONG_MS, '::1')).got).toBe('reply');
  });

  test('wrong replies are counted, and cost the right one nothing [RFC 5452 §9.1]', async () => {
    const port = await udpServer((server, message, from) => {
      for (const wrong of [ask(8, 'query'), Buffer.alloc(3), Buffer.alloc(0), message]) {
        server.send(wrong, from.port, from.address);
      }
    });
    expect(await exchange(port, 'udp')).toMatchObject({ got: 'reply', bytes: echoed });
    expect(count('upstreamMismatched')).toBe(3);
  });

  test('what comes from another port or address is never heard [RFC 5452 §9.1]', async () => {
    const strangers = [createSocket('udp4'), createSocket('udp4')];
    closers.push(() => strangers.map((stranger) => stranger.close()));
    strangers[0]?.bind(0, '127.0.0.1');
    const port = await udpServer(async (server, message, from) => {
      strangers[1]?.bind(server.address().port, '127.0.0.2');
      for (const stranger of strangers) {
        await new Promise((sent) => stranger.send(ask(7, 'forged'), from.port, from.address, sent));
      }
      server.send(message, from.port, from.address);
    });
    expect(await exchange(port, 'udp')).toMatchObject({ got: 'reply', bytes: echoed });
    expect(count('upstreamMismatched')).toBe(0);
  });

  test('a closed port is known at once', async () => {
    expect(await exchange(await freePort(), 'udp')).toEqual({
      got: 'unreachable',
      why: 'connection refused',
    });
    expect(count('upstreamUnreachable')).toBe(1);
  });

  test('silence ends with the time given, and the late reply goes nowhere', async () => {
    let late = (): void => {};
    const port = await udpServer((server, message, from) => {
      late = () => server.send(message, from.port, from.address);
    });
    expect(await exchange(port, 'udp', SHORT_MS)).toEqual({ got: 'silence' });
    late();
    expect(count('upstreamTimeouts')).toBe(1);
  });

  test('who is willing to listen longer hears the late reply', async () => {
    let late = (): void => {};
    const port = await udpServer((server, message, from) => {
      late = () => server.send(message, from.port, from.address);
    });
    let times = 0;
    const overdue = (): number => {
      times++;
      late();
      return LONG_MS;
    };
    const to = { address: '127.0.0.1', port };
    expect(await exchanged(upstream, to, query, 'udp', SHORT_MS, accept, overdue)).toMatchObject({
      got: 'reply',
    });
    expect(times).toBe(1);
    expect(count('upstreamTimeouts')).toBe(0);
  });

  test('over TCP, too', async () => {
    let late = (): void => {};
    const { port } = await tcpServer((socket, message) => {
      late = () => socket.write(framed(message));
    });
    const overdue = (): number => {
      late();
      return LONG_MS;
    };
    const to = { address: '127.0.0.1', port };
    const event = await exchanged(upstream, to, query, 'tcp', SHORT_MS, accept, overdue);
    expect(event).toMatchObject({ got: 'reply' });
  });

  test('every query leaves from a port of its own, drawn from the whole range [RFC 5452 §9.2]', async () => {
    const ports: number[] = [];
    const port = await udpServer((server, message, from) => {
      ports.push(from.port);
      server.send(message, from.port, from.address);
    });
    for (let i = 0; i < 200; i++) await exchange(port, 'udp');
    expect(new Set(ports).size).toBeGreaterThan(190);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(1024);
    // Each eighth of the range is missed by 200 fair draws once in 10^11 times.
    const eighths = new Set(ports.map((one) => Math.floor((one - 1024) / (64_512 / 8))));
    expect([...eighths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('two hundred that are asked at once are all answered', async () => {
    const waiting: (() => void)[] = [];
    const port = await udpServer((server, message, from) => {
      waiting.unshift(() => server.send(message, from.port, from.address));
      if (waiting.length === 200) for (const reply of waiting) reply();
    });
    const events = await Promise.all(Array.from({ length: 200 }, () => exchange(port, 'udp')));
    expect(events.filter(({ got }) => got !== 'reply')).toEqual([]);
  });

  test('a port that is taken is left for another', async () => {
    const port = await udpServer((server, message, from) => server.send(message, from.port, from.address));
    const draws = [port - 1024, port - 1024];
    const unlucky = { ...realWorld, draw: (n: number) => draws.pop() ?? realWorld.draw(n) };
    const lucky = newUpstream({ world: unlucky });
    expect((await exchanged(lucky, { address: '127.0.0.1', port }, query, 'udp', LONG_MS, accept)).got).toBe(
      'reply',
    );
    expect(draws).toEqual([]);
  });

  test('when every port drawn is taken, that is said', async () => {
    const port = await udpServer(() => {});
    let draws = 0;
    const cursed = {
      ...realWorld,
      draw: () => {
        draws++;
        return port - 1024;
      },
    };
    const hopeless = newUpstream({ world: cursed });
    expect(await exchanged(hopeless, { address: '127.0.0.1', port }, query, 'udp', LONG_MS, accept)).toEqual({
      got: 'unreachable',
      why: 'address already in use',
      unsent: 'no room',
    });
    expect(draws).toBe(UPSTREAM_PORT_TRIES_MAX);
  });
});

describe('over TCP', () => {
  test.each([['127.0.0.1'], ['::1']])('a query brings a reply, from %s too', async (address) => {
    const { port } = await tcpServer((socket, message) => socket.write(framed(message)), undefined, address);
    expect(await exchange(port, 'tcp', LONG_MS, address)).toMatchObject({ got: 'reply' });
    expect([count('upstreamTcpSent'), count('upstreamTcpConnects')]).toEqual([1, 1]);
  });

  test('a reply may be 65,535 bytes long and come in pieces', async () => {
    const big = Buffer.alloc(65_535, 1);
    query.copy(big);
    const { port } = await tcpServer(async (socket) => {
      const frame = framed(big);
      for (let at = 0; at < frame.length; at += 9_999) {
        await new Promise((written) => socket.write(frame.subarray(at, at + 9_999), written));
      }
    });
    const event = await exchange(port, 'tcp');
    expect(event.got === 'reply' && Buffer.from(event.bytes).equals(big)).toBe(true);
  });

  test('a wrong reply is waited past', async () => {
    const { port } = await tcpServer((socket, message) => {
      socket.write(Buffer.concat([framed(ask(8, 'wrong')), framed(new Uint8Array(0)), framed(message)]));
    });
    expect((await exchange(port, 'tcp')).got).toBe('reply');
    expect(count('upstreamMismatched')).toBe(2);
  });

  test('a flood of wrong replies is not taken for ever', async () => {
    const { port } = await tcpServer((socket) => {
      const wrong = framed(Buffer.alloc(30_000));
      for (let sent = 0; sent < 2 * UPSTREAM_BYTES_MAX; sent += wrong.length) socket.write(wrong);
    });
    expect(await exchange(port, 'tcp')).toMatchObject({
      got: 'unreachable',
      why: expect.stringContaining('bytes'),
    });
  });

  test('a closed port is known at once', async () => {
    expect(await exchange(await freePort(), 'tcp')).toEqual({
      got: 'unreachable',
      why: 'connection refused',
    });
  });

  test.each([
    ['a reset', (socket: Socket) => socket.resetAndDestroy(), 'connection reset by peer'],
    ['an end', (socket: Socket) => socket.end(), 'connection closed before the reply'],
    [
      'half a reply',
      (socket: Socket) => socket.end(Uint8Array.of(0, 40, 0, 7)),
      'connection closed before the reply',
    ],
  ])('%s for an answer is known at once, and costs one connection', async (_what, misbehave, why) => {
    const { port, sockets } = await tcpServer((socket) => misbehave(socket));
    expect(await exchange(port, 'tcp')).toEqual({ got: 'unreachable', why });
    expect(sockets.length).toBe(1);
  });

  test.each([
    ['says nothing', () => {}],
    [
      'drips',
      (socket: Socket) => {
        const drip = setInterval(() => socket.write(Uint8Array.of(1)), 10);
        socket.on('close', () => clearInterval(drip));
      },
    ],
  ])('a server that %s is given up when the time is over', async (_what, serve) => {
    const { port, sockets } = await tcpServer(serve);
    expect(await exchange(port, 'tcp', SHORT_MS)).toEqual({ got: 'silence' });
    await until(() => sockets.every((socket) => socket.destroyed));
  });

  describe('a connection is kept a little [RFC 7766 §6.2.1]', () => {
    test('for the next question to the same server', async () => {
      const { port, sockets } = await tcpServer((socket, message) => socket.write(framed(message)));
      for (let i = 0; i < 3; i++) expect((await exchange(port, 'tcp')).got).toBe('reply');
      expect(sockets.length).toBe(1);
      expect([count('upstreamTcpSent'), count('upstreamTcpConnects')]).toEqual([3, 1]);
    });

    test('and carries several questions, whose replies come in any order [RFC 7766 §7]', async () => {
      const waiting: (() => void)[] = [];
      const { port, sockets } = await tcpServer((socket, message) => {
        waiting.unshift(() => socket.write(framed(message)));
        if (waiting.length === 3) for (const reply of waiting) reply();
      });
      const events = await Promise.all([1, 2, 3].map((id) => exchangeOf(id, port)));
      expect(events.map((event) => event.got === 'reply' && idOf(event.bytes))).toEqual([1, 2, 3]);
      expect(sockets.length).toBe(1);
      expect(count('upstreamMismatched')).toBe(0);
    });

    test('but no two with one ID, nor more than so many', async () => {
      const { port, sockets } = await tcpServer((socket, message) => socket.write(framed(message)));
      await Promise.all([exchangeOf(1, port), exchangeOf(1, port)]);
      expect(sockets.length).toBe(2);
      const many = Array.from({ length: UPSTREAM_TCP_QUESTIONS_MAX + 1 }, (_, id) => exchangeOf(id, port));
      expect((await Promise.all(many)).every(({ got }) => got === 'reply')).toBe(true);
      expect(sockets.length).toBe(3);
    });

    test('where more is asked than one carries, the next ones share another [RFC 7766 §6.2.2]', async () => {
      const waiting: (() => void)[] = [];
      const { port, sockets } = await tcpServer((socket, message) => {
        waiting.push(() => socket.write(framed(message)));
        if (waiting.length === 3 * UPSTREAM_TCP_QUESTIONS_MAX) for (const reply of waiting) reply();
      });
      const many = Array.from({ length: 3 * UPSTREAM_TCP_QUESTIONS_MAX }, (_, id) => exchangeOf(id, port));
      expect((await Promise.all(many)).every(({ got }) => got === 'reply')).toBe(true);
      expect(sockets.length).toBe(3);
    });

    test('a server that takes one question only is asked each on a connection of its own', async () => {
      const { port } = await tcpServer((socket, message) => socket.end(framed(message)));
      const events = await Promise.all([1, 2, 3].map((id) => exchangeOf(id, port)));
      expect(events.map(({ got }) => got)).toEqual(['reply', 'reply', 'reply']);
    });

    test('but one that owes a late reply carries no more, while that is listened for', async () => {
      const { port, sockets } = await tcpServer((socket, message) => {
        if (idOf(message) === 2) socket.write(framed(message));
      });
      const to = { address: '127.0.0.1', port };
      await new Promise<void>((late) => {
        const overdue = (): number => {
          late();
          return LONG_MS;
        };
        void exchanged(upstream, to, ask(1, 'query'), 'tcp', SHORT_MS, () => true, overdue);
      });
      expect((await exchangeOf(2, port)).got).toBe('reply');
      expect(sockets.length).toBe(2);
    });

    test('one question that is not answered in time costs the others nothing', async () => {
      let answer = (): void => {};
      const { port, sockets } = await tcpServer((socket, message) => {
        if (idOf(message) === 2) answer = () => socket.write(framed(message));
      });
      const slow = exchangeOf(2, port);
      expect(await exchangeOf(1, port, SHORT_MS)).toEqual({ got: 'silence' });
      answer();
      expect((await slow).got).toBe('reply');
      await until(() => (sockets[0] as Socket).destroyed);
    });

    test.each([
      ['closed', (socket: Socket) => socket.end()],
      ['reset', (socket: Socket) => socket.resetAndDestroy()],
      ['spoilt by words nobody asked for', (socket: Socket) => socket.write(framed(ask(7, 'early')))],
    ])('and where the server has %s it meanwhile, a new one is made', async (_what, spoil) => {
      const { port, sockets } = await tcpServer((socket, message) => socket.write(framed(message)));
      expect((await exchange(port, 'tcp')).got).toBe('reply');
      spoil(sockets[0] as Socket);
      expect(await exchange(port, 'tcp')).toMatchObject({ got: 'reply' });
      await until(() => (sockets[0] as Socket).destroyed);
      expect((await exchange(port, 'tcp')).got).toBe('reply');
      expect(sockets.length).toBe(2);
    });

    test('and when the server answers a kept one with an end, the question is asked once more', async () => {
      const { port, sockets } = await tcpServer((socket, message, nth) => {
        if (nth === 1) socket.resetAndDestroy();
        else socket.write(framed(message));
      });
      expect((await exchange(port, 'tcp')).got).toBe('reply');
      expect((await exchange(port, 'tcp')).got).toBe('reply');
      expect(sockets.length).toBe(2);
    });

    test('and when it ends early, all that it carried share a new one [RFC 7766 §6.2.4]', async () => {
      const { port, sockets } = await tcpServer((socket, message) => {
        if (socket !== sockets[0] || idOf(message) === 7) socket.write(framed(message));
        else if (idOf(message) === 5) socket.resetAndDestroy();
      });
      await exchange(port, 'tcp');
      const events = await Promise.all([1, 2, 3, 4, 5].map((id) => exchangeOf(id, port)));
      expect(events.map(({ got }) => got)).toEqual(Array(5).fill('reply'));
      expect(sockets.length).toBe(2);
    });

    test('but nobody waits at the door of a server that is gone', async () => {
      const { port, server, sockets } = await tcpServer((socket, message) => {
        if (idOf(message) === 7) socket.write(framed(message));
        if (idOf(message) !== 5) return;
        server.close();
        socket.resetAndDestroy();
      });
      await exchange(port, 'tcp');
      const events = await Promise.all([1, 2, 3, 4, 5].map((id) => exchangeOf(id, port)));
      expect(events.map(({ got }) => got)).toEqual(Array(5).fill('unreachable'));
      expect([sockets.length, count('upstreamTcpConnects')]).toEqual([1, 2]);
    });

    test('and let go at the end', async () => {
      const { port, sockets } = await tcpServer((socket, message) => socket.write(framed(message)));
      await exchange(port, 'tcp');
      upstream.close();
      await until(() => sockets.every((socket) => socket.destroyed));
      await exchange(port, 'tcp');
      await until(() => sockets.every((socket) => socket.destroyed));
    });
  });
});

describe.each([
  ['udp', undefined],
  ['udp', native],
  ['tcp', undefined],
] as const)('over either: %s', (via, sockets) => {
  beforeEach(setUp(sockets));

  test('no more than so many sockets are open', async () => {
    const bounded = newUpstream({ socketsMax: 2 });
    const port = await freePort();
    const { port: silent } = via === 'tcp' ? await tcpServer(() => {}) : { port: await udpServer(() => {}) };
    const to = { address: '127.0.0.1', port: silent };
    const waiting = [1, 2].map(() => exchanged(bounded, to, query, via, SHORT_MS, accept));
    expect(await exchanged(bounded, to, query, via, SHORT_MS, accept)).toEqual({
      got: 'unreachable',
      why: 'too many sockets are open',
      unsent: 'no room',
    });
    await Promise.all(waiting);
    expect(await exchanged(bounded, { ...to, port }, query, via, SHORT_MS, accept)).toMatchObject({
      why: 'connection refused',
    });
    expect(count('upstreamSocketsFull')).toBe(1);
  });

  test.each([
    ['ns.example', 53],
    ['', 53],
    ['127.0.0.1', 0],
    ['127.0.0.1', 65_536],
  ])('what is no address is not asked (%s:%i)', async (address, port) => {
    expect(await exchange(port, via, SHORT_MS, address)).toEqual({
      got: 'unreachable',
      why: 'not an address',
    });
  });

  test.each(['255.255.255.255', '0.0.0.0', 'fe80::1', 'fe80::1%none'])(
    'an address that the system will not ask is unreachable, or silent (%s)',
    async (address) => {
      // Broadcast has to be asked for specially, and a link has to be named: no packet leaves.
      expect((await exchange(await freePort(), via, SHORT_MS, address)).got).toMatch(/unreachable|silence/);
    },
  );
});
