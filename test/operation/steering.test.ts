/**
 * Pools as an operator handles them: a server with members that are checked, `cairn ctl pool`, and
 * `cairn explain`.
 */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ran, run } from './commands.ts';
import { ask, folderOf, ServerProcess, short } from './server.ts';

const zone = [
  '$TTL 60',
  '@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.53',
  'www POOL 127.0.0.1 weight=3 check=web',
  'www POOL 127.0.0.2 weight=1 check=web',
  'far POOL 127.0.0.9 tier=1',
  'far POOL 127.0.0.3 tier=0',
  'told POOL 192.0.2.1 check=told',
  'told POOL 192.0.2.2',
  'near POOL 127.0.0.4 net=203.0.113.0/24',
  'near POOL 127.0.0.5',
  'near POOL * sticky=client',
  '_http._tcp POOL use=www port=80',
  'dangling POOL use=www.q.example.\n',
].join('\n');

let web: Server;
let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  web = createServer((_, reply) => reply.end('ok')).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port: webPort } = web.address() as AddressInfo;
  files = folderOf({
    'p.example.zone': zone,
  });
  const http = { http: { port: webPort }, interval: '1s', timeout: '500ms', rise: 1, fall: 1 };
  const settings = {
    listen: ['127.0.0.1:0'],
    zones: files.path(''),
    control: { socket: 'control.sock' },
    probes: { allow: ['127.0.0.1'] },
    checks: { web: http, told: { external: {} } },
    pools: { state: 'held', subnetsFrom: ['127.0.0.7'] },
  };
  files.write('cairn.yaml', JSON.stringify(settings));
  await start();
});

async function start(): Promise<void> {
  server = new ServerProcess(['--config', files.path('cairn.yaml')]);
  port = await server.port();
}

afterAll(async () => {
  await server.stop();
  web.close();
  files.remove();
});

const cairn = (command: 'explain' | 'ctl', ...words: string[]): Promise<Ran> =>
  run(files.path('control.sock'), command, ...words);

/** Blanks and times as they come are of no interest. */
const plain = (text: string): string =>
  text
    .replaceAll(/[\d.]+m?s\b/g, 'T')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/^ | $/gm, '');

async function told(command: 'explain' | 'ctl', ...words: string[]): Promise<string> {
  const { code, out, err } = await cairn(command, ...words);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return plain(out);
}

test('members are listed with how they stand, and what checks say', async () => {
  const list = await told('ctl', 'pool', 'list');
  expect(list).toMatch(/^www.p.example 127.0.0.1 3 0 up web: up(?: for T)?, status 200 T ago$/m);
  expect(list).toContain('far.p.example 127.0.0.9 1 1 unchecked\n');
  expect((await told('ctl', 'pool', 'list', 'told.p.example')).split('\n')).toEqual([
    'pool member weight tier state checks',
    'told.p.example 192.0.2.1 1 0 pending told: pending',
    '192.0.2.2 1 0 unchecked',
    '',
  ]);
});

test('a member is drained, which holds over a restart, and released', async () => {
  expect(await told('ctl', 'pool', 'drain', 'www.p.example', '127.0.0.1')).toBe(
    'drained 127.0.0.1 in 1 pool\nwww.p.example it was up; 1 left\n',
  );
  expect(short(await ask(port, 'www.p.example'))).toBe('127.0.0.2');
  expect(await told('ctl', 'pool', 'list', 'www.p.example')).toContain('127.0.0.1 3 0 drained web: up');
  expect(await told('ctl', 'status')).toMatch(/pools 4 with 8 members, 1 down; 1 change so far\n/);
  await server.stop();
  await start();
  expect(await told('ctl', 'pool', 'list', 'www.p.example')).toContain('127.0.0.1 3 0 drained');
  expect(await told('ctl', 'pool', 'release', '127.0.0.1')).toBe(
    'released 127.0.0.1 in 1 pool\nwww.p.example it is up, and goes by its checks\n',
  );
  expect(await told('ctl', 'pool', 'list', 'www.p.example')).toContain('127.0.0.1 3 0 up');
});

