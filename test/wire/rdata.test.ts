/**
 * RDATA on the wire: what a row of the table lets in, what it keeps out, where names may be compressed, and
 * what the encoder is told. Truncation and stretching of every type's golden bytes are LIMITS A4.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Type, typeText } from '../../src/wire/codes.ts';
import { nameText } from '../../src/wire/name.ts';
import {
  compressibleNames,
  compressibleSkip,
  layoutOf,
  readRdata,
  targetOffset,
  validRdata,
} from '../../src/wire/rdata.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { Reader } from '../../src/wire/reader.ts';
import { fieldsOf, hex, ORIGIN, parse, unhex, wireOf } from './rdata-fields.ts';
import { goldens } from './rdata-golden.ts';

/** Reads `wire` as RDATA of `length` bytes in the middle of a message; gives also where the reader stands. */
function read(type: number, wire: Uint8Array, length = wire.length) {
  const before = unhex('000000000000000000000000' + '076578616d706c6503636f6d00'); // example.com at 12
  const message = Uint8Array.from([...before, ...wire, ...new Array(300).fill(7)]);
  const reader = new Reader(message, before.length);
  const rdata = readRdata(type, reader, length);
  return { rdata, behind: reader.at - before.length, ok: reader.ok };
}

/** Types whose last field takes any bytes, so that one more or one less is another value and no mistake. */
const OPEN_ENDED = new Set<number>([
  Type.NULL,
  Type.CERT,
  Type.SIG,
  Type.KEY,
  Type.IPSECKEY,
  Type.RRSIG,
  Type.DNSKEY,
  Type.DHCID,
  Type.TLSA,
  Type.SMIMEA,
  Type.CDS,
  Type.CDNSKEY,
  Type.OPENPGPKEY,
  Type.URI,
  Type.CAA,
  65280,
  731,
]);
/** Digests of a type that we do not know the length of. */
const isOpenDigest = (text: string): boolean => /^(60485 8 9|4 200|1 240 240) /.test(text);
const MAY_BE_EMPTY = new Set<number>([Type.NULL, Type.APL, Type.OPT, 65280, 731]);

describe('RDLENGTH that lies (LIMITS A4)', () => {
  const shut = goldens.filter((golden) => !OPEN_ENDED.has(golden.type) && !isOpenDigest(golden.canonical));

  test.each(goldens)('the true one of $mnemonic $written is read', ({ type, wire }) => {
    const { rdata, behind, ok } = read(type, wire);
    expect(rdata && hex(rdata)).toBe(hex(wire));
    expect([behind, ok]).toEqual([wire.length, true]);
  });

  test.each(shut)('one more: $mnemonic $written', ({ type, wire }) => {
    expect(read(type, wire, wire.length + 1)).toEqual({
      rdata: undefined,
      behind: wire.length + 1,
      ok: true,
    });
  });

  test.each(shut.filter(({ wire }) => wire.length > 0))('one less: $mnemonic $written', ({ type, wire }) => {
    // A list that is whole again after its last item fell off cannot be one byte shorter.
    expect(read(type, wire, wire.length - 1).rdata).toBeUndefined();
  });

  test.each(goldens.filter(({ type }) => !MAY_BE_EMPTY.has(type)))(
    'none: $mnemonic $written',
    ({ type, wire }) => {
      expect(read(type, wire, 0).rdata).toBeUndefined();
    },
  );

  test('every shorter one is refused, or is another value that reads back', () => {
    for (const { type, wire } of goldens) {
      for (let length = 0; length < wire.length; length++) {
        const { rdata, behind } = read(type, wire, length);
        expect(behind).toBe(length);
        if (rdata === undefined) continue;
        expect(hex(rdata)).toBe(hex(wire.subarray(0, length)));
        expect(hex(wireOf(type, rdataText(type, rdata)))).toBe(hex(rdata));
      }
    }
  });

  test('behind the end of the message', () => {
    for (const { type, wire } of goldens) {
      for (const length of [wire.length + 1, 65_535]) {
        const reader = new Reader(wire);
        expect(readRdata(type, reader, length)).toBeUndefined();
        expect(reader.ok).toBe(false);
      }
    }
  });
});

