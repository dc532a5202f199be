/**
 * Packets that have hurt name servers, row by row of the threats A1 to A13, as far as they concern a server
 * without encryption, at counts that a test can afford. Packets damaged at random are in test/fuzz.
 */
import { describe, expect, test } from 'vitest';
import { put16 } from '../../src/base/bytes.ts';
import { EDNS_OPTIONS_MAX } from '../../src/base/limits.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import { realWorld } from '../../src/base/world.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { Recursor } from '../../src/resolver/recursor.ts';
import type { Exchange } from '../../src/resolver/upstream.ts';
import { Class, EdnsOption, isMetaType, Opcode, Rcode, Type, typeFromText } from '../../src/wire/codes.ts';
import { Flag, type Message, readMessage } from '../../src/wire/message.ts';
import { nameText, parseName, ROOT } from '../../src/wire/name.ts';
import { checkZone } from '../../src/zone/check.ts';
import type { Complaint } from '../../src/zone/complaint.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import {
  ask,
  catalog,
  exchange,
  image,
  lines,
  name,
  pipeline,
  queryFor,
  SOA_AND_NS,
} from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import {
  A_IN,
  type Bytes,
  golden,
  header,
  join,
  opt,
  query,
  record,
  reply,
  WWW,
  words,
} from '../support/packets.ts';

const subject = pipeline(catalog({ 'test.': `${SOA_AND_NS}www 60 IN A 192.0.2.1\n` }));

/** Over UDP and TCP alike: an RCODE, or silence. */
function verdict(packet: Bytes): number | 'silence' | 'unreadable' | 'they differ' {
  const [udp, tcp] = (['udp', 'tcp'] as const).map((transport) => {
    const response = exchange(subject, packet, transport);
    return response === undefined ? 'silence' : (readMessage(response)?.rcode ?? 'unreadable');
  });
  return udp === tcp && udp !== undefined ? udp : 'they differ';
}

