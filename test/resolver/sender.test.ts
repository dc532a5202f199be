/** What goes out for walks that ask the same server the same at the same time. */
import { expect, test } from 'vitest';
import { LATE_ANSWERS_MAX } from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import { Sender } from '../../src/resolver/sender.ts';
import type { Exchange } from '../../src/resolver/upstream.ts';
import { Volley } from '../../src/resolver/volley.ts';
import type { Heard, Sending } from '../../src/resolver/wish.ts';
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
  const waiting: Exchange[] = [];
  const upstream = { exchange: (exchange: Exchange) => void waiting.push(exchange) };
  return {
    waiting,
    sender: new Sender(new VirtualWorld(1), upstream, 53, listener),
  };
}

/** What is heard, at once or later. */
const heard = (sender: Sender, sending: Sending, deadlineMs = Number.POSITIVE_INFINITY): Promise<Heard> =>
  new Promise((resolve, reject) => {
    const known = sender.send(sending, deadlineMs, resolve, reject);
    if (known !== undefined) resolve(known);
  });

test('what is under way is waited for, and its silence is blamed by one [VU#457875, LIMITS B3]', async () => {
  const { waiting, sender } = silent();
  const all = [1, 2, 3].map(() => heard(sender, { ...sending, volley: new Volley() }));
  expect(waiting).toHaveLength(1);
  waiting[0]?.end({ got: 'silence' });
  const [first, ...others] = await Promise.all(all);
  expect(first).toEqual({ got: 'silence', puzzled: false });
  expect(others).toEqual(Array(2).fill({ got: 'silence', puzzled: false, shared: true }));
  void heard(sender, sending);
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
  for (const other of others) void heard(sender, { ...sending, ...other });
  expect(waiting).toHaveLength(others.length);
});

test('IDs are spread evenly, and none tells of the next [RFC 5452 §9.2, LIMITS B1]', async () => {
  const BINS = 64;
  const QUERIES = 10_000;
  const bins = new Array<number>(BINS).fill(0);
  const pairs = new Array<number>(BINS).fill(0);
  let last = 0;
  const upstream = {
    exchange(exchange: Exchange) {
      const { query } = exchange;
      const id = ((query[0] as number) << 8) | (query[1] as number);
      bins[id % BINS] = (bins[id % BINS] ?? 0) + 1;
      const step = (id - last) & 0xffff;
      pairs[step >> 10] = (pairs[step >> 10] ?? 0) + 1;
      last = id;
      exchange.end({ got: 'silence' });
    },
  };
  const sender = new Sender(realWorld, upstream, 53, listener);
  for (let i = 0; i < QUERIES; i++) {
    await heard(sender, { ...sending, volley: new Volley() });
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
    heard(sender, { ...sending, asked: { name: name(`n${i}.test`), type: Type.A }, volley: new Volley() });
  for (let i = 0; i < 6; i++) void send(i);
  expect(await send(6)).toEqual({ got: 'full' });
  expect(waiting).toHaveLength(6);
  waiting[0]?.end({ got: 'silence' });
  void send(7);
  expect(waiting).toHaveLength(7);
});

test.for(['udp', 'tcp'] as const)(
  'over %s nobody waits longer for want of room for late answers',
  async (via) => {
    const world = new VirtualWorld(1);
    const listenerOfAll = { ...listener, questionsMax: () => 2 * LATE_ANSWERS_MAX };
    const sender = new Sender(world, new ScriptedInternet(world), 53, listenerOfAll);
    let ended = 0;
    for (let i = 0; i < LATE_ANSWERS_MAX + 20; i++) {
      const asked = { name: name(`n${i}.test`), type: Type.A };
      void heard(sender, { ...sending, via, asked, volley: new Volley() }).then(() => ended++);
    }
    await world.pass(sending.ms);
    expect(ended).toBe(LATE_ANSWERS_MAX + 20);
  },
);

test('a mistake of ours in judging a reply is met by all who wait', async () => {
  const { waiting, sender } = silent();
  const all = [1, 2].map(() => heard(sender, { ...sending, volley: new Volley() }));
  const broken = new Proxy(new Uint8Array(12), {
    get: () => {
      throw new Error('planted');
    },
  });
  expect(waiting[0]?.accept(broken)).toBe(true);
  waiting[0]?.end({ got: 'reply', bytes: new Uint8Array(12), ms: 1 });
  for (const one of all) await expect(one).rejects.toThrow('planted');
});
