import { expect, test } from 'vitest';
import { settle } from '../../src/control/config.ts';
import { readConfigText } from '../../src/control/config-text.ts';
import { nameFromText } from '../../src/wire/name.ts';

const read = (text: string) => settle(readConfigText('c.yaml', text), '/etc/cairn', {});
const checks = (text: string) => {
  const { settings, complaints } = read(text);
  expect(complaints).toEqual([]);
  return settings?.checks;
};
const complaints = (text: string): string[] =>
  read(text).complaints.map(({ line, column, text }) => `${line}:${column} ${text}`);

test('a check says what is done, and has the usual pace', () => {
  expect(checks('checks: { pg: { tcp: { port: 5432 } } }')).toEqual([
    {
      name: 'pg',
      procedure: { kind: 'tcp', port: 5432 },
      intervalMs: 10_000,
      timeoutMs: 2_000,
      rise: 2,
      fall: 3,
    },
  ]);
});

test('where the interval is shorter than the usual timeout, it is the timeout', () => {
  const [check] = checks('checks: { pg: { tcp: {}, interval: 1s, rise: 1, fall: 2 } }') ?? [];
  expect(check).toMatchObject({ intervalMs: 1_000, timeoutMs: 1_000, rise: 1, fall: 2 });
});

test('who is asked for a host over HTTPS is to be that host, unless another name is given', () => {
  const [web, other, address] =
    checks(`
checks:
  web: { https: { path: /healthz, host: 'www.example.com:8443', expect: [200, 301-302] } }
  other: { https: { host: www.example.com, serverName: inner.example.com, verify: false, contains: ok } }
  address: { https: { host: 192.0.2.1, port: 8443 } }
`) ?? [];
  expect(web?.procedure).toEqual({
    kind: 'https',
    port: undefined,
    http: {
      method: 'GET',
      path: '/healthz',
      host: 'www.example.com:8443',
      expect: [
        [200, 200],
        [301, 302],
      ],
      contains: undefined,
    },
    tls: { serverName: 'www.example.com', verify: true },
  });
  expect(other?.procedure).toMatchObject({
    http: { contains: 'ok', expect: [[200, 399]] },
    tls: { serverName: 'inner.example.com', verify: false },
  });
  expect(address?.procedure).toMatchObject({ port: 8443, tls: { serverName: undefined } });
});

test('DNS, programs and reports', () => {
  const [dns, program, told] =
    checks(`
checks:
  dns: { dns: { name: Example.com, expect: [NOERROR, NXDOMAIN] } }
  program: { exec: { command: [/bin/check, '-H', '{address}'] } }
  told: { external: {} }
`) ?? [];
  expect(dns?.procedure).toMatchObject({ kind: 'dns', dns: { type: 6, expect: [0, 3] } });
  expect(dns?.procedure).toMatchObject({ dns: { name: nameFromText('example.com') } });
  expect(program?.procedure).toEqual({ kind: 'exec', command: ['/bin/check', '-H', '{address}'] });
  expect(told?.procedure).toEqual({ kind: 'external' });
});

test('what probes may do', () => {
  expect(read('').settings?.probes).toEqual({ allow: undefined, perSecond: 2_000, atOnce: 512 });
  expect(read('probes: { allow: [127.0.0.0/8], perSecond: 10, atOnce: 2 }').settings?.probes).toEqual({
    allow: ['127.0.0.0/8'],
    perSecond: 10,
    atOnce: 2,
  });
});

test('every mistake is told, with line and column', () => {
  expect(
    complaints(`checks:
  two: { tcp: {}, http: {} }
  none: { interval: 5s }
  slow: { tcp: {}, interval: 1s, timeout: 2s }
  typo: { htp: {} }
  told: { external: {}, fall: 2 }
  a b: { tcp: {} }
  web: { http: { path: healthz, expect: 399-200, method: POST } }
  head: { http: { method: HEAD, contains: ok } }
  host: { https: { host: "a b", serverName: 192.0.2.1 } }
  dns: { dns: { name: a..b, type: ANY, expect: FINE } }
  exec: { exec: { command: [check] } }
  port: { tcp: { port: 70000 } }
probes: { allow: [10/8], perSecond: 0 }
`),
  ).toEqual([
    '2:8 checks.two: expected one of tcp, tls, http, https, dns, exec, external, found a table',
    '3:9 checks.none: expected one of tcp, tls, http, https, dns, exec, external, found a table',
    '4:43 checks.slow.timeout: expected no more than the interval, found "2s"',
    '5:9 checks.typo: expected one of tcp, tls, http, https, dns, exec, external, found a table',
    '5:11 checks.typo.htp: no such key; did you mean http?',
    '6:31 checks.told.fall: expected none where others tell the result, found 2',
    '7:3 checks.a b: expected a name of 1 to 63 letters, digits, . _ and -, found "a b"',
    '8:24 checks.web.http.path: expected a path that begins with /, without spaces, found "healthz"',
    '8:41 checks.web.http.expect: expected a status such as 200, a range such as 200-399, or ' +
      'a list of them, found "399-200"',
    '8:58 checks.web.http.method: expected GET or HEAD, found "POST"',
    '9:27 checks.head.http.method: expected GET, for a text that the body has, found "HEAD"',
    '10:26 checks.host.https.host: expected a host name or an address, perhaps with a port, found "a b"',
    '10:45 checks.host.https.serverName: expected a host name, found "192.0.2.1"',
    '11:23 checks.dns.dns.name: expected a domain name of labels up to 63 bytes, 255 in all, found "a..b"',
    '11:35 checks.dns.dns.type: expected a record type, such as SOA, found "ANY"',
    '11:48 checks.dns.dns.expect: expected an RCODE such as NOERROR, or a list of them, found "FINE"',
    '12:28 checks.exec.exec.command: expected a list of a program, by its whole path, and at ' +
      'most 32 arguments, found a list',
    '13:24 checks.port.tcp.port: expected a port from 1 to 65535, found 70000',
    '14:19 probes.allow[0]: expected an address or a prefix, such as 192.0.2.0/24 or ' +
      '2001:db8::/32, found "10/8"',
    '14:37 probes.perSecond: expected a number from 1 to 100000, found 0',
  ]);
});
