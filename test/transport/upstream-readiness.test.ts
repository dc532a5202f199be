/** One wait for the sockets to other servers and for the loop of the thread. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { UPSTREAM_WAIT_MS } from '../../src/base/limits.ts';
import type { Event } from '../../src/resolver/upstream.ts';
import { loopDescriptor } from '../../src/transport/loop-descriptor.ts';
import type { Native } from '../../src/transport/native.ts';
import { socketUpstream, type UpstreamSettings } from '../../src/transport/upstream.ts';
import { exchanged } from '../support/exchange.ts';
import { loop, native } from './batch-listener.ts';
import { ask } from './script.ts';

/** So long nothing takes here. */
const LONG_MS = 10_000;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  closers.push(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Answered by a server that the same loop turns, some turns later: it asks another one first. */
async function exchange(settings: UpstreamSettings): Promise<Event> {
  const [server, other] = [await bound(), await bound()];
  other.on('message', (message, from) => other.send(message, from.port, from.address));
  let asker = 0;
  server.on('message', (message, { port }) => {
    if (port === other.address().port) server.send(message, asker, '127.0.0.1');
    else {
      asker = port;
      server.send(message, other.address().port, '127.0.0.1');
    }
  });
  const upstream = socketUpstream(settings);
  closers.push(() => upstream.close());
  const to = { address: '127.0.0.1', port: server.address().port };
  return exchanged(upstream, to, ask(7, 'query'), 'udp', LONG_MS, () => true);
}

/** Notes how long each wait would be, makes it as long as is said, and notes how many sockets ended it. */
function waiting(ms: (asked: number) => number): { waits: number[]; ends: number[]; native: Native } {
  const waits: number[] = [];
  const ends: number[] = [];
  const epollWait: Native['epollWait'] = (epoll, events, count, asked) => {
    waits.push(asked);
    const end = native.epollWait(epoll, events, count, ms(asked));
    ends.push(end);
    return end;
  };
  return { waits, ends, native: { ...native, epollWait } };
}

describe('the descriptor of the loop', () => {
  test('is an epoll', () => {
    expect(readlinkSync(`/proc/self/fd/${loop.fd}`)).toBe('anon_inode:[eventpoll]');
  });

  test('is found again, and nothing stays open for it', async () => {
    let opened = -1;
    const socket: Native['socket'] = (family, type, protocol) => {
      opened = native.socket(family, type, protocol);
      return opened;
    };
    expect(await loopDescriptor({ ...native, socket })).toBe(loop.fd);
    await new Promise((turned) => setImmediate(turned));
    expect(() => readlinkSync(`/proc/self/fd/${opened}`)).toThrow('ENOENT');
  });

  test('is not to be had where there is no room for a socket', async () => {
    expect(await loopDescriptor({ ...native, socket: () => -1 })).toBeUndefined();
  });
});

describe('who waits for replies', () => {
  test('hears what the loop is told meanwhile', async () => {
    const { ends, native } = waiting(() => LONG_MS / 2);
    expect(await exchange({ native, loop })).toMatchObject({ got: 'reply' });
    expect(ends).not.toContain(0);
  });

  test('waits a little only, for no descriptor tells of timers', async () => {
    const { waits, native } = waiting((ms) => ms);
    await exchange({ native, loop });
    expect(new Set(waits)).toEqual(new Set([UPSTREAM_WAIT_MS]));
  });

  test('does not wait where something is due in the next turn', async () => {
    const { waits, native } = waiting(() => 0);
    await exchange({ native, loop: { ...loop, isBusy: () => true } });
    expect(new Set(waits)).toEqual(new Set([0]));
  });

  test('does not wait where somebody has just been refused, who goes on when that is told', async () => {
    let isFull = false;
    const { waits, native } = waiting((ms) => ms);
    const socket: Native['socket'] = (...kind) => (isFull ? -1 : native.socket(...kind));
    const full: Native = { ...native, socket, errno: () => (isFull ? 'EMFILE' : native.errno()) };
    const upstream = socketUpstream({ native: full, loop });
    closers.push(() => upstream.close());
    const to = { address: '127.0.0.1', port: (await bound()).address().port };
    void exchanged(upstream, to, ask(1, 'never'), 'udp', LONG_MS, () => true);
    while (waits.length === 0) await new Promise((turned) => setImmediate(turned));
    isFull = true;
    waits.length = 0;
    const told = exchanged(upstream, to, ask(2, 'query'), 'udp', LONG_MS, () => true);
    expect(await told).toMatchObject({ got: 'unreachable', unsent: 'no room' });
    expect(waits).toEqual([0]);
  });

  test('asks by sockets of Node where the loop is not found', async () => {
    const { waits, native } = waiting((ms) => ms);
    expect(await exchange({ native })).toMatchObject({ got: 'reply' });
    expect(waits).toEqual([]);
  });
});