describe('A1 and A2: names that go round, run over, or are too long [RFC 9267]', () => {
  const label = (length: number): Bytes => join([length], new Uint8Array(length).fill(0x78));
  const longName = (bytes: number): Bytes =>
    join(...Array.from({ length: (bytes - 1) / 2 }, () => label(1)), [0]);

  const names: [string, Bytes][] = [
    ['a pointer to itself', words(0xc00c)],
    ['a pointer to its own second byte', words(0xc00d)],
    ['a pointer forwards', words(0xc010)],
    ['a pointer behind the end', words(0xffff)],
    ['half a pointer', Uint8Array.of(0xc0)],
    ['a label and a pointer back to it', join(label(3), words(0xc00c))],
    ['two pointers at one another', join(words(0xc00e), words(0xc00c))],
    ...Array.from({ length: 12 }, (_, at): [string, Bytes] => [
      `a pointer to byte ${at} of the header`,
      words(0xc000 | at),
    ]),
    ['a label of type 0x40', join([0x41], new Uint8Array(1), [0])],
    ['a label of type 0x80', join([0x81], new Uint8Array(1), [0])],
    ['a label of 64 bytes', join([64], new Uint8Array(64), [0])],
    ['a name of 257 bytes', longName(257)],
    ['a name without end', label(3)],
    ['a label without end', Uint8Array.of(63, 1, 2)],
    ['no name', new Uint8Array(0)],
  ];
  test.each(names)('%s is FORMERR in a query, and no reply', (_, bad) => {
    expect(verdict(join(header([1, 0, 0, 0]), bad, A_IN))).toBe(Rcode.FORMERR);
    expect(readMessage(join(header([1, 0, 0, 0], Flag.QR), bad, A_IN))).toBe(undefined);
  });

  test('of the other records of a query, owners are walked over and pointers not followed', () => {
    const rest = words(65_280, Class.IN, 0, 60, 0);
    const single = names.filter(([what]) => what !== 'no name' && what !== 'two pointers at one another');
    for (const [what, bad] of single) {
      const isWalkable = (bad.length > 1 && (bad.at(-2) as number) >= 0xc0) || bad.length === 257;
      const expected = isWalkable ? Rcode.NOERROR : Rcode.FORMERR;
      expect(verdict(query(join(bad, rest))), what).toBe(expected);
      expect(verdict(query(join(bad, rest), opt())), what).toBe(expected);
    }
  });

  test('of all offsets only those before a pointer at which a name stands can be its target', () => {
    const accepted: number[] = [];
    for (let target = 0; target < 0x4000; target++) {
      const pointer = words(0xc000 | target);
      if (readMessage(reply(record(pointer, Type.A, Uint8Array.of(192, 0, 2, 1)))) !== undefined)
        accepted.push(target);
      expect(verdict(join(header([1, 0, 0, 0]), pointer, A_IN))).toBe(Rcode.FORMERR);
    }
    // www.test., test., the root at its end, and the zeros before the two ones of TYPE and CLASS.
    expect(accepted).toEqual([12, 16, 21, 22, 24]);
  });

  test.each([1, 126, 127, 2_000])('a chain of %i pointers ends, as a name if it is short enough', (hops) => {
    const start = 12 + 11; // Behind the header, a root owner and the fields up to RDATA.
    const chain = Array.from({ length: hops - 1 }, (_, i) =>
      words(0xc000 | (i === 0 ? start : start + 1 + 2 * i)),
    );
    const rdata = join([1, 0x61, 0], ...chain);
    const last = words(0xc000 | (hops === 1 ? start : start + 1 + 2 * (hops - 1)));
    const records = [record([0], 65_280, rdata), record(last, Type.A, Uint8Array.of(192, 0, 2, 1))];
    const message = readMessage(join(header([0, 2, 0, 0], Flag.QR), ...records));
    expect(message && nameText(message.answer[1]!.owner)).toBe(hops <= 127 ? 'a.' : undefined);
  });

  test('a name of 255 bytes and 127 labels is one', () => {
    expect(verdict(join(header([1, 0, 0, 0]), longName(255), A_IN))).toBe(Rcode.REFUSED);
  });
});

describe('A3: counts that lie', () => {
  test.each<[string, number[]]>([
    ['65,535 questions', [0xffff, 0, 0, 0]],
    ['65,535 answers', [1, 0xffff, 0, 0]],
    ['65,535 authorities', [1, 0, 0xffff, 0]],
    ['65,535 additionals', [1, 0, 0, 0xffff]],
    ['everything', [0xffff, 0xffff, 0xffff, 0xffff]],
    ['no question [RFC 9619 §4]', [0, 0, 0, 0]],
    ['two questions [RFC 9619 §4]', [2, 0, 0, 0]],
    ['one additional too many', [1, 0, 0, 1]],
  ])('%s is FORMERR, with and without bytes behind', (_, counts) => {
    expect(verdict(join(header(counts), WWW, A_IN))).toBe(Rcode.FORMERR);
    expect(verdict(header(counts))).toBe(Rcode.FORMERR);
    if (counts[0] !== 0) expect(readMessage(header(counts, Flag.QR))).toBe(undefined);
  });

  test('nothing is allocated for them', () => {
    const packet = header([1, 0xffff, 0xffff, 0xffff], Flag.QR);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100_000; i++) readMessage(packet);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
  });

  test('bytes behind the last record are FORMERR', () => {
    expect(verdict(join(query(), [0]))).toBe(Rcode.FORMERR);
    expect(verdict(join(query(opt()), [0]))).toBe(Rcode.FORMERR);
  });
});

