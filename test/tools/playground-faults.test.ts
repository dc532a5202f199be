/** Bad servers, each by itself: what a fault does to a reply, and that it does nothing else. */
import { describe, expect, test } from 'vitest';
import type { World } from '../../src/base/world.ts';
import { lowercasing, silent, slow, withoutEdns } from '../../src/tools/playground-faults.ts';
import { type Answerer, type Client, DROP, LATER } from '../../src/transport/door.ts';
import { Class, Rcode, Type } from '../../src/wire/codes.ts';
import { readMessage, writeQuery } from '../../src/wire/message.ts';
import { nameText } from '../../src/wire/name.ts';

const client: Client = { transport: 'udp', address: Uint8Array.of(127, 0, 0, 1), port: 4000 };
const spelled = Uint8Array.of(3, 0x57, 0x77, 0x57, 3, 0x4f, 0x72, 0x67, 0); // WwW.Org.
const query = (edns: boolean): Uint8Array =>
  writeQuery({
    id: 77,
    spelled,
    type: Type.A,
    class: Class.IN,
    ...(edns ? { edns: { udpSize: 1232 } } : {}),
  });

/** Sends the question back as a reply. */
const echo: Answerer = {
  answer(packet, length, _client, out) {
    out.set(packet.subarray(0, length));
    out[2] = 0x80;
    return length;
  },
};

function answerOf(server: Answerer, packet: Uint8Array, sent: Uint8Array[] = []): number | Uint8Array {
  const out = new Uint8Array(65_535);
  const length = server.answer(packet, packet.length, client, out, (response) => sent.push(response.slice()));
  return length > 0 ? out.slice(0, length) : length;
}

test('a silent server drops', () => {
  expect(answerOf(silent(echo), query(true))).toBe(DROP);
});

test('a slow server answers the same, later', () => {
  const waiting: { ms: number; call: () => void }[] = [];
  const world = {
    after: (ms: number, call: () => void) => {
      waiting.push({ ms, call });
      return () => {};
    },
  } as unknown as World;
  const sent: Uint8Array[] = [];
  const packet = query(true);
  expect(answerOf(slow(700, world)(echo), packet, sent)).toBe(LATER);
  const expected = answerOf(echo, packet.slice());
  packet.fill(0); // It was only borrowed.
  expect([sent.length, waiting[0]?.ms]).toEqual([0, 700]);
  waiting[0]?.call();
  expect(sent).toEqual([expected]);
});

describe('a server without EDNS', () => {
  test('answers FORMERR with a bare header when it meets an OPT', () => {
    const reply = readMessage(answerOf(withoutEdns(echo), query(true)) as Uint8Array);
    expect(reply).toMatchObject({ id: 77, rcode: Rcode.FORMERR, question: undefined });
  });

  test('answers everything else', () => {
    expect(answerOf(withoutEdns(echo), query(false))).toEqual(answerOf(echo, query(false)));
  });
});

test('a lower-casing server changes the case of the question and nothing else', () => {
  const reply = readMessage(answerOf(lowercasing(echo), query(true)) as Uint8Array);
  expect(nameText(reply?.question?.spelled as Uint8Array)).toBe('www.org.');
  expect(reply).toEqual(readMessage(answerOf(echo, lowered(query(true))) as Uint8Array));
});

function lowered(packet: Uint8Array): Uint8Array {
  packet.set([3, 0x77, 0x77, 0x77, 3, 0x6f, 0x72, 0x67, 0], 12);
  return packet;
}
