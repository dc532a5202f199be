/** Shares of members among clients, as they are counted; over a virtual world, so the same each time. */
import { afterAll, describe, expect, test } from 'vitest';
import { ipText } from '../../src/base/ip.ts';
import { populationFrom, worldOf } from '../../src/control/population.ts';
import { presumedUp, rehearse, type ToldShare } from '../../src/control/rehearsal.ts';
import { Lots } from '../../src/pool/lots.ts';
import { typeFromText } from '../../src/wire/codes.ts';
import { folderOf } from '../operation/server.ts';
import { mmdb } from '../pool/mmdb.ts';
import { tableOf } from '../pool/tables.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { catalog, name, SOA_AND_NS } from '../support/authority.ts';

const ZONE = `$TTL 60
${SOA_AND_NS}srv POOL 192.0.2.1 port=1 weight=4
srv POOL 192.0.2.2 port=1 weight=1
srv POOL 192.0.2.3 port=1 tier=1
idle POOL 192.0.2.1 port=1 weight=0
idle POOL 192.0.2.2 port=1 weight=0
few POOL 192.0.2.1
few POOL 192.0.2.2
few POOL 192.0.2.3
few POOL * answers=2
checked POOL 192.0.2.1 check=w
checked POOL 192.0.2.2
canary POOL v1 weight=1
canary POOL * as=cname
v1 POOL 192.0.2.9
net POOL 192.0.2.4 net=0.0.0.0/0
net POOL 192.0.2.6 net=2001:db8::/32
`;
const zones = catalog({ 'z.test': ZONE });
const files = folderOf({});
afterAll(() => files.remove());

const world = new VirtualWorld(7);
const stock = { catalog: zones, places: undefined, checks: [{ name: 'w' }] };

async function shares(question: string, more: { zone?: string; clients?: string } = {}) {
  const [owner = '', type = 'A'] = question.split(' ');
  const asked = { name: name(`${owner}.z.test.`), type: typeFromText(type) as number, world: 3_000, ...more };
  const { now, coming } = await rehearse(asked, stock, world);
  return [now, coming ?? []].map((each) => each.map(short));
}

const short = ({ member, share, told }: ToldShare): string =>
  `${member} ${(10 * share).toFixed(0)} ${(10 * told).toFixed(0)}`;

test.each([
  ['srv SRV', ['192.0.2.1 8 10', '192.0.2.2 2 10', '192.0.2.3 0 10']],
  ['srv HTTPS', ['192.0.2.1 5 10', '192.0.2.2 5 10', '192.0.2.3 0 10']],
  ['srv A', ['192.0.2.1 8 8', '192.0.2.2 2 2', '192.0.2.3 0 0']],
  ['idle SRV', ['192.0.2.1 5 10', '192.0.2.2 5 10']],
  ['few A', ['192.0.2.1 3 7', '192.0.2.2 3 7', '192.0.2.3 3 7']],
  ['canary A', ['v1.z.test. 10 10']],
])('%s: who goes there, and who is told of it, in tenths', async (question, expected) => {
  expect((await shares(question))[0]).toEqual(expected);
});

test('who has no result yet stays out, and who comes with a change is up', async () => {
  files.write('same', ZONE);
  const out = ['192.0.2.1 0 0', '192.0.2.2 10 10'];
  expect(await shares('checked', { zone: files.path('same') })).toEqual([out, out]);
  files.write('more', ZONE.replace('checked POOL 192.0.2.2', 'checked POOL 192.0.2.3 check=w'));
  expect(await shares('checked', { zone: files.path('more') })).toEqual([
    out,
    ['192.0.2.1 0 0', '192.0.2.3 10 10'],
  ]);
  files.write('other', ZONE.replace('checked POOL 192.0.2.2', 'checked POOL 192.0.2.3 check=other'));
  await expect(shares('checked', { zone: files.path('other') })).rejects.toThrow(
    /other:14: error: no check is called other/,
  );
});

test('without a server nobody waits for a result', async () => {
  const [image] = catalog({ 'z.test': ZONE }).images;
  const alone = { ...stock, catalog: zones.with(0, presumedUp(image as NonNullable<typeof image>)) };
  const { now } = await rehearse({ name: name('checked.z.test.'), type: 1, world: 100 }, alone, world);
  expect(now.map(({ state }) => state)).toEqual(['up', 'unchecked']);
});

