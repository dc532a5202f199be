/**
 * What a server promises whoever sends it bytes: no bug of ours, silence to what is no query, and otherwise
 * a response that is one: with the ID and question of the query, within its size, readable by us and by a
 * stranger's reader.
 */
import { strict as assert } from 'node:assert';
import { decode } from 'dns-packet';
import { u16 } from '../../src/base/bytes.ts';
import { MESSAGE_BYTES_MAX, UDP_BYTES_MAX, UDP_PLAIN_BYTES_MAX } from '../../src/base/limits.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { DROP } from '../../src/transport/door.ts';
import { Rcode } from '../../src/wire/codes.ts';
import { Flag, opcodeOf, readMessage } from '../../src/wire/message.ts';
import { client } from '../support/authority.ts';
import { subjects } from './seeds.ts';

const HEADER_BYTES = 12;
/** SERVFAIL is not among them: without recursion only a bug of ours gives it. */
const RCODES = [
  Rcode.NOERROR,
  Rcode.FORMERR,
  Rcode.NXDOMAIN,
  Rcode.NOTIMP,
  Rcode.REFUSED,
  Rcode.YXDOMAIN,
  Rcode.BADVERS,
] as readonly number[];

const out = new Uint8Array(MESSAGE_BYTES_MAX);

export function checkPipeline(input: Uint8Array): void {
  for (const subject of subjects) {
    for (const transport of ['udp', 'tcp'] as const) checkExchange(subject, input, transport);
  }
}

function checkExchange(subject: Pipeline, input: Uint8Array, transport: 'udp' | 'tcp'): void {
  const before = input.slice();
  const length = subject.answer(input, input.length, client(transport), out, () =>
    assert.fail('nothing is LATER'),
  );
  assert.deepEqual(input, before, 'a query is not changed');
  const isNoQuery = input.length < HEADER_BYTES || (u16(input, 2) & Flag.QR) !== 0;
  if (isNoQuery) {
    assert.equal(length, DROP, 'silence');
    return;
  }
  const limit = transport === 'tcp' ? MESSAGE_BYTES_MAX : datagramLimit(input);
  assert(length >= HEADER_BYTES && length <= limit, `${length} bytes where ${limit} fit`);
  checkResponse(input, out.slice(0, length), transport);
}

/**
 * 512 unless EDNS says more (RFC 6891 §6.2.3); 1232 to whoever is not understood, for such answers are
 * small.
 */
function datagramLimit(input: Uint8Array): number {
  const message = readMessage(input);
  if (message === undefined) return UDP_BYTES_MAX;
  return Math.min(Math.max(message.edns?.udpSize ?? 0, UDP_PLAIN_BYTES_MAX), UDP_BYTES_MAX);
}

function checkResponse(input: Uint8Array, response: Uint8Array, transport: 'udp' | 'tcp'): void {
  const message = readMessage(response);
  assert(message !== undefined, 'our response is readable');
  const { flags, rcode, question } = message;
  assert.equal(message.id, u16(input, 0), 'the ID comes back');
  assert((flags & Flag.QR) !== 0, 'a response says so');
  assert.equal(opcodeOf(flags), opcodeOf(u16(input, 2)), 'the opcode comes back');
  assert.equal(flags & Flag.RD, u16(input, 2) & Flag.RD, 'RD comes back (RFC 1035 §4.1.1)');
  assert(RCODES.includes(rcode), `RCODE ${rcode}`);
  assert(transport === 'udp' || (flags & Flag.TC) === 0, 'nothing is truncated over TCP');
  if (question !== undefined) {
    const end = HEADER_BYTES + question.spelled.length + 4;
    assert.deepEqual(
      response.slice(HEADER_BYTES, end),
      input.slice(HEADER_BYTES, end),
      'the question comes back',
    );
  }
  const stranger = decode(Buffer.from(response));
  assert.equal(stranger.answers?.length, message.answer.length, 'a stranger reads as many answers');
  assert.equal(stranger.authorities?.length, message.authority.length);
  assert.equal(
    stranger.additionals?.length,
    message.additional.length + (message.edns === undefined ? 0 : 1),
  );
}
