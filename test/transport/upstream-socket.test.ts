/** Questions to one server that are out together: who shares a port with whom, and what that costs. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import {
  UPSTREAM_ALONE_QUESTIONS,
  UPSTREAM_SOCKET_QUESTIONS_MAX,
  UPSTREAM_SOCKET_SHARED_MS,
  UPSTREAM_SOCKETS_ALONE,
} from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import type { Event } from '../../src/resolver/upstream.ts';
import type { Native } from '../../src/transport/native.ts';
import { type SocketUpstream, socketUpstream } from '../../src/transport/upstream.ts';
import { exchanged } from '../support/exchange.ts';
import { loop, native } from './batch-listener.ts';
import { until } from './peer.ts';
import { ask, idOf } from './script.ts';

const LONG_MS = 10_000;
const SHORT_MS = 60;

let counters: Counters;
let upstream: SocketUpstream;
let build: (aloneMax: number) => SocketUpstream;
let closers: (() => void)[];
let nowMs: number;
/** Sockets of ours that are open. */
let open: Set<number>;

const system = native as Native;

beforeEach(() => {
  counters = new Counters();
  closers = [];
  nowMs = 0;
  open = new Set();
  const watched: Native = {
    ...system,
    socket(family, type, protocol) {
      const fd = system.socket(family, type, protocol);
      open.add(fd);
      return fd;
    },
    close(fd) {
      open.delete(fd);
      return system.close(fd);
    },
  };
  const world = { ...realWorld, nowMs: () => nowMs };
  build = (aloneMax) => socketUpstream({ counters, native: watched, loop, world, aloneMax });
  upstream = build(0);
  closers.push(() => upstream.close());
});
afterEach(() => {
  for (const close of closers) close();
});

interface Asked {
  readonly id: number;
  readonly from: RemoteInfo;
  /** Any message, to where this one came from. */
  say(message: Uint8Array): void;
}

/** A server that does as it is told for each query, and remembers them all. */
class Server {
  readonly asked: Asked[] = [];
  readonly #socket: Socket = createSocket('udp4');
  port = 0;
  onAsked: (asked: Asked) => void = () => {};

  async open(address = '127.0.0.1', port = 0): Promise<this> {
    closers.push(() => void this.#socket.close());
    this.#socket.on('message', (message, from) => {
      const say = (said: Uint8Array): void => this.#socket.send(said, from.port, from.address);
      const asked = { id: idOf(message), from, say };
      this.asked.push(asked);
      this.onAsked(asked);
    });
    this.#socket.bind(port, address);
    await once(this.#socket, 'listening');
    this.port = this.#socket.address().port;
    return this;
  }

  /** When so many have come. */
  async has(count: number): Promise<void> {
    await until(() => this.asked.length === count);
  }

  get ports(): number[] {
    return this.asked.map(({ from }) => from.port);
  }
}

const echo = ({ id, say }: Asked): void => say(ask(id, 'query'));

/** Answered by what has its ID; whatever has another one ends it, too, as it does for the resolver. */
const exchange = (id: number, port: number, ms = LONG_MS, address = '127.0.0.1'): Promise<Event> =>
  exchanged(upstream, { address, port }, ask(id, 'query'), 'udp', ms, (bytes) => bytes.length >= 12);

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const saidId = (event: Event): number => (event.got === 'reply' ? idOf(event.bytes) : -1);
const distinct = (ports: readonly number[]): number => new Set(ports).size;

test.each([
  ['our own sockets', (): SocketUpstream => build(UPSTREAM_SOCKETS_ALONE)],
  ['sockets of Node', (): SocketUpstream => socketUpstream()],
])('of 10,000 by %s, few at a time, 9,000 and more have ports of their own [LIMITS B1]', async (_, make) => {
  const server = await new Server().open();
  server.onAsked = echo;
  upstream = make();
  closers.push(() => upstream.close());
  for (let id = 0; id < 10_000; id += UPSTREAM_SOCKETS_ALONE) {
    await Promise.all(range(UPSTREAM_SOCKETS_ALONE, id).map((each) => exchange(each, server.port)));
  }
  // Fair draws of 64,512 repeat some 740 times.
  expect(distinct(server.ports)).toBeGreaterThan(9_000);
});

