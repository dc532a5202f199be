/** What the resolver remembers as text, and read back; over the socket it is in operation/learned. */
import { expect, test } from 'vitest';
import { CacheReader, cacheLines } from '../../src/control/cache-text.ts';
import { Cache, Rank } from '../../src/resolver/cache.ts';
import { Delegations } from '../../src/resolver/delegation.ts';
import { packed, shelvesOf } from '../../src/resolver/packing.ts';
import { Type } from '../../src/wire/codes.ts';
import { type Name, ROOT } from '../../src/wire/name.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from '../support/authority.ts';

const HINTS = { cut: ROOT, servers: [], expiresMs: Number.POSITIVE_INFINITY };
const text = (words: string): Uint8Array => Uint8Array.of(words.length, ...Buffer.from(words));
const soaRdata = Buffer.concat([name('ns.test'), name('host.test'), new Uint8Array(20).fill(1)]);
const soa = { owner: name('test'), block: packRrset(Type.SOA, 60, [soaRdata]), ttl: 60 };
const ODD = Uint8Array.of(5, 0x61, 0x20, 0x3b, 0x2e, 0xff, 0) as Name;

/** A world, and all that somebody can know in it. */
async function known(): Promise<{ world: VirtualWorld; chunks: Uint8Array[] }> {
  const world = new VirtualWorld();
  const cache = new Cache(1_000_000, world);
  const delegations = new Delegations(100_000, 0, world);
  const servers = [
    { name: name('ns.test'), addresses: ['192.0.2.53', '2001:db8::53'] },
    { name: name('ns.other'), addresses: [] },
  ];
  delegations.keep(name('test'), servers, 3_600, HINTS);
  const a = packRrset(Type.A, 300, [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)]);
  const txt = packRrset(Type.TXT, 20, [text('a; "b" ; claimed, from x')]);
  cache.keepData(name('www.test'), Type.A, [a], Rank.AUTHORITATIVE, '192.0.2.53');
  cache.keepData(ODD, Type.TXT, [txt], Rank.CLAIMED);
  cache.keepData(name('odd.test'), 65_280, [packRrset(65_280, 30, [Uint8Array.of(1, 2)])], Rank.CLAIMED);
  cache.keepData(name('all.test'), Type.ANY, [a, txt], Rank.AUTHORITATIVE);
  cache.keepDenial(name('www.test'), Type.MX, soa, Rank.AUTHORITATIVE, '2001:db8::53');
  cache.keepDenial(name('no.test'), 'whole name', soa, Rank.AUTHORITATIVE);
  cache.keepData(name('gone.test'), Type.TXT, [packRrset(Type.TXT, 5, [text('x')])], Rank.CLAIMED);
  await world.pass(10_000);
  return { world, chunks: [...packed(shelvesOf(delegations, cache))].map((chunk) => chunk.slice()) };
}

const SOA = `ns.test. host.test.${' 16843009'.repeat(5)}`;
const LINES = [
  ';delegation test. 3590 = ns.test. 192.0.2.53 2001:db8::53, ns.other. ; 10 s old',
  'www.test. 290 IN A 192.0.2.1 ; authoritative, 10 s old, from 192.0.2.53',
  'www.test. 290 IN A 192.0.2.2 ; authoritative, 10 s old, from 192.0.2.53',
  'a\\032\\;\\.\\255. 10 IN TXT "a; \\"b\\" ; claimed, from x" ; claimed, 10 s old',
  'odd.test. 20 IN TYPE65280 \\# 2 0102 ; claimed, 10 s old',
  ';any all.test. 10 IN A 192.0.2.1 ; authoritative, 10 s old',
  ';any all.test. 10 IN A 192.0.2.2 ; authoritative, 10 s old',
  ';any all.test. 10 IN TXT "a; \\"b\\" ; claimed, from x" ; authoritative, 10 s old',
  `;nodata www.test. MX = test. 50 IN SOA ${SOA} ; authoritative, 10 s old, from 2001:db8::53`,
  `;nxdomain no.test. = test. 50 IN SOA ${SOA} ; authoritative, 10 s old`,
];

test('all that has not expired is told in lines, and odd bytes are escaped', async () => {
  const { world, chunks } = await known();
  expect([...cacheLines(chunks, world)]).toEqual(LINES);
});

test('what is told can be read, and is then told in the same words, but for its age and what ANY got', () => {
  const world = new VirtualWorld();
  const reader = new CacheReader(world);
  for (const line of LINES) reader.line(line);
  const chunks = [...reader.packed()];
  expect([reader.complaints, reader.waiting]).toEqual([[], 0]);
  const again = LINES.filter((line) => !line.startsWith(';any')).map((l) =>
    l.replace(' 10 s old', ' 0 s old'),
  );
  expect([...cacheLines(chunks, world)]).toEqual(again);
});

test('what is wrong is told by its line, and the rest is read', () => {
  const world = new VirtualWorld();
  const reader = new CacheReader(world);
  const lines = [
    '; a comment of any kind, = and all',
    'www.test. IN A 192.0.2.1',
    'www.test. 60 IN A 192.0.2.1.1',
    'www.test. 60 CH A 192.0.2.1',
    '',
    ';nodata www.test. NOTYPE = test. 60 IN SOA ns.test. host.test. 1 1 1 1 1',
    ';nxdomain www.other. = test. 60 IN SOA ns.test. host.test. 1 1 1 1 1',
    ';nxdomain www.test. = test. 60 IN A 192.0.2.1',
    ';delegation test. 0 = ns.test.',
    ';delegation test. 60 = ns.test. nowhere',
    `www.test. 60 IN TXT ${'x'.repeat(300_000)}`,
    `;delegation test. 60 = ${'ns.test., '.repeat(300)}ns.test.`,
    'www.test. 60 IN ANY \\# 0',
    'plain.test. 60 IN A 192.0.2.7',
  ];
  for (const line of lines) reader.line(line);
  expect(reader.complaints.map((complaint) => complaint.split(':')[0])).toEqual(
    [2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13].map((number) => `line ${number}`),
  );
  expect([...cacheLines(reader.packed(), world)]).toEqual([
    'plain.test. 60 IN A 192.0.2.7 ; claimed, 0 s old',
  ]);
});
