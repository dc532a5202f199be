/**
 * What strangers may neither learn nor unlearn through the server, and how much they may make it ask: those
 * of the threats B and C that no scenario shows, for they begin with a client's packet or end in bytes on the
 * wire.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { UDP_BYTES_MAX } from '../../src/base/limits.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import { Opcode, Rcode, Type } from '../../src/wire/codes.ts';
import { Flag, type Message, readMessage } from '../../src/wire/message.ts';
import { ask, catalog, exchange, pipeline, SOA_AND_NS } from '../support/authority.ts';
import { A_IN, ASKED, header, join, record, WWW } from '../support/packets.ts';
import { inReplyTo, Stranger } from '../support/stranger.ts';

const AA = Flag.QR | Flag.AA;
const ADDRESS = Uint8Array.of(192, 0, 2, 80);
const heard: Message[] = [];
const stranger = new Stranger((asked, query) => {
  heard.push(asked);
  return [inReplyTo(query, AA, [1, 0, 0], record(ASKED, Type.A, ADDRESS))];
});
const server = pipeline(catalog({ 'own.': SOA_AND_NS }), {
  recursor: stranger.recursor,
  mayRecurse: PrefixSet.parse(['127.0.0.0/8']) as PrefixSet,
});

afterEach(() => expect(stranger.bugs).toEqual([]));

describe('B8: fragments, of which the second can be forged [RFC 9715]', () => {
  test('other servers are asked for no more than fits without them', async () => {
    await stranger.resolve('size.test.', Type.A);
    expect(heard.at(-1)?.edns?.udpSize).toBe(UDP_BYTES_MAX);
    expect(UDP_BYTES_MAX).toBe(1232);
  });
});

describe('B19 and B20: what a client may do to the cache, and read of it', () => {
  test('a NOTIFY of a stranger empties nothing [RFC 1996]', async () => {
    await stranger.resolve('www.test.', Type.A);
    const before = heard.length;
    for (const transport of ['udp', 'tcp'] as const) {
      for (const flags of [Opcode.NOTIFY << 11, (Opcode.NOTIFY << 11) | Flag.AA]) {
        const packet = join(header([1, 0, 0, 0], flags), WWW, A_IN);
        const answer = readMessage(exchange(server, packet, transport) as Uint8Array);
        expect(answer?.rcode).toBe(Rcode.NOTIMP);
      }
    }
    await stranger.resolve('www.test.', Type.A);
    expect(heard.length).toBe(before);
  });

  test('who asks without RD learns nothing of what others asked for', async () => {
    await stranger.resolve('www.test.', Type.A);
    const seen = ask(server, 'www.test. A', { rd: true });
    const unseen = ask(server, 'www.test. A', { rd: false });
    const never = ask(server, 'never.test. A', { rd: false });
    expect([seen.rcode, seen.answer.length]).toEqual([Rcode.NOERROR, 1]);
    expect([unseen.rcode, unseen.answer, unseen.authority]).toEqual([never.rcode, [], []]);
  });
});

describe('C13: how much one question makes us take in', () => {
  test('a chain of aliases, each with 60 kB beside it, is given up', async () => {
    let bytes = 0;
    const generous = new Stranger((asked, query, via) => {
      if (via === 'udp') return [inReplyTo(query, AA | Flag.TC, [0, 0, 0])];
      const next = join([1, 0x78], asked.question?.name ?? []);
      const freight = record(ASKED, Type.TXT, join([255], new Uint8Array(255)));
      const all = Array.from({ length: 220 }, () => freight);
      const alias = record(ASKED, Type.CNAME, next);
      const reply = inReplyTo(query, AA, [1 + all.length, 0, 0], alias, ...all);
      bytes += reply.length;
      return [reply];
    });
    expect((await generous.resolve('big.test.', Type.A)).rcode).toBe(Rcode.SERVFAIL);
    expect(bytes).toBeLessThanOrEqual(165_000 + 65_535);
  });
});
