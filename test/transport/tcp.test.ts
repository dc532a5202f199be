/** What TCP has to do because a connection is a thing: bounds, deadlines, halves and ends (RFC 7766 §6). */
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CounterName, Counters } from '../../src/base/counters.ts';
import { type TcpLimits, tcpLimits } from '../../src/transport/connection.ts';
import { framed } from '../../src/transport/stream.ts';
import { listenTcp, type TcpListener } from '../../src/transport/tcp.ts';
import { TcpTable } from '../../src/transport/tcp-table.ts';
import { TcpPeer, tcpPeer, turns, until } from './peer.ts';
import { ask, idOf, ScriptedAnswerer, ScriptedWorld, wordOf } from './script.ts';

let world: ScriptedWorld;
let answerer: ScriptedAnswerer;
let counters: Counters;
let listener: TcpListener;
let peers: TcpPeer[];

beforeEach(() => {
  world = new ScriptedWorld();
  answerer = new ScriptedAnswerer();
  counters = new Counters();
  peers = [];
});
afterEach(async () => {
  for (const peer of peers) peer.close();
  await listener.close();
});

const listening = async (limits: Partial<TcpLimits> = {}): Promise<void> => {
  listener = await listenTcp('127.0.0.1', 0, new TcpTable(answerer, world, counters, limits));
};

/** A peer whose connection the listener has seen. */
async function peer(from?: string): Promise<TcpPeer> {
  const seen = count('tcpAccepted') + count('tcpRefused');
  const made = await tcpPeer('127.0.0.1', listener.port, from);
  peers.push(made);
  await until(() => count('tcpAccepted') + count('tcpRefused') > seen);
  return made;
}

const count = (name: CounterName): number => counters.record()[name];

describe('a stream of messages', () => {
  beforeEach(() => listening());

  test('may come byte by byte', async () => {
    const one = await peer();
    for (const byte of framed(ask(1, 'echo'))) {
      one.socket.write(Uint8Array.of(byte));
      await until(() => one.socket.writableLength === 0);
    }
    expect(idOf(await one.hear())).toBe(1);
  });

  test('may be cut anywhere', async () => {
    const one = await peer();
    const bytes = Buffer.concat([framed(ask(1, 'echo')), framed(ask(2, 'echo')), framed(ask(3, 'echo'))]);
    one.socket.write(bytes.subarray(0, 20));
    await until(() => answerer.words.length === 1);
    one.socket.write(bytes.subarray(20));
    for (const id of [1, 2, 3]) expect(idOf(await one.hear())).toBe(id);
  });

  test.each([
    ['no length at all', Buffer.alloc(0)],
    ['less than a header', Buffer.alloc(11)],
  ])('ends at a message of %s', async (_what, message) => {
    const one = await peer();
    one.send(ask(1, 'drop'), message, ask(2, 'echo'));
    await one.over;
    expect(answerer.words).toEqual(['drop']);
    expect(count('tcpClosedMalformed')).toBe(1);
  });
});

describe('a peer that closed its half [RFC 9293 §3.6]', () => {
  beforeEach(() => listening({ pipelineMax: 4 }));

  test('still gets its answer, and then the end', async () => {
    const one = await peer();
    one.send(ask(1, 'echo'), ask(2, 'later'));
    one.socket.end();
    expect(idOf(await one.hear())).toBe(1);
    answerer.pay(2);
    expect(idOf(await one.hear())).toBe(2);
    expect(await one.over).toBe('closed');
    expect(listener.connections).toBe(0);
  });

  test('gets all its answers, even those for which there was no room when it closed', async () => {
    const one = await peer();
    const ids = Array.from({ length: 20 }, (_, i) => i);
    one.send(...ids.map((id) => ask(id, 'later')));
    one.socket.end();
    for (const id of ids) {
      await until(() => answerer.owed.has(id));
      answerer.pay(id);
      expect(idOf(await one.hear())).toBe(id);
    }
    expect(await one.over).toBe('closed');
  });

  test('gets all its answers, however late it starts to read', async () => {
    const one = await peer();
    one.socket.pause();
    const ids = Array.from({ length: 200 }, (_, i) => i);
    one.send(...ids.map((id) => ask(id, 'big 60000')));
    one.socket.end();
    await turns(200);
    expect(answerer.words.length).toBeLessThan(ids.length);
    one.socket.resume();
    for (const id of ids) expect(idOf(await one.hear())).toBe(id);
    expect(await one.over).toBe('closed');
  });

  test('that has asked nothing is closed at once, whatever part of a message it left', async () => {
    const one = await peer();
    one.socket.end(Uint8Array.of(0, 40, 1, 2, 3));
    expect(await one.over).toBe('closed');
  });
});

