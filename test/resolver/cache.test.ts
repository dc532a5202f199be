/**
 * The cache of answers by itself; what it does to conversations is told in scenarios/cache.txt and
 * denials.txt.
 */
import { expect, test } from 'vitest';
import { Cache, Rank } from '../../src/resolver/cache.ts';
import type { Finding } from '../../src/resolver/outcome.ts';
import { Type } from '../../src/wire/codes.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { blockText, name, plain } from './messages.ts';

const A1 = Uint8Array.of(192, 0, 2, 1);
const A2 = Uint8Array.of(192, 0, 2, 2);
const a = (ttl: number, ...rdatas: Uint8Array[]): Uint8Array => packRrset(Type.A, ttl, rdatas);
const cname = (target: string): Uint8Array => packRrset(Type.CNAME, 10, [name(target)]);
const soa = { owner: name('example.com'), block: packRrset(Type.SOA, 300, [new Uint8Array(30)]), ttl: 60 };

function told(finding: Finding | undefined): string {
  if (finding === undefined) return 'unknown';
  if (finding.kind === 'alias') {
    const links = finding.links.map((l) => `${plain(l.owner)} ${l.ttl}`);
    return `${links} to ${plain(finding.target)}`;
  }
  const { rcode, answer, authority } = finding.outcome;
  const records = [...answer, ...authority].map(
    (r) => `${plain(r.owner)} ${r.ttl} ${blockText(r.block).split(' ')[0]}`,
  );
  return [rcode, ...records].join(' ');
}

function caching(bytes = 100_000) {
  const world = new VirtualWorld();
  const cache = new Cache(bytes, world);
  const find = (text: string, type: number = Type.A): string => told(cache.find(name(text), type));
  return { world, cache, find };
}

test('an answer lives as long as its TTL, to the millisecond', async () => {
  const { world, cache, find } = caching();
  cache.keepData(name('www.example.com'), Type.A, [a(10, A1)], Rank.AUTHORITATIVE);
  expect(find('www.example.com')).toBe('0 www.example.com. 10 A');
  await world.pass(9_999);
  expect(find('www.example.com')).toBe('0 www.example.com. 1 A');
  await world.pass(1);
  expect(find('www.example.com')).toBe('unknown');
});

test('an answer is of one type only', () => {
  const { cache, find } = caching();
  cache.keepData(name('www.example.com'), Type.A, [a(10, A1)], Rank.AUTHORITATIVE);
  expect(find('www.example.com', Type.AAAA)).toBe('unknown');
  expect(find('example.com')).toBe('unknown');
  expect(find('a.www.example.com')).toBe('unknown');
});

test('a name is known to be there by its data, by an alias, and by what it has not', () => {
  const { cache } = caching();
  const exists = (text: string): boolean => cache.exists(name(text), Type.A);
  cache.keepData(name('www.example.com'), Type.A, [a(10, A1)], Rank.AUTHORITATIVE);
  cache.keepData(name('alias.example.com'), Type.CNAME, [cname('www.example.com')], Rank.AUTHORITATIVE);
  cache.keepDenial(name('empty.example.com'), Type.A, soa, Rank.AUTHORITATIVE);
  cache.keepDenial(name('bare.example.com'), Type.CNAME, soa, Rank.AUTHORITATIVE);
  cache.keepDenial(name('nx.example.com'), 'whole name', soa, Rank.AUTHORITATIVE);
  const names = ['www', 'alias', 'empty', 'bare', 'nx', 'a.nx', 'new'];
  expect(names.filter((label) => exists(`${label}.example.com`))).toEqual(['www', 'alias', 'empty']);
});

test('the less credible does not replace the more, until that has expired [RFC 2181 §5.4.1]', async () => {
  const { world, cache } = caching();
  const www = name('www.example.com');
  const found = (): string => {
    const finding = cache.find(www, Type.A);
    return finding?.kind === 'end' ? blockText(finding.outcome.answer[0]?.block) : 'unknown';
  };
  cache.keepData(www, Type.A, [a(10, A1)], Rank.AUTHORITATIVE);
  cache.keepData(www, Type.A, [a(99, A2)], Rank.CLAIMED);
  cache.keepDenial(www, Type.A, soa, Rank.CLAIMED);
  expect(found()).toBe('A 10 192.0.2.1');
  cache.keepData(www, Type.A, [a(5, A2)], Rank.AUTHORITATIVE);
  expect(found()).toBe('A 5 192.0.2.2');
  await world.pass(5_000);
  cache.keepData(www, Type.A, [a(10, A1)], Rank.CLAIMED);
  expect(found()).toBe('A 10 192.0.2.1');
  cache.keepData(www, Type.A, [a(10, A2)], Rank.AUTHORITATIVE);
  expect(found()).toBe('A 10 192.0.2.2');
});

test('NXDOMAIN denies the name and all below it, of every type [RFC 8020 §2]', () => {
  const { cache, find } = caching();
  cache.keepDenial(name('no.example.com'), 'whole name', soa, Rank.AUTHORITATIVE);
  expect(find('no.example.com')).toBe('3 example.com. 60 SOA');
  expect(find('a.b.no.example.com', Type.TXT)).toBe('3 example.com. 60 SOA');
  expect(find('xno.example.com')).toBe('unknown');
  expect(find('example.com')).toBe('unknown');
});

