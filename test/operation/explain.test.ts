/**
 * `cairn explain` and `cairn ctl` as an operator uses them: a server over a small internet on loopback, its
 * control socket, and the commands.
 */
import { existsSync, unlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ran, run } from './commands.ts';
import { Internet } from './internet.ts';
import { ask, folderOf, ServerProcess, zoneText } from './server.ts';

const ROOT = '127.55.0.1';
const HOSTING = '127.55.0.2';
const LAME = '127.55.0.3';
const SILENT = '127.55.0.4';

const soa = (ns: string): string => `@ 60 SOA ${ns} host.${ns} 1 3600 600 86400 30\n@ 3600 NS ${ns}\n`;
const delegated = (zone: string, address: string): string =>
  `${zone}. 3600 NS ns.${zone}.\nns.${zone}. 3600 A ${address}`;

const internet = new Internet([
  {
    address: ROOT,
    zones: {
      '.': [
        `${soa('a.root.')}a.root. 3600 A ${ROOT}`,
        delegated('shop', HOSTING),
        delegated('lame', LAME),
        `${delegated('dead', SILENT)}\n`,
      ].join('\n'),
    },
  },
  {
    address: HOSTING,
    zones: {
      shop: `${soa('ns')}ns 3600 A ${HOSTING}\nwww 300 A 192.0.2.1\nback 300 CNAME www.ours.example.\n`,
    },
  },
  { address: LAME, zones: {} },
]);

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let socket: string;

beforeAll(async () => {
  await internet.open();
  files = folderOf({
    'block.txt': '# a list\nblocked.shop\n',
    hints: `. 3600 NS a.root.\na.root. 3600 A ${ROOT}\n`,
    'ours.example.zone': [
      `${zoneText('192.0.2.99')}away CNAME www.shop.`,
      '*.wild TXT any',
      'a.b TXT deep',
      'sub NS ns.sub\nns.sub A 127.55.0.9\n',
    ].join('\n'),
  });
  socket = files.path('control.sock');
  const walk = { rootHints: 'hints', neverQuery: [], upstreamPort: internet.port };
  const dns64 = { prefix: '2001:db8:64::/96', clients: ['127.0.0.6', '127.0.0.9'] };
  const rules = [
    { name: 'block', file: 'block.txt' },
    { name: 'silence', names: ['quiet.shop'], answer: 'drop' },
  ];
  const recursion = { ...walk, dns64, rules };
  const control = { socket: 'control.sock' };
  const settings = { listen: ['127.0.0.1:0'], zones: files.path(''), recursion, control };
  files.write('cairn.yaml', JSON.stringify(settings));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  await server.port();
});

afterAll(async () => {
  await server.stop();
  expect(existsSync(socket)).toBe(false);
  await internet.close();
  files.remove();
});

const cairn = (command: 'explain' | 'ctl', ...words: string[]): Promise<Ran> =>
  run(socket, command, ...words);

/** Blanks and times as they come are of no interest. */
const plain = (text: string): string =>
  text
    .replaceAll(/[\d.]+ ms/g, 'N ms')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/^ | $/gm, '');

async function told(...words: string[]): Promise<string> {
  const { code, out, err } = await cairn('explain', ...words);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return plain(out);
}

test('a name of others: the walk from the root, the answer, a sentence; then from the cache', async () => {
  const walk = await told('www.shop');
  expect(walk).toContain('www.shop A, asked from 127.0.0.1\n\nclient may ask, and may have names resolved');
  expect(walk).toContain('our zones no zone of this server has www.shop\n');
  expect(walk).toContain('zone .: from the root hints, 1 server with 1 address\n');
  expect(walk).toContain(`N ms ${ROOT} a.root: shop A → referral, N ms\n`);
  expect(walk).toContain(`N ms ${HOSTING} ns.shop: www.shop A → 1 record, N ms\n`);
  expect(walk).toContain(';; status: NOERROR\n;; ANSWER SECTION:\nwww.shop. 300 IN A 192.0.2.1\n');
  expect(walk).toContain('www.shop A is 192.0.2.1. 3 queries in N ms.\n');
  const again = await told('www.shop');
  expect(again).toMatch(
    /www.shop A: has 1 record \(cache on the word of 127.55.0.2, \d s old, good for \d+ s more\)/,
  );
  expect(again).toContain('Nobody had to be asked: cache.');
  expect(await told('www.shop', '--fresh')).toContain('3 queries');
});