describe('a peer that goes away', () => {
  beforeEach(() => listening());

  test('with a reset, while its answer is being found, disturbs nobody', async () => {
    const [one, two] = [await peer(), await peer()];
    one.send(ask(1, 'later'));
    await until(() => answerer.owed.size === 1);
    one.socket.resetAndDestroy();
    await until(() => listener.connections === 1);
    answerer.pay(1);
    two.send(ask(2, 'echo'));
    expect(idOf(await two.hear())).toBe(2);
    expect(count('tcpErrors')).toBe(1);
  });

  test('before its answers are written, disturbs nobody', async () => {
    const [one, two] = [await peer(), await peer()];
    one.send(...Array.from({ length: 30 }, (_, id) => ask(id, 'big 65535')));
    await one.hear();
    one.socket.resetAndDestroy();
    await until(() => listener.connections === 1);
    two.send(ask(2, 'echo'));
    expect(idOf(await two.hear())).toBe(2);
  });
});

describe('room for questions and answers', () => {
  test('with so many questions waiting, no more are read until one is answered', async () => {
    await listening({ pipelineMax: 3 });
    const one = await peer();
    one.send(...Array.from({ length: 5 }, (_, id) => ask(id, 'later')));
    one.send(ask(5, 'echo'));
    await until(() => answerer.owed.size === 3);
    answerer.pay(1);
    expect(idOf(await one.hear())).toBe(1);
    await until(() => answerer.owed.has(3));
    expect(answerer.words.length).toBe(4);
    for (const id of [0, 2, 3]) answerer.pay(id);
    await until(() => answerer.owed.has(4));
    answerer.pay(4);
    const heard = [];
    for (let i = 0; i < 5; i++) heard.push(idOf(await one.hear()));
    expect(heard.sort()).toEqual([0, 2, 3, 4, 5]);
  });

  test('an answer sent in the middle of another, making room for a third, disturbs neither', async () => {
    await listening({ pipelineMax: 1 });
    const [one, two] = [await peer(), await peer()];
    one.send(ask(1, 'later'), ask(2, 'echo'));
    await until(() => answerer.owed.size === 1);
    two.send(ask(3, 'pay 1'));
    expect(await two.hear()).toEqual(ask(3, 'pay 1'));
    expect(idOf(await one.hear())).toBe(1);
    expect(idOf(await one.hear())).toBe(2);
  });

  test('a peer that asks and does not read is not read from, and closed after a time', async () => {
    await listening();
    const one = await peer();
    one.socket.pause();
    const questions = 2_000;
    one.send(...Array.from({ length: questions }, (_, id) => ask(id, 'big 65535')));
    // The kernel takes some megabytes; then it takes nothing, and nothing more is asked of the answerer.
    let asked = -1;
    while (asked !== answerer.words.length) {
      asked = answerer.words.length;
      await turns(200);
    }
    expect(asked).toBeLessThan(questions);
    world.pass(tcpLimits.stalledMs + 2 * tcpLimits.sweepMs);
    expect(count('tcpClosedStalled')).toBe(1);
    expect(listener.connections).toBe(0);
  });

  test('a peer that reads slowly is read from again when it has caught up', async () => {
    await listening({ unsentBytesMax: 1_000 });
    const one = await peer();
    one.socket.pause();
    const ids = Array.from({ length: 200 }, (_, i) => i);
    one.send(...ids.map((id) => ask(id, 'big 60000')));
    await until(() => answerer.words.length > 10);
    one.socket.resume();
    for (const id of ids) expect(idOf(await one.hear())).toBe(id);
  });
});