describe('A4: RDATA that is shorter or longer than it says', () => {
  test('has golden bytes for many types', () => {
    expect(new Set(golden.map(({ code }) => code)).size).toBeGreaterThan(45);
  });

  test('is no reply, for any type and any lie', () => {
    for (const { type, code, rdata } of golden) {
      const whole = reply(record([0xc0, 0x0c], code, rdata));
      expect(readMessage(whole), type).toBeDefined();
      const lengthAt = whole.length - rdata.length - 2;
      for (const lie of [rdata.length - 1, rdata.length + 1, 0, 0xffff]) {
        if (lie < 0 || lie === rdata.length) continue;
        const packet = whole.slice();
        put16(packet, lengthAt, lie);
        expect(readMessage(packet), `${type} of ${rdata.length} bytes says ${lie}`).toBe(undefined);
      }
    }
  });

  test('is told apart from what is merely cut: no field crosses the end', () => {
    for (const { type, code, rdata } of golden) {
      for (let length = 0; length < Math.min(rdata.length, 40); length++) {
        const message = readMessage(reply(record([0xc0, 0x0c], code, rdata.subarray(0, length))));
        if (message !== undefined)
          expect(message.answer[0]?.rdata, type).toEqual(new Uint8Array(rdata.subarray(0, length)));
      }
    }
  });

  test('is a complaint in a zone file, or a record like any other [RFC 3597 §5]', () => {
    const inFile = (type: string, rdata: Bytes): string => {
      const complaints: Complaint[] = [];
      const line = `x 60 IN ${type} \\# ${rdata.length} ${Buffer.from(rdata).toString('hex')}\n`;
      const records = parseZoneText(name('z.'), SOA_AND_NS + line, complaints);
      if (complaints.length > 0) return `line ${complaints[0]?.line}, ${records.count} records`;
      return Buffer.from(records.rdata(records.count - 1)).toString('hex');
    };
    for (const { type, code, rdata } of golden.filter(
      (one) => !isMetaType(one.code) && one.code !== Type.SOA,
    )) {
      const hurt = [rdata.subarray(0, -1), join(rdata, [0]), new Uint8Array(0)];
      for (const bytes of hurt) {
        const isSound = readMessage(reply(record([0xc0, 0x0c], code, bytes))) !== undefined;
        const kept = Buffer.from(bytes).toString('hex');
        expect(inFile(type, bytes), type).toBe(isSound ? kept : 'line 3, 2 records');
      }
    }
  });

  test.each(['NS', 'CNAME', 'PTR', 'MX', 'SOA', 'SRV', 'DNAME', 'NSEC', 'HTTPS', 'RRSIG', 'NAPTR'])(
    'a name in %s does not run on into the next record',
    (type) => {
      const code = typeFromText(type) ?? 0;
      const sound = golden.find((one) => one.code === code)?.rdata as Bytes;
      const next = record([0xc0, 0x0c], Type.A, Uint8Array.of(192, 0, 2, 1));
      const at = sound.findLastIndex((byte, i) => byte > 0 && byte < 64 && i + byte < sound.length);
      const running = Uint8Array.from(sound);
      running[at] = 63;
      const message = readMessage(reply(record([0xc0, 0x0c], code, running), next, next, next, next));
      if (message !== undefined) expect(message.answer[0]?.rdata).toHaveLength(sound.length);
    },
  );
});

