/** What is wrong with pools that are right record by record. */
import { describe, expect, test } from 'vitest';
import { nameFromText } from '../../src/wire/name.ts';
import { checkZone } from '../../src/zone/check.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { parseZoneText } from '../../src/zone/parser.ts';

/** Complaints about records behind a good apex, with lines counted from the first of them. */
function lint(text: string, checks?: readonly string[]): string[] {
  const head = '$TTL 60\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\n';
  const complaints: Complaint[] = [];
  const records = parseZoneText(nameFromText('z.') as Uint8Array, `${head}${text}\n`, complaints);
  checkZone(records, complaints, checks && new Set(checks));
  return complaints
    .map((complaint) => complaintText(complaint).replace(/^zone:/, ''))
    .map((told) =>
      told.replace(/(^|line |zone:)(\d+)/g, (_, before, line) => `${before}${Number(line) - 4}`),
    );
}

test('nothing to complain of', () => {
  const zone = `
www POOL 192.0.2.1 weight=70 geo=EU check=web
www POOL 2001:db8::1 weight=30 geo=*
www POOL * answers=1 sticky=client all-down=serve-all
@ POOL use=www
_https._tcp POOL use=www port=443
_x._udp POOL 192.0.2.1 port=1
far POOL use=elsewhere.example.
alias POOL a.example.
alias POOL b.example.
alias POOL * as=cname
*.wild POOL 192.0.2.1
wilder POOL use=*.wild
mail MX 1 www
n POOL 192.0.2.1 near=1,2 bias=3
n POOL 192.0.2.2 near=-1,2
all POOL 192.0.2.1 weight=0
all POOL 192.0.2.2
child NS ns.child
ns.child A 192.0.2.3
there POOL use=www.child`;
  expect(lint(zone)).toEqual([]);
  expect(lint(zone, ['web', 'pg'])).toEqual([]);
});

