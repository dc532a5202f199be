import { describe, expect, test } from 'vitest';
import { COMPLAINTS_MAX } from '../../src/base/limits.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { checkZone, serialOrder, settle } from '../../src/zone/check.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { recordTexts } from '../support/records.ts';

const SOA = '@ 300 SOA ns host 1 3600 600 86400 60\n';
const HEAD = `${SOA}@ 300 NS ns\nns 300 A 192.0.2.1\n`;

/** Complaints of the checks, and of reading if there are. */
function complaintsOf(text: string, apex = 'example.'): string[] {
  const complaints: Complaint[] = [];
  checkZone(parseZoneText(nameFromText(apex) as Uint8Array, text, complaints), complaints);
  return complaints.map((complaint) => complaintText(complaint).replace(/^zone:/, ''));
}

/** Of records put behind a good SOA, NS and address, with lines counted from the first of them. */
function lint(text: string): string[] {
  const less = (_: string, before: string, line: string): string => `${before}${Number(line) - 4}`;
  return complaintsOf(`$TTL 300\n${HEAD}${text}`).map((complaint) =>
    complaint.replace(/(^|in line )(\d+)/g, less),
  );
}

const nothing: string[] = [];
const HIDDEN = 'and is never answered here (RFC 1034 §4.2.1)';
const NEEDLESS = 'but no name server is called so: needless glue (RFC 1034 §4.2.1)';
const NO_GLUE = 'which has no address here: expected glue, A or AAAA (RFC 1034 §4.2.1)';
const REDIRECTED = 'expected no data there (RFC 6672 §2.4)';

test('a plain zone has nothing to complain of', () => {
  expect(lint('www A 192.0.2.1\n AAAA ::1\n@ MX 10 www\n_x._tcp SRV 1 2 3 www\n')).toEqual(nothing);
});

describe('the apex', () => {
  test.each([
    [
      'no SOA',
      '@ 300 NS ns.test.\n',
      [' error: no SOA at the apex example.: expected one (RFC 1034 §4.2.1)'],
    ],
    ['no NS', SOA, [' error: no NS at the apex example.: expected at least one (RFC 1034 §4.2.1)']],
    [
      'nothing at all',
      '',
      [
        ' error: no SOA at the apex example.: expected one (RFC 1034 §4.2.1)',
        ' error: no NS at the apex example.: expected at least one (RFC 1034 §4.2.1)',
      ],
    ],
    [
      'two SOAs',
      `${HEAD}@ SOA ns host 2 3600 600 86400 60\n`,
      ['4: error: example. SOA stands here 2 times: expected one (RFC 1035 §5.2)'],
    ],
    ['the same SOA twice', `${HEAD}${SOA}`, ['4: warning: example. SOA is as in line 1: dropped']],
    [
      'a SOA elsewhere',
      `${HEAD}sub SOA ns host 2 3600 600 86400 60\n`,
      ['4: error: SOA at sub.example.: expected at the apex example. only (RFC 1034 §4.2.1)'],
    ],
  ])('%s', (_, text, expected) => expect(complaintsOf(text)).toEqual(expected));

  test('what cannot be read is not missing as well', () => {
    expect(complaintsOf('@ 300 SOA x\n@ 300 NS\nwww 300 CNAME\nmail 300 MX 10 www\n')).toHaveLength(3);
  });

  test.each([
    ['refresh 0', '0 0 86400 60', /refresh or retry of 0/],
    ['retry above refresh', '600 3600 86400 60', /retry of 3600: expected at most the refresh, 600/],
    ['expire too short', '3600 600 4200 60', /expire of 4200: expected more than refresh and retry, 4200/],
    ['minimum of a week', '3600 600 86400 604800', /minimum of 604800/],
  ])('timers: %s [RFC 1912 §2.2]', (_, timers, expected) => {
    const complaints = complaintsOf(`@ 300 SOA ns host 1 ${timers}\n@ NS ns\nns A 192.0.2.1\n`);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(expected);
    expect(complaints[0]).toMatch(/^1: warning: SOA/);
  });

  test('timers of a day and a minimum of a day are fine', () => {
    expect(complaintsOf('@ 300 SOA ns host 1 86400 7200 3600000 86400\n@ NS ns\nns A 192.0.2.1\n')).toEqual(
      [],
    );
  });
});