test('names of our zones: data, a wildcard, an empty non-terminal, a cut, an alias that leaves', async () => {
  expect(await told('www.ours.example')).toContain('our zones www.ours.example is there\n');
  expect(await told('any.wild.ours.example', 'TXT')).toContain(
    'is there by the wildcard *.wild.ours.example\n',
  );
  expect(await told('b.ours.example')).toContain('is there, an empty non-terminal');
  expect(await told('no.ours.example')).toContain('does not exist: the closest name there is ours.example');
  const away = await told('away.ours.example');
  expect(away).toContain('away.ours.example is an alias of www.shop\nno zone of this server has www.shop\n');
  expect(away).toMatch(/\(zone ours.example, serial \d+, from .*ours.example.zone\)/);
  expect(away).toContain('away.ours.example A: is an alias of www.shop (own zone)\n');
  const cut = await told('host.sub.ours.example');
  expect(cut).toContain('is below the cut sub.ours.example, delegated to ns.sub.ours.example\n');
  expect(cut).toContain(
    'zone sub.ours.example: delegated in a zone of this server, 1 server with 1 address\n',
  );
});

test('an alias of others into our zone ends in our zone', async () => {
  const back = await told('back.shop');
  expect(back).toContain('back.shop A: is an alias of www.ours.example\n');
  expect(back).toContain('www.ours.example A: has 1 record (own zone)\n');
});

test('a rule is told with its file and line; who is to hear nothing hears nothing', async () => {
  const blocked = await told('www.blocked.shop');
  expect(blocked).toContain(`by the list block (rule block, ${files.path('block.txt')}:2)\n`);
  expect(blocked).toContain(';; status: NXDOMAIN\n; EDE: 15: (by the list block)\n');
  const quiet = await told('quiet.shop');
  expect(quiet).toContain('quiet.shop A: is not answered (rule silence:1)\n');
  expect(quiet).toContain(';; no response at all\n');
  expect(quiet).toContain('quiet.shop A gets no response.');
});

test('DNS64 is told to who has it, and to nobody else', async () => {
  expect(await told('www.shop', 'AAAA', '--from', '127.0.0.9')).toContain('AAAA 2001:db8:64::c000:201\n');
  expect(await told('www.shop', 'AAAA')).toContain('www.shop AAAA has no such record.');
});

test('an address is a name, and what is beyond ASCII is as IDNA has it', async () => {
  expect(await told('-x', '192.0.2.1')).toContain('1.2.0.192.in-addr.arpa PTR, asked from');
  expect(await told('bücher.shop')).toContain('xn--bcher-kva.shop A, asked from');
  expect((await cairn('ctl', 'flush', 'bücher.shop')).code).toBe(0);
});