describe('told', () => {
  test.each<[string, string, string[]]>([
    [
      'plain records that the pool answers for',
      'w POOL 192.0.2.1\nw A 192.0.2.1\nw SRV 1 2 3 ns\nw TXT fine',
      [
        '2: error: w.z. has A records beside a pool, which answers for them: expected one of these',
        '3: error: w.z. has SRV records beside a pool, which answers for them: expected one of these',
      ],
    ],
    [
      'a CNAME beside it',
      'w POOL 192.0.2.1\nw CNAME ns',
      ['2: error: w.z. has a CNAME and other data (POOL): expected the CNAME alone (RFC 1034 §3.6.2)'],
    ],
    [
      'members and a use',
      'w POOL 192.0.2.1\nw POOL use=v\nv POOL 192.0.2.1',
      ['2: error: the pool w.z. has members and uses another pool: expected one of these'],
    ],
    ['no members', 'w POOL *', ['1: error: the pool w.z. has no members: expected one, or use=NAME']],
    [
      'two uses, two options, told of the second',
      'v POOL 192.0.2.1\nw POOL use=v\nw POOL use=v port=1\nw POOL *\nw POOL * answers=1',
      [
        '3: error: the pool w.z. uses another pool in line 2 already: expected one use',
        '5: error: the pool w.z. has options in line 4 already: expected one record * with all of them',
      ],
    ],
    [
      'the same record twice is the same record',
      'w POOL 65.0.0.1\nw POOL 97.0.0.1\nw POOL *\nw POOL *\nw POOL A.EXAMPLE.\nw POOL a.example.',
      ['4: warning: w.z. POOL is as in line 3: dropped', '6: warning: w.z. POOL is as in line 5: dropped'],
    ],
    [
      'a use of what is no pool',
      'w POOL use=v\nv TXT x\nu POOL use=nobody\nt POOL use=www.d\nd DNAME e.',
      [
        '1: error: the pool w.z. uses v.z., which is no pool: expected one',
        '3: error: the pool u.z. uses nobody.z., which is no pool: expected one',
        '4: error: the pool t.z. uses www.d.z., which is no pool: expected one',
      ],
    ],
    [
      'a chain, a circle, and oneself',
      'a POOL use=b\nb POOL use=c\nc POOL 192.0.2.1\nd POOL use=e\ne POOL use=d\nf POOL use=f',
      [
        '1: error: the pool a.z. uses b.z., which uses one itself in line 2: expected a pool with members',
        '4: error: the pool d.z. uses e.z., which uses one itself in line 5: expected a pool with members',
        '5: error: the pool e.z. uses d.z., which uses one itself in line 4: expected a pool with members',
        '6: error: the pool f.z. uses f.z., which uses one itself in line 6: expected a pool with members',
      ],
    ],
    [
      'an alias beside other data, the apex among them',
      '@ POOL a.\n@ POOL * as=cname\nw POOL a.\nw POOL * as=cname\nw TXT x',
      [
        '2: error: the pool z. answers as a CNAME, and there are other data (NS, SOA): ' +
          'expected the pool alone (RFC 1034 §3.6.2)',
        '4: error: the pool w.z. answers as a CNAME, and there are other data (TXT): ' +
          'expected the pool alone (RFC 1034 §3.6.2)',
      ],
    ],
    [
      'an alias of addresses, its own or those of the pool it uses',
      'w POOL a.\nw POOL 192.0.2.1\nw POOL * as=cname\nv POOL use=u\nv POOL * as=cname\nu POOL ::1',
      [
        '3: error: the pool w.z. answers as a CNAME, and has the member 192.0.2.1 in line 2: ' +
          'expected host names only (RFC 1035 §3.3.1)',
        '5: error: the pool v.z. answers as a CNAME, and has the member ::1 in line 6: ' +
          'expected host names only (RFC 1035 §3.3.1)',
      ],
    ],
    [
      'a host that leads back to the pool, by aliases and pools',
      'w POOL c\nc CNAME v\nv POOL use=u\nu POOL W\nu POOL a.\nme POOL me\nok POOL u\nd POOL e\ne CNAME d',
      [
        '1: error: the host c.z. of the pool w.z. leads back to it, by aliases or pools: ' +
          'expected a host with addresses of its own',
        '4: error: the host W.z. of the pool u.z. leads back to it, by aliases or pools: ' +
          'expected a host with addresses of its own',
        '6: error: the host me.z. of the pool me.z. leads back to it, by aliases or pools: ' +
          'expected a host with addresses of its own',
        '8: error: the host e.z. of the pool d.z. leads back to it, by aliases or pools: ' +
          'expected a host with addresses of its own',
      ],
    ],
    [
      'a pool below a cut',
      'c NS ns\nw.c POOL 192.0.2.1',
      ['2: warning: w.c.z. POOL is below the zone cut at c.z., and is never answered here (RFC 1034 §4.2.1)'],
    ],
    [
      'a pool below a DNAME',
      'd DNAME e.\nw.d POOL a.example.',
      ['2: error: w.d.z. POOL is below the DNAME at d.z.: expected no data there (RFC 6672 §2.4)'],
    ],
    [
      'a name server that is a pool, and a target that is an alias',
      '@ NS w\nw POOL 192.0.2.1\n@ MX 1 v\nv POOL a.\nv POOL * as=cname',
      [
        '1: warning: z. NS points at w.z., a pool: expected addresses that stay (RFC 1034 §4.2.1)',
        '3: warning: z. MX points at v.z., an alias: expected a name with addresses (RFC 2181 §10.3)',
      ],
    ],
    [
      'weights that are all 0',
      'w POOL 192.0.2.1 weight=0\nw POOL 192.0.2.2 weight=0',
      [
        '1: warning: all members of the pool w.z. have the weight 0: ' +
          'expected one that has more, as 0 is for when all others are gone',
      ],
    ],
    [
      'more answers than members, and what is said of nobody',
      'w POOL 192.0.2.1\nw POOL * answers=2 all-down=nodata eject-at-most=50% warm-up=30',
      [
        '2: warning: the pool w.z. has answers=2 and 1 members: expected no more answers than members',
        ...['all-down', 'eject-at-most', 'warm-up'].map(
          (word) =>
            `2: warning: the pool w.z. has ${word} and no member with a check: ` +
            'expected one, or nobody is ever down',
        ),
      ],
    ],
    [
      'places, and nobody for everywhere else',
      'w POOL 10.0.0.1 geo=EU\nw POOL 10.0.0.2 net=10.0.0.0/8\nv POOL 10.0.0.1 geo=EU,*\nu POOL ::1 asn=7',
      [1, 4].map(
        (line) =>
          `${line}: warning: every member of the pool ${line === 1 ? 'w' : 'u'}.z. is for some place, ` +
          'and any serves who is elsewhere: expected a member with geo=* or without a place',
      ),
    ],
    [
      'a distance without another',
      'w POOL 192.0.2.1 near=1,2\nw POOL 192.0.2.2',
      ['1: warning: one member of the pool w.z. has near=: expected others to compare distances with'],
    ],
    [
      'a service without a port',
      '_x._tcp POOL 192.0.2.1\n_y._tcp POOL use=_x._tcp',
      ['_x', '_y'].map(
        (service, i) =>
          `${i + 1}: warning: the pool ${service}._tcp.z. has no port, and so no SRV records: ` +
          'expected port= at its members (RFC 2782)',
      ),
    ],
    [
      'data at a derived name',
      'w POOL 192.0.2.1\n192-0-2-1.addr TXT x\n192-0-2-1.addr A 192.0.2.1\nv POOL 2001:db8::1\n' +
        '2001-db8-0-0-0-0-0-1.addr A 192.0.2.9',
      [
        '2: error: 192-0-2-1.addr.z. is derived from the pool member at zone:1: ' +
          'expected no record of that name',
        '3: error: 192-0-2-1.addr.z. is derived from the pool member at zone:1: ' +
          'expected no record of that name',
        '5: error: 2001-db8-0-0-0-0-0-1.addr.z. is derived from the pool member at zone:4: ' +
          'expected no record of that name',
      ],
    ],
    [
      'a derived name that is hidden',
      'w POOL 192.0.2.1\naddr NS ns.example.',
      [
        '1: error: 192-0-2-1.addr.z., the name of a pool member, is hidden by addr.z.: ' +
          'expected no cut and no DNAME above it',
      ],
    ],
  ])('%s', (_what, text, expected) => {
    expect(lint(text)).toEqual(expected);
  });

  test('another class', () => {
    const complaints: Complaint[] = [];
    const text = '$TTL 60\n@ CH SOA ns host 1 3600 600 86400 60\n@ CH NS ns.a.\nw CH POOL a.\n';
    checkZone(parseZoneText(nameFromText('z.') as Uint8Array, text, complaints), complaints);
    expect(complaints.map(complaintText)).toEqual([
      'zone:4: error: the pool w.z. is of class CH: expected class IN',
    ]);
  });

  test('more members than a choice looks at', () => {
    const members = Array.from({ length: 256 }, (_, i) => `w POOL 10.0.${i >> 8}.${i & 255}`);
    expect(lint(members.slice(1).join('\n'))).toEqual([]);
    expect(lint(members.join('\n'))).toEqual([
      '256: error: the pool w.z. has 256 members: expected at most 255',
    ]);
  });

  test('checks that the settings do not have', () => {
    expect(lint('w POOL 192.0.2.1 check=wbe,pg\nw POOL 192.0.2.2', ['web', 'pg'])).toEqual([
      '1: error: no check is called wbe: expected one that the settings have; did you mean web?',
    ]);
  });
});
