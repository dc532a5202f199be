/** What only batches do, with a kernel of the test's own where the real one would not play along. */
import koffi from 'koffi';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { parseIp } from '../../src/base/ip.ts';
import { UDP_BATCH_MAX, UDP_QUERY_BYTES_MAX } from '../../src/base/limits.ts';
import { type Answerer, DROP } from '../../src/transport/door.ts';
import { Control, Header, Name, type Native, PktInfo4, PktInfo6 } from '../../src/transport/native.ts';
import { Batch } from '../../src/transport/udp-batch.ts';
import { Bag, Returns, unpack } from '../../src/transport/udp-return.ts';
import { openUdpSockets, type UdpSocket } from '../../src/transport/udp-socket.ts';
import { listenBatch, native } from './batch-listener.ts';
import { type Peer, udpPeer, until } from './peer.ts';
import { ask, idOf, ScriptedAnswerer, wordOf } from './script.ts';

let closing: (() => unknown)[];
let counters: Counters;
let answerer: ScriptedAnswerer;
beforeEach(() => {
  closing = [];
  counters = new Counters();
  answerer = new ScriptedAnswerer();
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

const socketAt = (address = '127.0.0.1'): UdpSocket => {
  const [socket] = openUdpSockets(native, address, 0, 1) as [UdpSocket];
  closing.push(() => native.close(socket.fd));
  return socket;
};

async function peerOf(address: string, port: number): Promise<Peer> {
  const peer = await udpPeer(address, port);
  closing.push(() => peer.close());
  return peer;
}

/** One call that finds them all. */
async function receiveAll(batch: Batch, socket: UdpSocket, count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(batch.receive(socket, true)).toBe(count);
}

describe('a wildcard socket answers from the address that was asked [RFC 2181 §4.1]', () => {
  test.each([
    ['0.0.0.0', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.2'],
    ['0.0.0.0', '127.8.9.10'],
    ['::', '::1'],
  ])('bound to %s, asked at %s: at once and later', async (bound, asked) => {
    const listener = await listenBatch(bound, 0, answerer, counters);
    closing.push(() => listener.close());
    // A connected socket hears nobody but the address it asks.
    const peer = await peerOf(asked, listener.port);
    peer.send(ask(1, 'drop'), ask(2, 'later'), ask(3, 'echo'));
    expect(idOf(await peer.hear())).toBe(3);
    await until(() => answerer.owed.size === 1);
    answerer.pay(2);
    expect(idOf(await peer.hear())).toBe(2);
  });

  test('clients of several addresses in one batch each hear from theirs', async () => {
    const socket = socketAt('0.0.0.0');
    const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
    const peers = await Promise.all(addresses.map((address) => peerOf(address, socket.port)));
    for (const [i, peer] of peers.entries()) peer.send(ask(10 + i, i === 0 ? 'drop' : `echo ${i}`));
    const batch = new Batch(native, counters, new Bag());
    await receiveAll(batch, socket, 3);
    batch.answer(answerer);
    expect(wordOf(await (peers[1] as Peer).hear())).toBe('echo 1');
    expect(wordOf(await (peers[2] as Peer).hear())).toBe('echo 2');
  });
});

describe('a query at a wildcard that was not sent to one of our addresses', () => {
  /** The control message of the first slot. */
  const controlOf = (headers: Uint8Array): Uint8Array => {
    const at = new DataView(headers.buffer, headers.byteOffset).getBigUint64(Header.CONTROL, true);
    return new Uint8Array(koffi.view(at, Control.SIZE));
  };
  /** What the kernel wrote of the first query is changed, and what goes back to it is kept. */
  function forging(change: (content: Uint8Array) => void): { kernel: Native; sent: DataView[] } {
    const sent: DataView[] = [];
    const kernel: Native = {
      ...native,
      recvmmsg: (fd, headers, count, flags, timeout) => {
        const came = native.recvmmsg(fd, headers, count, flags, timeout);
        change(controlOf(headers).subarray(Control.CONTENT));
        return came;
      },
      sendmmsg: (_, headers, count) => {
        sent.push(new DataView(controlOf(headers).slice().buffer, Control.CONTENT));
        return count;
      },
    };
    return { kernel, sent };
  }

  async function answered(bound: string, asked: string, kernel: Native): Promise<void> {
    const socket = socketAt(bound);
    (await peerOf(asked, socket.port)).send(ask(1, 'echo'));
    const batch = new Batch(kernel, counters, new Bag());
    await receiveAll(batch, socket, 1);
    batch.answer(answerer);
  }

  test.each([
    ['::', '::1', 'ff02::1', (at: Uint8Array) => at.set([0xff, 2], PktInfo6.ADDRESS)],
    ['0.0.0.0', '127.0.0.1', 'a broadcast', (at: Uint8Array) => at.fill(0xff, PktInfo4.SEEN, PktInfo4.SIZE)],
  ])('%s, asked at %s as %s: gets silence', async (bound, asked, _, change) => {
    const { kernel, sent } = forging(change);
    await answered(bound, asked, kernel);
    expect(sent).toEqual([]);
    expect(answerer.words).toEqual([]);
    expect(counters.record()).toMatchObject({ udpDropped: 1, udpReceived: 0 });
  });

  test.each([
    ['fe80::1', 7],
    ['2001:db8::1', 0],
  ])('an answer from %s leaves by interface %i, where 0 is any [RFC 4007 §6]', async (address, index) => {
    const { kernel, sent } = forging((content) => {
      content.set(parseIp(address) as Uint8Array, PktInfo6.ADDRESS);
      content[PktInfo6.INDEX] = 7;
    });
    await answered('::', '::1', kernel);
    expect(sent.map((content) => content.getUint32(PktInfo6.INDEX, true))).toEqual([index]);
  });
});

test('a datagram longer than any query is counted and costs the next one nothing', async () => {
  const listener = await listenBatch('127.0.0.1', 0, answerer, counters);
  closing.push(() => listener.close());
  const peer = await peerOf('127.0.0.1', listener.port);
  peer.send(ask(1, 'echo', UDP_QUERY_BYTES_MAX), ask(2, 'echo'));
  expect(idOf(await peer.hear())).toBe(2);
  expect(counters.record()).toMatchObject({ udpOversized: 1, udpReceived: 1, udpSent: 1 });
});

test('an empty datagram is the answerer’s to judge', async () => {
  const lengths: number[] = [];
  const noting: Answerer = { answer: (_, length) => lengths.push(length) && DROP };
  const listener = await listenBatch('127.0.0.1', 0, noting, counters);
  closing.push(() => listener.close());
  const peer = await peerOf('127.0.0.1', listener.port);
  peer.send(new Uint8Array(0), ask(2, 'echo'));
  await until(() => lengths.length === 2);
  expect(lengths).toEqual([0, 16]);
});

test('an answerer is told of a batch before its first message', async () => {
  const socket = socketAt();
  const peer = await peerOf('127.0.0.1', socket.port);
  peer.send(ask(1, 'drop'), ask(2, 'longer'));
  const batch = new Batch(native, counters, new Bag());
  await receiveAll(batch, socket, 2);
  const told: [id: number, length: number][] = [];
  const seen: [id: number, length: number][] = [];
  batch.answer({
    foresee: (packets, lengths, count) => {
      for (let i = 0; i < count; i++) told.push([idOf(packets[i] as Uint8Array), lengths[i] as number]);
    },
    answer: (packet, length) => {
      expect(told).toHaveLength(2);
      seen.push([idOf(packet), length]);
      return DROP;
    },
  });
  expect(told.map(([id]) => id)).toEqual([1, 2]);
  expect(seen).toEqual(told);
});

test('answers close ranks: each gets to who asked, whatever is dropped or comes later', async () => {
  const socket = socketAt();
  const peers = await Promise.all(Array.from({ length: 12 }, () => peerOf('127.0.0.1', socket.port)));
  const words = ['drop', 'echo', 'later', 'echo'];
  for (const [i, peer] of peers.entries()) peer.send(ask(i, words[i % 4] as string));
  const bag = new Bag();
  const batch = new Batch(native, counters, bag);
  await receiveAll(batch, socket, 12);
  batch.answer(answerer);
  const returns = new Returns(native, counters);
  expect(bag.count).toBe(3);
  for (const { way, packet } of unpack(bag.take())) returns.add(way, packet);
  returns.flush(() => true);
  for (const [i, peer] of peers.entries()) if (i % 4 > 0) expect(idOf(await peer.hear())).toBe(i);
  expect(counters.record().udpSent).toBe(9);
});

test('a batch takes what one call may bring, and the rest with the next', async () => {
  const socket = socketAt();
  const peer = await peerOf('127.0.0.1', socket.port);
  for (let i = 0; i < UDP_BATCH_MAX + 3; i++) peer.send(ask(i, 'drop'));
  const batch = new Batch(native, counters, new Bag());
  await receiveAll(batch, socket, UDP_BATCH_MAX);
  batch.answer(answerer);
  expect(batch.receive(socket, false)).toBe(3);
  batch.answer(answerer);
  expect(answerer.words).toHaveLength(UDP_BATCH_MAX + 3);
});

test('without a datagram a call comes back, waiting or not', () => {
  const batch = new Batch(native, counters, new Bag());
  const socket = socketAt();
  expect([batch.receive(socket, false), batch.receive(socket, true)]).toEqual([0, 0]);
});

test('one batch serves sockets of both families, bound to one address or to all', async () => {
  const batch = new Batch(native, counters, new Bag());
  for (const [bound, asked] of [
    ['127.0.0.1', '127.0.0.1'],
    ['::', '::1'],
    ['::1', '::1'],
    ['0.0.0.0', '127.0.0.5'],
  ] as const) {
    const socket = socketAt(bound);
    const peer = await peerOf(asked, socket.port);
    peer.send(ask(5, 'echo'));
    await receiveAll(batch, socket, 1);
    batch.answer(answerer);
    expect(idOf(await peer.hear())).toBe(5);
  }
});

describe('a kernel that does not take everything', () => {
  /** Sends as the script says: so many, or an error; when it is over, as ever. */
  function scripted(...script: (number | string)[]): Native {
    let error = '';
    return {
      ...native,
      errno: () => error || native.errno(),
      sendmmsg: (fd, headers, count, flags) => {
        const next = script.shift();
        error = typeof next === 'string' ? next : '';
        if (typeof next === 'string') return -1;
        return native.sendmmsg(fd, headers, Math.min(count, next ?? count), flags);
      },
    };
  }

  async function sent(kernel: Native): Promise<number[]> {
    const socket = socketAt();
    const peer = await peerOf('127.0.0.1', socket.port);
    for (let i = 0; i < 6; i++) peer.send(ask(i, `echo ${i}`));
    const batch = new Batch(kernel, counters, new Bag());
    await receiveAll(batch, socket, 6);
    batch.answer(answerer);
    const ids: number[] = [];
    for (let left = counters.record().udpSent; left > 0; left--) ids.push(idOf(await peer.hear()));
    return ids;
  }

  test.each([
    ['takes some at a time', [2, 1, 3], [0, 1, 2, 3, 4, 5], {}],
    ['is interrupted', ['EINTR', 1, 'EINTR'], [0, 1, 2, 3, 4, 5], {}],
    ['is full for a moment', [2, 'EAGAIN'], [0, 1, 2, 3, 4, 5], {}],
    ['stays full', [2, 'EAGAIN', 'EAGAIN'], [0, 1], { udpSendQueueFull: 4 }],
    ['will not send one of them', [2, 'EPERM'], [0, 1, 3, 4, 5], { udpSendFailed: 1 }],
    ['has lost the address that was asked', ['EINVAL'], [1, 2, 3, 4, 5], { udpSendFailed: 1 }],
    ['has no route to several', ['ENETUNREACH', 'EHOSTUNREACH'], [2, 3, 4, 5], { udpSendFailed: 2 }],
  ])('%s', async (_, script, ids, counted) => {
    expect(await sent(scripted(...script))).toEqual(ids);
    expect(counters.record()).toMatchObject({ udpSendFailed: 0, udpSendQueueFull: 0, ...counted });
  });

  test.each(['ECONNREFUSED', 'EINTR', 'ENOMEM'])('%s instead of a datagram is no datagram', (error) => {
    const kernel = { ...native, recvmmsg: () => -1, errno: () => error };
    expect(new Batch(kernel, counters, new Bag()).receive(socketAt(), false)).toBe(0);
  });

  test.each(['EBADF', 'EINVAL'])('a call that was made wrongly is our bug: %s', (error) => {
    const kernel = { ...native, recvmmsg: () => -1, errno: () => error };
    const batch = new Batch(kernel, counters, new Bag());
    expect(() => batch.receive(socketAt(), false)).toThrow(error);
  });
});

test('a full bag takes no more, and what it has stays whole', () => {
  const bag = new Bag();
  const [name, control, packet] = [32, 64, UDP_QUERY_BYTES_MAX].map((length) => new Uint8Array(length));
  const addressBytes = Uint8Array.of(127, 0, 0, 1);
  const socket = { fd: 7, isV6: false, isWildcard: false, address: '127.0.0.1', addressBytes, port: 53 };
  const put = () =>
    bag.put(
      socket,
      name as Uint8Array,
      0,
      control as Uint8Array,
      0,
      packet as Uint8Array,
      UDP_QUERY_BYTES_MAX - 1,
    );
  for (let i = 0; i < UDP_BATCH_MAX; i++) expect(put()).toBe(true);
  expect(put()).toBe(false);
  expect([...unpack(bag.take())].map((each) => each.packet.length)).toEqual(
    Array(UDP_BATCH_MAX).fill(UDP_QUERY_BYTES_MAX - 1),
  );
});

test.each([0, 7, 13, 17, 19, 37])(
  'a query from port %i is dropped: what is there answers anything',
  async (port) => {
    const socket = socketAt();
    const peer = await peerOf('127.0.0.1', socket.port);
    peer.send(ask(1, 'echo'), ask(2, 'echo'));
    // No test may send from there, so what the kernel wrote is changed.
    const forging: Native = {
      ...native,
      recvmmsg: (fd, headers, count, flags, timeout) => {
        const came = native.recvmmsg(fd, headers, count, flags, timeout);
        const name = new DataView(headers.buffer).getBigUint64(Header.NAME, true);
        new DataView(koffi.view(name, Name.SIZE)).setUint16(Name.PORT, port);
        return came;
      },
    };
    const batch = new Batch(forging, counters, new Bag());
    await receiveAll(batch, socket, 2);
    batch.answer(answerer);
    expect(idOf(await peer.hear())).toBe(2);
    expect(counters.record()).toMatchObject({ udpDropped: 1, udpReceived: 1 });
  },
);

describe('a port', () => {
  test('that a group of sockets shares is refused to others', () => {
    const group = openUdpSockets(native, '127.0.0.1', 0, 3);
    closing.push(() => group.forEach(({ fd }) => void native.close(fd)));
    expect(new Set(group.map(({ port }) => port)).size).toBe(1);
    const { port } = group[0] as UdpSocket;
    expect(() => openUdpSockets(native, '127.0.0.1', port, 2)).toThrow('EADDRINUSE');
  });

  test('spreads its clients over the group', async () => {
    const group = openUdpSockets(native, '127.0.0.1', 0, 2);
    closing.push(() => group.forEach(({ fd }) => void native.close(fd)));
    const { port } = group[0] as UdpSocket;
    const peers = await Promise.all(Array.from({ length: 40 }, () => peerOf('127.0.0.1', port)));
    for (const peer of peers) peer.send(ask(1, 'drop'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const batch = new Batch(native, counters, new Bag());
    const counts = group.map((socket) => batch.receive(socket, false));
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(counts.reduce((sum, count) => sum + count)).toBe(40);
  });

  test.each(['192.0.2.1', '2001:db8::1', 'no address'])(
    'of %s, which is not ours, cannot be had',
    (address) => {
      expect(() => openUdpSockets(native, address, 0, 1)).toThrow('EADDRNOTAVAIL');
    },
  );
});
