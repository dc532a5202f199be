/** Changes, and what happens when there is no room, with workers that really rebuild. */
import { expect, test } from 'vitest';
import { ZoneKeeper } from '../../src/control/zone-keeper.ts';
import { firstMember, MemberWord, type PlanWords, poolsIn, Status } from '../../src/pool/plan.ts';
import { Type } from '../../src/wire/codes.ts';
import { type Name, nameText } from '../../src/wire/name.ts';
import { PoolKey, PoolKind } from '../../src/wire/pool.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import { rebuild } from '../../src/zone/rebuild.ts';
import type { Change } from '../../src/zone/thaw.ts';
import { ask, catalog, lines, name, pipeline, SOA_AND_NS } from '../support/authority.ts';

const APEX = name('example.com.');
const address = (n: number): Uint8Array => Uint8Array.of(192, 0, n >> 8, n & 255);
const a = (owner: string, n: number): Change => ({
  name: name(`${owner}.example.com.`),
  rrsets: [packRrset(Type.A, 60, [address(n)])],
});

interface Watched {
  readonly keeper: ZoneKeeper;
  /** Which zone each publication was of. */
  readonly published: (number | undefined)[];
  /** The memory that came with each. */
  readonly memories: (SharedArrayBuffer | undefined)[];
  /** The plans that came with each. */
  readonly plans: (SharedArrayBuffer | 'kept' | undefined)[];
  readonly rebuilt: { count: number };
  readonly bugs: unknown[];
}

function keeperOf(text: string, rebuilding = rebuild): Watched {
  const published: (number | undefined)[] = [];
  const memories: (SharedArrayBuffer | undefined)[] = [];
  const plans: Watched['plans'] = [];
  const rebuilt = { count: 0 };
  const bugs: unknown[] = [];
  const keeper = new ZoneKeeper(catalog({ 'a.test': SOA_AND_NS, 'example.com': `${SOA_AND_NS}${text}` }), {
    publish: (_, changed) => {
      published.push(changed?.place);
      memories.push(changed?.buffer);
      plans.push(changed?.plan);
    },
    rebuild: (...asked) => {
      rebuilt.count++;
      return rebuilding(...asked);
    },
    onBug: (bug) => bugs.push(bug),
  });
  return { keeper, published, memories, plans, rebuilt, bugs };
}

const answer = (keeper: ZoneKeeper, question: string): string[] =>
  lines(ask(pipeline(keeper.catalog), question));
const settled = (keeper: ZoneKeeper): Promise<void> => keeper.exclusively(async () => {});

