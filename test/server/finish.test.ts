import { describe, expect, test } from 'vitest';
import { Reply, Section } from '../../src/answer/reply.ts';
import { Finisher } from '../../src/server/finish.ts';
import { Ede, EdnsOption, Type } from '../../src/wire/codes.ts';
import { readExtendedError } from '../../src/wire/edns-options.ts';
import { Flag, type Message, readMessage } from '../../src/wire/message.ts';
import { Query } from '../../src/wire/query.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { AT_QUESTION } from '../../src/wire/writer.ts';
import { name, queryFor } from '../support/authority.ts';

const LIMIT = 512;
/** Header, question `a. TXT`, a record's owner and fixed fields, an OPT. */
const AROUND_RDATA = 12 + 7 + 12 + 11;

/** A response whose answers leave `room` bytes of 512, with an Extended DNS Error of that text. */
function respond(room: number, edeText: string): Message {
  const query = new Query();
  const packet = queryFor('a. TXT', { udpSize: LIMIT });
  query.read(packet, packet.length);
  const reply = new Reply();
  const strings = [255, LIMIT - AROUND_RDATA - room - 257].map((length) => [
    length,
    ...new Array<number>(length).fill(120),
  ]);
  const block = packRrset(Type.TXT, 60, [Uint8Array.from(strings.flat())]);
  reply.add(Section.ANSWER, name('a.'), AT_QUESTION, block, 0);
  reply.edeCode = Ede.STALE;
  reply.edeText = edeText;
  const out = new Uint8Array(65_535);
  const length = new Finisher().finish(query, reply, false, LIMIT, out);
  expect(length).toBeLessThanOrEqual(LIMIT);
  return readMessage(out.slice(0, length)) ?? expect.fail('malformed');
}

describe('an Extended DNS Error takes the room that answers leave, and no more [RFC 8914 §3]', () => {
  test.each([
    [0, undefined],
    [5, undefined],
    [6, ''],
    [7, ''],
    [8, 'é'],
    [9, 'éa'],
    [10, 'éa'],
    [100, 'éaé'],
  ])('%i bytes', (room, text) => {
    const message = respond(room, 'éaé');
    expect(message.answer).toHaveLength(1);
    expect(message.flags & Flag.TC).toBe(0);
    const option = message.edns?.options.find(({ code }) => code === EdnsOption.EDE);
    const expected = text === undefined ? undefined : { code: Ede.STALE, text };
    expect(option && readExtendedError(option.value)).toEqual(expected);
  });
});

test('another owner points into the question where they end alike [RFC 1035 §4.1.4]', () => {
  const query = new Query();
  const packet = queryFor('x.own. TXT');
  query.read(packet, packet.length);
  const reply = new Reply();
  const soa = Uint8Array.from([...name('ns.own.'), ...name('.'), ...new Array<number>(20).fill(0)]);
  reply.add(Section.AUTHORITY, name('own.'), 0, packRrset(Type.SOA, 60, [soa]), 0);
  const out = new Uint8Array(LIMIT);
  const length = new Finisher().finish(query, reply, false, LIMIT, out);
  const owner = 12 + 'x.own.'.length + 1 + 4;
  const rdata = owner + 2 + 10;
  expect([...out.subarray(owner, owner + 2)]).toEqual([0xc0, 12 + 2]);
  expect([...out.subarray(rdata, length)]).toEqual([2, 110, 115, 0xc0, 12 + 2, 0, ...soa.subarray(-20)]);
});
