/**
 * Packets that have hurt name servers when they came as replies, row by row of the threats A1 to A12: the
 * other half of limits-a-packets. Each is sent to a recursor over UDP, and over TCP behind a truncated reply,
 * by itself and before the right one: it is no answer, and costs the right one nothing.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { EDNS_OPTIONS_MAX } from '../../src/base/limits.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import type { Outcome } from '../../src/resolver/outcome.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { isMetaType, Rcode, Type } from '../../src/wire/codes.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { Flag, type Message, readMessage } from '../../src/wire/message.ts';
import { nameText } from '../../src/wire/name.ts';
import { rdatasOf } from '../../src/wire/rrset.ts';
import { catalog, client, name, pipeline, queryFor } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { ASKED, type Bytes, golden, join, opt, record, words } from '../support/packets.ts';
import { inReplyTo, Stranger } from '../support/stranger.ts';

const AA = Flag.QR | Flag.AA;
const ADDRESS = Uint8Array.of(192, 0, 2, 7);
const WWW_TEST = 'www.test.';
/** Where the first record stands in a reply about it. */
const FIRST = 12 + WWW_TEST.length + 1 + 4;
const A = record(ASKED, Type.A, ADDRESS);

type Forge = (query: Bytes) => Bytes;
const right: Forge = (query) => inReplyTo(query, AA, [1, 0, 0], A);
const truncated: Forge = (query) => inReplyTo(query, AA | Flag.TC, [0, 0, 0]);
/** One answer, as bytes. */
const answering =
  (...parts: Bytes[]): Forge =>
  (query) =>
    inReplyTo(query, AA, [1, 0, 0], ...parts);

let now: { readonly forges: readonly Forge[]; readonly over: 'udp' | 'tcp' };
let asked = 36 ** 2;
/** One server for all rows, each asked for a name of its own, as long as WWW_TEST. */
const stranger = new Stranger((_, query, via) =>
  (via === now.over ? now.forges : [truncated]).map((forge) => forge(query)),
);
function resolve(
  forges: readonly Forge[],
  type: number = Type.A,
  over: 'udp' | 'tcp' = 'udp',
): Promise<Outcome> {
  now = { forges, over };
  // Nothing of the row before is remembered, nor that the server is silent, or truncates all it says.
  stranger.recursor.flush();
  return stranger.resolve(`${(asked++).toString(36)}.test.`, type);
}
afterEach(() => expect(stranger.bugs).toEqual([]));

/** No answer by itself, and none instead of the right one. */
async function expectNoReply(forge: Forge, type: number = Type.A): Promise<void> {
  for (const over of ['udp', 'tcp'] as const) {
    expect(await resolve([forge], type, over)).toMatchObject({ rcode: Rcode.SERVFAIL, answer: [] });
    if (type !== Type.A) continue;
    const { rcode, answer } = await resolve([forge, right], type, over);
    expect([rcode, rdatasOf(answer[0]?.block as Bytes)]).toEqual([Rcode.NOERROR, [ADDRESS]]);
    expect(stranger.taken.slice(-2)).toEqual([false, true]);
  }
}

describe('A1 and A2: names that go round, run over, or are too long [RFC 9267]', () => {
  const label = (length: number): Bytes => join([length], new Uint8Array(length).fill(0x78));
  const pointer = (to: number): Bytes => words(0xc000 | to);
  /** Each as it has to be where it stands. */
  const names: [string, (at: number) => Bytes][] = [
    ['a pointer to itself', (at) => pointer(at)],
    ['a pointer to its own second byte', (at) => pointer(at + 1)],
    ['a pointer forwards', (at) => pointer(at + 4)],
    ['a pointer behind the end', () => pointer(0x3fff)],
    ['a label and a pointer back to it', (at) => join(label(3), pointer(at))],
    ['two pointers at one another', (at) => join(pointer(at + 2), pointer(at))],
    ...Array.from({ length: 12 }, (_, to): [string, () => Bytes] => [
      `a pointer to byte ${to}`,
      () => pointer(to),
    ]),
    ['a label of type 0x40', () => Uint8Array.of(0x41, 0, 0)],
    ['a label of type 0x80', () => Uint8Array.of(0x81, 0, 0)],
    ['a label of 64 bytes', () => join([64], new Uint8Array(64), [0])],
    ['a name of 257 bytes', () => join(...Array.from({ length: 128 }, () => label(1)), [0])],
    ['a name of 256 bytes', () => join(label(62), label(63), label(63), label(63), [0])],
    [
      'a name that its pointer makes too long',
      () => join(label(63), label(63), label(63), label(60), pointer(12)),
    ],
    ['a label without end', () => Uint8Array.of(63, 1, 2)],
  ];
  const rest = (rdata: Bytes): Bytes => join(words(Type.A, 1, 0, 60, rdata.length), rdata);

  test.each(names)('%s is no answer: as owner, as target, as name asked', async (_, bad) => {
    await expectNoReply(answering(join(bad(FIRST), rest(ADDRESS))));
    await expectNoReply(answering(record(ASKED, Type.CNAME, bad(FIRST + 12))), Type.CNAME);
    await expectNoReply((query) =>
      join(query.subarray(0, 2), words(AA, 1, 0, 0, 0), bad(12), words(Type.A, 1)),
    );
  });

  test('of all offsets only one is the name asked: the answer is believed from there alone', async () => {
    const believed: number[] = [];
    for (let target = 0; target < 0x4000; target += target < 64 ? 1 : 97) {
      const forged = answering(join(words(0xc000 | target), rest(ADDRESS)));
      const { rcode, answer } = await resolve([forged]);
      if (rcode === Rcode.NOERROR && answer.length > 0) believed.push(target);
    }
    expect(believed).toEqual([12]);
  });
});