describe('A5: EDNS misused [RFC 6891]', () => {
  const option = (code: number, length = 0): Bytes => join(words(code, length), new Uint8Array(length));

  test.each<[string, Bytes, number]>([
    ['two OPTs', query(opt(), opt()), Rcode.FORMERR],
    ['an OPT with an owner', query(join([1, 0x61], opt())), Rcode.FORMERR],
    ['an OPT as answer', join(header([1, 1, 0, 0]), WWW, A_IN, opt()), Rcode.FORMERR],
    ['an OPT as authority', join(header([1, 0, 1, 0]), WWW, A_IN, opt()), Rcode.FORMERR],
    ['an option that runs over', query(opt(words(10, 9))), Rcode.FORMERR],
    ['half an option', query(opt(Uint8Array.of(0, 10, 0))), Rcode.FORMERR],
    ['an OPT that runs over', query(opt()).with(-1, 1), Rcode.FORMERR],
    ['version 1', query(opt(undefined, 0x0001)), Rcode.BADVERS],
    ['version 255', query(opt(undefined, 0x00ff)), Rcode.BADVERS],
    [
      'as many options as are read',
      query(opt(join(...Array(EDNS_OPTIONS_MAX).fill(option(65_001))))),
      Rcode.NOERROR,
    ],
    ['one more', query(opt(join(...Array(EDNS_OPTIONS_MAX + 1).fill(option(65_001))))), Rcode.FORMERR],
    ['16,000 options', query(opt(join(...Array(16_000).fill(option(65_001))))), Rcode.FORMERR],
  ])('%s', (_, packet, rcode) => expect(verdict(packet)).toBe(rcode));

  test.each([3, 8, 10, 11, 12, 15, 65_001])('option %i again and again is answered at most once', (code) => {
    const bytes = exchange(
      subject,
      query(opt(join(...Array(20).fill(option(code, code === EdnsOption.KEEPALIVE ? 0 : 8))))),
      'tcp',
    ) as Bytes;
    const message = readMessage(bytes) as Message;
    expect(lines(message)[1]).toBe('an www.test. 60 IN A 192.0.2.1');
    expect(message.edns?.options.filter((one) => one.code === code).length).toBeLessThanOrEqual(1);
  });

  test('BADVERS names the version that we speak, and answers nothing [RFC 6891 §6.1.3]', () => {
    const message = readMessage(exchange(subject, query(opt(undefined, 0x0001))) as Bytes);
    expect([message?.edns?.version, message?.answer]).toEqual([0, []]);
  });
});

describe('A6 and A7: what is no query to us', () => {
  /** A recursor over an upstream that must stay silent. */
  function recursing(): { server: typeof subject; sent: unknown[] } {
    const sent: unknown[] = [];
    const upstream = {
      exchange: (exchange: Exchange) => {
        sent.push(exchange.to);
        exchange.end({ got: 'silence' });
      },
    };
    const settings = {
      rootHints: [{ name: name('a.root.'), addresses: ['192.0.2.1'] }],
      neverQuery: new Set<string>(),
      upstreamPort: 53,
      cacheBytes: 100_000,
      localNames: [],
      hosts: undefined,
      clientMs: 100,
      useCaseRandomisation: true,
      minimise: 'relaxed' as const,
      freshness: FRESHNESS_DEFAULT,
      onBug: (bug: unknown) => sent.push(bug),
    };
    const recursor = new Recursor(settings, realWorld, upstream, noOwnZones);
    const mayRecurse = PrefixSet.parse(['127.0.0.0/8']) as PrefixSet;
    return { server: pipeline(catalog({ 'test.': SOA_AND_NS }), { recursor, mayRecurse }), sent };
  }

  test('a response is met with silence, so two servers do not answer each other for ever', () => {
    const answer = exchange(subject, query()) as Bytes;
    expect(verdict(answer)).toBe('silence');
    for (let flags = Flag.QR; flags <= 0xffff; flags += 0x0101) {
      expect(verdict(join(header([1, 0, 0, 0], flags), WWW, A_IN))).toBe('silence');
    }
  });

  test('whatever one server answers to a forged packet, another says nothing to it', () => {
    const other = pipeline(catalog({ 'other.': SOA_AND_NS }));
    const forged = [query(), query(opt(), opt()), header([0, 0, 0, 0]), query().fill(0x28, 2, 3)];
    for (const packet of forged) {
      const answer = exchange(subject, packet) as Bytes;
      expect([answer.length > 0, exchange(other, answer)]).toEqual([true, undefined]);
    }
  });

  test.each([0, 1, 2, 11])('%i bytes are met with silence', (length) => {
    expect(verdict(query().slice(0, length))).toBe('silence');
  });

  test('every opcode, class and several types have their RCODE, and none is sent on', () => {
    const { server, sent } = recursing();
    const types = [Type.A, Type.SOA, Type.TXT, Type.ANY, 65_280];
    for (let opcode = 0; opcode < 16; opcode++) {
      for (let klass = 0; klass < 256; klass++) {
        if (opcode === Opcode.QUERY && klass === Class.IN) continue;
        for (const type of types) {
          const flags = (opcode << 11) | Flag.RD;
          const packet = join(header([1, 0, 0, 0], flags), WWW, words(type, klass));
          const response = readMessage(exchange(server, packet) as Bytes);
          expect([response?.opcode, response?.rcode]).toEqual([opcode, expected(opcode, klass)]);
        }
      }
    }
    expect(sent).toEqual([]);
  });

  function expected(opcode: number, klass: number): number {
    if (opcode !== Opcode.QUERY) return Rcode.NOTIMP;
    const isMeta = klass === Class.ANY || klass === Class.NONE || klass === 0;
    return isMeta ? Rcode.FORMERR : Rcode.REFUSED;
  }

  test.each([
    ['AXFR', Rcode.REFUSED],
    ['IXFR', Rcode.REFUSED],
    ['MAILA', Rcode.NOTIMP],
    ['MAILB', Rcode.NOTIMP],
    ['OPT', Rcode.FORMERR],
    ['TSIG', Rcode.FORMERR],
    ['TKEY', Rcode.FORMERR],
    ['TYPE0', Rcode.FORMERR],
    ['TYPE128', Rcode.FORMERR],
  ])('%s is not for asking here', (type, rcode) => {
    expect(verdict(queryFor(`www.test. ${type}`))).toBe(rcode);
  });
});

