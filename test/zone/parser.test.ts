import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMPLAINTS_MAX } from '../../src/base/limits.ts';
import { nameFromText, ROOT } from '../../src/wire/name.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { parseZone, parseZoneText } from '../../src/zone/parser.ts';
import { recordTexts } from '../support/records.ts';

const apex = nameFromText('example.') as Uint8Array;
const HEAD = '$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\n';

function parse(text: string | Uint8Array): { records: string[]; complaints: string[] } {
  const complaints: Complaint[] = [];
  const records = parseZoneText(apex, text, complaints);
  return { records: recordTexts(records), complaints: complaints.map(complaintText) };
}

describe('a zone in memory', () => {
  test('gives its records, the line of each, and no complaint', () => {
    const records = parseZoneText(apex, `${HEAD}a A 192.0.2.1\nb TXT ( "x"\n "y" )\n\n A 192.0.2.2`, []);
    expect(recordTexts(records).slice(2)).toEqual([
      'a.example. 300 IN A 192.0.2.1',
      'b.example. 300 IN TXT "x" "y"',
      'b.example. 300 IN A 192.0.2.2',
    ]);
    expect([...records.line.subarray(0, records.count)]).toEqual([2, 3, 4, 5, 8]);
    expect(records.files).toEqual(['zone']);
  });

  test('owners are one name whatever their case [RFC 4343 §3]', () => {
    const records = parseZoneText(apex, `${HEAD}a A 192.0.2.1\nA.Example. A 192.0.2.2\nA A 192.0.2.3\n`, []);
    expect(records.nameCount).toBe(2);
    expect([...records.owner.subarray(0, records.count)]).toEqual([0, 0, 1, 1, 1]);
  });

  test('an address is the same whichever way it is read', () => {
    const ways = ['192.0.2.1', '"192.0.2.1"', '( 192.0.2.1 )', '\\# 4 c0000201'];
    const { records, complaints } = parse(HEAD + ways.map((way) => `a A ${way}\n`).join(''));
    expect(complaints).toEqual([]);
    expect(new Set(records.slice(2))).toEqual(new Set(['a.example. 300 IN A 192.0.2.1']));
  });

  test.each(['192.0.2', '192.0.2.1.', '192.0.2.256', '192.0.2.01', '::1', '192.0.2.1x', ''])(
    '"%s" is none',
    (text) => expect(parse(`${HEAD}a A ${text}\n`).complaints).toHaveLength(1),
  );

  test('the root zone holds every name', () => {
    const text = '. 300 SOA a b 1 3600 600 86400 60\n. 300 NS a.root.\n@ 300 TXT x\ncom 300 NS a.com.\n';
    const complaints: Complaint[] = [];
    expect(recordTexts(parseZoneText(ROOT, text, complaints))).toEqual([
      '. 300 IN SOA a. b. 1 3600 600 86400 60',
      '. 300 IN NS a.root.',
      '. 300 IN TXT "x"',
      'com. 300 IN NS a.com.',
    ]);
    expect(complaints).toEqual([]);
  });

  test('has no folder to include from', () => {
    expect(parse('$INCLUDE /etc/hostname\n').complaints).toEqual([
      'zone:1:10: error: expected no file, as this text itself is in none, found "/etc/hostname"',
    ]);
  });
});

describe('after a fault', () => {
  test('all others are told too, in order', () => {
    const lines = ['a A x', 'b AAA ::1', 'c A 192.0.2.1', 'd MX x', 'e TXT "'];
    const { records, complaints } = parse(`${HEAD}${lines.join('\n')}\n`);
    expect(records).toHaveLength(3);
    expect(complaints.map((text) => text.split(':')[1])).toEqual(['4', '5', '7', '8']);
  });

  test('records of an owner that cannot be read are of nobody, and their own faults are told', () => {
    const { records, complaints } = parse(`${HEAD}a..b A 192.0.2.1\n A 192.0.2.2\n A x\nc A 192.0.2.3\n`);
    expect(records.slice(2)).toEqual(['c.example. 300 IN A 192.0.2.3']);
    expect(complaints.map((text) => text.split(':')[1])).toEqual(['4', '6']);
  });

  test('complaints are bounded, and the rest are counted', () => {
    const { complaints } = parse(HEAD + 'a A x\n'.repeat(COMPLAINTS_MAX + 7));
    expect(complaints).toHaveLength(COMPLAINTS_MAX + 1);
    expect(complaints.at(-1)).toBe('zone: error: 7 more errors are not told: expected at most 1000');
  });
});

test('a file that cannot be read is a complaint', () => {
  const complaints: Complaint[] = [];
  const records = parseZone({ apex, file: '/nonexistent/a.zone', root: '/nonexistent' }, complaints);
  expect(records.count).toBe(0);
  expect(complaints.map(complaintText)).toEqual([
    '/nonexistent/a.zone: error: expected a file that can be read (ENOENT: no such file or directory)',
  ]);
});

describe('whatever the bytes, reading ends, and what is wrong is told', () => {
  const settle = (bytes: Uint8Array): void => {
    const complaints: Complaint[] = [];
    const records = parseZoneText(apex, bytes, complaints);
    for (const { line, column } of complaints) expect(line >= 0 && column >= 0).toBe(true);
    expect(recordTexts(records).length).toBe(records.count);
  };

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => settle(bytes)),
      { numRuns: 2_000 },
    );
  });

  test('random pieces of zone files', () => {
    const pieces = [
      ...' |\n|\t|(|)|"|;|\\|@|$|.|a|1|\r\n|$TTL |$ORIGIN |$GENERATE 1-3 |{0,2,n}|$INCLUDE x|IN |CH '.split(
        '|',
      ),
      ...'A |TXT |SOA |MX |\\# |\\000|1h30m |192.0.2.1|example.|TYPE65280 |x.y |"a b" |NS |CNAME'.split('|'),
      ...'SVCB 1 . alpn="h2" |\0|\xff|$GENERATE 1-2 $ A 192.0.2.$\n'.split('|'),
    ];
    const piece = fc.constantFrom(...pieces);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (all) => settle(Buffer.from(all.join(''), 'latin1'))),
      { numRuns: 3_000 },
    );
  });

  test('a good zone with a few bytes changed', () => {
    const good = Buffer.from(
      `${HEAD}a 60 IN A 192.0.2.1\n  TXT ( "x" ; c\n y )\n$GENERATE 1-9 h$ A 192.0.2.\${0,2}\nb MX 1 a\n`,
    );
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const bytes = Uint8Array.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        settle(bytes);
      }),
      { numRuns: 3_000 },
    );
  });
});