describe('A3: counts that lie', () => {
  test.each<[string, readonly number[]]>([
    ['65,535 questions', [0xffff, 1, 0, 0]],
    ['two questions', [2, 1, 0, 0]],
    ['65,535 answers', [1, 0xffff, 0, 0]],
    ['65,535 authorities', [1, 1, 0xffff, 0]],
    ['65,535 additionals', [1, 1, 0, 0xffff]],
    ['everything', [0xffff, 0xffff, 0xffff, 0xffff]],
    ['one too many', [1, 2, 0, 0]],
    ['one too few', [1, 0, 0, 0]],
  ])('%s', async (_, counts) => {
    await expectNoReply((query) => {
      const reply = right(query);
      reply.set(words(...counts), 4);
      return reply;
    });
  });

  test('nothing at all, and less than a header', async () => {
    for (const length of [0, 1, 2, 11]) await expectNoReply((query) => right(query).slice(0, length));
  });
});

describe('A4: RDATA that is shorter or longer than it says', () => {
  const resolvable = golden.filter(({ code }) => !isMetaType(code));
  test('is no answer, for any type and any lie', async () => {
    expect(new Set(resolvable.map(({ code }) => code)).size).toBeGreaterThan(40);
    for (const { type, code, rdata } of resolvable) {
      for (const lie of [rdata.length - 1, rdata.length + 1, 0, 0xffff]) {
        if (lie < 0 || lie === rdata.length) continue;
        const lying = join(ASKED, words(code, 1, 0, 60, lie), rdata);
        const { rcode, answer } = await resolve([answering(lying)], code);
        expect([rcode, answer], `${type} of ${rdata.length} bytes says ${lie}`).toEqual([Rcode.SERVFAIL, []]);
      }
    }
  });

  test.each(resolvable.slice(0, 12))(
    'nor over TCP, or before the right one: $type',
    async ({ code, rdata }) => {
      const lying = join(ASKED, words(code, 1, 0, 60, rdata.length + 1), rdata);
      await expectNoReply(answering(lying), code);
    },
  );

  test('a name in it does not run on into the next record', async () => {
    const running = record(ASKED, Type.NS, Uint8Array.of(20, 0x6e, 0x73));
    await expectNoReply((query) => inReplyTo(query, AA, [3, 0, 0], running, A, A), Type.NS);
  });
});

describe('A5: EDNS misused [RFC 6891]', () => {
  const options = (count: number): Bytes => join(...Array.from({ length: count }, () => words(65_001, 0)));
  test.each<[string, readonly number[], Bytes[]]>([
    ['two OPTs', [1, 0, 2], [A, opt(), opt()]],
    ['an OPT with an owner', [1, 0, 1], [A, join([1, 0x61], opt())]],
    ['an OPT as answer', [2, 0, 0], [A, opt()]],
    ['an OPT as authority', [1, 1, 0], [A, opt()]],
    ['an option that runs over', [1, 0, 1], [A, opt(words(10, 9))]],
    ['more options than are read', [1, 0, 1], [A, opt(options(EDNS_OPTIONS_MAX + 1))]],
    ['16,000 options', [1, 0, 1], [A, opt(options(16_000))]],
  ])('%s', async (_, counts, parts) => {
    await expectNoReply((query) => inReplyTo(query, AA, counts, ...parts));
  });
});

describe('A6 and A7: what is no reply to us', () => {
  test('a query, and every opcode but QUERY', async () => {
    await expectNoReply((query) => inReplyTo(query, Flag.AA, [1, 0, 0], A));
    for (let opcode = 1; opcode < 16; opcode++) {
      await expectNoReply((query) => inReplyTo(query, AA | (opcode << 11), [1, 0, 0], A));
    }
  });

  test('records of another class are not there', async () => {
    for (const klass of [0, 3, 4, 254, 255]) {
      const forged = answering(record(ASKED, Type.A, ADDRESS, klass));
      expect((await resolve([forged])).answer).toEqual([]);
    }
  });
});

