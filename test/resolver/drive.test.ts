/** What goes out for walks that ask the same server the same at the same time. */
import { expect, test } from 'vitest';
import { Sender } from '../../src/resolver/drive.ts';
import type { Event, Upstream } from '../../src/resolver/upstream.ts';
import type { Sending } from '../../src/resolver/wish.ts';
import { Type } from '../../src/wire/codes.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from './messages.ts';

const sending: Sending = {
  do: 'send',
  to: '192.0.2.1',
  asked: { name: name('part.test'), type: Type.A },
  via: 'udp',
  manner: { edns: true, randomCase: true },
  recursionDesired: false,
  ms: 400,
};

/** Answers nothing, when told to. */
function silent() {
  const waiting: ((event: Event) => void)[] = [];
  const upstream: Upstream = { exchange: () => new Promise((settle) => waiting.push(settle)) };
  return { waiting, sender: new Sender(new VirtualWorld(1), upstream, 53) };
}

test('what is under way is waited for, and its silence is blamed by one [VU#457875, LIMITS B3]', async () => {
  const { waiting, sender } = silent();
  const all = [1, 2, 3].map(() => sender.send(sending, Number.POSITIVE_INFINITY));
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
    { manner: { edns: false, randomCase: true } },
    { manner: { edns: true, randomCase: false } },
  ];
  for (const other of others) void sender.send({ ...sending, ...other }, Number.POSITIVE_INFINITY);
  expect(waiting).toHaveLength(others.length);
});
