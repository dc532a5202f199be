/** Which message is the reply to a query of ours [RFC 5452 §9.1]. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Match, match } from '../../src/resolver/match.ts';
import { respell } from '../../src/resolver/spelling.ts';
import { Type } from '../../src/wire/codes.ts';
import { ownName } from '../../src/wire/name.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from './messages.ts';

const spelled = name('www.example.com').slice();
spelled[1] = 0x57; // W
const sent = { id: 0x1234, spelled, type: Type.A };

/** Header, question, nothing else. */
function bytes(change: (message: Uint8Array) => void = () => {}): Uint8Array {
  const message = new Uint8Array(12 + spelled.length + 4);
  message.set([0x12, 0x34, 0x84, 0x00, 0, 1]);
  message.set(spelled, 12);
  message.set([0, Type.A, 0, 1], 12 + spelled.length);
  change(message);
  return message;
}

const set = (at: number, value: number) => (message: Uint8Array) => {
  message[at] = value;
};
const END = 12 + spelled.length;

test.each<[string, (message: Uint8Array) => void, { caseKept: boolean } | undefined]>([
  ['the reply', () => {}, { caseKept: true }],
  ['the reply, in another case', set(13, 0x77), { caseKept: false }],
  ['a query', set(2, 0x04), undefined],
  ['another opcode', set(2, 0xa4), undefined],
  ['another name', set(14, 0x78), undefined],
  ['another type', set(END + 1, Type.AAAA), undefined],
  ['another class', set(END + 3, 3), undefined],
  ['a record that is not there', set(7, 1), undefined],
  ['two questions', set(5, 2), undefined],
])('%s', (_, change, expected) => {
  const matched = match(bytes(change), sent);
  if (expected === undefined) expect(matched).toBeUndefined();
  else expect(matched).toMatchObject(expected);
});

test('what was cut off in the middle of a record says at least that [RFC 2181 §9]', () => {
  const cut = (flags: number): Uint8Array => {
    const whole = bytes(set(7, 1));
    whole[2] = flags;
    return Uint8Array.of(...whole, 0xc0, 12, 0, Type.A, 0);
  };
  const matched = match(cut(0x86), sent);
  expect(matched).toMatchObject({ caseKept: true, message: { answer: [], flags: 0x8600 } });
  expect(match(cut(0x84), sent)).toBeUndefined();
  expect(match(cut(0x86).fill(0xff, 12), sent)).toBeUndefined();
});

test('another ID is a near miss, whatever follows it [LIMITS B4]', () => {
  expect(match(bytes(set(1, 0x35)), sent)).toBe('near miss');
  expect(match(bytes(set(1, 0x35)).fill(0xff, 2), sent)).toBe('near miss');
});

test('a FORMERR that has no question is a hint and no reply', () => {
  expect(match(Uint8Array.of(0x12, 0x34, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0), sent)).toBe('puzzled');
  expect(match(Uint8Array.of(0x12, 0x34, 0x80, 5, 0, 0, 0, 0, 0, 0, 0, 0), sent)).toBeUndefined();
});

test('whatever arrives, nothing is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (junk) => {
      match(junk, sent);
      match(Uint8Array.from([0x12, 0x34, 0x84, 0, 0, 1, ...junk]), sent);
      match(Uint8Array.from([0x12, 0x34, 0x86, 0, 0, 1, ...junk]), sent);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('letters get random case, other bytes and lengths do not', () => {
  const world = new VirtualWorld(3);
  const odd = Uint8Array.of(5, 0x61, 0xe4, 0x31, 0x2d, 0x7a, 1, 0x61, 0);
  const spellings = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const respelled = respell(odd, world);
    expect(ownName(respelled)).toEqual(odd);
    expect(respelled[2]).toBe(0xe4);
    spellings.add(respelled.join());
  }
  expect(spellings.size).toBe(8);
});

test('a long name gets a fresh bit for each letter', () => {
  const world = new VirtualWorld(4);
  const long = name(`${'a'.repeat(60)}.${'b'.repeat(60)}.test`);
  const upper = Array.from({ length: 50 }, () =>
    respell(long, world).filter((b) => b >= 0x41 && b <= 0x5a && b !== 60),
  );
  for (const letters of upper) {
    expect(letters.length).toBeGreaterThan(30);
    expect(letters.length).toBeLessThan(95);
  }
});

test('the case of the question is seen in no record that points to it [RFC 1035 §4.1.4]', () => {
  const loud = Uint8Array.from(Buffer.from('\x03WWW\x07ExAmPlE\x03CoM\x00', 'latin1'));
  const head = Uint8Array.of(0x12, 0x34, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0);
  const alias = Uint8Array.of(0xc0, 12, 0, Type.CNAME, 0, 1, 0, 0, 0, 60, 0, 4, 1, 0x78, 0xc0, 16);
  const reply = Uint8Array.of(...head, ...loud, 0, Type.A, 0, 1, ...alias);
  const matched = match(reply, { id: 0x1234, spelled: loud, type: Type.A });
  expect(matched).toMatchObject({ caseKept: true });
  const [record] = (matched as Match).message.answer;
  expect(Buffer.from(record?.rdata ?? []).toString('latin1')).toBe('\x01x\x07example\x03com\x00');
});