test('a report of somebody else is heard, and a member is kept in against it', async () => {
  expect(await told('ctl', 'pool', 'report', 'told', '192.0.2.1', 'down', '--for', '1h')).toBe(
    'told to 1 target\n',
  );
  await expect
    .poll(() => told('ctl', 'pool', 'list', 'told.p.example'))
    .toContain('192.0.2.1 1 0 down told: down');
  expect(short(await ask(port, 'told.p.example'))).toBe('192.0.2.2');
  expect(await told('ctl', 'pool', 'force', '192.0.2.1')).toBe(
    'forced 192.0.2.1 in 1 pool\ntold.p.example it was down; no check takes it out now\n',
  );
  expect(await told('ctl', 'pool', 'list', 'told.p.example')).toContain('192.0.2.1 1 0 forced');
  await told('ctl', 'pool', 'release', '192.0.2.1');
});

test('a pool without members of its own stands for the one it uses', async () => {
  const hold = (...words: string[]): Promise<string> => told('ctl', 'pool', ...words);
  expect(await hold('drain', '_http._tcp.P.example', '127.0.0.2')).toBe(
    'drained 127.0.0.2 in www.p.example, which _http._tcp.p.example uses\n' +
      'www.p.example it has no check, and was in; 1 left\n',
  );
  expect(await hold('list', '_http._tcp.p.example')).toContain('127.0.0.2 1 0 drained');
  expect(await hold('drain', 'www.p.example', '127.0.0.1')).toContain(
    'www.p.example it was up; nobody else is in: all-down says what is answered\n',
  );
  expect((await cairn('ctl', 'pool', 'release', 'told.p.example', '127.0.0.1')).err).toBe(
    'cairn ctl: nobody is drained or forced in told.p.example\n',
  );
  expect((await cairn('ctl', 'pool', 'release', '127.0.0.4')).err).toBe(
    'cairn ctl: 127.0.0.4 is neither drained nor forced, but 127.0.0.2, 127.0.0.1\n',
  );
  const { out } = await cairn('ctl', 'pool', 'release', '_http._tcp.p.example', '127.0.0.2', '--json');
  expect(JSON.parse(out)).toEqual({
    ...{ pools: 1, member: '127.0.0.2', uses: { by: '_http._tcp.p.example.', pool: 'www.p.example.' } },
    places: [{ pool: 'www.p.example.', was: 'drained', is: 'unchecked', others: 0 }],
  });
  await hold('release', '127.0.0.1');
  expect(await hold('force', '127.0.0.2')).toContain('www.p.example it has no check, and was in before\n');
  expect(await hold('release', '127.0.0.2')).toContain('www.p.example it has no check, and is in\n');
});

test.each([
  [['drain', '127.0.0.11'], 1, 'no pool has a member 127.0.0.11: did you mean 127.0.0.1?'],
  [
    ['drain', 'wwww.p.example', '127.0.0.1'],
    1,
    'there is no pool wwww.p.example: did you mean www.p.example?',
  ],
  [['drain', '_htp._tcp.p.example', '127.0.0.1'], 1, 'did you mean _http._tcp.p.example?'],
  [
    ['force', 'far.p.example', '127.0.0.1'],
    1,
    'far.p.example has no member 127.0.0.1: it has 127.0.0.9, 127.0.0.3\n',
  ],
  [['release', '127.0.0.1'], 1, 'nobody is drained or forced\n'],
  [['drain', '-'], 1, 'no pool has a member -\n'],
  [
    ['drain', 'dangling.p.example', '127.0.0.1'],
    1,
    'dangling.p.example uses www.q.example, which is no pool',
  ],
  [
    ['drain', '127.0.0.1', 'www.p.example'],
    2,
    'expected the pool first, as in pool drain www.p.example 127.0.0.1',
  ],
  [['reset', '127.0.0.1'], 2, 'and not reset; did you mean release?'],
  [['report', 'tolt', '192.0.2.1', 'up'], 1, 'there is no check tolt: did you mean told?'],
  [['report', 'web', '127.0.0.1', 'up'], 1, 'web is a check by http, which needs no reports'],
  [['report', 'told', '192.0.2.9', 'up'], 1, 'no member with the check told is 192.0.2.9'],
  [['report', 'told', '192.0.2.1', 'sideways'], 2, 'expected a check, an address, and up or down'],
  [['report', 'told', '192.0.2.1', 'up', '--for', 'ever'], 2, "--for takes a time such as 60s, not 'ever'"],
  [
    ['drian', '127.0.0.1'],
    2,
    'expected one of list, drain, force, release, report and not drian; did you mean drain?',
  ],
  [['drain'], 2, 'expected a member'],
  [['list', '--for', '1s'], 2, 'pool list takes no --for'],
])('ctl pool %j ends with %i: %s', async (words, code, why) => {
  const ran = await cairn('ctl', 'pool', ...words);
  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(why);
});

