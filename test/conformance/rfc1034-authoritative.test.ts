import { describe, expect, test } from 'vitest';
import { ask, catalog, lines, pipeline, SOA_AND_NS, sortedLines } from '../support/authority.ts';

const SOA = 'example. 60 IN SOA ns1.example. host.example. 7 3600 600 86400 60';
const zones = catalog({
  'example.': `
$TTL 3600
@        SOA ns1 host 7 3600 600 86400 60
@        NS ns1
@        NS ns.outside.
@        MX 10 mail
ns1      A 192.0.2.1
ns1      AAAA 2001:db8::1
mail     A 192.0.2.2
www      CNAME web
web      A 192.0.2.3
loop1    CNAME loop2
loop2    CNAME loop1
away     CNAME www.elsewhere.
gone     CNAME nothing
cross    CNAME a.other.
a.ent    TXT "below an empty non-terminal"
sub      NS ns.sub
sub      NS ns.sibling
sub      DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
ns.sub   A 192.0.2.4
sibling  NS ns.sibling
ns.sibling A 192.0.2.5
into     CNAME host.sub
_x._tcp  SRV 1 2 80 web
svc      HTTPS 1 . alpn=h2
svc      A 192.0.2.6
`,
  'other.': `
$TTL 300
@  SOA ns host 1 3600 600 86400 60
@  NS ns
ns A 192.0.2.53
a  A 192.0.2.99
`,
});
const subject = pipeline(zones);