test('a change is published before it is waited for, and only of its zone', async () => {
  const { keeper, published, rebuilt } = keeperOf('www 60 A 192.0.2.1\n');
  const change = keeper.change(APEX, [a('www', 9), a('new', 8)]);
  expect(published).toEqual([1]);
  expect(await change).toEqual([]);
  expect(answer(keeper, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.0.9');
  expect(answer(keeper, 'new.example.com')).toContain('an new.example.com. 60 IN A 192.0.0.8');
  expect(rebuilt.count).toBe(0);
});

test.each([
  ['a name of somebody else', [{ name: name('www.example.org.'), rrsets: [] }], 'is not in the zone'],
  ['a zone without SOA', [{ name: APEX, rrsets: [] }], 'no SOA at the apex'],
  [
    'a CNAME beside other data',
    [
      { ...a('x', 1), rrsets: [...a('x', 1).rrsets, packRrset(Type.CNAME, 60, [APEX])] },
      { ...a('y', 1), rrsets: [packRrset(Type.MX, 60, [Uint8Array.of(0, 0, ...name('old.example.com.'))])] },
    ],
    'has a CNAME and other data',
  ],
])('%s is refused, and nothing of the change is made', async (_, changes, why) => {
  const { keeper, published } = keeperOf('www 60 A 192.0.2.1\nold 60 A 192.0.2.1\n');
  const complaints = await keeper.change(APEX, [a('www', 9), ...changes]);
  expect(complaints.map(complaintText).join()).toContain(why);
  // Of the names that it does not look at it knows nothing, so it has nothing to warn of.
  expect(complaints.filter(({ severity }) => severity === 'warning')).toEqual([]);
  expect(published).toEqual([]);
  expect(answer(keeper, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.2.1');
});

test('a zone that is not served is a complaint', async () => {
  const { keeper } = keeperOf('');
  expect((await keeper.change(name('example.net.'), [])).map(complaintText).join()).toContain('no such zone');
});

test('what one change cannot tell is told by compiling anew [RFC 6672 §2.4]', async () => {
  const { keeper, rebuilt } = keeperOf('x.d 60 A 192.0.2.1\n');
  const dname = { name: name('d.example.com.'), rrsets: [packRrset(Type.DNAME, 60, [name('elsewhere.')])] };
  const complaints = await keeper.change(APEX, [dname]);
  expect(complaints.map(complaintText).join()).toContain('is below the DNAME');
  expect(await keeper.change(APEX, [dname, { name: name('x.d.example.com.'), rrsets: [] }])).toEqual([]);
  expect(answer(keeper, 'x.d.example.com')[1]).toContain('DNAME elsewhere.');
  expect(rebuilt.count).toBe(1);
});

test('the plan of pools goes along, and is told again only where it is another', async () => {
  const { keeper, plans } = keeperOf('pool 60 POOL 192.0.2.1 weight=1\npool 60 POOL 192.0.2.2 weight=0\n');
  const [, before] = keeper.catalog.images;
  expect(before?.plan).toBeDefined();
  await keeper.change(APEX, [a('www', 9)]);
  expect(keeper.catalog.images[1]?.plan).toBe(before?.plan);
  expect(plans).toEqual(['kept']);
  const members = [0, 1].map((weight, i) =>
    Uint8Array.of(PoolKind.IPV4, 192, 0, 2, 1 + i, 0, PoolKey.WEIGHT, 0, 2, 0, weight),
  );
  await keeper.change(APEX, [
    { name: name('pool.example.com.'), rrsets: [packRrset(Type.POOL, 60, members)] },
  ]);
  expect(plans).toEqual(['kept', keeper.catalog.images[1]?.plan]);
  expect(answer(keeper, 'pool.example.com')).toContain('an pool.example.com. 60 IN A 192.0.2.2');
});

test('room is made in time, and what changes meanwhile is in what comes then', async () => {
  const { keeper, memories, rebuilt, bugs } = keeperOf('www 60 A 192.0.2.1\n', async (image, changes) => {
    const result = await rebuild(image, changes);
    // At the last moment, when all is compiled and not taken yet.
    if (changes.length === 0) void keeper.change(APEX, [a('late', 7)]);
    return result;
  });
  const [, first] = keeper.catalog.images;
  for (let i = 0; i < 60; i++) await keeper.change(APEX, [a(`n${i}`, i), a('www', i)]);
  await settled(keeper);
  const [, last] = keeper.catalog.images;
  expect(rebuilt.count).toBeGreaterThan(0);
  expect(last?.buffer).not.toBe(first?.buffer);
  // Whoever answers is told of memory when it is another, and of versions otherwise.
  const told = memories.filter((memory) => memory !== undefined);
  expect(told).toHaveLength(rebuilt.count);
  expect(told.at(-1)).toBe(last?.buffer);
  expect(last?.recordCount).toBe(2 + 60 + 2);
  for (let i = 0; i < 60; i++) expect(answer(keeper, `n${i}.example.com`)).toHaveLength(2);
  expect(answer(keeper, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.0.59');
  expect(answer(keeper, 'late.example.com')[1]).toContain('A 192.0.0.7');
  expect(lines(ask(pipeline(new Catalog([first as NonNullable<typeof first>])), 'n1.example.com'))[0]).toBe(
    'NXDOMAIN aa',
  );
  expect(bugs).toEqual([]);
});

test('zones are compiled anew one at a time, however many want it', async () => {
  let running = 0;
  const seen: number[] = [];
  const { keeper } = keeperOf('', async (...asked) => {
    seen.push(++running);
    const result = await rebuild(...asked);
    running--;
    return result;
  });
  const other = name('a.test.');
  const crowd = async (apex: Name): Promise<void> => {
    const changes = { name: name(`www.${nameText(apex)}`), rrsets: a('www', 1).rrsets };
    for (let i = 0; i < 25; i++) await keeper.change(apex, [changes]);
  };
  await Promise.all([crowd(APEX), crowd(other)]);
  await settled(keeper);
  expect(seen.length).toBeGreaterThan(1);
  expect(Math.max(...seen)).toBe(1);
  for (const image of keeper.catalog.images) {
    expect(image.recordCount).toBe(3);
    expect(image.isCrowded()).toBe(false);
  }
});

test('changes wait for who has the zones to himself', async () => {
  const { keeper, published } = keeperOf('');
  const { promise, resolve } = Promise.withResolvers<void>();
  const reload = keeper.exclusively(() => promise);
  const change = keeper.change(APEX, [a('www', 1)]);
  await Promise.resolve();
  expect(published).toEqual([]);
  await keeper.adopt(catalog({ 'example.com': `${SOA_AND_NS}other 60 A 192.0.2.3\n` }), new Map());
  resolve();
  await Promise.all([reload, change]);
  expect(answer(keeper, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.0.1');
  expect(answer(keeper, 'other.example.com')).toContain('an other.example.com. 60 IN A 192.0.2.3');
});

test('zones are published when they are ready, with what became known of members meanwhile', async () => {
  const pool = `${SOA_AND_NS}www 60 POOL 192.0.2.1 check=web\n`;
  const said: string[] = [];
  const statusOf = ({ images: [image] }: Catalog): { plan: PlanWords; at: number } => {
    const plan = image?.pools ?? expect.fail('no plan');
    const [first = 0] = poolsIn(plan);
    return { plan, at: firstMember(first) + MemberWord.STATUS };
  };
  const probe = (word: number): void => {
    const { plan, at } = statusOf(keeper.catalog);
    plan[at] = word;
  };
  const keeper: ZoneKeeper = new ZoneKeeper(catalog({ 'example.com': pool }), {
    publish: () => said.push('published'),
    ready: async (coming) => {
      await Promise.resolve();
      said.push(`ready: ${statusOf(coming).plan.length > 0}`);
      probe(Status.CHECKED | 7);
    },
    rebuild,
    onBug: (bug) => said.push(String(bug)),
  });
  await keeper.adopt(catalog({ 'example.com': `${pool}other 60 A 192.0.2.3\n` }), new Map());
  expect(said).toEqual(['ready: true', 'published']);
  const { plan, at } = statusOf(keeper.catalog);
  expect(plan[at]).toBe(Status.CHECKED | 7);
  const [more, attributes] = [
    [192, 0, 2, 2],
    [0, PoolKey.CHECK, 0, 4, 3, ...Buffer.from('web')],
  ];
  const rdatas = [[192, 0, 2, 1], more].map((address) => [PoolKind.IPV4, ...address, ...attributes]);
  const rrsets = [
    packRrset(
      Type.POOL,
      60,
      rdatas.map((each) => Uint8Array.from(each)),
    ),
  ];
  expect(await keeper.change(APEX, [{ name: name('www.example.com.'), rrsets }])).toEqual([]);
  expect(said.slice(2)).toEqual(['ready: true', 'published']);
});

test('a compiling that fails is told, and what was served is served on', async () => {
  const { keeper, bugs } = keeperOf('', () => Promise.reject(new Error('no memory')));
  for (let i = 0; i < 7; i++) await keeper.change(APEX, [a('www', i)]);
  await settled(keeper);
  expect(bugs.length).toBeGreaterThan(0);
  expect(answer(keeper, 'www.example.com')).toContain('an www.example.com. 60 IN A 192.0.0.6');
});