describe('A8: names without end to compress', () => {
  const deep = (i: number): string => `${'x.'.repeat(100)}n${i}.t.`;
  const count = 270;
  const text = Array.from({ length: count }, (_, i) => `@ 60 IN PTR ${deep(i)}\n`).join('');
  const server = pipeline(catalog({ 't.': SOA_AND_NS + text }));

  test('are written, read back the same, and fit', () => {
    const { answer } = ask(server, 't. PTR', { tcp: true });
    expect(answer).toHaveLength(count);
    const targets = new Set(answer.map(({ rdata }) => nameText(rdata)));
    expect(targets).toEqual(new Set(Array.from({ length: count }, (_, i) => deep(i))));
  });

  test('are truncated over UDP', () => {
    expect(ask(server, 't. PTR').flags & Flag.TC).toBeTruthy();
  });
});

describe('A9 and A10: any byte in a label', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte < 0x41 || byte > 0x5a);
  const escaped = (byte: number): string => `\\${String(byte).padStart(3, '0')}`;
  // An asterisk by itself is a wildcard (RFC 4592 §2.1.1), however it is written.
  const text = bytes.map((byte) => `${escaped(byte)} 60 IN TXT "${byte}"\n`).join('');
  const server = pipeline(catalog({ 'z.': SOA_AND_NS + text }));

  test.each(bytes)('%i is a name of its own', (byte) => {
    const { answer } = ask(server, `${escaped(byte)}.z. TXT`);
    const [first] = answer;
    expect(first?.rdata).toEqual(Uint8Array.of(String(byte).length, ...Buffer.from(String(byte))));
    expect(first?.owner).toEqual(Uint8Array.of(1, byte, 1, 0x7a, 0));
  });

  test.each([...bytes, 0x41, 0x5a])('%i comes through text and back', (byte) => {
    const label = Uint8Array.of(3, byte, 0x61, byte, 0);
    const shown = nameText(label);
    expect(shown).toMatch(/^[\x21-\x7e]+$/);
    expect(parseName(Buffer.from(shown), ROOT)).toEqual(label);
  });

  test('a dot within a label is no dot between labels', () => {
    const dotted = pipeline(
      catalog({ 'z.': `${SOA_AND_NS}a\\.b 60 IN TXT "one"\nb 60 IN TXT "b"\na.b 60 IN TXT "two"\n` }),
    );
    expect(lines(ask(dotted, 'a\\.b.z. TXT'))[1]).toContain('"one"');
    expect(lines(ask(dotted, 'a.b.z. TXT'))[1]).toContain('"two"');
  });

  test('only ASCII letters fold [RFC 4343 §3]', () => {
    const zone = `${SOA_AND_NS}\\196 60 IN A 192.0.2.1\n\\228 60 IN A 192.0.2.2\nk 60 IN A 192.0.2.3\n`;
    const letters = pipeline(catalog({ 'z.': zone }));
    expect(lines(ask(letters, '\\196.z. A'))[1]).toContain('192.0.2.1');
    expect(lines(ask(letters, '\\228.z. A'))[1]).toContain('192.0.2.2');
    expect(lines(ask(letters, 'K.Z. A'))[1]).toBe('an K.Z. 60 IN A 192.0.2.3');
    // U+212A, the Kelvin sign, is a k to toLowerCase.
    expect(ask(letters, '\\226\\132\\170.z. A').rcode).toBe(Rcode.NXDOMAIN);
  });
});