test('clients of a file lie in its prefixes, each as often, and count what it says', () => {
  files.write('clients', '192.0.2.64/26 2.5\n2001:db8::/32 # an office\n::ffff:198.51.100.7\n');
  const lots = new Lots(world);
  const { count, ...clients } = populationFrom(files.path('clients'), lots);
  const seen = [...clients].slice(0, 300);
  expect(count).toBe(20_001);
  for (const [i, { address, weight }] of seen.entries()) {
    const head = [...address.subarray(0, 4)];
    if (i % 3 === 0)
      expect([head.slice(0, 3), (head[3] as number) >> 6, weight]).toEqual([[192, 0, 2], 1, 2.5]);
    else if (i % 3 === 1) expect([head, address.length]).toEqual([[0x20, 0x01, 0x0d, 0xb8], 16]);
    else expect(head).toEqual([198, 51, 100, 7]);
  }
  expect(new Set(seen.filter((_, i) => i % 3 === 0).map(({ address }) => address[3])).size).toBeGreaterThan(
    30,
  );
});

describe('clients of the world', () => {
  const countries = mmdb([
    ['0.0.0.0/1', { country: { iso_code: 'DE' } }],
    ['128.0.0.0/2', { country: { iso_code: 'FR' } }],
    ['2001:db8:1::/48', { country: { iso_code: 'DE' } }],
    ['2001:db8:2::/48', { country: { iso_code: 'DE' } }],
    ['2400::/8', { country: { iso_code: 'JP' } }],
    ['fc00::/8', { country: { iso_code: 'DE' } }],
  ]);
  const drawn = (table: ReturnType<typeof tableOf> | undefined) => {
    const { who, ...clients } = worldOf(2_000, table, new Lots(world));
    return { who, texts: [...clients].map(({ address }) => ipText(address)) };
  };
  const part = (texts: string[], pattern: RegExp): number =>
    Math.round((10 * texts.filter((text) => pattern.test(text)).length) / texts.length);

  test('are where the database knows somebody: IPv6 as IPv4, country by country', () => {
    const { who, texts } = drawn(tableOf(['country', countries]));
    expect(who).toBe('addresses of all countries, half of them IPv6');
    const first = (text: string): number => Number(text.split('.')[0]);
    expect(texts.every((text) => text.startsWith('2001:db8:') || first(text) < 192)).toBe(true);
    // Two thirds of the addresses are Germany's. France has no IPv6: its clients keep IPv4.
    expect(part(texts, /^2001:db8:[12]:/)).toBe(3);
    for (const site of [/^2001:db8:1:/, /^2001:db8:2:/]) expect(part(texts, site)).toBeGreaterThan(0);
    const french = texts.filter((text) => first(text) >= 128);
    expect(Math.round((10 * french.length) / texts.length)).toBe(3);
    expect(new Set(texts).size).toBeGreaterThan(1_990);
  });

  test('have IPv4 only where the database has no other', () => {
    const { who, texts } = drawn(
      tableOf(['country', mmdb([['128.0.0.0/1', { country: { iso_code: 'DE' } }]])]),
    );
    expect(who).toBe('IPv4 addresses of all countries');
    expect(texts.filter((text) => text.includes(':'))).toEqual([]);
  });

  test('are of all systems where countries are not known', () => {
    const systems = mmdb([['2c00::/8', { autonomous_system_number: 64_496 }]]);
    expect(part(drawn(tableOf(['asn', systems])).texts, /^2c/)).toBe(5);
  });

  test('are anywhere without a database', () => {
    const { who, texts } = drawn(undefined);
    expect(who).toBe('addresses anywhere, half of them IPv6');
    expect(part(texts, /^[23][\da-f]{3}:/)).toBe(5);
    const v4 = texts.filter((text) => !text.includes(':')).map((text) => Number(text.split('.')[0]));
    expect(v4.some((first) => first < 128)).toBe(true);
    expect(v4.filter((first) => [0, 10, 127].includes(first) || first >= 224)).toEqual([]);
  });
});

test('both families are counted together, and each by itself', async () => {
  files.write('mixed', '198.51.100.0/24 3\n2001:db8::/32\n');
  const asked = { name: name('net.z.test.'), type: 1 };
  const { now } = await rehearse({ ...asked, clients: files.path('mixed') }, stock, world);
  expect(now.map(({ member, share, byFamily }) => ({ member, share, byFamily }))).toEqual([
    { member: '192.0.2.4', share: 0.75, byFamily: { ipv4: 1, ipv6: 0 } },
    { member: '192.0.2.6', share: 0.25, byFamily: { ipv4: 0, ipv6: 1 } },
  ]);
  files.write('one', '2001:db8::/32\n');
  const alone = await rehearse({ ...asked, clients: files.path('one') }, stock, world);
  expect(alone.now.map(({ byFamily }) => byFamily)).toEqual([undefined, undefined]);
});
