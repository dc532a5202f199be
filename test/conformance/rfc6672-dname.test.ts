import { describe, expect, test } from 'vitest';
import { ALIAS_HOPS_MAX } from '../../src/base/limits.ts';
import { ask, catalog, pipeline, sortedLines } from '../support/authority.ts';

const label = 'a'.repeat(60);
const zones = catalog({
  'example.': `
$TTL 3600
@        SOA ns host 1 3600 600 86400 60
@        NS ns.outside.
old      DNAME new
old      A 192.0.2.1
x.new    A 192.0.2.2
z.new    CNAME old
away     DNAME elsewhere.
loop     DNAME loop
there    DNAME back
back     DNAME there
grow     DNAME more.grow
across   DNAME other.
long     DNAME ${label}.${label}.${label}
chain    CNAME x.old
`,
  'other.': `
@ 300 SOA ns host 1 3600 600 86400 60
@ 300 NS ns.outside.
y 300 A 192.0.2.3
`,
});
const subject = pipeline(zones);
const SOA = 'ns example. 60 IN SOA ns.example. host.example. 1 3600 600 86400 60';
const DNAME = 'an old.example. 3600 IN DNAME new.example.';

const rows: [string, string, string[]][] = [
  [
    'a name below is substituted, and the CNAME has the TTL of the DNAME [RFC 6672 §3.1]',
    'x.old.example. A',
    [
      'NOERROR aa',
      DNAME,
      'an x.new.example. 3600 IN A 192.0.2.2',
      'an x.old.example. 3600 IN CNAME x.new.example.',
    ],
  ],
  [
    'the owner itself is not [RFC 6672 §2.3]',
    'old.example. A',
    ['NOERROR aa', 'an old.example. 3600 IN A 192.0.2.1'],
  ],
  ['the DNAME can be asked', 'old.example. DNAME', ['NOERROR aa', DNAME]],
  [
    'the RCODE is that of the last name [RFC 6604 §3]',
    'none.old.example. A',
    ['NXDOMAIN aa', 'an none.old.example. 3600 IN CNAME none.new.example.', DNAME, SOA],
  ],
  [
    'a target elsewhere is the whole answer',
    'x.away.example. A',
    [
      'NOERROR aa',
      'an away.example. 3600 IN DNAME elsewhere.',
      'an x.away.example. 3600 IN CNAME x.elsewhere.',
    ],
  ],
  [
    'into another zone of ours',
    'y.across.example. A',
    [
      'NOERROR aa',
      'an across.example. 3600 IN DNAME other.',
      'an y.across.example. 3600 IN CNAME y.other.',
      'an y.other. 300 IN A 192.0.2.3',
    ],
  ],
  [
    'through an alias',
    'chain.example. A',
    [
      'NOERROR aa',
      'an chain.example. 3600 IN CNAME x.old.example.',
      DNAME,
      'an x.new.example. 3600 IN A 192.0.2.2',
      'an x.old.example. 3600 IN CNAME x.new.example.',
    ],
  ],
  [
    'a CNAME asked for is the synthesized one',
    'x.old.example. CNAME',
    ['NOERROR aa', DNAME, 'an x.old.example. 3600 IN CNAME x.new.example.'],
  ],
];

describe('RFC 6672', () => {
  test.each(rows)('%s', (_, question, expected) => {
    expect(sortedLines(ask(subject, question))).toEqual(expected);
  });

  test('a substitution past 255 bytes is YXDOMAIN, with the DNAME [RFC 6672 §2.2]', () => {
    const [status, ...records] = sortedLines(ask(subject, `${label}.yy.x.long.example. A`));
    expect(status).toBe('YXDOMAIN aa');
    expect(records).toHaveLength(1);
  });

  test('a DNAME onto itself ends, and no record is told twice [RFC 2181 §5]', () => {
    expect(sortedLines(ask(subject, 'x.loop.example. A'))).toEqual([
      'NOERROR aa',
      'an loop.example. 3600 IN DNAME loop.example.',
      'an x.loop.example. 3600 IN CNAME x.loop.example.',
    ]);
  });

  test('a DNAME that is asked for, and led to itself, is told once [RFC 2181 §5]', () => {
    expect(sortedLines(ask(subject, 'z.old.example. DNAME'))).toEqual([
      'NOERROR aa',
      DNAME,
      'an z.new.example. 3600 IN CNAME old.example.',
      'an z.old.example. 3600 IN CNAME z.new.example.',
    ]);
  });

  test('two DNAMEs onto one another end where the first name comes again', () => {
    expect(sortedLines(ask(subject, 'x.there.example. A'))).toEqual([
      'NOERROR aa',
      'an back.example. 3600 IN DNAME there.example.',
      'an there.example. 3600 IN DNAME back.example.',
      'an x.back.example. 3600 IN CNAME x.there.example.',
      'an x.there.example. 3600 IN CNAME x.back.example.',
    ]);
  });

  test('a DNAME into itself grows the name, and the bound on hops ends it', () => {
    expect(ask(subject, 'x.grow.example. A').answer).toHaveLength(ALIAS_HOPS_MAX + 2);
  });
});