describe('A11 and A13: answers that are too large', () => {
  const long = 'l'.repeat(60);
  const zone = `${SOA_AND_NS}d 60 IN DNAME ${long}.z.\n`;
  const server = pipeline(catalog({ 'z.': zone }));

  test.each([190, 250, 251])(
    'a name of %i bytes under a DNAME is substituted, or YXDOMAIN [RFC 6672 §2.2]',
    (size) => {
      const below = 'd.z.'.length + 1;
      const labels = 'y.'.repeat((size - below) / 2);
      const wire = labels.length + below;
      const message = ask(server, `${labels}d.z. A`, { tcp: true });
      const isTooLong = wire - below + long.length + 1 + 3 > 255;
      expect(message.rcode).toBe(isTooLong ? Rcode.YXDOMAIN : Rcode.NXDOMAIN);
      expect(message.answer).toHaveLength(isTooLong ? 1 : 2);
    },
  );

  test('an RRset of more than a message is refused when it is loaded, with its line', () => {
    const text = Array.from(
      { length: 350 },
      (_, i) => `x 60 IN TXT "${String(i).padStart(200, '.')}"\n`,
    ).join('');
    expect(() => image('z.', SOA_AND_NS + text)).toThrow();
    const complaints: Complaint[] = [];
    checkZone(parseZoneText(name('z.'), SOA_AND_NS + text, complaints), complaints);
    const [error] = complaints.filter(({ severity }) => severity === 'error');
    expect(error?.line).toBeGreaterThan(2);
  });
});

describe('A12: malformed TSIG, SIG and TKEY', () => {
  test('do no harm on any opcode', () => {
    const chance = new Chance(12);
    const tsig = golden.find(({ code }) => code === Type.TSIG)?.rdata ?? new Uint8Array(60);
    const seen = new Set<unknown>();
    for (let i = 0; i < 5_000; i++) {
      const rdata = Uint8Array.from(tsig.subarray(0, chance.below(tsig.length + 1)));
      if (rdata.length > 0) rdata[chance.below(rdata.length)] = chance.below(256);
      const extra = record([0], chance.pick([Type.TSIG, Type.TKEY, 24, Type.RRSIG]), rdata, Class.ANY);
      const packet = query(extra);
      put16(packet, 2, chance.below(16) << 11);
      if (chance.percent(20)) put16(packet, packet.length - rdata.length - 2, chance.below(0x1_0000));
      seen.add(verdict(packet));
    }
    expect(seen).toEqual(new Set([Rcode.NOERROR, Rcode.NOTIMP, Rcode.FORMERR]));
  });
});
