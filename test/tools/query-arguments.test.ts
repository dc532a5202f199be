/** dig's words, as people type them: every order, every mistake, all mistakes at once. */
import { describe, expect, test } from 'vitest';
import { UDP_BYTES_MAX } from '../../src/base/limits.ts';
import { readArguments } from '../../src/tools/query-arguments.ts';
import type { QueryPlan } from '../../src/tools/query-plan.ts';
import { Class, Type } from '../../src/wire/codes.ts';
import { nameText } from '../../src/wire/name.ts';

const RESOLV_CONF = '# ours\nsearch example\nnameserver fe80::1%eth0\nnameserver 192.0.2.53\n';

function plan(line: string, resolvConf = RESOLV_CONF): QueryPlan {
  const read = readArguments(
    line.split(' ').filter((word) => word !== ''),
    resolvConf,
  );
  if (read === 'help' || 'complaints' in read) throw new Error(JSON.stringify(read));
  return read;
}

function complaints(line: string): readonly string[] {
  const read = readArguments(line.split(' '), RESOLV_CONF);
  return typeof read === 'object' && 'complaints' in read ? read.complaints : [];
}

describe('what is asked', () => {
  test.each<[string, string, number, number]>([
    ['www.shop.org', 'www.shop.org.', Type.A, Class.IN],
    ['www.shop.org mx', 'www.shop.org.', Type.MX, Class.IN],
    ['MX www.shop.org', 'www.shop.org.', Type.MX, Class.IN],
    ['www.shop.org IN AAAA', 'www.shop.org.', Type.AAAA, Class.IN],
    ['version.bind CH TXT', 'version.bind.', Type.TXT, Class.CH],
    ['-t TXT -c CH version.bind', 'version.bind.', Type.TXT, Class.CH],
    ['-tTXT -cCH -q version.bind', 'version.bind.', Type.TXT, Class.CH],
    ['shop.org TYPE65280', 'shop.org.', 65280, Class.IN],
    ['shop.org CLASS7', 'shop.org.', Type.A, 7],
    ['shop.org any', 'shop.org.', Type.ANY, Class.IN],
    ['', '.', Type.NS, Class.IN],
    ['soa', '.', Type.SOA, Class.IN],
    ['-q mx', 'mx.', Type.A, Class.IN],
    ['ns ns', 'ns.', Type.NS, Class.IN],
    ['wWw.Shop.ORG', 'wWw.Shop.ORG.', Type.A, Class.IN],
    ['a\\.b.org', 'a\\.b.org.', Type.A, Class.IN],
    ['-x 192.0.2.1', '1.2.0.192.in-addr.arpa.', Type.PTR, Class.IN],
    ['-x 192.0.2.1 -t SOA', '1.2.0.192.in-addr.arpa.', Type.SOA, Class.IN],
    [
      '-x 2001:db8::1',
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.',
      Type.PTR,
      Class.IN,
    ],
  ])("'%s' asks for %s", (line, name, type, klass) => {
    const read = plan(line);
    expect([nameText(read.spelled), read.type, read.class]).toEqual([name, type, klass]);
  });
});

describe('who is asked', () => {
  test.each([
    ['@127.0.0.1 a.org', '127.0.0.1', 53],
    ['@127.0.0.1 -p 5300 a.org', '127.0.0.1', 5300],
    ['-p5300 a.org @127.0.0.1', '127.0.0.1', 5300],
    ['@127.0.0.1:5300 a.org', '127.0.0.1', 5300],
    ['@::1 a.org', '::1', 53],
    ['@[::1]:5300 a.org', '::1', 5300],
    ['a.org', 'fe80::1%eth0', 53],
    ['a.org -4', '192.0.2.53', 53],
    ['a.org -p 5300 -6', 'fe80::1%eth0', 5300],
  ])("'%s'", (line, address, port) => {
    expect(plan(line).server).toEqual({ address, port });
  });

  test.each([
    ['a.org', '127.0.0.1'],
    ['a.org -6', '::1'],
  ])('a machine that knows no resolver has itself: %s', (line, address) => {
    expect(plan(line, 'nameserver nonsense\n').server.address).toBe(address);
  });
});

