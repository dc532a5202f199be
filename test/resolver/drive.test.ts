/** What goes out for walks that ask the same server the same at the same time. */
import { expect, test } from 'vitest';
import { LATE_ANSWERS_MAX } from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import { drive, type Grant, Sender } from '../../src/resolver/drive.ts';
import type { Event, Upstream } from '../../src/resolver/upstream.ts';
import { Volley } from '../../src/resolver/volley.ts';
import type { Happening, Sending, Steps } from '../../src/resolver/wish.ts';
import { Type } from '../../src/wire/codes.ts';
import { ScriptedInternet } from '../scenarios/scripted-internet.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from './messages.ts';

const sending: Sending = {
  do: 'send',
  to: '192.0.2.1',
  asked: { name: name('part.test'), type: Type.A },
  via: 'udp',
  manner: { edns: true, randomCase: true, cookie: new Uint8Array(8) },
  recursionDesired: false,
  ms: 400,
  volley: new Volley(),
};

const listener = { asked() {}, answered() {}, gaveCookie() {}, questionsMax: () => 6 };

/** Answers nothing, when told to. */
function silent() {
  const waiting: ((event: Event) => void)[] = [];
  const upstream: Upstream = { exchange: () => new Promise((settle) => waiting.push(settle)) };
  return {
    waiting,
    sender: new Sender(new VirtualWorld(1), upstream, 53, listener),
  };
}

test('what is under way is waited for, and its silence is blamed by one [VU#457875, LIMITS B3]', async () => {
  const { waiting, sender } = silent();
  const all = [1, 2, 3].map(() =>
    sender.send({ ...sending, volley: new Volley() }, Number.POSITIVE_INFINITY),
  );
  expect(waiting).toHaveLength(1);
  waiting[0]?.({ got: 'silence' });
  const [first, ...others] = await Promise.all(all);
  expect(first).toEqual({ got: 'silence', puzzled: false });
  expect(others).toEqual(Array(2).fill({ got: 'silence', puzzled: false, shared: true }));
  void sender.send(sending, Number.POSITIVE_INFINITY);
  expect(waiting).toHaveLength(2);
});

test('another question, server, way or manner is another query', () => {
  const { waiting, sender } = silent();
  const others: Partial<Sending>[] = [
    {},
    { to: '192.0.2.2' },
    { asked: { name: name('part.test'), type: Type.AAAA } },
    { asked: { name: name('other.test'), type: Type.A } },
    { via: 'tcp' },
    { manner: { ...sending.manner, edns: false } },
    { manner: { ...sending.manner, randomCase: false } },
  ];
  for (const other of others) void sender.send({ ...sending, ...other }, Number.POSITIVE_INFINITY);
  expect(waiting).toHaveLength(others.length);
});

test('IDs are spread evenly, and none tells of the next [RFC 5452 §9.2, LIMITS B1]', async () => {
  const BINS = 64;
  const QUERIES = 10_000;
  const bins = new Array<number>(BINS).fill(0);
  const pairs = new Array<number>(BINS).fill(0);
  let last = 0;
  const upstream: Upstream = {
    exchange(_to, query) {
      const id = ((query[0] as number) << 8) | (query[1] as number);
      bins[id % BINS] = (bins[id % BINS] ?? 0) + 1;
      const step = (id - last) & 0xffff;
      pairs[step >> 10] = (pairs[step >> 10] ?? 0) + 1;
      last = id;
      return Promise.resolve({ got: 'silence' });
    },
  };
  const sender = new Sender(realWorld, upstream, 53, listener);
  for (let i = 0; i < QUERIES; i++) {
    await sender.send({ ...sending, volley: new Volley() }, Number.POSITIVE_INFINITY);
  }
  const expected = QUERIES / BINS;
  const chiSquare = (seen: readonly number[]): number =>
    seen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 63 degrees of freedom: fair draws pass 150 once in a hundred million times.
  expect(chiSquare(bins)).toBeLessThan(150);
  expect(chiSquare(pairs)).toBeLessThan(150);
});

test('so many questions are out to one server, and no more until one has ended', async () => {
  const { waiting, sender } = silent();
  const send = (i: number) =>
    sender.send({ ...sending, asked: { name: name(`n${i}.test`), type: Type.A }, volley: new Volley() }, 1e9);
  for (let i = 0; i < 6; i++) void send(i);
  expect(await send(6)).toEqual({ got: 'full' });
  expect(waiting).toHaveLength(6);
  waiting[0]?.({ got: 'silence' });
  await Promise.resolve();
  await Promise.resolve();
  void send(7);
  expect(waiting).toHaveLength(7);
});

test.for(['udp', 'tcp'] as const)(
  'over %s nobody waits longer for want of room for late answers',
  async (via) => {
    const world = new VirtualWorld(1);
    const listenerOfAll = { ...listener, questionsMax: () => 2 * LATE_ANSWERS_MAX };
    const sender = new Sender(world, new ScriptedInternet(world), 53, listenerOfAll);
    let heard = 0;
    for (let i = 0; i < LATE_ANSWERS_MAX + 20; i++) {
      const asked = { name: name(`n${i}.test`), type: Type.A };
      const one = sender.send({ ...sending, via, asked, volley: new Volley() }, Number.POSITIVE_INFINITY);
      void one.then(() => heard++);
    }
    await world.pass(sending.ms);
    expect(heard).toBe(LATE_ANSWERS_MAX + 20);
  },
);

/** Wishes twice, and ends with what happened. */
function* twice(): Steps<readonly string[]> {
  const first = yield sending;
  const second = yield sending;
  return [first.got, second.got];
}

const driven = (grant: Grant): unknown[] => {
  const ends: unknown[] = [];
  const end = (result: readonly string[]): unknown => ends.push(result);
  drive(twice(), grant, end, (bug) => [String(bug)]);
  return ends;
};

test('a wish that is granted at once does not wait, any other does', () => {
  expect(driven(() => ({ got: 'late' }))).toEqual([['late', 'late']]);
  const waiting: ((happening: Happening) => void)[] = [];
  const ends = driven((_, goOn) => void waiting.push(goOn));
  expect([waiting.length, ends]).toEqual([1, []]);
  waiting[0]?.({ got: 'full' });
  expect([waiting.length, ends]).toEqual([2, []]);
  waiting[1]?.({ got: 'late' });
  expect(ends).toEqual([['full', 'late']]);
});

test('a mistake of ours ends a resolution, be it met at once or later', () => {
  const thrower: Grant = () => {
    throw new Error('planted');
  };
  expect(driven(thrower)).toEqual([['Error: planted']]);
  const ends = driven((_, __, giveUp) => void queueMicrotask(() => giveUp('planted')));
  return Promise.resolve().then(() => expect(ends).toEqual([['planted']]));
});