describe('time', () => {
  beforeEach(() => listening());
  const { messageMs, idleMs, answerMs, sweepMs } = tcpLimits;

  test('a connection on which nothing is asked is closed soon [RFC 7766 §6.2.3]', async () => {
    const one = await peer();
    world.pass(messageMs - sweepMs);
    expect(listener.connections).toBe(1);
    world.pass(2 * sweepMs);
    await one.over;
    expect(count('tcpClosedSilent')).toBe(1);
  });

  test('one that has asked may rest a while longer [RFC 7766 §6.2.3]', async () => {
    const one = await peer();
    for (const id of [1, 2]) {
      one.send(ask(id, 'echo'));
      await one.hear();
      world.pass(idleMs - 2 * sweepMs);
      expect(listener.connections).toBe(1);
    }
    world.pass(3 * sweepMs);
    await one.over;
    expect(count('tcpClosedIdle')).toBe(1);
  });

  test('a message must be whole soon after its first byte, however steadily it drips', async () => {
    const one = await peer();
    one.send(ask(1, 'echo'));
    await one.hear();
    one.socket.write(Uint8Array.of(0));
    await until(() => world.alarms > 0 && one.socket.writableLength === 0);
    for (let second = 0; second < 20 && listener.connections === 1; second++) {
      one.socket.write(Uint8Array.of(40));
      // What it writes does arrive before the time passes.
      await turns(20);
      world.pass(1_000);
    }
    expect(listener.connections).toBe(0);
    expect(count('tcpClosedSilent')).toBe(1);
    expect(world.nowMs()).toBeLessThan(messageMs + 2_000);
  });

  test('whole messages that follow one another have time each', async () => {
    const one = await peer();
    const half = framed(ask(7, 'echo'));
    one.socket.write(half.subarray(0, 5));
    for (let round = 0; round < 5; round++) {
      await turns(20);
      world.pass(messageMs - 2 * sweepMs);
      one.socket.write(Buffer.concat([half.subarray(5), half.subarray(0, 5)]));
      await one.hear();
    }
    expect(listener.connections).toBe(1);
  });

  test('a question is waited for as long as a resolution may take, and no longer', async () => {
    const one = await peer();
    one.send(ask(1, 'never'));
    await until(() => answerer.words.length === 1);
    world.pass(answerMs - sweepMs);
    expect(listener.connections).toBe(1);
    world.pass(2 * sweepMs);
    await one.over;
    expect(count('tcpClosedUnanswered')).toBe(1);
  });

  test('with no connection nothing ticks', async () => {
    expect(world.alarms).toBe(0);
    const one = await peer();
    expect(world.alarms).toBe(1);
    one.close();
    await until(() => listener.connections === 0);
    expect(world.alarms).toBe(0);
  });
});