describe('one name', () => {
  test.each([
    [
      'a CNAME and other data [RFC 1034 §3.6.2]',
      'a A 192.0.2.1\na CNAME ns\na MX 1 ns\na A 192.0.2.2\n',
      ['2: error: a.example. has a CNAME and other data (A, MX): expected the CNAME alone (RFC 1034 §3.6.2)'],
    ],
    [
      'a CNAME at the apex',
      '@ CNAME ns\n',
      ['1: error: example. has a CNAME and other data (NS, SOA): expected the CNAME alone (RFC 1034 §3.6.2)'],
    ],
    ['a CNAME and its proofs [RFC 4034 §2.5]', 'a CNAME ns\na NSEC ns CNAME RRSIG NSEC\n', nothing],
    [
      'two CNAMEs [RFC 2181 §10.1]',
      'a CNAME b.test.\na CNAME c.test.\n',
      ['2: error: a.example. CNAME stands here 2 times: expected one (RFC 2181 §10.1)'],
    ],
    [
      'two DNAMEs [RFC 6672 §2.4]',
      'a DNAME b.test.\na DNAME c.test.\n',
      ['2: error: a.example. DNAME stands here 2 times: expected one (RFC 6672 §2.4)'],
    ],
    [
      'TTLs that differ [RFC 2181 §5.2]',
      'a 60 A 192.0.2.1\na 60 A 192.0.2.2\na 30 A 192.0.2.3\na 90 A 192.0.2.4\n',
      ['3: warning: a.example. A has different TTLs: all become 30 (RFC 2181 §5.2)'],
    ],
    ['TTLs that differ between types', 'a 60 A 192.0.2.1\na 30 AAAA ::1\n', nothing],
    [
      'RRSIGs have the TTLs of what they cover [RFC 4034 §3]',
      'a 60 A 192.0.2.1\na 30 AAAA ::1\n' +
        'a 60 RRSIG A 8 2 60 20300101000000 20200101000000 1 @ AQID\n' +
        'a 30 RRSIG AAAA 8 2 30 20300101000000 20200101000000 1 @ AQID\n',
      nothing,
    ],
    [
      'a record again',
      'a A 192.0.2.1\na A 192.0.2.2\nA A 192.0.2.1\n',
      ['3: warning: a.example. A is as in line 1: dropped'],
    ],
    [
      'again but for the case of a name in it [RFC 4034 §6.2]',
      'a MX 10 ns\na MX 10 NS\n',
      ['2: warning: a.example. MX is as in line 1: dropped'],
    ],
    ['numbers and text have no case', 'a MX 65 ns\na MX 97 ns\na TXT a\na TXT A\n', nothing],
  ])('%s', (_, text, expected) => expect(lint(text)).toEqual(expected));

  test('again among many', () => {
    const many = Array.from({ length: 300 }, (_, i) => `a TXT ${i}\n`).join('');
    expect(lint(many)).toEqual([]);
    expect(lint(`${many}a TXT 7\n`)).toEqual(['301: warning: a.example. TXT is as in line 8: dropped']);
  });

  test('an RRset that no message can carry', () => {
    const rows = (count: number): string =>
      Array.from({ length: count }, (_, i) => `a A 10.0.${i >> 8}.${i & 255}\n`).join('');
    // 12 header, 11 name, 4 type and class, 11 OPT; 16 for each.
    const most = Math.floor((65_535 - 38) / 16);
    expect(lint(rows(most))).toEqual([]);
    expect(lint(rows(most + 1))).toEqual([
      `${most + 1}: error: a.example. A makes a response of 65542 bytes: expected at most 65535`,
    ]);
  });

  test('a single record that no message can carry', () => {
    const text = (bytes: number): string => `a TYPE65280 \\# ${bytes} ${'00'.repeat(bytes)}\n`;
    expect(lint(text(65_535 - 38 - 12))).toEqual([]);
    expect(lint(text(65_535 - 38 - 11))).toHaveLength(1);
  });
});