describe('A8: names without end to compress', () => {
  const deep = (i: number): string => `${'x.'.repeat(115)}n${i}.t.`;
  const count = 250;
  const targets = Array.from({ length: count }, (_, i) => record(ASKED, Type.PTR, name(deep(i))));
  const all = new Set(Array.from({ length: count }, (_, i) => deep(i)));

  test('are relayed as they came, again and again, and truncated over UDP', async () => {
    const { recursor } = new Stranger((_, query, via) => [
      via === 'tcp' ? inReplyTo(query, AA, [count, 0, 0], ...targets) : truncated(query),
    ]);
    const server = pipeline(catalog({}), {
      recursor,
      mayRecurse: PrefixSet.parse(['127.0.0.0/8']) as PrefixSet,
    });
    for (let times = 0; times < 10; times++) {
      const { answer } = await relayed(server, 'tcp');
      expect(new Set(answer.map(({ rdata }) => nameText(rdata)))).toEqual(all);
      expect((await relayed(server, 'udp')).flags & Flag.TC).toBe(Flag.TC);
    }
  });

  const relayed = (server: Pipeline, transport: 'udp' | 'tcp'): Promise<Message> =>
    new Promise((resolve) => {
      const out = new Uint8Array(65_535);
      const send = (bytes: Bytes): void => resolve(readMessage(bytes) as Message);
      const packet = queryFor(`${WWW_TEST} PTR`, { rd: true, udpSize: 1232 });
      const length = server.answer(packet, packet.length, client(transport), out, send);
      if (length > 0) send(out.slice(0, length));
    });
});

describe('A9 and A10: any byte in a label', () => {
  const folded = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);

  test('256 names of one byte are 230 in the cache, each with its own answer', async () => {
    // What a server sees is the query in random case (0x20); its answer is about the name as it is.
    const stranger = new Stranger((asked, query) => [
      inReplyTo(
        query,
        AA,
        [1, 0, 0],
        record(ASKED, Type.TXT, Uint8Array.of(1, asked.question?.name[1] ?? 0)),
      ),
    ]);
    for (const round of ['asked', 'known']) {
      stranger.asked.length = 0;
      for (let byte = 0; byte < 256; byte++) {
        const hashed = new HashedName();
        hashed.set(Uint8Array.of(1, byte, 1, 0x7a, 0), 0);
        const { answer } = await stranger.resolve(hashed.bytes.slice(0, hashed.length), Type.TXT);
        expect(rdatasOf(answer[0]?.block as Bytes)).toEqual([Uint8Array.of(1, folded(byte))]);
      }
      expect(stranger.asked.length).toBe(round === 'asked' ? 230 : 0);
    }
  });

  test('a dot within a label is no dot between labels', async () => {
    const stranger = new Stranger((asked, query) => [
      inReplyTo(
        query,
        AA,
        [1, 0, 0],
        record(ASKED, Type.TXT, Uint8Array.of(1, asked.question?.name.length ?? 0)),
      ),
    ]);
    const lengths: unknown[] = [];
    for (const owner of [Uint8Array.of(3, 0x61, 0x2e, 0x62, 0), Uint8Array.of(1, 0x61, 1, 0x62, 0)]) {
      const { answer } = await stranger.resolve(owner, Type.TXT);
      lengths.push(rdatasOf(answer[0]?.block as Bytes)[0]?.[1]);
    }
    expect([lengths, stranger.asked.length]).toEqual([[5, 5], 2]);
  });
});

describe('A12: malformed TSIG, SIG and TKEY', () => {
  test('in a reply do no harm: the answer beside them, or none', async () => {
    const chance = new Chance(12);
    const tsig = golden.find(({ code }) => code === Type.TSIG)?.rdata ?? new Uint8Array(60);
    const seen = new Set<unknown>();
    for (let i = 0; i < 1_000; i++) {
      const rdata = Uint8Array.from(tsig.subarray(0, chance.below(tsig.length + 1)));
      if (rdata.length > 0) rdata[chance.below(rdata.length)] = chance.below(256);
      const extra = record(
        [0],
        chance.pick([Type.TSIG, Type.TKEY, 24, Type.RRSIG]),
        rdata,
        chance.pick([1, 255]),
      );
      const forge: Forge = (query) => inReplyTo(query, AA, [1, 0, 1], A, extra);
      const { rcode, answer } = await resolve([forge], Type.A, chance.pick(['udp', 'tcp']));
      seen.add(`${rcode} ${answer.length}`);
    }
    expect(seen).toEqual(new Set(['0 1', '2 0']));
  });
});
