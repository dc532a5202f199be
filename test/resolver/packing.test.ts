/** What is known, packed by one resolver and unpacked by another. */
import { expect, test } from 'vitest';
import { Rank } from '../../src/resolver/cache.ts';
import { Crowds } from '../../src/resolver/crowds.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { Knowledge } from '../../src/resolver/knowledge.ts';
import { LocalNames } from '../../src/resolver/local-names.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { Servers } from '../../src/resolver/servers.ts';
import { Type } from '../../src/wire/codes.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from './messages.ts';

const settings = {
  ...{ rootHints: [], neverQuery: new Set<string>(), cacheBytes: 1_000_000 },
  freshness: FRESHNESS_DEFAULT,
  ...{ localNames: new LocalNames([]), hosts: undefined, minimise: 'relaxed' as const },
};

function knowing(seed = 1, cacheBytes = 1_000_000): { world: VirtualWorld; know: Knowledge } {
  const world = new VirtualWorld(seed);
  const around = [noOwnZones, new Servers(world, true), new Crowds(world), world] as const;
  return { world, know: new Knowledge({ ...settings, cacheBytes }, ...around) };
}

const a = (ttl: number): Uint8Array => packRrset(Type.A, ttl, [Uint8Array.of(192, 0, 2, 1)]);
const soa = { owner: name('test'), block: packRrset(Type.SOA, 300, [new Uint8Array(30)]), ttl: 60 };
const joined = (know: Knowledge): Uint8Array => Buffer.concat([...know.packed()].map((c) => Buffer.from(c)));

function filled(): { world: VirtualWorld; know: Knowledge } {
  const { world, know } = knowing();
  know.cache.keepData(name('www.test'), Type.A, [a(100)], Rank.AUTHORITATIVE, '192.0.2.53');
  know.cache.keepData(name('www.test'), Type.ANY, [a(30), a(40)], Rank.CLAIMED);
  know.cache.keepDenial(name('no.test'), 'whole name', soa, Rank.AUTHORITATIVE);
  know.cache.keepDenial(name('www.test'), Type.TXT, soa, Rank.AUTHORITATIVE);
  const servers = [{ name: name('ns.test'), addresses: ['192.0.2.53', '2001:db8::53'] }];
  know.learnReferral({ cut: name('test'), servers, ttl: 200 }, know.hints);
  know.failures.keep(name('bad.test'), Type.A, undefined);
  return { world, know };
}

const questions = [
  { name: name('www.test'), type: Type.A },
  { name: name('www.test'), type: Type.ANY },
  { name: name('www.test'), type: Type.TXT },
  { name: name('below.no.test'), type: Type.AAAA },
];
const told = (know: Knowledge): unknown => [
  ...questions.map((question) => know.find(question)),
  know.closest(questions[0] as (typeof questions)[0])?.servers,
];

test('another resolver knows the same for as long as was left, but for what failed', async () => {
  const { world, know } = filled();
  await world.pass(10_000);
  const bytes = joined(know);
  const after = knowing(2);
  expect(after.know.unpack(bytes, 0)).toBe(5);
  expect(told(after.know)).toEqual(told(know));
  expect(after.know.find({ name: name('bad.test'), type: Type.A })).toBeUndefined();
});

test('what has expired meanwhile is not told, and nothing lives longer than it would have', () => {
  const bytes = joined(filled().know);
  const after = knowing(2);
  after.know.unpack(bytes, 59_001);
  expect(after.know.find({ name: name('www.test'), type: Type.ANY })).toBeUndefined();
  expect(after.know.find({ name: name('www.test'), type: Type.A })).toMatchObject({
    outcome: { answer: [{ ttl: 41 }] },
  });
  expect(after.know.find({ name: name('no.test'), type: Type.A })).toMatchObject({
    outcome: { authority: [{ ttl: 1 }] },
  });
});

test('what expired weeks ago, and nothing has put out since, does not come back as true', async () => {
  const { world, know } = filled();
  // More milliseconds than 31 bits hold.
  await world.pass(26 * 86_400_000);
  expect(know.find({ name: name('www.test'), type: Type.A })).toBeUndefined();
  const after = knowing(2);
  expect(after.know.unpack(joined(know), 0)).toBe(0);
  expect(told(after.know)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

test('what a smaller one has no room for is forgotten, the oldest first', () => {
  const { know } = knowing();
  for (let i = 0; i < 5_000; i++) {
    know.cache.keepData(name(`n${i}.test`), Type.A, [a(100)], Rank.AUTHORITATIVE);
  }
  const after = knowing(2, 50_000);
  after.know.unpack(joined(know), 0);
  expect(after.know.find({ name: name('n0.test'), type: Type.A })).toBeUndefined();
  expect(after.know.find({ name: name('n4999.test'), type: Type.A })).toBeDefined();
});

test('bytes that end in the middle of a fact give the facts before it', () => {
  const bytes = joined(filled().know);
  const counts: number[] = [];
  for (let length = 0; length < bytes.length; length += 3) {
    counts.push(knowing(2, 20_000).know.unpack(bytes.subarray(0, length), 0));
  }
  expect(counts).toEqual(counts.toSorted((x, y) => x - y));
  expect(counts.at(-1)).toBe(4);
});