describe('cuts and DNAMEs', () => {
  test.each([
    [
      'a delegation with glue',
      `sub NS ns.sub\nns.sub A 192.0.2.1\nsub DS 1 8 2 ${'00'.repeat(32)}\n`,
      nothing,
    ],
    ['a delegation whose server has its name', 'sub NS sub\nsub A 192.0.2.1\n', nothing],
    ['a delegation to outside', 'sub NS ns.test.\n', nothing],
    ['a delegation to a name of ours', 'sub NS ns\n', nothing],
    [
      'a delegation without glue',
      'sub NS ns.sub\n',
      [`1: warning: sub.example. NS points at ns.sub.example., ${NO_GLUE}`],
    ],
    ['glue of a sibling', 'one NS ns.two\ntwo NS ns.two\nns.two AAAA ::1\n', nothing],
    ['a sibling that keeps its glue', 'one NS ns.two\ntwo NS ns.test.\n', nothing],
    [
      'needless glue',
      'sub NS ns.test.\nns.sub A 192.0.2.1\n',
      [`2: warning: ns.sub.example. A is below the zone cut at sub.example., ${NEEDLESS}`],
    ],
    [
      'data below a cut',
      'sub NS ns.test.\nwww.sub TXT x\n',
      [`2: warning: www.sub.example. TXT is below the zone cut at sub.example., ${HIDDEN}`],
    ],
    [
      'data at a cut',
      'sub NS ns.test.\nsub MX 10 mail.test.\n',
      [`2: warning: sub.example. MX is at the zone cut at sub.example., ${HIDDEN}`],
    ],
    [
      'a cut below a cut',
      'sub NS ns.test.\na.sub NS ns.a.sub\nns.a.sub A 192.0.2.1\n',
      [`2: warning: a.sub.example. NS is below the zone cut at sub.example., ${HIDDEN}`],
    ],
    [
      'names below a DNAME [RFC 6672 §2.4]',
      'old DNAME new.test.\nwww.old A 192.0.2.1\nold TXT "beside is fine"\n',
      [`2: error: www.old.example. A is below the DNAME at old.example.: ${REDIRECTED}`],
    ],
    ['a name beside a DNAME', 'old DNAME new.test.\nxold A 192.0.2.1\n', nothing],
  ])('%s', (_, text, expected) => expect(lint(text)).toEqual(expected));

  test('hashed owners may lie below a DNAME at the apex [RFC 5155 §3]', () => {
    const hashed = 'abcdefgh NSEC3 1 0 0 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A\n';
    const complaints = complaintsOf(`${SOA}@ NS ns.test.\n@ DNAME test.\n${hashed}www A 192.0.2.1\n`);
    expect(complaints).toEqual([`5: error: www.example. A is below the DNAME at example.: ${REDIRECTED}`]);
  });
});

