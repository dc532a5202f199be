/**
 * Whole messages: what dns-packet writes we read, what we write it reads, and every lie about lengths,
 * counts, pointers and EDNS is refused without a throw.
 */
import * as dnsPacket from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { put16 } from '../../src/base/bytes.ts';
import { EDNS_OPTIONS_MAX } from '../../src/base/limits.ts';
import { Class, EdnsOption, Rcode, Type } from '../../src/wire/codes.ts';
import { extendedErrorsOf, extendedErrorWords } from '../../src/wire/edns-options.ts';
import { Flag, type Message, opcodeOf, rcodeOf, readMessage, writeQuery } from '../../src/wire/message.ts';
import { nameFromText, nameText, ROOT } from '../../src/wire/name.ts';

const name = (text: string): Uint8Array => nameFromText(text) as Uint8Array;
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(bytes: Uint8Array): Message {
  const message = readMessage(bytes);
  if (message === undefined) throw new Error('expected a message');
  return message;
}

/** A message from its parts, with the counts its author claims. */
function assemble(counts: [number, number, number, number], ...parts: (Uint8Array | number[])[]): Uint8Array {
  const header = new Uint8Array(12);
  put16(header, 0, 0x1234);
  put16(header, 2, Flag.QR);
  counts.forEach((count, i) => {
    put16(header, 4 + 2 * i, count);
  });
  return Uint8Array.from([header, ...parts].flatMap((part) => [...part]));
}

function record(owner: ArrayLike<number>, type: number, rdata: ArrayLike<number>, length = rdata.length) {
  const fixed = new Uint8Array(10);
  put16(fixed, 0, type);
  put16(fixed, 2, Class.IN);
  put16(fixed, 6, 60);
  put16(fixed, 8, length);
  return Uint8Array.from([...Array.from(owner), ...fixed, ...Array.from(rdata)]);
}

const question = (owner: ArrayLike<number>): Uint8Array =>
  Uint8Array.from([...Array.from(owner), 0, Type.A, 0, Class.IN]);

const opt = (options: ArrayLike<number>, length = options.length): Uint8Array =>
  record(ROOT, Type.OPT, options, length);

describe('what dns-packet writes', () => {
  const reply = read(
    dnsPacket.encode({
      type: 'response',
      id: 4660,
      flags: dnsPacket.AUTHORITATIVE_ANSWER | dnsPacket.RECURSION_DESIRED,
      questions: [{ type: 'MX', class: 'IN', name: 'Shop.Example' }],
      answers: [
        {
          type: 'MX',
          class: 'IN',
          name: 'Shop.Example',
          ttl: 300,
          data: { preference: 10, exchange: 'mx.Shop.Example' },
        },
      ],
      authorities: [{ type: 'NS', class: 'IN', name: 'Shop.Example', ttl: 86400, data: 'ns.Shop.Example' }],
      additionals: [
        { type: 'A', class: 'IN', name: 'mx.Shop.Example', ttl: 60, data: '192.0.2.1' },
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0x8000,
          flag_do: true,
          options: [],
        },
      ],
    }),
  );

  test('is read field by field', () => {
    expect(reply.id).toBe(4660);
    expect(reply.flags & (Flag.QR | Flag.AA | Flag.RD)).toBe(Flag.QR | Flag.AA | Flag.RD);
    expect([reply.opcode, reply.rcode]).toEqual([0, Rcode.NOERROR]);
    expect(reply.question?.type).toBe(Type.MX);
    expect(reply.authority.map((ns) => nameText(ns.rdata))).toEqual(['ns.Shop.Example.']);
    expect(reply.additional.map((a) => [...a.rdata])).toEqual([[192, 0, 2, 1]]);
    expect(reply.edns).toEqual({ version: 0, udpSize: 1232, dnssecOk: true, options: [] });
  });

  test('keeps the case as spelled beside the lower-cased name [RFC 4343 §4.1]', () => {
    expect(nameText(reply.question?.spelled as Uint8Array)).toBe('Shop.Example.');
    expect(nameText(reply.question?.name as Uint8Array)).toBe('shop.example.');
    expect(reply.answer.map((mx) => nameText(mx.owner))).toEqual(['Shop.Example.']);
  });

  test('comes out uncompressed, in RDATA too', () => {
    expect(reply.answer.map((mx) => nameText(mx.rdata, 2))).toEqual(['mx.Shop.Example.']);
  });
});