describe('flags', () => {
  test.each<[string, Partial<QueryPlan>]>([
    [
      '',
      { via: 'udp', recursionDesired: true, authenticData: true, dnssecOk: false, udpSize: UDP_BYTES_MAX },
    ],
    ['+tcp', { via: 'tcp' }],
    ['+vc +notcp', { via: 'udp' }],
    ['+norecurse', { recursionDesired: false }],
    ['+norec', { recursionDesired: false }],
    ['+nordflag', { recursionDesired: false }],
    ['+norec +recurse', { recursionDesired: true }],
    ['+dnssec', { dnssecOk: true }],
    ['+noedns +do', { dnssecOk: true, udpSize: UDP_BYTES_MAX }],
    ['+cdflag +noad', { checkingDisabled: true, authenticData: false }],
    ['+bufsize=4096', { udpSize: 4096 }],
    ['+noedns', { udpSize: undefined }],
    ['+nsid', { nsid: true }],
    ['+timeout=2 +tries=1', { timeoutMs: 2000, tries: 1 }],
    ['+time=2 +retry=1', { timeoutMs: 2000, tries: 2 }],
    ['+trace +traceport=5301', { trace: true, tracePort: 5301 }],
    ['+ignore', { ignoreTruncation: true }],
    ['+SHORT', {}],
  ])("'%s'", (flags, expected) => {
    expect(plan(`a.org ${flags}`)).toMatchObject(expected);
  });

  test('+noall and then the one section that is wanted', () => {
    expect(plan('a.org +noall +answer').shown).toEqual({
      ...{ short: false, command: false, comments: false, question: false, answer: true },
      ...{ authority: false, additional: false, stats: false },
    });
  });
});

describe('mistakes', () => {
  test.each([
    ['a.org +tpc', "there is no flag '+tpc'; did you mean +tcp?"],
    ['a.org +norecuse', "there is no flag '+norecuse'; did you mean +norecurse?"],
    ['a.org +xyzzy', "there is no flag '+xyzzy'"],
    ['a.org +constructor', "there is no flag '+constructor'"],
    ['a.org +tcp=1', '+tcp takes no value'],
    ['a.org +bufsize', '+bufsize= takes a number from 0 to 65535'],
    ['a.org +timeout=0', '+timeout= takes a number from 1 to 300'],
    ['a.org -z', "there is no option '-z'; expected -p, -x, -t, -c, -q, -4 or -6"],
    ['a.org -p', '-p takes a value'],
    ['a.org -p 0', "-p takes a port from 1 to 65535, not '0'"],
    ['a.org -t AAAAA', "-t: there is no type 'AAAAA'; did you mean AAAA?"],
    ['a.org -c XX', "-c: there is no class 'XX'; expected IN, CH or HS"],
    ['-x 1.2.3', "-x takes an IPv4 or IPv6 address, not '1.2.3'"],
    ['a.org b.org', "one name at a time: 'a.org' and then 'b.org'"],
    ['a..org', "'a..org' is no name: expected a label of 1 to 63 bytes"],
    ['@ns.a.org a.org', "'@ns.a.org' is no server: expected an address, as in @127.0.0.1 or @[::1]:5300"],
    ['@* a.org', "'@*' is no server: expected an address, as in @127.0.0.1 or @[::1]:5300"],
    ['@::1 -4 a.org', '-4 and @::1 exclude each other'],
  ])("'%s'", (line, complaint) => {
    expect(complaints(line)).toEqual([complaint]);
  });

  test('are told all at once', () => {
    expect(complaints('@x +y -z a..b')).toHaveLength(4);
  });
});

test.each([['-h'], ['a.org --help']])('%s asks for help', (line) => {
  expect(readArguments(line.split(' '), '')).toBe('help');
});