/** Of an explanation what is said of pools. */
async function choiceOf(...words: string[]): Promise<string[]> {
  const { out } = await cairn('explain', ...words);
  const [, text = ''] = /^ {2}pool {7}(.*?)\n\n/ms.exec(out) ?? [];
  return text
    .replaceAll(/[\d.]+m?s\b/g, 'T')
    .split('\n')
    .map((each) => each.trim());
}

test('an explanation tells each stage: who is left, who went and why', async () => {
  expect(await choiceOf('far.p.example')).toEqual([
    'far.p.example, answered as A',
    'able    127.0.0.9, 127.0.0.3',
    'tier    127.0.0.3',
    'not 127.0.0.9: it is of tier 1',
    'drawn   127.0.0.3',
    'ttl     60 seconds, as the zone says',
  ]);
  expect(await choiceOf('www.p.example', 'AAAA')).toEqual([
    'www.p.example, answered as AAAA',
    'able    nobody is left',
    'not 127.0.0.1: it has no IPv6 address',
    'not 127.0.0.2: it has no IPv6 address',
    'ttl     60 seconds, as the zone says',
  ]);
});

test('an explanation tells of health, who decided otherwise, and how long that holds', async () => {
  const www = await choiceOf('www.p.example');
  expect(www[2]).toMatch(/^health {2}127.0.0.1 \(web: up(?: for T)?, status 200 T ago\); 127.0.0.2$/);
  expect(www.join('\n')).toMatch(/not 127.0.0.[12]: it was not drawn, with a part of (?:25|75).0 %/);
  expect(www.at(-1)).toBe('ttl     1 second: then somebody may be up, down or elsewhere (60 in the zone)');
  await told('ctl', 'pool', 'drain', 'www.p.example', '127.0.0.2');
  expect(await choiceOf('www.p.example')).toContain('not 127.0.0.2: it was taken out by the operator');
  await told('ctl', 'pool', 'drain', 'www.p.example', '127.0.0.1');
  expect((await choiceOf('www.p.example'))[2]).toMatch(
    /^health {2}nobody is up: 2 are answered with all the same: /,
  );
  await told('ctl', 'pool', 'release', '127.0.0.1');
  await told('ctl', 'pool', 'release', '127.0.0.2');
});

test('an explanation is for the client that asks, or whose resolver tells its network', async () => {
  const there = ['near.p.example', '--subnet', '203.0.113.77/24'];
  const { out } = await cairn('explain', ...there);
  expect(out).toContain(
    'its word is not taken that its client is in 203.0.113.0/24 (not in pools.subnetsFrom)',
  );
  expect(await choiceOf(...there)).toEqual([
    'near.p.example, answered as A',
    'able    127.0.0.4, 127.0.0.5',
    'place   127.0.0.5',
    'not 127.0.0.4: it is for net=203.0.113.0/24',
    'drawn   127.0.0.5',
    'ttl     60 seconds, as the zone says',
    "scope   holds for all of the client's /24",
  ]);
  const { out: trusted } = await cairn('explain', ...there, '--from', '127.0.0.7');
  expect(trusted).toContain('its word is taken that its client is in 203.0.113.0/24 (127.0.0.7)\n');
  expect(trusted).toContain('near.p.example A is 127.0.0.4.');
  expect(await choiceOf('near.p.example', '--from', '203.0.113.9')).toContain('place   127.0.0.4');
});

test('an explanation follows a use, and tells what is left to the client', async () => {
  const srv = await choiceOf('_http._tcp.p.example', 'SRV');
  expect(srv[0]).toBe('_http._tcp.p.example, which uses www.p.example, answered as SRV');
  expect(srv).toContain('tier    and weight are told: the client goes by them');
  const { out } = await cairn('explain', 'told.p.example', '--json');
  expect(JSON.parse(out).choices).toMatchObject([
    {
      pool: 'told.p.example.',
      as: 'A',
      zoneTtl: 60,
      scope: 0,
      verdict: 'members',
      stages: [{ stage: 'able' }, {}, {}, {}, {}],
    },
  ]);
});

