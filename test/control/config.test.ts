import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMPLAINTS_MAX, CONFIG_BYTES_MAX } from '../../src/base/limits.ts';
import { type Configured, configure, type Flags } from '../../src/control/config.ts';
import { prefixSet } from '../../src/control/settings.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { complaintText } from '../../src/zone/complaint.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function configured(yaml: string, flags: Flags = {}): Promise<Configured> {
  const file = join(folder, 'cairn.yaml');
  writeFileSync(file, yaml);
  return configure({ config: file, ...flags });
}

const told = (result: Configured): string[] =>
  result.complaints.map((complaint) => complaintText(complaint).replace(`${folder}/cairn.yaml:`, ''));

test('no file is needed', async () => {
  const { settings, complaints, file } = await configure({}, join(folder, 'none.yaml'));
  expect(complaints).toEqual([]);
  expect(file).toBeUndefined();
  expect(settings).toMatchObject({
    listen: [],
    zone: {},
    recursion: {
      enabled: true,
      upstreamPort: 53,
      cacheBytes: 64 * 2 ** 20,
      clientMs: 5_000,
      minimise: 'relaxed',
      freshness: FRESHNESS_DEFAULT,
    },
    hosts: false,
    identity: { version: 'cairn', hostname: false, id: false },
    log: { level: 'info', format: 'auto', queries: false },
    graceMs: 5_000,
  });
});

test.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['10.9.8.7', true],
  ['172.31.0.1', true],
  ['192.168.1.1', true],
  ['100.64.0.1', true],
  ['169.254.1.1', true],
  ['fe80::1%eth0', true],
  ['fd00::1', true],
  ['::ffff:10.1.2.3', true],
  ['192.0.2.1', false],
  ['172.32.0.1', false],
  ['2001:db8::1', false],
])('by default %s may recurse: %s', async (address, may) => {
  const { settings } = await configured('');
  expect(prefixSet(settings?.recursion.allow ?? []).has(address)).toBe(may);
});

test.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['0.0.0.0', true],
  ['::', true],
  ['192.0.2.1', false],
])('by default %s is never asked: %s', async (address, never) => {
  const { settings } = await configured('');
  expect(prefixSet(settings?.recursion.neverQuery.prefixes ?? []).has(address)).toBe(never);
  expect(settings?.recursion.neverQuery.own).toBe(true);
});

test('neverQuery can be emptied', async () => {
  const { settings } = await configured('recursion: { neverQuery: [] }');
  expect(settings?.recursion.neverQuery).toEqual({ own: false, prefixes: [] });
});

test('how much of a name others see is one of three words', async () => {
  expect(told(await configured('recursion: { minimise: no }'))).toEqual([
    '1:24: error: recursion.minimise: expected one of relaxed, strict, off, found "no"',
  ]);
});

test('what has expired need not be told', async () => {
  const { settings, complaints } = await configured('recursion: { stale: false }');
  expect([complaints, settings?.recursion.freshness.stale]).toEqual([[], undefined]);
});

test('TTLs have bounds that make sense together', async () => {
  expect(told(await configured('recursion: { minTtl: 2m, maxTtl: 1m }'))).toEqual([
    '1:22: error: recursion.minTtl: expected a time no longer than maxTtl, found "2m"',
  ]);
  expect(told(await configured('recursion: { maxTtl: 8d, stale: true }'))).toEqual([
    '1:22: error: recursion.maxTtl: expected a time from 1s to 86400s, such as 500ms, 5s or 2m, found "8d"',
    '1:33: error: recursion.stale: expected a table of wait, maxAge and ttl, or false, found true',
  ]);
});