test('what is known below NXDOMAIN stays true until it expires [RFC 8020 §2]', () => {
  const { cache, find } = caching();
  cache.keepData(name('www.no.example.com'), Type.A, [a(10, A1)], Rank.AUTHORITATIVE);
  cache.keepDenial(name('no.example.com'), 'whole name', soa, Rank.AUTHORITATIVE);
  expect(find('www.no.example.com')).toBe('0 www.no.example.com. 10 A');
});

test('NODATA denies one type at one name', () => {
  const { cache, find } = caching();
  cache.keepDenial(name('www.example.com'), Type.TXT, soa, Rank.AUTHORITATIVE);
  expect(find('www.example.com', Type.TXT)).toBe('0 example.com. 60 SOA');
  expect(find('www.example.com')).toBe('unknown');
  expect(find('a.www.example.com', Type.TXT)).toBe('unknown');
});

test('an alias answers for every type but its own and ANY', () => {
  const { cache, find } = caching();
  const block = packRrset(Type.CNAME, 10, [name('other.net')]);
  cache.keepData(name('www.example.com'), Type.CNAME, [block], Rank.AUTHORITATIVE);
  expect(find('www.example.com')).toBe('www.example.com. 10 to other.net.');
  expect(find('www.example.com', Type.MX)).toBe('www.example.com. 10 to other.net.');
  expect(find('www.example.com', Type.CNAME)).toBe('0 www.example.com. 10 CNAME');
  expect(find('www.example.com', Type.ANY)).toBe('unknown');
});

test('a DNAME answers for all below it and not for itself [RFC 6672 §2.3]', () => {
  const { cache, find } = caching();
  const block = packRrset(Type.DNAME, 10, [name('other.net')]);
  cache.keepData(name('old.example.com'), Type.DNAME, [block], Rank.AUTHORITATIVE);
  expect(find('a.b.old.example.com')).toBe('old.example.com. 10,a.b.old.example.com. 10 to a.b.other.net.');
  expect(find('old.example.com')).toBe('unknown');
  expect(find('old.example.com', Type.DNAME)).toBe('0 old.example.com. 10 DNAME');
});

test('TTL 0 is not kept, and no TTL beyond a day', async () => {
  const { world, cache, find } = caching();
  cache.keepData(name('zero.example.com'), Type.A, [a(0, A1)], Rank.AUTHORITATIVE);
  cache.keepData(name('long.example.com'), Type.A, [a(999_999, A1)], Rank.AUTHORITATIVE);
  expect(find('zero.example.com')).toBe('unknown');
  await world.pass(86_400_000);
  expect(find('long.example.com')).toBe('unknown');
});

test('an RRset of more than a hundred records is not kept', () => {
  const { cache, find } = caching();
  const many = Array.from({ length: 101 }, (_, i) => Uint8Array.of(192, 0, 2, i));
  cache.keepData(name('crowd.example.com'), Type.A, [a(10, ...many)], Rank.AUTHORITATIVE);
  expect(find('crowd.example.com')).toBe('unknown');
  cache.keepData(name('crowd.example.com'), Type.A, [a(10, ...many.slice(1))], Rank.AUTHORITATIVE);
  expect(find('crowd.example.com')).not.toBe('unknown');
});

test('it never exceeds its bytes, and what is used stays [LIMITS R17]', () => {
  const { cache, find } = caching(50_000);
  cache.keepData(name('popular.example.com'), Type.A, [a(1_000, A1)], Rank.AUTHORITATIVE);
  for (let i = 0; i < 1_000; i++) {
    cache.keepData(name(`n${i}.example.com`), Type.A, [a(1_000, A1)], Rank.AUTHORITATIVE);
    expect(cache.bytes).toBeLessThanOrEqual(50_000);
    expect(find('popular.example.com')).not.toBe('unknown');
  }
  expect(cache.size).toBeGreaterThan(50);
  expect(find('n0.example.com')).toBe('unknown');
});

test('names that differ in bytes above 127 are different names [LIMITS A10]', () => {
  const { cache } = caching();
  const upper = Uint8Array.of(1, 0xc4, 0);
  const lower = Uint8Array.of(1, 0xe4, 0);
  cache.keepData(upper, Type.A, [a(10, A1)], Rank.AUTHORITATIVE);
  expect(cache.find(lower, Type.A)).toBeUndefined();
  expect(cache.find(upper, Type.A)).toBeDefined();
});

const manyTypes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => packRrset(1_000 + i, 300, [new Uint8Array(0)]));

test('a hundred types of one name are kept, and not one more [LIMITS C12]', () => {
  const { cache, find } = caching();
  cache.keepData(name('a.example.com'), Type.ANY, manyTypes(100), Rank.AUTHORITATIVE);
  cache.keepData(name('b.example.com'), Type.ANY, manyTypes(101), Rank.AUTHORITATIVE);
  expect(find('a.example.com', Type.ANY)).not.toBe('unknown');
  expect(find('b.example.com', Type.ANY)).toBe('unknown');
});

test('many small RRsets cost what they take up, and not just their RDATA [LIMITS C20+21]', () => {
  const { cache } = caching(200_000);
  for (let i = 0; i < 200; i++) {
    cache.keepData(name(`n${i}.example.com`), Type.ANY, manyTypes(100), Rank.AUTHORITATIVE);
  }
  // 12 bytes each before there is any RDATA, besides the two of its length.
  expect(cache.size).toBeGreaterThan(100);
  expect(cache.size).toBeLessThan(200_000 / (100 * (12 + 2)));
});