describe('questions to one server beyond those', () => {
  test('leave from one port, so many of them, and the replies come in any order', async () => {
    const server = await new Server().open();
    const count = 2 * UPSTREAM_SOCKET_QUESTIONS_MAX + 1;
    const events = range(count).map((id) => exchange(id, server.port));
    await server.has(count);
    expect(distinct(server.ports)).toBe(3);
    expect(open.size).toBe(3);
    for (const asked of server.asked.toReversed()) echo(asked);
    expect((await Promise.all(events)).map(saidId)).toEqual(range(count));
    expect(open.size).toBe(0);
    expect(counters.record().upstreamMismatched).toBe(0);
  });

  test('10,000 in hundreds at once take more than 1,250 ports [RFC 5452 §9.2]', async () => {
    const server = await new Server().open();
    server.onAsked = echo;
    for (let hundred = 0; hundred < 100; hundred++) {
      await Promise.all(range(100, 100 * hundred).map((id) => exchange(id, server.port)));
    }
    // Fair draws of 1,300 from 64,512 repeat some 13 times.
    expect(distinct(server.ports)).toBeGreaterThan(1_250);
    const eighths = new Set(server.ports.map((one) => Math.floor((one - 1024) / (64_512 / 8))));
    expect([...eighths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('one after the other, each has a port of its own', async () => {
    const server = await new Server().open();
    server.onAsked = echo;
    for (const id of range(20)) await exchange(id, server.port);
    expect(distinct(server.ports)).toBeGreaterThan(17);
  });

  test('later, the next ones have another port, also while the first still waits [SAD DNS]', async () => {
    const server = await new Server().open();
    void exchange(1, server.port);
    await server.has(1);
    nowMs = UPSTREAM_SOCKET_SHARED_MS - 1;
    void exchange(2, server.port);
    await server.has(2);
    nowMs = UPSTREAM_SOCKET_SHARED_MS;
    void exchange(3, server.port);
    await server.has(3);
    const [first, second, third] = server.ports;
    expect([second === first, third === first]).toEqual([true, false]);
  });

  test('but no two with one ID, nor any to another address or port', async () => {
    const server = await new Server().open();
    const other = await new Server().open();
    const elsewhere = await new Server().open('127.0.0.2', server.port);
    for (const id of [1, 1]) void exchange(id, server.port);
    void exchange(2, other.port);
    void exchange(3, server.port, LONG_MS, '127.0.0.2');
    await Promise.all([server.has(2), other.has(1), elsewhere.has(1)]);
    expect(distinct([...server.ports, ...other.ports, ...elsewhere.ports])).toBe(4);
  });

  test('what is said twice, to one that is over, is neither counted nor costs the others', async () => {
    const server = await new Server().open();
    const [first, second] = [exchange(1, server.port), exchange(2, server.port)];
    await server.has(2);
    const [one, two] = server.asked as [Asked, Asked];
    echo(one);
    await first;
    for (let i = 0; i < 3; i++) echo(one);
    echo(two);
    expect(saidId(await second)).toBe(2);
    expect(counters.record().upstreamMismatched).toBe(0);
  });

  test('a wrong ID is heard by all that wait, and the next ones leave alone [LIMITS B4]', async () => {
    const server = await new Server().open();
    const events = range(3).map((id) => exchange(id, server.port));
    await server.has(3);
    server.asked[0]?.say(ask(999, 'forged'));
    expect((await Promise.all(events)).map(saidId)).toEqual([999, 999, 999]);
    void exchange(4, server.port);
    void exchange(5, server.port);
    await server.has(5);
    expect(distinct(server.ports)).toBe(3);
  });

  test('a closed port is known to all of them at once', async () => {
    const server = await new Server().open();
    const { port } = server;
    closers.pop()?.();
    const events = await Promise.all(range(3).map((id) => exchange(id, port)));
    expect(new Set(events.map((event) => event.got === 'unreachable' && event.why))).toEqual(
      new Set(['connection refused']),
    );
    expect(open.size).toBe(0);
  });

  test('who is late is no longer joined', async () => {
    const server = await new Server().open();
    const to = { address: '127.0.0.1', port: server.port };
    let isLate = false;
    const late = (): number => {
      isLate = true;
      return LONG_MS;
    };
    void exchanged(upstream, to, ask(1, 'query'), 'udp', 1, () => true, late);
    await until(() => isLate);
    void exchange(2, server.port);
    await server.has(2);
    expect(distinct(server.ports)).toBe(2);
  });

  test('after silence to some that shared a port, so many leave each from its own', async () => {
    const server = await new Server().open();
    await Promise.all([exchange(1, server.port, SHORT_MS), exchange(2, server.port, SHORT_MS)]);
    server.asked.length = 0;
    const alone = UPSTREAM_ALONE_QUESTIONS;
    for (const id of range(alone + 2)) void exchange(id, server.port);
    await server.has(alone + 2);
    // Fair draws of 64 from 64,512 repeat four times once in 10^7 runs.
    expect(distinct(server.ports.slice(0, alone))).toBeGreaterThan(alone - 4);
    expect(distinct(server.ports.slice(alone))).toBe(1);
  });

  test('at the end nothing stays open', async () => {
    const server = await new Server().open();
    const events = range(9).map((id) => exchange(id, server.port));
    await server.has(9);
    upstream.close();
    expect((await Promise.all(events)).every(({ got }) => got === 'silence')).toBe(true);
    await until(() => open.size === 0);
  });
});
