/** What every transport does, asked of each of them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { parseIp } from '../../src/base/ip.ts';
import { UDP_QUERY_BYTES_MAX } from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import { listenTcp } from '../../src/transport/tcp.ts';
import { TcpTable } from '../../src/transport/tcp-table.ts';
import { listenUdp } from '../../src/transport/udp.ts';
import { listenBatch } from '../transport/batch-listener.ts';
import { type Peer, tcpPeer, udpPeer, until } from '../transport/peer.ts';
import { ask, idOf, ScriptedAnswerer, wordOf } from '../transport/script.ts';

const counters = new Counters();

const transports = [
  {
    transport: 'udp',
    over: 'udp',
    listen: (address: string, port: number, answerer: ScriptedAnswerer) =>
      listenUdp(address, port, answerer, counters),
    connect: udpPeer,
    // 65,535 less the headers of IPv4 and UDP.
    bytesMax: 65_507,
    questionBytesMax: 65_507,
    received: Counter.udpReceived,
  },
  {
    transport: 'udp-batch',
    over: 'udp',
    listen: (address: string, port: number, answerer: ScriptedAnswerer) =>
      listenBatch(address, port, answerer, counters),
    connect: udpPeer,
    bytesMax: 65_507,
    questionBytesMax: UDP_QUERY_BYTES_MAX,
    received: Counter.udpReceived,
  },
  {
    transport: 'tcp',
    over: 'tcp',
    listen: (address: string, port: number, answerer: ScriptedAnswerer) =>
      listenTcp(address, port, new TcpTable(answerer, realWorld, counters)),
    connect: tcpPeer as (address: string, port: number) => Promise<Peer>,
    bytesMax: 65_535,
    questionBytesMax: 65_535,
    received: Counter.tcpMessages,
  },
];

describe.each(transports)('$transport', ({ over, listen, connect, bytesMax, questionBytesMax, received }) => {
  type Listener = Awaited<ReturnType<typeof listen>>;
  let answerer: ScriptedAnswerer;
  let opened: Listener[];
  let peers: Peer[];
  beforeEach(() => {
    answerer = new ScriptedAnswerer();
    opened = [];
    peers = [];
  });
  afterEach(async () => {
    for (const peer of peers) peer.close();
    await Promise.all(opened.map((listener) => listener.close()));
  });

  async function listening(address = '127.0.0.1', port = 0): Promise<Listener> {
    const listener = await listen(address, port, answerer);
    opened.push(listener);
    return listener;
  }

  async function conversation(address = '127.0.0.1'): Promise<Peer> {
    const peer = await connect(address, (await listening(address)).port);
    peers.push(peer);
    return peer;
  }

  test('a message is answered with what the answerer wrote, no more and no less', async () => {
    const peer = await conversation();
    peer.send(ask(7, 'echo this'));
    expect(await peer.hear()).toEqual(ask(7, 'echo this'));
  });

  test(`an answer may be ${bytesMax} bytes long`, async () => {
    const peer = await conversation();
    peer.send(ask(9, `big ${bytesMax}`));
    const answer = await peer.hear();
    expect(answer.length).toBe(bytesMax);
    expect([idOf(answer), answer.at(-1)]).toEqual([9, 0xab]);
  });

  test(`a question may be ${questionBytesMax} bytes long`, async () => {
    const peer = await conversation();
    peer.send(ask(9, 'echo', questionBytesMax - 16));
    expect((await peer.hear()).length).toBe(questionBytesMax);
  });

  test('a dropped message is met with silence, and costs the next one nothing', async () => {
    const peer = await conversation();
    peer.send(ask(1, 'drop'), ask(2, 'echo'));
    expect(idOf(await peer.hear())).toBe(2);
    expect(answerer.words).toEqual(['drop', 'echo']);
  });

  test('an answer may come later, and others pass it meanwhile [RFC 7766 §7]', async () => {
    const peer = await conversation();
    peer.send(ask(1, 'later'), ask(2, 'echo'));
    expect(idOf(await peer.hear())).toBe(2);
    answerer.pay(1);
    expect(wordOf(await peer.hear())).toBe('later');
  });

  test('later answers come in the order they are ready [RFC 7766 §7]', async () => {
    const peer = await conversation();
    peer.send(ask(1, 'later'), ask(2, 'later'), ask(3, 'later'));
    await until(() => answerer.owed.size === 3);
    for (const id of [2, 3, 1]) {
      answerer.pay(id);
      expect(idOf(await peer.hear())).toBe(id);
    }
  });

  test('an answer that never comes holds up no other', async () => {
    const peer = await conversation();
    peer.send(ask(1, 'never'), ask(2, 'later'));
    await until(() => answerer.owed.size === 1);
    answerer.pay(2);
    expect(idOf(await peer.hear())).toBe(2);
  });

  test('garbage is the answerer’s to judge, and the next message is heard', async () => {
    const peer = await conversation();
    peer.send(Buffer.alloc(40, 0xff), ask(2, 'echo'));
    expect(wordOf(await peer.hear())).toBe('what?');
    expect(idOf(await peer.hear())).toBe(2);
  });

  test('a burst of messages is answered one by one, each with its own answer', async () => {
    const peer = await conversation();
    const ids = Array.from({ length: 100 }, (_, i) => i);
    peer.send(...ids.map((id) => ask(id, `echo ${id}`)));
    const answers: string[] = [];
    for (const _ of ids) answers.push(wordOf(await peer.hear()));
    expect(answers.sort()).toEqual(ids.map((id) => `echo ${id}`).sort());
  });

  test.each(['127.0.0.1', '::1'])('the answerer is told who asks, how, and that it is at %s', async (at) => {
    const { port } = await listening(at);
    const peer = await connect(at, port);
    peers.push(peer);
    peer.send(ask(1, 'echo'));
    await peer.hear();
    const address = parseIp(at);
    expect(answerer.clients).toEqual([
      { transport: over, address, port: peer.port, local: { address, port } },
    ]);
  });

  test.each(['127.0.0.1', '127.0.0.2', '127.1.2.3', '::1'])(
    'what is asked at %s is answered from there, at once and later [RFC 2181 §4.1]',
    async (address) => {
      const peer = await conversation(address);
      peer.send(ask(1, 'echo'), ask(2, 'later'));
      expect(idOf(await peer.hear())).toBe(1);
      await until(() => answerer.owed.size === 1);
      answerer.pay(2);
      expect(idOf(await peer.hear())).toBe(2);
    },
  );

  test('listeners on many addresses share a port', async () => {
    const first = await listening('127.0.0.1');
    for (const address of ['127.0.0.2', '127.0.0.3']) {
      await listening(address, first.port);
      const peer = await connect(address, first.port);
      peers.push(peer);
      peer.send(ask(1, 'echo'));
      expect(idOf(await peer.hear())).toBe(1);
    }
  });

  test('an address that is taken is the system’s error', async () => {
    const { port } = await listening();
    await expect(listen('127.0.0.1', port, answerer)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('an address of somebody else is the system’s error', async () => {
    await expect(listen('192.0.2.1', 0, answerer)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  test('after the last question, answers still go out; after the end, none', async () => {
    const peer = await conversation();
    const [listener] = opened as [Listener];
    peer.send(ask(1, 'later'), ask(2, 'later'), ask(3, 'echo'));
    await peer.hear();
    await until(() => answerer.owed.size === 2);
    listener.stopReceiving();
    peer.send(ask(4, 'echo'));
    answerer.pay(1);
    expect(idOf(await peer.hear())).toBe(1);
    await listener.close();
    answerer.pay(2);
    expect(answerer.words).toEqual(['later', 'later', 'echo']);
  });

  test('a port is free again when its listener has closed', async () => {
    const listener = await listening();
    await listener.close();
    await listener.close();
    expect((await listening('127.0.0.1', listener.port)).port).toBe(listener.port);
  });

  test('what is received is counted', async () => {
    const before = counters.get(received);
    const peer = await conversation();
    peer.send(ask(1, 'drop'), ask(2, 'echo'));
    await peer.hear();
    expect(counters.get(received) - before).toBe(2);
  });
});