describe('what NS, MX and SRV point at', () => {
  const rows: [topic: string, text: string, expected: string[]][] = [];
  for (const [type, rdata, law] of [
    ['NS', '', 'RFC 2181 §10.3'],
    ['MX', '10 ', 'RFC 2181 §10.3'],
    ['SRV', '1 2 3 ', 'RFC 2782'],
  ]) {
    const points = `1: warning: x.example. ${type} points at t.example.`;
    const alias = `an alias: expected a name with addresses (${law})`;
    const below = `1: warning: x.example. ${type} points at t.w.example., ${alias}`;
    const to = (text: string): string => `x ${type} ${rdata}t\n${text}`;
    rows.push(
      [`${type} to an address`, to('t A 192.0.2.1\n'), nothing],
      [`${type} to an alias`, to('t CNAME ns\n'), [`${points}, ${alias}`]],
      [`${type} to an alias by wildcard`, `x ${type} ${rdata}t.w\n*.w CNAME ns\n`, [below]],
      [`${type} to a name below a DNAME`, `x ${type} ${rdata}t.w\nw DNAME test.\n`, [below]],
      [`${type} to an address by wildcard`, `x ${type} ${rdata}t.w\n*.w A 192.0.2.1\n`, nothing],
      [`${type} to nothing`, to(''), [`${points}, which does not exist`]],
      [`${type} to a name without address`, to('t TXT x\n'), [`${points}, which has no address`]],
      [
        `${type} to an empty non-terminal`,
        to('a.t A 192.0.2.1\n* A 192.0.2.1\n'),
        [`${points}, which has no address`],
      ],
      [`${type} below a cut`, `x ${type} ${rdata}t.sub\nsub NS ns.test.\n`, nothing],
      [`${type} to outside`, `x ${type} ${rdata}t.test.\n`, nothing],
    );
  }
  test.each(rows)('%s', (_, text, expected) => expect(lint(text)).toEqual(expected));

  test('a wildcard does not reach below a name that is there [RFC 4592 §3.3.1]', () => {
    expect(lint('x MX 10 t.w\n* A 192.0.2.1\na.w A 192.0.2.1\n')).toEqual([
      '1: warning: x.example. MX points at t.w.example., which does not exist',
    ]);
  });

  test('a single dot is nobody [RFC 7505 §3, RFC 2782]', () => {
    expect(lint('x MX 0 .\ny SRV 0 0 0 .\n')).toEqual([]);
    const root = '. 300 SOA a. b. 1 3600 600 86400 60\n. NS ns.\nns. A 192.0.2.1\nx. MX 0 .\n';
    expect(complaintsOf(root, '.')).toEqual([]);
  });
});

test('complaints of the checks are bounded, and the rest are counted', () => {
  const complaints = lint('a A 192.0.2.1\n'.repeat(COMPLAINTS_MAX + 3));
  expect(complaints).toHaveLength(COMPLAINTS_MAX + 1);
  expect(complaints.at(-1)).toBe(' warning: 2 more warnings are not told: expected at most 1000');
});

describe('settled records', () => {
  const settled = (text: string): string[] => {
    const records = parseZoneText(nameFromText('example.') as Uint8Array, text, []);
    const rows = settle(records);
    const left = Array.from({ length: rows.count }, (_, at) => rows.row(at));
    expect(left.toSorted((a, b) => a - b)).toEqual(
      [...records.type.keys()].filter((row) => records.type[row]),
    );
    return recordTexts(records);
  };

  test('have one TTL in an RRset, the lowest [RFC 2181 §5.2]', () => {
    expect(settled('a 60 A 192.0.2.1\nb 9 A 192.0.2.2\na 30 A 192.0.2.2\na 90 TXT x\n')).toEqual([
      'a.example. 30 IN A 192.0.2.1',
      'b.example. 9 IN A 192.0.2.2',
      'a.example. 30 IN A 192.0.2.2',
      'a.example. 90 IN TXT "x"',
    ]);
  });

  test('say nothing twice, and keep the TTL of what is dropped if it is lower', () => {
    expect(settled('a 60 NS B.test.\na 30 NS b.test.\na 60 NS c.test.\n')).toEqual([
      'a.example. 30 IN NS B.test.',
      'a.example. 30 IN NS c.test.',
    ]);
  });
});

test.each([
  [1, 1, 0],
  [2, 1, 1],
  [1, 2, -1],
  [0, 0xffff_ffff, 1],
  [0xffff_ffff, 0, -1],
  [0x7fff_ffff, 0, 1],
  [0x8000_0001, 0, -1],
  [0, 0x8000_0000, -1],
  [0x8000_0000, 0, -1],
])('serial %d against %d has order %d [RFC 1982 §3.2]', (a, b, sign) => {
  expect(Math.sign(serialOrder(a, b))).toBe(sign);
});