describe('a query of ours', () => {
  test('is read by dns-packet', () => {
    const bytes = writeQuery({
      id: 7,
      spelled: name('www.shop.org'),
      type: Type.AAAA,
      class: Class.IN,
      recursionDesired: true,
      edns: { udpSize: 1232, dnssecOk: true, options: [{ code: EdnsOption.NSID, value: ascii('x') }] },
    });
    const decoded = dnsPacket.decode(Buffer.from(bytes));
    expect(decoded).toMatchObject({ id: 7, type: 'query', flag_rd: true, flag_cd: false });
    expect(decoded.questions).toEqual([{ name: 'www.shop.org', type: 'AAAA', class: 'IN' }]);
    expect(decoded.additionals).toMatchObject([
      { type: 'OPT', udpPayloadSize: 1232, flag_do: true, options: [{ code: EdnsOption.NSID }] },
    ]);
  });

  test.each([
    ['plain', {}, 0],
    ['recursion desired', { recursionDesired: true }, Flag.RD],
    ['checking disabled', { checkingDisabled: true }, Flag.CD],
    ['authentic', { authenticData: true }, Flag.AD],
  ])('%s carries its flag and nothing more', (_, flags, expected) => {
    const bytes = writeQuery({ id: 1, spelled: ROOT, type: Type.NS, class: Class.IN, ...flags });
    expect(read(bytes)).toMatchObject({ id: 1, flags: expected, edns: undefined });
    expect(bytes.length).toBe(17);
  });

  test('is read back as written, options and case included', () => {
    const spelled = Uint8Array.from([3, 0x57, 0x77, 0x57, 0]);
    const options = [
      { code: 65001, value: new Uint8Array(0) },
      { code: EdnsOption.COOKIE, value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
    ];
    const back = read(
      writeQuery({ id: 65535, spelled, type: 65280, class: 3, edns: { udpSize: 512, options } }),
    );
    expect(back.question).toEqual({ name: name('www'), spelled, type: 65280, class: 3 });
    expect(back.edns).toEqual({ version: 0, udpSize: 512, dnssecOk: false, options });
  });
});

test('the flags hold opcode and RCODE, and EDNS extends the RCODE [RFC 6891 §6.1.3]', () => {
  expect([opcodeOf(0xa805), rcodeOf(0xa805)]).toEqual([5, 5]);
  const badVersion = opt([]);
  badVersion[5] = 1; // The first byte of the TTL: 1 << 4 is BADVERS.
  expect(read(assemble([0, 0, 0, 1], badVersion)).rcode).toBe(Rcode.BADVERS);
});

test('a TTL with its top bit set is zero [RFC 2181 §8]', () => {
  const bytes = assemble([0, 1, 0, 0], record(ROOT, Type.A, [192, 0, 2, 1]));
  bytes[12 + 5] = 0x80;
  expect(read(bytes).answer.map((a) => a.ttl)).toEqual([0]);
});

test('a reply without a question is a message: that is how the unreadable is answered', () => {
  expect(read(assemble([0, 0, 0, 0])).question).toBeUndefined();
});

describe('names', () => {
  const www = name('www.shop.org');
  const at = (pointer: number): number[] => [0xc0 | (pointer >> 8), pointer & 0xff];
  const asking = (...owner: number[]): Uint8Array => assemble([1, 0, 0, 0], question(owner));
  const answering = (...owner: number[]): Uint8Array =>
    assemble([1, 1, 0, 0], question(www), record(owner, Type.A, [192, 0, 2, 1]));

  test('may point backwards', () => {
    expect(nameText(read(answering(...at(16))).answer[0]?.owner as Uint8Array)).toBe('shop.org.');
  });

  test('are those that are pointed to, whether the record before points there or elsewhere', () => {
    const pointers = [12, 12, 16, 16, 12, 21];
    const records = pointers.map((pointer) => record(at(pointer), Type.A, [192, 0, 2, 1]));
    const { answer } = read(assemble([1, pointers.length, 0, 0], question(www), ...records));
    const owners = ['www.shop.org.', 'www.shop.org.', 'shop.org.', 'shop.org.', 'www.shop.org.', 'org.'];
    expect(answer.map(({ owner }) => nameText(owner))).toEqual(owners);
    const alone = assemble([0, 1, 0, 0], record(at(12), Type.A, [192, 0, 2, 1]));
    expect(readMessage(alone)).toBeUndefined();
  });

  test.each<[string, Uint8Array]>([
    ['a pointer to itself', asking(...at(12))],
    ['a pointer forwards', asking(...at(40))],
    [
      'two pointers at one another',
      assemble([1, 1, 0, 0], question(at(14)), record(at(12), Type.A, [1, 2, 3, 4])),
    ],
    ['label type 01', asking(0x41, 0)],
    ['label type 10', asking(0x81, 0)],
    ['a label past the end', assemble([1, 0, 0, 0], [63, 1, 2])],
    ['no root', assemble([1, 0, 0, 0], [1, 0x61])],
    ['256 bytes', asking(...Array.from({ length: 127 }, () => [1, 0x61]).flat(), 1, 0x61, 0)],
  ])('%s is malformed [RFC 1035 §4.1.4, RFC 9267]', (_, bytes) => {
    expect(readMessage(bytes)).toBeUndefined();
  });

  test.each(Array.from({ length: 12 }, (_, i) => [i]))(
    'a pointer into byte %i of the header is malformed',
    (i) => {
      expect(readMessage(answering(...at(i)))).toBeUndefined();
    },
  );

  test('255 bytes of 127 labels are a name', () => {
    const longest = Array.from({ length: 127 }, () => [1, 0x61]).flat();
    expect(read(asking(...longest, 0)).question?.name.length).toBe(255);
  });

  test('of no offset of a reply does pointing there throw or hang', () => {
    const reply = answering(...at(12));
    for (let target = 0; target < 0x4000; target++) {
      put16(reply, 12 + www.length + 4, 0xc000 | target);
      readMessage(reply);
    }
  });
});

describe('counts and lengths', () => {
  const a = record(name('a.org'), Type.A, [192, 0, 2, 1]);

  test.each<[string, Uint8Array]>([
    ['nothing at all', new Uint8Array(0)],
    ['eleven bytes', new Uint8Array(11)],
    ['two questions [RFC 9619]', assemble([2, 0, 0, 0], question(ROOT), question(ROOT))],
    ['a question that is promised and missing', assemble([1, 0, 0, 0])],
    ['65,535 questions in twelve bytes', assemble([65535, 0, 0, 0])],
    ['65,535 answers in twelve bytes', assemble([0, 65535, 0, 0])],
    ['65,535 authorities in twelve bytes', assemble([0, 0, 65535, 0])],
    ['65,535 additionals in twelve bytes', assemble([0, 0, 0, 65535])],
    ['one record more than there are', assemble([0, 2, 0, 0], a)],
    ['one record fewer than there are', assemble([0, 0, 0, 0], a)],
    ['a byte after the last record', assemble([0, 1, 0, 0], a, [0])],
    ['RDLENGTH past the end', assemble([0, 1, 0, 0], record(ROOT, Type.TXT, [1, 0x61], 3))],
    ['RDLENGTH 65,535', assemble([0, 1, 0, 0], record(ROOT, Type.TXT, [1, 0x61], 65535))],
  ])('%s is malformed', (_, bytes) => {
    expect(readMessage(bytes)).toBeUndefined();
  });

  test('of no reply does cutting anywhere leave a message', () => {
    const whole = assemble([1, 1, 0, 1], question(name('a.org')), a, opt([0, 3, 0, 0]));
    expect(readMessage(whole)).toBeDefined();
    for (let length = 0; length < whole.length; length++) {
      expect(readMessage(whole.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('RDATA', () => {
  const soa = [...ROOT, ...ROOT, ...new Uint8Array(20)];
  test.each<[string, number, number[]]>([
    ['an A of three bytes', Type.A, [192, 0, 2]],
    ['an A of five bytes', Type.A, [192, 0, 2, 1, 1]],
    ['an empty A', Type.A, []],
    ['an AAAA of four bytes', Type.AAAA, [192, 0, 2, 1]],
    ['an NS with bytes behind its name', Type.NS, [0, 0]],
    ['an NS without the root', Type.NS, [1, 0x61]],
    ['an MX without a name', Type.MX, [0, 10]],
    ['a SOA one byte short', Type.SOA, soa.slice(0, -1)],
    ['a SOA one byte long', Type.SOA, [...soa, 0]],
    ['a TXT whose string crosses the end', Type.TXT, [2, 0x61]],
    ['an SRV cut in its port', Type.SRV, [0, 1, 0, 1, 0]],
  ])('%s is malformed, and so is its message', (_, type, rdata) => {
    // What follows could serve the bytes that are missing: the end of one RDATA is an end.
    const next = record(ROOT, Type.A, [192, 0, 2, 1]);
    expect(readMessage(assemble([0, 2, 0, 0], record(ROOT, type, rdata), next))).toBeUndefined();
  });

  test('of an unknown type is opaque, pointers and all [RFC 3597 §3]', () => {
    const bytes = assemble([0, 1, 0, 0], record(ROOT, 65280, [0xc0, 12]));
    expect(read(bytes).answer.map((r) => [...r.rdata])).toEqual([[0xc0, 12]]);
  });
});

describe('EDNS', () => {
  const empty = (count: number): number[] => Array.from({ length: count }, () => [0xfd, 0xe9, 0, 0]).flat();

  test.each<[string, Uint8Array]>([
    ['two OPTs [RFC 6891 §6.1.1]', assemble([0, 0, 0, 2], opt([]), opt([]))],
    ['an OPT among the answers', assemble([0, 1, 0, 0], opt([]))],
    ['an OPT in the authority section', assemble([0, 0, 1, 0], opt([]))],
    ['an OPT that is not owned by the root', assemble([0, 0, 0, 1], record(name('a'), Type.OPT, []))],
    ['an option cut in its code', assemble([0, 0, 0, 1], opt([0]))],
    ['an option cut in its length', assemble([0, 0, 0, 1], opt([0, 3, 0]))],
    ['an option longer than the OPT', assemble([0, 0, 0, 1], opt([0, 3, 0, 2, 1]))],
    ['too many options', assemble([0, 0, 0, 1], opt(empty(EDNS_OPTIONS_MAX + 1)))],
    ['16,000 options', assemble([0, 0, 0, 1], opt(empty(16_000)))],
  ])('%s: malformed', (_, bytes) => {
    expect(readMessage(bytes)).toBeUndefined();
  });

  test('as many options as we read are fine', () => {
    expect(read(assemble([0, 0, 0, 1], opt(empty(EDNS_OPTIONS_MAX)))).edns?.options.length).toBe(
      EDNS_OPTIONS_MAX,
    );
  });

  test('the OPT may stand anywhere in the additional section', () => {
    const a = record(ROOT, Type.A, [192, 0, 2, 1]);
    const message = read(assemble([0, 0, 0, 2], opt([]), a));
    expect([message.additional.length, message.edns?.udpSize]).toEqual([1, Class.IN]);
  });

  test('of a version we do not know only the version is read', () => {
    const future = opt([1]);
    future[6] = 1;
    expect(read(assemble([0, 0, 0, 1], future)).edns).toMatchObject({ version: 1, options: [] });
  });
});

describe('Extended DNS Errors [RFC 8914 §2]', () => {
  const saying = (...values: number[][]) => ({
    version: 0,
    udpSize: 512,
    dnssecOk: false,
    options: values.map((value) => ({ code: EdnsOption.EDE as number, value: Uint8Array.from(value) })),
  });

  test.each([
    ['code and words', [[0, 18, ...ascii('not you')]], [{ code: 18, text: 'not you' }]],
    ['code alone', [[0, 22]], [{ code: 22, text: '' }]],
    ['a NUL at the end', [[0, 0, ...ascii('x'), 0]], [{ code: 0, text: 'x' }]],
    [
      'several',
      [
        [0, 3],
        [0, 19],
      ],
      [
        { code: 3, text: '' },
        { code: 19, text: '' },
      ],
    ],
    ['broken UTF-8', [[0, 1, 0xff]], [{ code: 1, text: '\ufffd' }]],
    ['one byte: not told', [[0]], []],
  ])('%s', (_, values, errors) => {
    expect(extendedErrorsOf(saying(...values))).toEqual(errors);
  });

  test('a code has words, unless it is newer than we are', () => {
    expect([extendedErrorWords(18), extendedErrorWords(4000)]).toEqual(['Prohibited', undefined]);
    expect(extendedErrorsOf(undefined)).toEqual([]);
  });
});

describe('what stands behind the answer', () => {
  const bytes = dnsPacket.encode({
    type: 'response',
    id: 1,
    questions: [{ type: 'A', class: 'IN', name: 'www.own.example' }],
    answers: [{ type: 'A', class: 'IN', name: 'www.own.example', ttl: 60, data: '192.0.2.1' }],
    authorities: [{ type: 'NS', class: 'IN', name: 'own.example', ttl: 60, data: 'ns.own.example' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
      { type: 'A', class: 'IN', name: 'ns.own.example', ttl: 60, data: '192.0.2.2' },
    ],
  });

  test('is counted, and read when it is asked for, whatever has become of the bytes', () => {
    const lent = Uint8Array.from(bytes);
    const message = read(lent);
    lent.fill(0xff);
    expect([message.authorities, message.additionals]).toEqual([1, 1]);
    const { authority, additional } = message;
    expect([...authority, ...additional].map(({ owner, type }) => `${nameText(owner)} ${type}`)).toEqual([
      `own.example. ${Type.NS}`,
      `ns.own.example. ${Type.A}`,
    ]);
    expect(authority[0]?.rdata).toEqual(name('ns.own.example'));
    expect(message.authority).toBe(authority);
  });

  test.each([
    ['own.example', true],
    ['example', true],
    ['.', true],
    ['www.own.example', false],
    ['ns.own.example', false],
    ['n.example', false],
  ])('is within %s: %s', (zone, expected) => {
    expect(read(bytes).isWithin(name(zone))).toBe(expected);
  });
});
