import { describe, expect, test } from 'vitest';
import { ask, catalog, pipeline, sortedLines } from '../support/authority.ts';

/** The zone of RFC 4592 §2.2.1, and the corners that later sections speak of. */
const zones = catalog({
  'example.': `
$TTL 3600
@                  SOA ns host 1 3600 600 86400 60
@                  NS ns.example.com.
@                  NS ns.example.net.
*                  TXT "this is a wildcard"
*                  MX 10 host1
sub.*              TXT "this is not a wildcard"
host1              A 192.0.2.1
_ssh._tcp.host1    SRV 0 0 22 host1
_ssh._tcp.host2    SRV 0 0 22 host2
subdel             NS ns.example.com.
subdel             NS ns.example.net.
*.alias            CNAME host1
*.self             CNAME here.self
*.srv              SRV 0 5 80 host1
cut                NS ns1.servers
*.servers          A 192.0.2.7
deep.*.star        TXT "an asterisk in the middle"
`,
});
const subject = pipeline(zones);
const SOA = 'ns example. 60 IN SOA ns.example. host.example. 1 3600 600 86400 60';

const rows: [string, string, string[]][] = [
  [
    'a name that is not there is synthesized',
    'host3.example. MX',
    ['NOERROR aa', 'ad host1.example. 3600 IN A 192.0.2.1', 'an host3.example. 3600 IN MX 10 host1.example.'],
  ],
  ['a type the wildcard has not is NODATA', 'host3.example. A', ['NOERROR aa', SOA]],
  [
    'a name of several labels is synthesized from the closest encloser',
    'foo.bar.example. TXT',
    ['NOERROR aa', 'an foo.bar.example. 3600 IN TXT "this is a wildcard"'],
  ],
  [
    "an address that a wildcard gives to a name server bears the server's name",
    'below.cut.example. A',
    [
      'NOERROR',
      'ad ns1.servers.example. 3600 IN A 192.0.2.7',
      'ns cut.example. 3600 IN NS ns1.servers.example.',
    ],
  ],
  ['a name that exists is not', 'host1.example. MX', ['NOERROR aa', SOA]],
  ['a name below "*" blocks the wildcard', 'sub.*.example. MX', ['NOERROR aa', SOA]],
  ['an existing non-terminal blocks it', '_telnet._tcp.host1.example. SRV', ['NXDOMAIN aa', SOA]],
  [
    'a delegation is not covered',
    'host.subdel.example. A',
    [
      'NOERROR',
      'ns subdel.example. 3600 IN NS ns.example.com.',
      'ns subdel.example. 3600 IN NS ns.example.net.',
    ],
  ],
  ['"*" below "*" does not exist', 'ghost.*.example. MX', ['NXDOMAIN aa', SOA]],
  [
    'the asterisk itself can be asked [RFC 4592 §2.3]',
    '*.example. TXT',
    ['NOERROR aa', 'an *.example. 3600 IN TXT "this is a wildcard"'],
  ],
  [
    'a CNAME of a wildcard [RFC 4592 §4.4]',
    'x.alias.example. A',
    [
      'NOERROR aa',
      'an host1.example. 3600 IN A 192.0.2.1',
      'an x.alias.example. 3600 IN CNAME host1.example.',
    ],
  ],
  [
    'a wildcard CNAME that covers its own target ends where it repeats itself',
    'x.self.example. A',
    [
      'NOERROR aa',
      'an here.self.example. 3600 IN CNAME here.self.example.',
      'an x.self.example. 3600 IN CNAME here.self.example.',
    ],
  ],
  [
    'an SRV of a wildcard [RFC 4592 §4.6]',
    'x.srv.example. SRV',
    [
      'NOERROR aa',
      'ad host1.example. 3600 IN A 192.0.2.1',
      'an x.srv.example. 3600 IN SRV 0 5 80 host1.example.',
    ],
  ],
  ['an asterisk in the middle is a label like others', 'deep.x.star.example. TXT', ['NOERROR aa', SOA]],
];

describe('RFC 4592 §2.2.1', () => {
  test.each(rows)('%s', (_, question, expected) => {
    expect(sortedLines(ask(subject, question))).toEqual(expected);
  });
});