test('shares are rehearsed: now, and as a changed file would make them', async () => {
  files.write(
    'next',
    zone
      .replace('127.0.0.2 weight=1', '127.0.0.2 weight=9')
      .replace('www POOL 127.0.0.1', 'www POOL 127.0.0.8'),
  );
  files.write('clients', '203.0.113.0/24 3 # an office\n198.51.100.0/24\n');
  const now = await told('explain', '--shares', 'www.p.example');
  expect(now).toContain('www.p.example A, chosen for 20000 clients: addresses anywhere, half of them IPv6\n');
  expect(now).toMatch(/^127.0.0.1 3 0 up( 7[3-6].\d %){4}$/m);
  expect(now).toMatch(/^127.0.0.2 1 0 unchecked( 2[3-6].\d %){4}$/m);
  const compared = await told(
    'explain',
    '--shares',
    'www.p.example',
    '--zone',
    files.path('next'),
    '--world',
    '5000',
  );
  expect(compared).toMatch(/^127.0.0.1 3 0 up 7\d.\d % – -7\d.\d$/m);
  expect(compared).toMatch(/^127.0.0.2 9 0 unchecked 2\d.\d % 7\d.\d % \+\d\d.\d$/m);
  expect(compared).toMatch(/^127.0.0.8 3 0 up – 2\d.\d % \+2\d.\d$/m);
  const near = await told('explain', '--shares', 'near.p.example', '--clients', files.path('clients'));
  expect(near).toContain('127.0.0.4 1 0 unchecked 75.0 % 75.0 %\n127.0.0.5 1 0 unchecked 25.0 % 25.0 %\n');
});

test('shares are rehearsed without a server, and of SRV as its clients choose', async () => {
  const words = ['--shares', '_http._tcp.p.example', 'SRV', '--config', files.path('cairn.yaml')];
  expect(await told('explain', ...words)).toContain(
    '127.0.0.1 3 0 up 75.0 % 75.0 % 75.0 % 100.0 %\n127.0.0.2 1 0 up 25.0 % 25.0 % 25.0 % 100.0 %\n',
  );
  const { clients, now } = JSON.parse((await cairn('explain', ...words, '--json', '--world', '10')).out);
  expect(clients).toEqual({ who: 'addresses anywhere, half of them IPv6', count: 10 });
  expect(now).toMatchObject([
    { pool: 'www.p.example.', member: '127.0.0.1', share: 0.75, told: 1 },
    { member: '127.0.0.2', share: 0.25 },
  ]);
});

test.each([
  [['ns1.p.example'], 1, 'ns1.p.example. A is not answered from a pool'],
  [['www.q.example'], 1, 'no zone of this server has www.q.example.'],
  [['www.p.example', '--clients', '/nowhere'], 1, '/nowhere: ENOENT: no such file'],
  [['www.p.example', '--zone', '/nowhere'], 1, '/nowhere'],
  [['www.p.example', '--world', '0'], 1, 'world: expected a number from 1 to 200000'],
  [['www.p.example', '--world', 'all'], 2, '--world takes a number of clients'],
  [['www.p.example', '--world', '1', '--clients', 'x'], 2, '--clients or --world, not both'],
])('explain --shares %j ends with %i: %s', async (words, code, why) => {
  const ran = await cairn('explain', '--shares', ...words);
  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(why);
});

test('a file of clients, or a zone, with mistakes is told of with its lines', async () => {
  files.write('wrong', '203.0.113.0/24\n\nhere\n192.0.2.1 -1\n');
  const clients = await cairn('explain', '--shares', 'www.p.example', '--clients', files.path('wrong'));
  expect(clients.err).toContain('wrong:3: expected an address or a prefix');
  expect(clients.err).toContain('wrong:4: expected a prefix, and perhaps a weight above 0');
  files.write('wrong', zone.replace('weight=3', 'wieght=3'));
  const { code, err } = await cairn('explain', '--shares', 'www.p.example', '--zone', files.path('wrong'));
  expect(code).toBe(1);
  expect(err).toMatch(/wrong:5:\d+: error: /);
  expect((await cairn('explain', 'www.p.example', '--world', '7')).err).toContain('--world is for --shares');
});