test('every key reaches the settings', async () => {
  const { settings, complaints } = await configured(`
listen: [192.0.2.1, '127.0.0.1:5300', '[::1]:5300', '*:5353']
zones: zones
zone:
  example.com: /srv/example.zone
  10.in-addr.arpa: reverse/ten
recursion:
  enabled: false
  allow: [192.0.2.0/24]
  rootHints: my.hints
  localRoot: my.root
  neverQuery: [own, 198.51.100.0/24]
  upstreamPort: 5301
  localNames: [localhost, onion.]
  cacheBytes: 1GB
  clientTimeout: 2500ms
  minimise: off
  minTtl: 1m
  maxTtl: 2h
  maxNegativeTtl: 30s
  prefetch: false
  stale: { wait: 200ms, maxAge: 12h }
cache: { images: kept, learned: told }
hosts: /etc/hosts
identity: { version: false, hostname: ns1, id: ns1.example }
tcp: { clients: 10, clientsPerAddress: 2, idle: 1m }
user: cairn
group: 53
log: { level: debug, format: text, queries: true }
grace: 2s
`);
  expect(complaints).toEqual([]);
  expect(settings).toMatchObject({
    listen: [
      { address: '192.0.2.1', port: 53 },
      { address: '127.0.0.1', port: 5300 },
      { address: '::1', port: 5300 },
      { address: '*', port: 5353 },
    ],
    zones: join(folder, 'zones'),
    zone: { 'example.com': '/srv/example.zone', '10.in-addr.arpa': join(folder, 'reverse/ten') },
    cache: { images: join(folder, 'kept'), learned: join(folder, 'told') },
    recursion: {
      enabled: false,
      rootHints: join(folder, 'my.hints'),
      localRoot: join(folder, 'my.root'),
      upstreamPort: 5301,
      localNames: ['localhost', 'onion.'],
      cacheBytes: 2 ** 30,
      clientMs: 2_500,
      minimise: 'off',
      freshness: {
        ...{ minTtl: 60, maxTtl: 7_200, maxNegativeTtl: 30, prefetch: false },
        stale: { waitMs: 200, maxAgeMs: 43_200_000, ttl: 30 },
      },
    },
    hosts: '/etc/hosts',
    identity: { version: false, hostname: 'ns1', id: 'ns1.example' },
    tcp: { clientsMax: 10, clientsPerAddressMax: 2, idleMs: 60_000 },
    user: 'cairn',
    group: '53',
    log: { level: 'debug', format: 'text', queries: { every: 1, format: 'json', to: undefined } },
    graceMs: 2_000,
  });
});