describe('embedded names', () => {
  const POINTER = 'c00c';
  const WHOLE = '076578616d706c6503636f6d00';
  const PLACES: [type: number, before: string, after: string][] = [
    [Type.NS, '', ''],
    [Type.CNAME, '', ''],
    [Type.PTR, '', ''],
    [Type.MX, '000a', ''],
    [Type.SOA, '00', '0000000100000002000000030000000400000005'],
    [Type.MINFO, '00', ''],
    [Type.RP, '00', ''],
    [Type.AFSDB, '0001', ''],
    [Type.RT, '0001', ''],
    [Type.PX, '000100', ''],
    [Type.SRV, '000100020003', ''],
    [Type.NAPTR, '00010002000000', ''],
    [Type.SIG, '000105030001518000000001000000020003', 'ff'],
    [Type.KX, '0001', ''],
    [Type.DNAME, '', ''],
    [Type.SVCB, '0001', ''],
    [Type.HTTPS, '0001', ''],
    [Type.RRSIG, '000105030001518000000001000000020003', 'ff'],
    [Type.NSEC, '', '000140'],
    [Type.IPSECKEY, '0a0302', 'ff'],
    [Type.HIP, '01020001aabb', ''],
    [Type.TSIG, '', `${'00'.repeat(16)}`],
  ];
  const STRICT: number[] = [
    Type.KX,
    Type.DNAME,
    Type.SVCB,
    Type.HTTPS,
    Type.RRSIG,
    Type.NSEC,
    Type.IPSECKEY,
    Type.HIP,
    Type.TSIG,
  ];
  const named = PLACES.map(([type, before, after]) => ({ type, before, after, text: typeText(type) }));

  test.each(named.filter(({ type }) => !STRICT.includes(type)))(
    'of $text may come compressed (RFC 1035 §4.1.4, RFC 3597 §4)',
    ({ type, before, after }) => {
      const { rdata, behind } = read(type, unhex(before + POINTER + after));
      expect(rdata && hex(rdata)).toBe(before + WHOLE + after);
      expect(behind).toBe((before + POINTER + after).length / 2);
      const partly = read(type, unhex(`${before}0141${POINTER}${after}`));
      expect(partly.rdata && hex(partly.rdata)).toBe(`${before}0141${WHOLE}${after}`);
    },
  );

  test.each(named.filter(({ type }) => STRICT.includes(type)))(
    'of $text are never compressed (RFC 3597 §4)',
    ({ type, before, after }) => {
      expect(read(type, unhex(before + WHOLE + after)).rdata).toBeDefined();
      expect(read(type, unhex(before + POINTER + after)).rdata).toBeUndefined();
    },
  );

  test.each(named)('of $text end inside the RDATA', ({ type, before, after }) => {
    expect(read(type, unhex(before + WHOLE), before.length / 2 + 12).rdata).toBeUndefined();
    expect(read(type, unhex(before + WHOLE), before.length / 2 + 5).rdata).toBeUndefined();
    expect(read(type, unhex(`${before}c0`), before.length / 2 + 1).rdata).toBeUndefined();
    for (const malformed of [
      `c0${(25 + before.length / 2).toString(16)}`, // to itself
      'c0ff', // forwards
      'c000', // into the header
      '4001', // label types 01 and 10
      '8001',
      `${'3f'.padEnd(128, '61').repeat(4)}00`, // 257 bytes
    ]) {
      expect(read(type, unhex(before + malformed + after)).rdata).toBeUndefined();
    }
  });

  test('fill 255 bytes, and not 256', () => {
    const labels = `3f${'61'.repeat(63)}`.repeat(3);
    expect(read(Type.DNAME, unhex(`${labels}3d${'61'.repeat(61)}00`)).rdata).toHaveLength(255);
    expect(read(Type.DNAME, unhex(`${labels}3e${'61'.repeat(62)}00`)).rdata).toBeUndefined();
  });

  test('keep their case', () => {
    expect(hex(read(Type.NS, unhex(`0341624300`)).rdata ?? ORIGIN)).toBe('0341624300');
  });
});

test('what is read is a copy, of Buffers too', () => {
  const packet = Buffer.from('c0000201', 'hex');
  const rdata = readRdata(Type.A, new Reader(packet), 4) as Uint8Array;
  packet.fill(0);
  expect(hex(rdata)).toBe('c0000201');
});

describe('malformed data', () => {
  test.each<[string, number, string]>([
    ['A of three bytes', Type.A, '010203'],
    ['A of five bytes', Type.A, '0102030405'],
    ['a string that crosses the end', Type.TXT, '0561'],
    ['TXT without a string (RFC 1035 §3.3.14)', Type.TXT, ''],
    ['a bitmap with windows that do not rise (RFC 4034 §4.1.2)', Type.NSEC, '00010140000140'],
    ['a bitmap with a trailing zero byte', Type.NSEC, '0000024000'],
    ['a bitmap with an empty window', Type.NSEC, '000000'],
    ['a bitmap with a window of 33 bytes', Type.NSEC, `000021${'01'.repeat(33)}`],
    ['a bitmap that crosses the end', Type.CSYNC, '000000010000000240'],
    ['a salt that crosses the end', Type.NSEC3PARAM, '0100000c04aabbcc'],
    ['an empty hash', Type.NSEC3, '010000000000'],
    ['APL with a prefix of 33 bits', Type.APL, '0001210101'],
    ['APL with five bytes of IPv4', Type.APL, '000120050102030405'],
    ['APL with a trailing zero byte (RFC 3123 §4)', Type.APL, '000118020a00'],
    ['LOC of version 1', Type.LOC, '011216138b0d2c8c7ff8fca500989680'],
    ['LOC with a digit above nine', Type.LOC, '00a216138b0d2c8c7ff8fca500989680'],
    ['LOC north of the pole', Type.LOC, '00121613934fd9017ff8fca500989680'],
    ['an option that crosses the end', Type.OPT, '000a000401'],
    ['a digest of the wrong length (RFC 4509 §2.1)', Type.DS, '00010d0200'],
    ['a zone digest of 11 bytes (RFC 8976 §2.2.4)', Type.ZONEMD, `00000001f0f0${'00'.repeat(11)}`],
    ['a tag with a hyphen (RFC 8659 §4.1)', Type.CAA, '0003612d6178'],
    ['an empty tag', Type.CAA, '000061'],
    ['a URI without a target (RFC 7553 §4.4)', Type.URI, '00010001'],
    ['HIP without a key (RFC 8005 §5)', Type.HIP, '01020000aa'],
    ['a gateway of type 4', Type.IPSECKEY, '0a040200'],
    ['a MAC that crosses the end', Type.TSIG, `00${'00'.repeat(8)}0004010203`],
  ])('%s', (_name, type, bytes) => {
    expect(validRdata(type, unhex(bytes))).toBe(false);
    expect(read(type, unhex(bytes)).rdata).toBeUndefined();
  });

  test('more than a record can carry', () => {
    expect(validRdata(65280, new Uint8Array(65_535))).toBe(true);
    expect(validRdata(65280, new Uint8Array(65_536))).toBe(false);
  });
});