const rows: [string, string, string[]][] = [
  ['data at the name', 'web.example. A', ['NOERROR aa', 'an web.example. 3600 IN A 192.0.2.3']],
  [
    'an alias is followed inside the zone [RFC 1034 §4.3.2 3a]',
    'www.example. A',
    ['NOERROR aa', 'an web.example. 3600 IN A 192.0.2.3', 'an www.example. 3600 IN CNAME web.example.'],
  ],
  [
    'the alias itself when CNAME is asked',
    'www.example. CNAME',
    ['NOERROR aa', 'an www.example. 3600 IN CNAME web.example.'],
  ],
  [
    'an alias is followed into another zone of ours',
    'cross.example. A',
    ['NOERROR aa', 'an a.other. 300 IN A 192.0.2.99', 'an cross.example. 3600 IN CNAME a.other.'],
  ],
  [
    'an alias that leaves us is the whole answer',
    'away.example. A',
    ['NOERROR aa', 'an away.example. 3600 IN CNAME www.elsewhere.'],
  ],
  [
    'a loop of aliases ends',
    'loop1.example. A',
    [
      'NOERROR aa',
      'an loop1.example. 3600 IN CNAME loop2.example.',
      'an loop2.example. 3600 IN CNAME loop1.example.',
    ],
  ],
  [
    'an alias to what is not there answers NXDOMAIN and keeps the alias [RFC 6604 §3]',
    'gone.example. A',
    ['NXDOMAIN aa', 'an gone.example. 3600 IN CNAME nothing.example.', `ns ${SOA}`],
  ],
  ['NODATA with the SOA at the smaller TTL [RFC 2308 §3]', 'web.example. MX', ['NOERROR aa', `ns ${SOA}`]],
  ['NXDOMAIN with the SOA', 'nothing.example. A', ['NXDOMAIN aa', `ns ${SOA}`]],
  ['an empty non-terminal is there [RFC 8020 §2]', 'ent.example. A', ['NOERROR aa', `ns ${SOA}`]],
  ['below an empty non-terminal nothing is', 'b.ent.example. A', ['NXDOMAIN aa', `ns ${SOA}`]],
  [
    'a referral with in-bailiwick and sibling glue, not authoritative',
    'host.sub.example. A',
    [
      'NOERROR',
      'ad ns.sibling.example. 3600 IN A 192.0.2.5',
      'ad ns.sub.example. 3600 IN A 192.0.2.4',
      'ns sub.example. 3600 IN NS ns.sibling.example.',
      'ns sub.example. 3600 IN NS ns.sub.example.',
    ],
  ],
  [
    'the cut itself is referred',
    'sub.example. NS',
    [
      'NOERROR',
      'ad ns.sibling.example. 3600 IN A 192.0.2.5',
      'ad ns.sub.example. 3600 IN A 192.0.2.4',
      'ns sub.example. 3600 IN NS ns.sibling.example.',
      'ns sub.example. 3600 IN NS ns.sub.example.',
    ],
  ],
  [
    'DS at the cut is ours [RFC 4035 §3.1.4.1]',
    'sub.example. DS',
    ['NOERROR aa', `an sub.example. 3600 IN DS 1 13 2 ${'0'.repeat(64)}`],
  ],
  ['no DS at a cut is NODATA from the parent', 'sibling.example. DS', ['NOERROR aa', `ns ${SOA}`]],
  [
    'glue is not data: it is referred [RFC 2181 §5.4.1]',
    'ns.sibling.example. A',
    [
      'NOERROR',
      'ad ns.sibling.example. 3600 IN A 192.0.2.5',
      'ns sibling.example. 3600 IN NS ns.sibling.example.',
    ],
  ],
  [
    'an alias into a delegation keeps AA and refers on',
    'into.example. A',
    [
      'NOERROR aa',
      'ad ns.sibling.example. 3600 IN A 192.0.2.5',
      'ad ns.sub.example. 3600 IN A 192.0.2.4',
      'an into.example. 3600 IN CNAME host.sub.example.',
      'ns sub.example. 3600 IN NS ns.sibling.example.',
      'ns sub.example. 3600 IN NS ns.sub.example.',
    ],
  ],
  [
    'MX brings addresses',
    'example. MX',
    ['NOERROR aa', 'ad mail.example. 3600 IN A 192.0.2.2', 'an example. 3600 IN MX 10 mail.example.'],
  ],
  [
    'SRV brings addresses [RFC 2782]',
    '_x._tcp.example. SRV',
    [
      'NOERROR aa',
      'ad web.example. 3600 IN A 192.0.2.3',
      'an _x._tcp.example. 3600 IN SRV 1 2 80 web.example.',
    ],
  ],
  [
    'HTTPS with target "." brings its own addresses [RFC 9460 §2.5.2]',
    'svc.example. HTTPS',
    ['NOERROR aa', 'ad svc.example. 3600 IN A 192.0.2.6', 'an svc.example. 3600 IN HTTPS 1 . alpn="h2"'],
  ],
  [
    'NS of the apex with its addresses',
    'example. NS',
    [
      'NOERROR aa',
      'ad ns1.example. 3600 IN A 192.0.2.1',
      'ad ns1.example. 3600 IN AAAA 2001:db8::1',
      'an example. 3600 IN NS ns.outside.',
      'an example. 3600 IN NS ns1.example.',
    ],
  ],
  ['outside our zones', 'elsewhere. A', ['REFUSED']],
];

describe('RFC 1034 §4.3.2', () => {
  test.each(rows)('%s', (_, question, expected) => {
    expect(sortedLines(ask(subject, question))).toEqual(expected);
  });

  test('ANY is answered with one RRset [RFC 8482 §4.1]', () => {
    const { answer } = ask(subject, 'example. ANY', { tcp: true });
    expect(new Set(answer.map((r) => r.type)).size).toBe(1);
  });

  test('ANY does not deny a name that has only proofs [RFC 8482 §4.1]', () => {
    const proofs = pipeline(catalog({ 'p.': `$TTL 60\n${SOA_AND_NS}\nn NSEC o.p. NSEC RRSIG\n` }));
    expect(lines(ask(proofs, 'n.p. ANY'))).toEqual(['NOERROR aa', 'an n.p. 60 IN NSEC o.p. RRSIG NSEC']);
  });

  test('the case of the question comes back', () => {
    expect(lines(ask(subject, 'wEb.ExAmPlE. A'))[1]).toBe('an wEb.ExAmPlE. 3600 IN A 192.0.2.3');
  });

  test('DO brings the DS of a referral [RFC 4035 §3.1.4]', () => {
    const types = ask(subject, 'host.sub.example. A', { dnssecOk: true }).authority.map((r) => r.type);
    expect(types).toContain(43);
  });
});
