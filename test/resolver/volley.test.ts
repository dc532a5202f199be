/** Whose answer is taken while another is waited for. */
import { expect, test } from 'vitest';
import { Volley } from '../../src/resolver/volley.ts';
import type { Heard, Sending } from '../../src/resolver/wish.ts';
import { Rcode, Type } from '../../src/wire/codes.ts';
import { Flag, type Message } from '../../src/wire/message.ts';
import { name } from './messages.ts';

const ASKED = { name: name('www.example.com'), type: Type.A };
const PART = { name: name('example.com'), type: Type.A };

const sendingTo = (to: string, asked = ASKED): Sending => ({ to, asked }) as Sending;

function reply(from: string, change: Partial<Heard & { got: 'reply' }> = {}, message = {}): Heard {
  const sound = { rcode: Rcode.NOERROR, flags: Flag.QR, ...message } as Message;
  const how = { bytes: 100, ms: 10, caseKept: true, isDoubtful: false };
  return { got: 'reply', from, message: sound, ...how, ...change };
}

/** Waits for the second; what the first says comes before. */
function heardFrom(first: Sending, early: Heard): Heard | undefined {
  const volley = new Volley();
  const second = sendingTo('192.0.2.2');
  const heard: Heard[] = [];
  volley.wait(second, (one) => heard.push(one), noBug);
  volley.hear(first, early);
  volley.hear(second, reply('192.0.2.2'));
  expect(heard).toHaveLength(1);
  return heard[0];
}

const noBug = (bug: unknown): void => {
  throw bug;
};

test('whoever answers first has answered', () => {
  const early = reply('192.0.2.1');
  expect(heardFrom(sendingTo('192.0.2.1'), early)).toBe(early);
});

test.each<[string, Heard]>([
  ['silence', { got: 'silence', puzzled: false }],
  ['a closed port', { got: 'unreachable', why: 'connection refused' }],
  ['what lost the case', reply('192.0.2.1', { caseKept: false })],
  ['what anybody may have sent', reply('192.0.2.1', { isDoubtful: true })],
  ['what did not fit', reply('192.0.2.1', {}, { flags: Flag.QR | Flag.TC })],
  ['a refusal', reply('192.0.2.1', {}, { rcode: Rcode.REFUSED })],
])('but %s of an earlier one is not worth interrupting for', (_, early) => {
  expect(heardFrom(sendingTo('192.0.2.1'), early)).toMatchObject({ from: '192.0.2.2' });
});

test('nor is what one says of part of the name an answer about all of it [RFC 9156]', () => {
  const early = reply('192.0.2.1');
  expect(heardFrom(sendingTo('192.0.2.1', PART), early)).toMatchObject({ from: '192.0.2.2' });
});

test('a mistake of ours reaches who waits, once', () => {
  const volley = new Volley();
  const bugs: unknown[] = [];
  volley.wait(sendingTo('192.0.2.1'), noBug, (bug) => bugs.push(bug));
  for (const bug of ['planted', 'another']) volley.fail(bug);
  expect(bugs).toEqual(['planted']);
});