describe('what the encoder is told', () => {
  test('only names of RFC 1035 types compress (RFC 3597 §4), and they lie where it is told', () => {
    const compressing = Array.from({ length: 65_536 }, (_, type) => type).filter((type) =>
      compressibleNames(type),
    );
    expect(compressing.map(typeText)).toEqual([
      'NS',
      'MD',
      'MF',
      'CNAME',
      'SOA',
      'MB',
      'MG',
      'MR',
      'PTR',
      'MINFO',
      'MX',
    ]);
    for (const type of compressing) {
      const fields = layoutOf(type);
      const skipped = fields.indexOf('name-compressible');
      expect(fields.slice(0, skipped)).toEqual(compressibleSkip(type) === 2 ? ['u16'] : []);
      const end = skipped + compressibleNames(type);
      expect(fields.slice(skipped, end).every((kind) => kind === 'name-compressible')).toBe(true);
      expect(fields.slice(end)).not.toContain('name-compressible');
    }
  });

  test.each([
    [Type.NS, 'ns', 'ns.example.com.'],
    [Type.MX, '10 mx', 'mx.example.com.'],
    [Type.AFSDB, '1 afs', 'afs.example.com.'],
    [Type.SRV, '1 2 3 srv', 'srv.example.com.'],
    [Type.SVCB, '1 svc', 'svc.example.com.'],
    [Type.HTTPS, '1 web', 'web.example.com.'],
  ])('type %i %s wants the addresses of %s', (type, written, target) => {
    expect(nameText(wireOf(type, written), targetOffset(type))).toBe(target);
  });

  test.each([Type.A, Type.CNAME, Type.PTR, Type.SOA, Type.TXT, Type.NAPTR, 65280])(
    'type %i wants none',
    (type) => expect(targetOffset(type)).toBe(-1),
  );
});

describe('whatever comes', () => {
  const types = [...new Set(goldens.map((golden) => golden.type))];

  test('bytes never throw, and what is valid reads back from its text', () => {
    const anything = fc.tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 80 }));
    // A golden value with a few bytes changed comes further than chance does.
    const nearly = fc
      .tuple(fc.constantFrom(...goldens), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }))
      .map(([{ type, wire }, changes]): [number, Uint8Array] => {
        const bytes = wire.slice();
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        return [type, bytes];
      });
    fc.assert(
      fc.property(fc.oneof(anything, nearly), ([type, bytes]) => {
        const text = rdataText(type, bytes);
        read(type, bytes);
        if (validRdata(type, bytes)) expect([text, hex(wireOf(type, text))]).toEqual([text, hex(bytes)]);
      }),
      { numRuns: 5_000 },
    );
  });

  test('text never throws, and what parses is valid', () => {
    const anything = fc.tuple(fc.constantFrom(...types), fc.string({ unit: 'binary', maxLength: 60 }));
    const nearly = fc
      .tuple(
        fc.constantFrom(...goldens),
        fc.nat(400),
        fc.constantFrom('"', '\\', '0', '-1', ' ', ',', '=', ';', ''),
      )
      .map(([{ type, canonical }, at, patch]): [number, string] => {
        const place = at % (canonical.length + 1);
        return [type, canonical.slice(0, place) + patch + canonical.slice(place + 1)];
      });
    fc.assert(
      fc.property(fc.oneof(anything, nearly), ([type, line]) => {
        const parsed = parse(type, line);
        if (parsed instanceof Uint8Array) expect(validRdata(type, parsed)).toBe(true);
        else expect(parsed.column === 0 || fieldsOf(line).some((f) => f.column === parsed.column)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});