test('ctl top: who asks, for what, and whom we ask', async () => {
  await ask(await server.port(), 'www.ours.example');
  await ask(await server.port(), 'www.ours.example');
  for (const [of, what] of [
    ['names', 'www.ours.example'],
    ['parents', 'ours.example'],
    ['clients', '127.0.0.1'],
    ['networks', '127.0.0.0/24'],
    ['servers', HOSTING],
  ] as const) {
    const { code, out } = await cairn('ctl', 'top', of);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^ *[\\d.]+ % +[\\d.]+ +${what}$`, 'm'));
  }
  const { out } = await cairn('ctl', 'top', '--json');
  const [first] = out.split('\n').map((line) => JSON.parse(line || '{}'));
  expect(first).toMatchObject({ what: 'www.ours.example.', error: 0 });
});

test('a client that may not have names resolved is refused, and still has our zones', async () => {
  const refused = await told('www.shop', '--from', '203.0.113.9');
  expect(refused).toContain('may ask, and may not have names resolved (not in recursion.allow)\n');
  expect(refused).toContain('www.shop A is answered REFUSED: recursion is not offered to this address.\n');
  expect(await told('away.ours.example', '--from', '203.0.113.9')).toContain('ends in an alias');
});

test('failures are kept with their steps; a flood at one zone is one of them', async () => {
  expect(await told('www.lame')).toContain(`${LAME} ns.lame: www.lame A → REFUSED, lame: refused, N ms\n`);
  await told('other.lame');
  await told('www.dead');
  const text = await told('--last-failures');
  const [dead = '', lame = ''] = text.split('\n\n');
  expect(dead).toContain('www.dead A: SERVFAIL\n');
  expect(dead).toContain(`${SILENT} unreachable`);
  expect(lame).toContain('other.lame A: SERVFAIL, the last of 2 failures at lame\n');
  const { out } = await cairn('explain', '--last-failures', '--json');
  const [first] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({ name: 'www.dead', type: 'A', zone: 'dead', count: 1 });
});

test('--json has the same, for programs', async () => {
  const { out } = await cairn('explain', 'www.shop', '--fresh', '--json');
  const explanation = JSON.parse(out);
  expect(explanation).toMatchObject({
    question: { name: 'www.shop.', type: 'A' },
    client: { address: '127.0.0.1', mayRecurse: { granted: true, by: '127.0.0.0/8' } },
    hops: [{ finding: 'outside' }],
    answer: { rcode: 'NOERROR', answer: [{ name: 'www.shop.', ttl: 300, type: 'A', rdata: '192.0.2.1' }] },
  });
  const [walk] = explanation.resolution.steps;
  const asks = walk.steps.filter(({ step }: { step: string }) => step === 'ask');
  expect(asks.map(({ address }: { address: string }) => address)).toEqual([ROOT, HOSTING]);
});

test('ctl: what is flushed is asked for again, and how it stands is told', async () => {
  await told('www.shop');
  expect(await cairn('ctl', 'flush', 'www.shop')).toEqual({ code: 0, out: 'flushed\n', err: '' });
  expect(await told('www.shop')).toContain('1 query in');
  await cairn('ctl', 'flush', '--subtree', 'shop');
  expect(await told('www.shop')).toContain('zone shop: by this referral');
  const { out } = await cairn('ctl', 'status');
  expect(plain(out)).toMatch(/zones 1\nours.example serial \d+ \d+ records .*ours.example.zone\n/);
  await told('www.lame');
  const servers = await cairn('ctl', 'servers', '--lame', '--json');
  expect(JSON.parse(servers.out)).toMatchObject({ address: LAME, lameFor: ['lame.'] });
  expect((await cairn('ctl', 'reload')).out).toBe('reloaded\n');
});

test('a reload that is refused is told, and is no success', async () => {
  const path = 'broken.example.zone';
  files.write(path, 'nonsense');
  expect(await cairn('ctl', 'reload')).toMatchObject({
    code: 1,
    err: 'cairn ctl: refused: the log says what is wrong\n',
  });
  unlinkSync(files.path(path));
});

test.each([
  [['explain'], 2, 'expected a name'],
  [['explain', 'a..b'], 2, "'a..b' is no domain name"],
  [['explain', 'a', 'AAAAA'], 2, "there is no type 'AAAAA'; did you mean AAAA?"],
  [['explain', 'a', 'AXFR'], 1, 'type: expected a record type'],
  [['explain', '-x', 'a'], 2, "-x takes an IPv4 or IPv6 address, not 'a'"],
  [['explain', '--bogus'], 2, "cairn explain: Unknown option '--bogus'\n"],
  [['ctl', 'top', 'bogus'], 1, 'of: expected one of names, parents, clients, networks, servers'],
  [['ctl', 'load-cache', '/nowhere/x'], 1, '/nowhere/x: ENOENT'],
  [['ctl', 'flush', '--all', '--subtree'], 2, 'flush: --all has every subtree in it'],
  [['explain', 'a', '--from', 'b'], 1, 'from: expected an IPv4 or IPv6 address'],
  [['ctl'], 2, 'expected a command: status'],
  [['ctl', 'flsh'], 2, 'did you mean flush?'],
  [['ctl', 'status', '--all'], 2, 'status takes no --all'],
  [['ctl', 'flush', 'a', 'b'], 2, 'what is b?'],
])('%j is refused with %d: %s', async ([command, ...words], code, why) => {
  const ran = await cairn(command as 'explain' | 'ctl', ...words);
  expect(ran.code).toBe(code);
  expect(ran.err).toContain(why);
});

test('without a server it says so, and what may be the matter', async () => {
  socket = files.path('nobody.sock');
  const ran = await cairn('explain', 'www.shop');
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('no server answers at');
  socket = files.path('control.sock');
});

test('who is told other addresses is explained as told these', async () => {
  const ipv6Only = await cairn('explain', 'www.shop', 'AAAA', '--from', '127.0.0.6');
  expect(ipv6Only.out).toContain('may have names resolved (127.0.0.0/8), with DNS64 (127.0.0.6)\n');
  expect(ipv6Only.out).toContain('www.shop AAAA is 2001:db8:64::c000:201.');
  expect((await cairn('explain', 'www.shop', 'AAAA')).out).toContain('www.shop AAAA has no such record.');
});
