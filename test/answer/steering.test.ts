/** What clients are told of pools. */
import { describe, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import { MemberWord, membersOf, poolsIn, Status, UNTIL_EVER } from '../../src/pool/plan.ts';
import type { Catalog } from '../../src/zone/catalog.ts';
import { ask, catalog, lines, pipeline, SOA_AND_NS, sortedLines } from '../support/authority.ts';

const zones = catalog({
  'z.test': `$TTL 60
${SOA_AND_NS}@ POOL use=www
www 30 POOL 192.0.2.1
www 30 POOL 192.0.2.2
www 30 POOL 2001:db8::1
www TXT beside
four POOL 192.0.2.1
*.wild POOL 192.0.2.7
canary POOL v1.z.test. weight=1
canary POOL * as=cname
v1 A 192.0.2.11
outside POOL there.example.net.
outside POOL * as=cname
loop POOL loop2.z.test.
loop POOL * as=cname
loop2 CNAME loop
_a._tcp POOL use=www port=443
far POOL use=pool.other.test.
gone POOL use=none.other.test.
chain POOL use=user.other.test.
plain POOL use=host.other.test.
nowhere POOL use=www.example.net.
down POOL 192.0.2.1 check=w
down POOL 192.0.2.2 check=w
down POOL * all-down=nodata
fail POOL 192.0.2.1 check=w
fail POOL * all-down=servfail
alias CNAME www
_b._tcp POOL v1.z.test. port=80 tier=2 weight=7
_b._tcp POOL there.example.net. port=81
site POOL 192.0.2.1 alpn=h2 port=8443
site POOL 192.0.2.2 alpn=h2 port=8443
site POOL 2001:db8::1 alpn=h2 port=8443
site POOL 192.0.2.3 alpn=h2 tier=4
site POOL there.example.net. alpn=h3,h2
again POOL 192.0.2.1 port=1
again POOL 192.0.2.1 port=2
again POOL 192.0.2.2
_c._tcp POOL use=again port=9
placed POOL 192.0.2.1 geo=EU port=80 alpn=h2
placed POOL 192.0.2.1 geo=US port=80 alpn=h2
placed POOL 192.0.2.1 geo=US port=80 alpn=h2 weight=5
placed POOL there.example.net. geo=EU port=80
placed POOL there.example.net. geo=US port=80
ordered POOL 192.0.2.1 weight=1
ordered POOL 192.0.2.2 weight=0
ordered POOL * answers=2
mail MX 10 four
${Array.from({ length: 9 }, (_, i) => `_many._tcp POOL 192.0.2.${i} port=80`).join('\n')}
`,
  'other.test': `$TTL 60
${SOA_AND_NS}pool 20 POOL 192.0.2.77
user POOL use=pool
host A 192.0.2.9
`,
});

const subject = pipeline(zones);
const asked = (question: string): string[] => lines(ask(subject, question));

/** As the prober does, of every member with checks. */
function note(all: Catalog, status: number, until: number): void {
  for (const { pools } of all.images) {
    if (pools === undefined) continue;
    for (const pool of poolsIn(pools)) {
      for (const member of membersOf(pools, pool)) {
        if (((pools[member + MemberWord.STATUS] as number) & Status.CHECKED) === 0) continue;
        pools[member + MemberWord.STATUS] = Status.CHECKED | status;
        pools[member + MemberWord.UNTIL] = until;
      }
    }
  }
}

const SOA = 'ns z.test. 60 IN SOA ns1.test. host.test. 1 3600 600 86400 60';

describe('addresses', () => {
  test('of the family that is asked for', () => {
    expect(sortedLines(ask(subject, 'www.z.test A'))).toEqual([
      'NOERROR aa',
      'an www.z.test. 30 IN A 192.0.2.1',
      'an www.z.test. 30 IN A 192.0.2.2',
    ]);
    expect(asked('www.z.test AAAA')).toEqual(['NOERROR aa', 'an www.z.test. 30 IN AAAA 2001:db8::1']);
    expect(asked('four.z.test AAAA')).toEqual(['NOERROR aa', SOA]);
  });

  test('at the apex, below a wildcard, behind an alias', () => {
    expect(asked('z.test AAAA')).toEqual(['NOERROR aa', 'an z.test. 30 IN AAAA 2001:db8::1']);
    expect(asked('a.wild.z.test A')).toEqual(['NOERROR aa', 'an a.wild.z.test. 60 IN A 192.0.2.7']);
    expect(asked('alias.z.test AAAA')).toEqual([
      'NOERROR aa',
      'an alias.z.test. 60 IN CNAME www.z.test.',
      'an www.z.test. 30 IN AAAA 2001:db8::1',
    ]);
  });

  test('in the order of the draw: the encoder turns nothing', () => {
    const firsts = Array.from({ length: 20 }, () => asked('ordered.z.test A')[1]);
    expect(new Set(firsts)).toEqual(new Set(['an ordered.z.test. 60 IN A 192.0.2.1']));
  });

  test('each once (RFC 2181 §5)', () => {
    expect(sortedLines(ask(subject, 'again.z.test A'))).toEqual([
      'NOERROR aa',
      'an again.z.test. 60 IN A 192.0.2.1',
      'an again.z.test. 60 IN A 192.0.2.2',
    ]);
  });

  test('and other types are as ever', () => {
    expect(asked('www.z.test TXT')).toEqual(['NOERROR aa', 'an www.z.test. 60 IN TXT "beside"']);
    expect(asked('www.z.test MX')).toEqual(['NOERROR aa', SOA]);
    expect(asked('four.z.test ANY')).toEqual(['NOERROR aa', 'an four.z.test. 60 IN A 192.0.2.1']);
  });
});

describe('a use', () => {
  test('leads to a pool of another zone, at the lower TTL', () => {
    expect(asked('far.z.test A')).toEqual(['NOERROR aa', 'an far.z.test. 20 IN A 192.0.2.77']);
  });

  test.each(['gone', 'chain', 'plain', 'nowhere'])('of what has no members is a failure: %s', (owner) => {
    const counters = new Counters();
    const message = ask(pipeline(zones, { counters }), `${owner}.z.test A`, { udpSize: 1232 });
    expect(lines(message)).toEqual(['SERVFAIL']);
    expect(counters.get(Counter.poolsMissing)).toBe(1);
  });
});

describe('an alias', () => {
  test('is one host, whatever is asked for, and followed', () => {
    expect(asked('canary.z.test A')).toEqual([
      'NOERROR aa',
      'an canary.z.test. 60 IN CNAME v1.z.test.',
      'an v1.z.test. 60 IN A 192.0.2.11',
    ]);
    expect(asked('canary.z.test TXT')).toEqual([
      'NOERROR aa',
      'an canary.z.test. 60 IN CNAME v1.z.test.',
      SOA,
    ]);
    expect(asked('canary.z.test CNAME')).toEqual(['NOERROR aa', 'an canary.z.test. 60 IN CNAME v1.z.test.']);
    expect(asked('outside.z.test A')).toEqual([
      'NOERROR aa',
      'an outside.z.test. 60 IN CNAME there.example.net.',
    ]);
  });

  test('that leads back is told once', () => {
    expect(asked('loop.z.test A')).toEqual([
      'NOERROR aa',
      'an loop.z.test. 60 IN CNAME loop2.z.test.',
      'an loop2.z.test. 60 IN CNAME loop.z.test.',
    ]);
  });

  test('of addresses there is none', () => {
    expect(asked('www.z.test CNAME')).toEqual(['NOERROR aa', SOA]);
  });
});

describe('services', () => {
  test('SRV has priority by tier, weight and port, and the addresses that we have', () => {
    expect(sortedLines(ask(subject, '_b._tcp.z.test SRV'))).toEqual([
      'NOERROR aa',
      'ad v1.z.test. 60 IN A 192.0.2.11',
      'an _b._tcp.z.test. 60 IN SRV 0 1 81 there.example.net.',
      'an _b._tcp.z.test. 60 IN SRV 2 7 80 v1.z.test.',
    ]);
  });

  test('SRV with the port of a use has each target once (RFC 2181 §5)', () => {
    const servers = asked('_c._tcp.z.test SRV').filter((line) => line.startsWith('an '));
    expect(servers.map((line) => line.split(' SRV ')[1])).toEqual([
      '0 1 9 192-0-2-1.addr.z.test.',
      '0 1 9 192-0-2-2.addr.z.test.',
    ]);
  });

  test('who is a member twice, for other places or ports, is told once (RFC 2181 §5)', () => {
    expect(lines(ask(subject, 'placed.z.test SRV')).filter((line) => line.startsWith('an '))).toEqual([
      'an placed.z.test. 60 IN SRV 0 1 80 192-0-2-1.addr.z.test.',
      'an placed.z.test. 60 IN SRV 0 5 80 192-0-2-1.addr.z.test.',
      'an placed.z.test. 60 IN SRV 0 1 80 there.example.net.',
    ]);
    expect(asked('placed.z.test HTTPS').slice(1)).toEqual([
      'an placed.z.test. 60 IN HTTPS 1 . alpn="h2" port=80 ipv4hint=192.0.2.1',
      'an placed.z.test. 60 IN HTTPS 1 there.example.net. port=80',
    ]);
    expect(asked('_c._tcp.z.test HTTPS').slice(1)).toEqual([
      'an _c._tcp.z.test. 60 IN HTTPS 1 . port=9 ipv4hint=192.0.2.1,192.0.2.2',
    ]);
  });

  test('SRV of addresses leads to derived names, whose addresses are all there or TC is set', () => {
    expect(sortedLines(ask(subject, '_a._tcp.z.test SRV'))).toEqual([
      'NOERROR aa',
      'ad 192-0-2-1.addr.z.test. 30 IN A 192.0.2.1',
      'ad 192-0-2-2.addr.z.test. 30 IN A 192.0.2.2',
      'ad 2001-db8-0-0-0-0-0-1.addr.z.test. 30 IN AAAA 2001:db8::1',
      'an _a._tcp.z.test. 30 IN SRV 0 1 443 192-0-2-1.addr.z.test.',
      'an _a._tcp.z.test. 30 IN SRV 0 1 443 192-0-2-2.addr.z.test.',
      'an _a._tcp.z.test. 30 IN SRV 0 1 443 2001-db8-0-0-0-0-0-1.addr.z.test.',
    ]);
    const many = asked('_many._tcp.z.test SRV');
    expect(many[0]).toBe('NOERROR aa tc');
    expect(many.filter((line) => line.startsWith('an '))).toHaveLength(9);
    expect(many.filter((line) => line.startsWith('ad ')).length).toBeLessThan(9);
  });

  test('HTTPS has an RR for each endpoint, and addresses as hints (RFC 9460)', () => {
    expect(sortedLines(ask(subject, 'site.z.test HTTPS'))).toEqual([
      'NOERROR aa',
      'an site.z.test. 60 IN HTTPS 1 . alpn="h2" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1',
      'an site.z.test. 60 IN HTTPS 1 there.example.net. alpn="h3,h2"',
      'an site.z.test. 60 IN HTTPS 5 . alpn="h2" ipv4hint=192.0.2.3',
    ]);
    expect(asked('_a._tcp.z.test SVCB')[1]).toMatch(
      / IN SVCB 1 \. port=443 ipv4hint=.*ipv6hint=2001:db8::1$/,
    );
    expect(asked('www.z.test HTTPS')).toEqual(['NOERROR aa', SOA]);
  });
});

describe('health', () => {
  test('is what the prober says, and its TTL is as long as that holds', () => {
    note(zones, Status.SHARE, UNTIL_EVER);
    expect(asked('down.z.test A')).toHaveLength(3);
    note(zones, 0, 0);
    // Nobody knows for how long: a second.
    expect(asked('down.z.test A')).toEqual(['NOERROR aa', SOA.replace(' 60 IN', ' 1 IN')]);
    expect(asked('down.z.test ANY')).toEqual(asked('down.z.test A'));
    expect(asked('fail.z.test ANY')).toEqual(['SERVFAIL']);
    const counters = new Counters();
    const message = ask(pipeline(zones, { counters }), 'fail.z.test A', { udpSize: 1232 });
    expect(lines(message)).toEqual(['SERVFAIL']);
    expect(
      [Counter.pooled, Counter.poolsDown, Counter.poolsMissing].map((each) => counters.get(each)),
    ).toEqual([1, 1, 0]);
  });
});

describe('the records themselves', () => {
  const showPoolsTo = PrefixSet.parse(['127.0.0.0/8']) as PrefixSet;

  test('are shown to who may see them', () => {
    expect(asked('four.z.test POOL')).toEqual(['NOERROR aa', SOA]);
    const shown = pipeline(zones, { showPoolsTo });
    expect(lines(ask(shown, 'four.z.test POOL'))).toEqual([
      'NOERROR aa',
      'an four.z.test. 60 IN POOL 192.0.2.1',
    ]);
    expect(lines(ask(shown, 'four.z.test POOL', { from: '192.0.2.1' }))).toEqual(['NOERROR aa', SOA]);
  });
});
