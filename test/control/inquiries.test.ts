/** What the control thread asks of the resolver thread: it answers, is slow, is gone, or was never there. */
import type { MessagePort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { INQUIRIES_MAX, INQUIRY_MS_MAX } from '../../src/base/limits.ts';
import { InquiryDesk, type PostedInquiry } from '../../src/control/inquiries.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';

/** A thread that answers every inquiry with what it was asked. */
function echoing(port: MessagePort): MessagePort {
  return port.on('message', ({ ticket, asked }: PostedInquiry) => port.postMessage({ ticket, told: asked }));
}

test('an inquiry is answered by the thread of the moment', async () => {
  const desk = new InquiryDesk(new VirtualWorld());
  const first = echoing(desk.connect());
  expect(await desk.ask('servers', { which: 'slow' })).toEqual({ which: 'slow' });
  const second = echoing(desk.connect());
  expect(await desk.ask('servers', { which: 'lame' })).toEqual({ which: 'lame' });
  desk.disconnect();
  first.close();
  second.close();
});

test('without a thread nobody waits', async () => {
  const desk = new InquiryDesk(new VirtualWorld());
  await expect(desk.ask('mishaps', {})).rejects.toThrow('this server does not resolve names');
});

test('who waits for a thread that dies is told', async () => {
  const desk = new InquiryDesk(new VirtualWorld());
  const port = desk.connect();
  const waiting = desk.ask('mishaps', {});
  desk.disconnect();
  await expect(waiting).rejects.toThrow('did not answer');
  port.close();
});

test('a thread that does not answer is waited for no longer than a resolution takes', async () => {
  const world = new VirtualWorld();
  const desk = new InquiryDesk(world);
  const port = desk.connect();
  const waiting = expect(desk.ask('mishaps', {})).rejects.toThrow('did not answer');
  await world.pass(INQUIRY_MS_MAX);
  await waiting;
  expect(world.alarms).toBe(0);
  desk.disconnect();
  port.close();
});

test('more than so many do not wait', async () => {
  const desk = new InquiryDesk(new VirtualWorld());
  const port = desk.connect();
  const waiting = Array.from({ length: INQUIRIES_MAX }, () => desk.ask('mishaps', {}));
  await expect(desk.ask('mishaps', {})).rejects.toThrow('too many');
  desk.disconnect();
  expect((await Promise.allSettled(waiting)).every(({ status }) => status === 'rejected')).toBe(true);
  port.close();
});