test('what is told of a file is bounded, and each is one printable line [LIMITS A9]', async () => {
  const list = Array.from({ length: COMPLAINTS_MAX + 5 }, (_, i) => `- x${i}\n`).join('');
  const many = told(await configured(`allowQuery:\n${list}`));
  expect(many).toHaveLength(COMPLAINTS_MAX + 1);
  expect(many[0]).toMatch(/^2:3: error: allowQuery\[0\]: expected an address/);
  expect(many.at(-1)).toContain(`5 more errors are not told: expected at most ${COMPLAINTS_MAX}`);
  expect(told(await configured('grace: 2s\n"lis\\ten\\e[31m\\x7f": 1\n'))).toEqual([
    expect.stringMatching(/^2:1: error: lis\\u0009en\\u001b\[31m\\u007f: no such key/),
  ]);
});

test('a file of nothing but beginnings is told where it became too deep', async () => {
  const deep = await configured(`${'['.repeat(100_000)}`);
  expect(deep.settings).toBeUndefined();
  expect(told(deep)[0]).toMatch(/^1:\d+: error: /);
});

test('all mistakes are told at once, each with line, column, and what was expected', async () => {
  const result = await configured(`
lisen: x
zone:
  "bad..name": b.zone
recursion:
  alow: [1]
  allow: [10.0.0.0/8, 300.1.1.1]
  upstreamPort: 99999
  cacheBytes: 12
  clientTimeout: 5 minutes
hosts: true
log: { level: loud, queries: yes }
identity: [a]
user: [a]
zones:
grace: 1h
`);
  expect(result.settings).toBeUndefined();
  const domain = 'expected a domain name of labels up to 63 bytes, 255 in all';
  const prefix = 'expected an address or a prefix, such as 192.0.2.0/24 or 2001:db8::/32';
  expect(told(result)).toEqual([
    '2:1: error: lisen: no such key; did you mean listen?',
    `4:3: error: zone.bad..name: ${domain}, found "bad..name"`,
    '6:3: error: recursion.alow: no such key; did you mean allow?',
    `7:23: error: recursion.allow[1]: ${prefix}, found "300.1.1.1"`,
    '8:17: error: recursion.upstreamPort: expected a port from 1 to 65535, found 99999',
    '9:15: error: recursion.cacheBytes: expected a size of at least 1MB, such as 64MB or 1GB, found 12',
    '10:18: error: recursion.clientTimeout: expected a time from 100ms to 8s, such as 500ms, 5s or 2m, ' +
      'found "5 minutes"',
    '11:8: error: hosts: expected the name of a hosts file, or false for none, found true',
    '12:15: error: log.level: expected one of debug, info, warn, error, found "loud"',
    '12:30: error: log.queries: expected true, false, or a table of sample, format and to, found "yes"',
    '13:11: error: identity: expected a table of keys, found a list',
    '14:7: error: user: expected a name or a number, found a list',
    expect.stringMatching(/^1[56]:\d+: error: zones: expected the name of a folder, found nothing$/),
    '16:8: error: grace: expected a time from 0ms to 50s, such as 500ms, 5s or 2m, found "1h"',
  ]);
});

test('forward and stub zones are routes', async () => {
  const { settings, complaints } = await configured(`
recursion:
  forward:
    .: [192.0.2.53, '2001:DB8::53@5353']
    net: [192.0.2.1, NS1.example]
    corp: { to: [192.0.2.54], first: true, tcp: true }
    www.Corp.: false
  stub:
    lab: [192.0.2.55]
`);
  expect(complaints).toEqual([]);
  const at = (how: string, apex: string, addresses: string[], more = {}): object => ({
    how,
    apex: nameFromText(apex),
    servers: addresses.length === 0 ? [] : [{ name: nameFromText(apex), addresses }],
    via: 'udp',
    first: false,
    ...more,
  });
  const named = at('forward', 'net', ['192.0.2.1']) as { servers: object[] };
  named.servers.push({ name: nameFromText('ns1.example'), addresses: [] });
  expect(settings?.recursion.routes).toEqual([
    at('forward', '.', ['192.0.2.53', '2001:db8::53@5353']),
    named,
    at('forward', 'corp', ['192.0.2.54'], { via: 'tcp', first: true }),
    at('iterate', 'www.corp', []),
    at('stub', 'lab', ['192.0.2.55']),
  ]);
});

test('servers that make no sense are told', async () => {
  const result = await configured(`
recursion:
  forward:
    a: [10.0.0.300]
    b: { to: [10.0.0.1@70000, '10.0.0.1@', ns@53], frist: true, tcp: 3 }
    c: []
  stub:
    d: { first: true, to: ['::1'] }
    e: false
`);
  const server =
    'expected an address, perhaps with a port, or a name, as in 192.0.2.53, 2001:db8::53@5353 or ns1.example';
  expect(told(result)).toEqual([
    `4:9: error: recursion.forward.a[0]: ${server}, found "10.0.0.300"`,
    `5:15: error: recursion.forward.b.to[0]: ${server}, found "10.0.0.1@70000"`,
    `5:31: error: recursion.forward.b.to[1]: ${server}, found "10.0.0.1@"`,
    `5:44: error: recursion.forward.b.to[2]: ${server}, found "ns@53"`,
    '5:52: error: recursion.forward.b.frist: no such key; did you mean first?',
    '5:70: error: recursion.forward.b.tcp: expected true or false, found 3',
    '6:8: error: recursion.forward.c: expected a list of at least one server, a table of to, first and ' +
      'tcp, or false for none, found a list',
    expect.stringMatching(/^8:10: error: recursion.stub.d.first: no such key; /),
    '9:8: error: recursion.stub.e: expected a list of at least one server, or a table of to and tcp, ' +
      'found false',
  ]);
});

test('what keys say together is told beside what is wrong in others, not of what is no table', async () => {
  const result = await configured(`
recursion:
  upstreamPort: 0
  minTtl: 1h
  maxTtl: 1m
  more: 1
  forward: { a: [10.0.0.1] }
  stub: { A.: [10.0.0.2], b: [ns.b] }
  rules: [{ names: [x.y], file: z, ttl: 5 }, 7, { records: [a A 1], answer: pass }]
`);
  expect(told(result).map((text) => text.slice(0, text.indexOf(': expected')))).toEqual([
    '3:17: error: recursion.upstreamPort',
    '4:11: error: recursion.minTtl',
    expect.stringMatching(/^6:3: error: recursion.more/),
    '8:15: error: recursion.stub.A.',
    '8:30: error: recursion.stub.b',
    '9:11: error: recursion.rules[0]',
    '9:41: error: recursion.rules[0].ttl',
    '9:46: error: recursion.rules[1]',
    '9:61: error: recursion.rules[2].records[0]',
  ]);
  for (const text of ['recursion: 5', 'recursion: []', 'recursion: { forward: 1, rules: 1 }'])
    expect(told(await configured(text))[0]).toContain(': expected a ');
});

test('DNS64 has a prefix that an address fits into', async () => {
  const { settings } = await configured('recursion: { dns64: {} }');
  expect(settings?.recursion.dns64).toEqual({
    prefix: '64:ff9b::/96',
    clients: ['0.0.0.0/0', '::/0'],
    exclude: ['::ffff:0:0/96'],
    ignore: [],
  });
  const prefix = 'an IPv6 prefix of 32, 40, 48, 56, 64, 96 bits, such as 64:ff9b::/96';
  const clean = `${prefix}, with zeros behind it and in bits 64 to 71`;
  for (const [text, what] of [
    ['2001:db8::/80', prefix],
    ['192.0.2.0/24', prefix],
    ['2001:db8::', prefix],
    ['2001:db8::1/96', clean],
    ['2001:db8:0:0:100::/96', clean],
  ]) {
    expect(told(await configured(`recursion: { dns64: { prefix: '${text}' } }`))).toEqual([
      `1:31: error: recursion.dns64.prefix: expected ${what}, found "${text}"`,
    ]);
  }
  expect(told(await configured('recursion: { dns64: yes }'))).toEqual([
    '1:21: error: recursion.dns64: expected a table of prefix, clients, exclude and ignore, or false, ' +
      'found "yes"',
  ]);
});

test('who is told of clients, and with which names, has to be said', async () => {
  const { settings } = await configured(
    'recursion: { clientSubnet: { servers: [192.0.2.0/24], zones: [Example.com] } }',
  );
  expect(settings?.recursion.clientSubnet).toEqual({
    servers: ['192.0.2.0/24'],
    zones: [nameFromText('example.com')],
    ipv4Bits: 24,
    ipv6Bits: 56,
  });
  expect(told(await configured('recursion: { clientSubnet: { zones: [.], ipv4: 33 } }'))).toEqual([
    '1:28: error: recursion.clientSubnet.servers: expected a list of addresses and prefixes, found nothing',
    '1:48: error: recursion.clientSubnet.ipv4: expected a number of bits from 1 to 32, found 33',
  ]);
});

test('no zone has two rules, is found by names within, or is forwarded to ourselves', async () => {
  const twice = await configured(`
recursion:
  forward: { Lab: [10.0.0.1], corp: [10.0.0.1, ns.corp] }
  stub: { lab.: [10.0.0.1] }
`);
  expect(told(twice)).toEqual([
    '3:37: error: recursion.forward.corp: expected addresses, or names outside of the zone, ' +
      'which no server in it leads to, found a list',
    '4:17: error: recursion.stub.lab.: expected each zone once, in forward or in stub, found a list',
  ]);
  const forward = (listen: string, to: string): Promise<Configured> =>
    configured(`listen: ${listen}\nrecursion: { forward: { corp: [10.0.0.1, ${to}] } }`);
  expect(told(await forward("['127.0.0.1:5300']", '127.0.0.1@5300'))).toEqual([
    '2:31: error: recursion.forward.corp: expected other servers than this one, ' +
      'which listens at 127.0.0.1@5300, found a list',
  ]);
  expect(told(await forward("['127.0.0.1:5300']", '127.0.0.1@5301'))).toEqual([]);
  expect(told(await forward("['*:5300']", '127.0.0.1@5300'))).toHaveLength(1);
  expect(told(await forward('[]', '127.0.0.1'))).toHaveLength(1);
});

test.each([
  ['true', { every: 1, format: 'json', to: undefined }],
  ['false', false],
  ['{}', { every: 1, format: 'json', to: undefined }],
  ['{ sample: 1/100 }', { every: 100, format: 'json', to: undefined }],
  ['{ to: q.log }', { every: 1, format: 'json', to: { kind: 'file', path: 'q.log' } }],
  ['{ to: /q.log }', { every: 1, format: 'json', to: { kind: 'file', path: '/q.log' } }],
  [
    '{ sample: 1/1, format: dnstap, to: unix:tap }',
    { every: 1, format: 'dnstap', to: { kind: 'unix', path: 'tap' } },
  ],
  ['{ format: dnstap, to: unix:/tap }', { every: 1, format: 'dnstap', to: { kind: 'unix', path: '/tap' } }],
] as const)('log.queries: %s', async (text, queries) => {
  const { settings, complaints } = await configured(`log: { queries: ${text} }`);
  expect(complaints).toEqual([]);
  const to = queries !== false && queries.to;
  const based = to ? { to: { ...to, path: isAbsolute(to.path) ? to.path : join(folder, to.path) } } : {};
  expect(settings?.log.queries).toEqual(queries === false ? false : { ...queries, ...based });
});

test.each([
  ['{ sampel: 1/2 }', '1:19', 'log.queries.sampel: no such key; did you mean sample?'],
  [
    '{ sample: 2/1 }',
    '1:27',
    'log.queries.sample: expected a share from 1/1 to 1/999999, such as 1/100, found "2/1"',
  ],
  ['{ sample: 0.01 }', '1:27', 'log.queries.sample: expected a share such as 1/100, found 0.01'],
  ['{ format: pcap, to: a }', '1:27', 'log.queries.format: expected one of json, dnstap, found "pcap"'],
  [
    '{ to: "unix:" }',
    '1:23',
    'log.queries.to: expected the name of a file, or unix: and the path of a socket, found "unix:"',
  ],
  [
    '{ format: dnstap }',
    '1:17',
    'log.queries.to: expected a file or socket for dnstap, which is not text, found nothing',
  ],
])('log.queries: %s is told at %s', async (text, place, complaint) => {
  expect(told(await configured(`log: { queries: ${text} }`))).toEqual([`${place}: error: ${complaint}`]);
});

test.each([
  ['127.0.0.1', { address: '127.0.0.1', port: 9_153 }],
  ['"[::1]:80"', { address: '::1', port: 80 }],
  ['"*"', { address: '*', port: 9_153 }],
  ['false', false],
])('http.listen: %s', async (text, listen) => {
  const { settings, complaints } = await configured(`http: { listen: ${text} }`);
  expect([settings?.http.listen, complaints]).toEqual([listen, []]);
});

test('http.listen takes addresses only', async () => {
  const [complaint] = told(await configured('http: { listen: localhost }'));
  expect(complaint).toMatch(
    /^1:17: error: http.listen: expected an address to listen on.*, found "localhost"$/,
  );
});

test('a key that is like no other is told which there are', async () => {
  const [complaint] = told(await configured('log: { verbosity: 3 }'));
  expect(complaint).toBe('1:8: error: log.verbosity: no such key; expected one of level, format, queries');
});

test.each([
  ['a: [\nb: "', '2:5'],
  ['zones: a\nzones: b', '2:1'],
  ['zones: a\n---\nzones: b', '2:1'],
  ['zones: *nothing', '1:8'],
  ['just words', '1:1'],
])('what is no YAML, or no table, is told with its place: %j', async (yaml, place) => {
  const result = await configured(yaml);
  expect(result.settings).toBeUndefined();
  expect(told(result).join('\n')).toContain(`${place}: error: `);
});

test('aliases that multiply are refused', async () => {
  const doubled = (from: string): string => `[${Array(10).fill(`*${from}`).join(', ')}]`;
  const yaml = `a: &a [x, x]\nb: &b ${doubled('a')}\nc: &c ${doubled('b')}\nlisten: ${doubled('c')}\n`;
  expect(told(await configured(yaml)).join()).toContain('alias');
});

test('flags win over the file, and --zone adds to it', async () => {
  const { settings, complaints } = await configured('{listen: [192.0.2.1], zones: a, zone: {x: x.zone}}', {
    listen: ['127.0.0.1:5300'],
    zones: 'zones',
    zone: ['example.com=zones/a=b'],
    recursion: false,
    rootHints: 'hints',
  });
  expect(complaints).toEqual([]);
  expect(settings).toMatchObject({
    listen: [{ address: '127.0.0.1', port: 5300 }],
    zones: 'zones',
    zone: { x: join(folder, 'x.zone'), 'example.com': 'zones/a=b' },
    recursion: { enabled: false, rootHints: 'hints' },
  });
});

test('a mistake in a flag names the flag', async () => {
  const flags = { listen: ['127.0.0.1:99999'], zone: ['example.com'] };
  expect(told(await configured('', flags))).toEqual([
    '--zone: error: expected NAME=FILE, found "example.com"',
    '--listen: error: listen[0]: expected a port from 0 to 65535 behind the address, found "127.0.0.1:99999"',
  ]);
});

test('a file that is named must be there', async () => {
  expect(told(await configure({ config: join(folder, 'none.yaml') }))).toEqual([
    `${folder}/none.yaml: error: cannot be read: there is no such file`,
  ]);
  mkdirSync(join(folder, 'folder'));
  expect(told(await configure({ config: join(folder, 'folder') })).join()).toContain('cannot be read: ');
});

test('a file without end is refused', async () => {
  expect(told(await configured('#'.repeat(CONFIG_BYTES_MAX + 1))).join()).toContain(
    'cannot be read: larger than',
  );
});

const HEX = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const SECRET = 'expected a secret of 32 hexadecimal digits, as of "openssl rand -hex 16"';

test('the guard is told what it is told', async () => {
  const { settings, complaints } = await configured(`
allowQuery: [192.0.2.0/24]
udpSize: 4096
identity: { nsid: fra-1 }
rateLimit:
  { responsesPerSecond: 5, nxdomainsPerSecond: 4, errorsPerSecond: 0, window: 5s, slip: 1, exempt: [] }
cookies: { secrets: [${HEX}, ${HEX}], requireOverLimit: false }
`);
  expect(complaints).toEqual([]);
  expect(settings).toMatchObject({
    allowQuery: ['192.0.2.0/24'],
    udpSize: 4096,
    identity: { nsid: 'fra-1' },
    rateLimit: {
      enabled: true,
      responses: 5,
      nxdomains: 4,
      errors: 0,
      total: 0,
      windowMs: 5_000,
      slip: 1,
      exempt: [],
    },
    cookies: { enabled: true, secrets: [HEX, HEX], requireOverLimit: false },
  });
});

test.each([
  ['udpSize: 511', 'udpSize: expected a number of bytes from 512 to 4096, found 511'],
  ['udpSize: 4097', 'udpSize: expected a number of bytes from 512 to 4096, found 4097'],
  ['rateLimit: { slip: 11 }', 'rateLimit.slip: expected a number from 0 to 10, found 11'],
  [
    'rateLimit: { window: 2m }',
    'rateLimit.window: expected a time from 1s to 60s, such as 500ms, 5s or 2m, found "2m"',
  ],
  [
    'cookies: { secrets: [] }',
    'cookies.secrets: expected one or two secrets, the first to make cookies, found a list',
  ],
  ['cookies: { secrets: [secret] }', `cookies.secrets[0]: ${SECRET}, found another text`],
  [
    `identity: { nsid: ${'x'.repeat(129)} }`,
    'identity.nsid: expected a text of at most 128 bytes, or false for none',
  ],
])('%s is told what it should be', async (yaml, complaint) => {
  expect(told(await configured(yaml)).join('\n')).toContain(complaint);
});
