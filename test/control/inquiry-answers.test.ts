/** What the resolver thread does to tell all that it knows, beside what it is there for. */
import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { NextTurn } from '../../src/base/next-turn.ts';
import { answerInquiries } from '../../src/control/inquiry-answers.ts';
import type { Recursor } from '../../src/resolver/recursor.ts';
import type { Native } from '../../src/transport/native.ts';
import { Readiness } from '../../src/transport/upstream-readiness.ts';

test('between two pieces it looks for answers of other servers once, and waits for none', async () => {
  const PIECES = 20;
  const waits: number[] = [];
  const native = {
    ...{ epollCreate: () => 3, epollAdd: () => 0, close: () => 0 },
    epollWait: (_epoll: number, _events: Uint8Array, _max: number, ms: number) => {
      waits.push(ms);
      return 0;
    },
  };
  const nextTurn = new NextTurn();
  const loop = { fd: 4, isBusy: () => nextTurn.isDue };
  const readiness = new Readiness(native as unknown as Native, loop, { send: () => {}, read: () => {} });
  let told: number[] = [];
  const packed = function* (): Generator<Uint8Array> {
    for (let i = 0; i < PIECES; i++) {
      if (i === 0) waits.length = 0;
      told = waits.slice();
      yield Uint8Array.of(i);
    }
  };
  const { port1, port2 } = new MessageChannel();
  const recursor = () => ({ packed }) as unknown as Recursor;
  answerInquiries(port2, {
    ...{ recursor, another: recursor, nextTurn },
    onBug: (bug) => expect.fail(String(bug)),
  });
  expect(readiness.watch(5)).toBe(true);
  readiness.attend();
  port1.postMessage({ ticket: 1, about: 'learned', asked: {} });
  const [reply] = (await once(port1, 'message')) as [{ told: unknown[] }];
  expect(reply.told).toHaveLength(PIECES);
  expect(told).toEqual(Array(PIECES - 1).fill(0));
  // With nothing to do, it waits.
  waits.length = 0;
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(Math.max(...waits)).toBeGreaterThan(0);
  readiness.forget();
  readiness.close();
  port1.close();
});

test('what is put off is due until its turn', async () => {
  const nextTurn = new NextTurn();
  const done: string[] = [];
  expect(nextTurn.isDue).toBe(false);
  nextTurn.call(() => done.push(`one: ${nextTurn.isDue}`));
  nextTurn.call(() => done.push(`two: ${nextTurn.isDue}`));
  expect([nextTurn.isDue, done]).toEqual([true, []]);
  await nextTurn.come();
  expect([nextTurn.isDue, done]).toEqual([false, ['one: true', 'two: true']]);
});
