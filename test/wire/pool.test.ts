/**
 * POOL records: how they are read where they lie, and what is not let in, written or on the wire. What is
 * well-formed stands in test/golden/rdata.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENTRY_FAULTS_MAX } from '../../src/base/limits.ts';
import { Type } from '../../src/wire/codes.ts';
import {
  attributeLength,
  findAttribute,
  PoolKey,
  PoolKind,
  poolAttributesAt,
  poolKind,
} from '../../src/wire/pool.ts';
import { validRdata } from '../../src/wire/rdata.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { hex, parse, parseAll, unhex, wireOf } from './rdata-fields.ts';
import { goldens } from './rdata-golden.ts';

describe('read where it lies', () => {
  const rdata = wireOf(Type.POOL, '192.0.2.10 port=443 geo=EU');
  const block = Uint8Array.of(9, 9, 9, ...rdata, 0, 5, 0, 1, 7); // What follows is not its own.
  const end = 3 + rdata.length;

  test('its kind, and where attributes begin', () => {
    expect([poolKind(block, 3), poolAttributesAt(block, 3)]).toEqual([PoolKind.IPV4, 8]);
    const subjects = ['*', '2001:db8::1', 'host.example.net.', 'use=a.'];
    const starts = subjects.map((text) => poolAttributesAt(wireOf(Type.POOL, text), 0));
    expect(starts).toEqual([1, 17, 19, 4]);
  });

  test('an attribute by its key: the first, the last, none before, between, behind', () => {
    const port = findAttribute(block, 3, end, PoolKey.PORT);
    const geo = findAttribute(block, 3, end, PoolKey.GEO);
    expect([block[port], block[port + 1], attributeLength(block, port)]).toEqual([1, 187, 2]);
    expect([...block.subarray(geo, geo + attributeLength(block, geo))]).toEqual([2, 0x45, 0x55]);
    const others = [PoolKey.WEIGHT, PoolKey.CHECK, PoolKey.BIAS];
    expect(others.map((key) => findAttribute(block, 3, end, key))).toEqual([0, 0, 0]);
  });
});

const START = 'an address, a host name, use=NAME, or * for the options of the pool';
const OF_MEMBER = 'one of weight, tier, port, alpn, check, geo, net, asn, near, bias for a member';
const OF_OPTIONS = 'one of answers, sticky, all-down, as, eject-at-most, warm-up for *';
const PLACES = 'places such as EU, US, US-CA or *, with commas between';
const CHECKS = 'at most 8 names of checks (letters, digits, . _ -) with commas between';
const NETS = 'prefixes such as 10.0.0.0/8 or 2001:db8::/32, with no bits set behind their length';
const NEAR = 'LATITUDE,LONGITUDE in degrees of at most five places, such as 52.52,13.405';
const WARM_UP = 'a time of at most 86400 seconds, such as 30 or 2m';

describe('written wrongly', () => {
  test.each<[string, number, string]>([
    ['', 0, START],
    ['weight=70', 1, START],
    ['192.0.2.300', 1, START],
    ['192.0.2', 1, START],
    ['2001:db8:::1', 1, START],
    ['Use=www', 1, START],
    ['a..b', 1, 'a label of 1 to 63 bytes'],
    ['.', 1, 'a host name that is not the root'],
    ['use=', 1, 'a label of 1 to 63 bytes'],
    ['10.0.0.1 wieght=1', 10, `${OF_MEMBER} (did you mean weight?)`],
    ['10.0.0.1 nonsense', 10, OF_MEMBER],
    ['10.0.0.1 Weight=1', 10, OF_MEMBER],
    ['10.0.0.1 "weight=1"', 10, OF_MEMBER],
    ['10.0.0.1 answers=1', 10, `${OF_MEMBER}, not answers`],
    ['* weight=1', 3, `${OF_OPTIONS}, not weight`],
    ['* answer=1', 3, `${OF_OPTIONS} (did you mean answers?)`],
    ['use=a weight=1', 7, 'one of port, alpn for use=, not weight'],
    ['10.0.0.1 weight=1 weight=2', 19, 'weight only once'],
    ['10.0.0.1 weight', 10, 'a weight from 0 to 65535'],
    ['10.0.0.1 weight=-1', 10, 'a weight from 0 to 65535'],
    ['10.0.0.1 weight=65536', 10, 'a weight from 0 to 65535'],
    ['10.0.0.1 weight=1"2"', 10, 'weight="…" with one pair of quotes around the value'],
    ['10.0.0.1 check=\\256', 10, 'an escape \\DDD up to 255'],
    ['10.0.0.1 tier=65535', 10, 'a tier from 0 to 65534'],
    ['10.0.0.1 port=0', 10, 'a port number from 1 to 65535'],
    ['10.0.0.1 alpn=h2,', 10, 'protocol names of 1 to 255 bytes with commas between'],
    ['10.0.0.1 check=', 10, CHECKS],
    ['10.0.0.1 check=a b', 18, OF_MEMBER],
    ['10.0.0.1 check=-a', 10, CHECKS],
    ['10.0.0.1 check=a,b,c,d,e,f,g,h,i', 10, CHECKS],
    ['10.0.0.1 check=web,pg,web', 10, 'web only once in the list'],
    ['10.0.0.1 geo=', 10, PLACES],
    ['10.0.0.1 geo=EU,', 10, PLACES],
    ['10.0.0.1 geo=EU,UK,US,Mars', 10, `${PLACES} (not UK, MARS)`],
    ['10.0.0.1 geo=EU,\\010', 10, PLACES],
    ['10.0.0.1 geo=UK', 10, PLACES],
    ['10.0.0.1 geo=EU/DE', 10, PLACES],
    ['10.0.0.1 geo=EU/SA', 10, PLACES],
    ['10.0.0.1 geo=EU-DE', 10, PLACES],
    ['10.0.0.1 geo=US-CALI', 10, PLACES],
    ['10.0.0.1 geo=US,EU,us', 10, 'US only once in the list'],
    ['10.0.0.1 net=10.0.0.1/8', 10, NETS],
    ['10.0.0.1 net=10.0.0.0/33', 10, NETS],
    ['10.0.0.1 net=10.0.0.128/24', 10, NETS],
    ['10.0.0.1 net=10.0.0.0/08', 10, NETS],
    ['10.0.0.1 net=2001:db8::1/64', 10, NETS],
    ['10.0.0.1 net=10.0.0.0/8,10.0.0.0/8', 10, '10.0.0.0/8 only once in the list'],
    ['10.0.0.1 asn=0', 10, 'numbers of autonomous systems, 1 to 4294967295, with commas between'],
    ['10.0.0.1 asn=7,AS7', 10, '7 only once in the list'],
    ['10.0.0.1 near=1', 10, NEAR],
    ['10.0.0.1 near=90.00001,0', 10, NEAR],
    ['10.0.0.1 near=0,-180.1', 10, NEAR],
    ['10.0.0.1 near=1,2,3', 10, NEAR],
    ['10.0.0.1 near=1.000001,2', 10, NEAR],
    ['10.0.0.1 near=1e1,2', 10, NEAR],
    ['10.0.0.1 bias=10', 0, 'near=LATITUDE,LONGITUDE where there is a bias'],
    ['10.0.0.1 near=1,2 bias=20001', 19, 'kilometres from -20000 to 20000'],
    ['* answers=0', 3, 'a number of answers from 1 to 255'],
    ['* answers=256', 3, 'a number of answers from 1 to 255'],
    ['* sticky=server', 3, 'client'],
    ['* all-down=none', 3, 'serve-all, nodata, servfail or last-good'],
    ['* as=CNAME', 3, 'cname'],
    ['* eject-at-most=101%', 3, 'a share from 0 to 100 percent'],
    ['* eject-at-most=%', 3, 'a share from 0 to 100 percent'],
    ['* warm-up=2d', 3, WARM_UP],
    ['* warm-up=soon', 3, WARM_UP],
  ])('%s', (written, column, expected) => {
    expect(parse(Type.POOL, written)).toEqual({ column, expected });
  });
});

describe('written wrongly more than once', () => {
  test.each<[string, [number, string][]]>([
    [
      '10.0.0.1 wieght=1 colour=blue weight=x tier=1',
      [
        [10, `${OF_MEMBER} (did you mean weight?)`],
        [19, OF_MEMBER],
        [31, 'a weight from 0 to 65535'],
      ],
    ],
    [
      '10.0.0.256 weight=x answers=0',
      [
        [1, START],
        [12, 'a weight from 0 to 65535'],
        [21, 'a number of answers from 1 to 255'],
      ],
    ],
    [
      'a..b weight=x',
      [
        [1, 'a label of 1 to 63 bytes'],
        [6, 'a weight from 0 to 65535'],
      ],
    ],
    [
      '10.0.0.1 weight=x weight=1 bias=3',
      [
        [10, 'a weight from 0 to 65535'],
        [19, 'weight only once'],
      ],
    ],
    [
      '10.0.0.1 weight = 1',
      [
        [10, 'a weight from 0 to 65535'],
        [17, 'KEY=VALUE without blanks'],
      ],
    ],
  ])('%s', (written, faults) => {
    expect(parseAll(Type.POOL, written)).toEqual(faults.map(([column, expected]) => ({ column, expected })));
  });

  test('what is told of one record is bounded, and says so', () => {
    const faults = parseAll(Type.POOL, `10.0.0.1${' x=1'.repeat(1_000)}`);
    expect(faults).toHaveLength(ENTRY_FAULTS_MAX + 1);
    expect(faults.at(-1)).toEqual({
      column: 10 + 4 * ENTRY_FAULTS_MAX,
      expected: `at most ${ENTRY_FAULTS_MAX} mistakes in one entry`,
    });
  });
});

describe('malformed on the wire', () => {
  const member = '010a000001';
  const attribute = (key: number, value: string): string =>
    `${key.toString(16).padStart(4, '0')}${(value.length / 2).toString(16).padStart(4, '0')}${value}`;
  test.each<[string, string]>([
    ['nothing', ''],
    ['a kind that is none', '05'],
    ['half an address', '010a00'],
    ['a host without its end', '0301'],
    ['the root as a host', '0300'],
    ['a key that there is not', member + attribute(11, '00')],
    ['a key of the options at a member', member + attribute(16, '01')],
    ['a key of members at the options', `00${attribute(1, '0001')}`],
    ['a weight at a use', `040161${'00'}${attribute(1, '0001')}`],
    ['keys that do not rise', member + attribute(2, '0001') + attribute(1, '0001')],
    ['a key twice', member + attribute(1, '0001') + attribute(1, '0001')],
    ['a value that crosses the end', `${member}00010002ff`],
    ['half a key', `${member}00`],
    ['a weight of one byte', member + attribute(1, '01')],
    ['a tier that leaves no priority', member + attribute(2, 'ffff')],
    ['port 0', member + attribute(3, '0000')],
    ['an empty list', member + attribute(5, '')],
    ['a list that does not rise', member + attribute(5, '01620161')],
    ['a list with something twice', member + attribute(6, '0245550245' + '55')],
    ['a longer item first', member + attribute(6, '0555532d4341' + '024555')],
    ['an item that crosses the end', member + attribute(5, '0361')],
    ['nine checks', member + attribute(5, '016101620163016401650166016701680169')],
    ['a place in lower case', member + attribute(6, '026575')],
    ['a family that is none', member + attribute(7, '0300')],
    ['a prefix that is too long', member + attribute(7, '01210a00000000')],
    ['a bit behind the prefix', member + attribute(7, '01090aff')],
    ['a prefix that is cut off', member + attribute(7, '01180a00')],
    ['system 0', member + attribute(8, '00000000')],
    ['half a system', member + attribute(8, '000000010000')],
    ['beyond the pole', member + attribute(9, '00895441' + '00000000')],
    ['a bias alone', member + attribute(10, '00000001')],
    ['a bias around the earth', member + attribute(9, '0000000000000000') + attribute(10, '00004e21')],
    ['no answers', `00${attribute(16, '00')}`],
    ['sticky of no kind', `00${attribute(17, '00')}`],
    ['an end of no kind', `00${attribute(18, '04')}`],
    ['more than all', `00${attribute(20, '65')}`],
    ['a warm-up of more than a day', `00${attribute(21, '00015181')}`],
  ])('%s', (_name, wire) => {
    expect(validRdata(Type.POOL, unhex(wire))).toBe(false);
  });

  test('at the bounds it is well-formed', () => {
    const wires = [
      member + attribute(2, 'fffe') + attribute(5, '01610162016301640165016601670168'),
      member + attribute(9, '00895440' + '01' + '12a880') + attribute(10, 'ffffb1e0'),
      `00${attribute(20, '64')}${attribute(21, '00015180')}`,
    ];
    for (const wire of wires) expect(validRdata(Type.POOL, unhex(wire)), wire).toBe(true);
  });
});

test('text of what is well-formed reads back to the same bytes', () => {
  const pools = goldens.filter(({ type }) => type === Type.POOL).map(({ wire }) => wire);
  let changed = 0;
  fc.assert(
    fc.property(fc.constantFrom(...pools), fc.array(fc.tuple(fc.nat(80), fc.nat(255))), (wire, edits) => {
      const rdata = wire.slice();
      for (const [at, byte] of edits.slice(0, 2)) if (at < rdata.length) rdata[at] = byte;
      if (!validRdata(Type.POOL, rdata)) return;
      changed += Number(hex(rdata) !== hex(wire));
      const text = rdataText(Type.POOL, rdata);
      expect(text).not.toMatch(/^\\#/);
      expect(hex(wireOf(Type.POOL, text)), text).toBe(hex(rdata));
    }),
    { numRuns: 2_000, seed: 1 },
  );
  expect(changed).toBeGreaterThan(100);
});