describe('a table of connections', () => {
  test.each([
    [5, tcpLimits.idleMs],
    [6, tcpLimits.idleMs / 4],
    [7, tcpLimits.idleMs / 10],
    [9, tcpLimits.idleMs / 50],
  ])('has, with %i of 10 taken, %i ms of patience [RFC 7766 §6.2.3]', async (taken, patienceMs) => {
    await listening({ clientsMax: 10, sweepMs: 10 });
    for (let i = 0; i < taken; i++) {
      const one = await peer();
      one.send(ask(1, 'echo'));
      await one.hear();
    }
    world.pass(patienceMs - 10);
    expect(listener.connections).toBe(taken);
    world.pass(20);
    expect(listener.connections).toBe(0);
  });

  test('that is full gives the place of the idlest to a newcomer', async () => {
    await listening({ clientsMax: 3 });
    const old: TcpPeer[] = [];
    for (let i = 0; i < 3; i++) {
      old.push(await peer());
      world.pass(10);
    }
    // The first has spoken last.
    old[0]?.send(ask(1, 'echo'));
    await old[0]?.hear();
    const newcomer = await peer();
    await old[1]?.over;
    newcomer.send(ask(1, 'echo'));
    expect(idOf(await newcomer.hear())).toBe(1);
    expect([listener.connections, count('tcpEvicted'), count('tcpRefused')]).toEqual([3, 1, 0]);
  });

  test('is one table, however many listeners let connections in', async () => {
    const table = new TcpTable(answerer, world, counters, { clientsMax: 2, clientsPerAddressMax: 1 });
    listener = await listenTcp('127.0.0.1', 0, table);
    const other = await listenTcp('127.0.0.1', 0, table);
    const first = await peer('127.0.0.2');
    const elsewhere = await tcpPeer('127.0.0.1', other.port, '127.0.0.2');
    peers.push(elsewhere);
    await first.over;
    await until(() => other.connections === 1);
    expect([listener.connections, count('tcpEvicted')]).toEqual([0, 1]);
    for (const from of ['127.0.0.3', '127.0.0.4']) await peer(from);
    await elsewhere.over;
    expect([listener.connections, other.connections, count('tcpEvicted')]).toEqual([2, 0, 2]);
    await other.close();
  });

  test('in which everybody waits for an answer refuses a newcomer', async () => {
    await listening({ clientsMax: 2 });
    for (let id = 0; id < 2; id++) (await peer()).send(ask(id, 'later'));
    await until(() => answerer.owed.size === 2);
    const newcomer = await peer();
    await newcomer.over;
    expect([count('tcpRefused'), count('tcpEvicted')]).toEqual([1, 0]);
    answerer.pay(0);
    expect(idOf((await peers[0]?.hear()) as Buffer)).toBe(0);
  });

  test('bounds each address, and the others do not suffer [RFC 7766 §6.2.2]', async () => {
    await listening({ clientsPerAddressMax: 2 });
    const neighbour = await peer('127.0.0.2');
    for (let id = 0; id < 2; id++) (await peer('127.0.0.3')).send(ask(id, 'later'));
    await until(() => answerer.owed.size === 2);
    await (await peer('127.0.0.3')).over;
    expect(count('tcpRefused')).toBe(1);
    answerer.pay(0);
    await peers[1]?.hear();
    // Now one of them is idle, and makes room for another of the same address.
    const another = await peer('127.0.0.3');
    await peers[1]?.over;
    another.send(ask(5, 'echo'));
    expect(idOf(await another.hear())).toBe(5);
    neighbour.send(ask(6, 'echo'));
    expect(idOf(await neighbour.hear())).toBe(6);
  });

  test('takes a /64 of IPv6 for one client, whatever addresses it makes up', async () => {
    await listening({ clientsPerAddressMax: 2 });
    const table = new TcpTable(answerer, world, counters, { clientsPerAddressMax: 2 });
    const from = (remoteAddress: string): Socket =>
      Object.defineProperties(new Socket(), {
        remoteAddress: { value: remoteAddress },
        remotePort: { value: 5_300 },
      });
    const kept = ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'].map((each) =>
      table.admit(from(each), () => {}),
    );
    expect([count('tcpAccepted'), count('tcpEvicted')]).toEqual([3, 0]);
    expect(table.admit(from('2001:db8::ffff:3'), () => {})).toBeDefined();
    expect(count('tcpEvicted')).toBe(1);
    for (const each of kept) if (each) table.close(each);
  });

  test('forgets who left', async () => {
    await listening({ clientsMax: 2, clientsPerAddressMax: 2 });
    for (let round = 0; round < 6; round++) {
      const one = await peer();
      one.close();
      await until(() => listener.connections === 0);
    }
    expect([count('tcpAccepted'), count('tcpRefused'), count('tcpEvicted')]).toEqual([6, 0, 0]);
  });
});

describe('the end', () => {
  beforeEach(() => listening());

  test('lets what was asked be answered, and hears no more', async () => {
    const one = await peer();
    one.send(ask(1, 'later'));
    await until(() => answerer.owed.size === 1);
    const drained = listener.drain(5_000);
    one.send(ask(2, 'echo'));
    await turns(20);
    answerer.pay(1);
    expect(wordOf(await one.hear())).toBe('later');
    expect(await one.over).toBe('closed');
    await drained;
    expect(answerer.words).toEqual(['later']);
    expect(await new TcpPeer('127.0.0.1', listener.port).over).toBe('reset');
  });

  test('comes at once where nobody is connected, and soon where nobody waits', async () => {
    const one = await peer();
    one.socket.removeAllListeners('end');
    one.socket.pause();
    const drained = listener.drain(5_000);
    world.pass(2 * tcpLimits.sweepMs);
    await drained;
    expect(world.nowMs()).toBeLessThan(5_000);
  });

  test('does not wait longer than it is given', async () => {
    const one = await peer();
    one.send(ask(1, 'never'));
    await until(() => answerer.words.length === 1);
    const drained = listener.drain(1_000);
    world.pass(1_000);
    await drained;
    await one.over;
    expect(listener.connections).toBe(0);
  });
});
