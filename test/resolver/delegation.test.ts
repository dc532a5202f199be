/** Delegations: how they are bounded, and how long they live. */
import { expect, test } from 'vitest';
import { ADDRESSES_PER_SERVER_MAX, DELEGATIONS_READ_MAX } from '../../src/base/limits.ts';
import { bounded, type Delegation, Delegations, type NameServer } from '../../src/resolver/delegation.ts';
import { addressesIn, answered, ended } from '../../src/resolver/outcome.ts';
import { Type } from '../../src/wire/codes.ts';
import { packRrset } from '../../src/wire/rrset.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name, plain } from './messages.ts';

const HINTS: Delegation = { cut: name('.'), servers: [], expiresMs: Number.POSITIVE_INFINITY };
const servers = (count: number, addresses: (i: number) => string[]): NameServer[] =>
  Array.from({ length: count }, (_, i) => ({ name: name(`ns${i}.example.com`), addresses: addresses(i) }));

test('of a hundred servers thirteen are drawn, others each time [NXNSAttack]', () => {
  const world = new VirtualWorld();
  const draw = (): string =>
    bounded(
      servers(100, () => []),
      world,
    )
      .map((s) => plain(s.name))
      .join();
  const draws = Array.from({ length: 10 }, draw);
  expect(draws[0]?.split(',')).toHaveLength(13);
  expect(new Set(draws).size).toBe(10);
});

test('those with glue come first', () => {
  const mixed = servers(100, (i) => (i % 20 === 7 ? [`192.0.2.${i}`] : []));
  const chosen = bounded(mixed, new VirtualWorld());
  expect(chosen.filter((s) => s.addresses.length > 0)).toHaveLength(5);
});

test('six addresses of a server, twenty-six in all, and no server that lost all its glue', () => {
  const generous = servers(13, (i) => Array.from({ length: 10 }, (_, j) => `192.0.${i}.${j}`));
  const chosen = bounded(generous, new VirtualWorld());
  expect(chosen.map((s) => s.addresses.length)).toEqual([6, 6, 6, 6, 2]);
});

test('six addresses of what a look-up for one finds, were it thousands [LIMITS C12]', () => {
  const rdatas = Array.from({ length: 4_000 }, (_, i) => Uint8Array.of(192, 0, i >> 8, i & 255));
  const found = answered([{ owner: name('ns.test'), block: packRrset(Type.A, 60, rdatas), ttl: 60 }]);
  expect(addressesIn(ended(found))).toHaveLength(ADDRESSES_PER_SERVER_MAX);
});

test('an address that many share counts once', () => {
  const shared = servers(13, () => ['192.0.2.1', '192.0.2.2']);
  expect(bounded(shared, new VirtualWorld())).toHaveLength(13);
});

test('the deepest cut at or above a name is found, until it expires', async () => {
  const world = new VirtualWorld();
  const delegations = new Delegations(100_000, 0, world);
  const keep = (cut: string, ttl: number): Delegation => delegations.keep(name(cut), [], ttl, HINTS);
  const closest = (text: string): string => {
    const found = delegations.closest(name(text));
    return found === undefined ? 'none' : plain(found.cut);
  };
  expect(closest('www.example.com')).toBe('none');
  keep('.', 1_000);
  keep('com', 100);
  keep('example.com', 10);
  keep('now.example.com', 0);
  expect(['a.b.example.com', 'example.com', 'com', 'xexample.com', 'net', '.'].map(closest)).toEqual([
    'example.com.',
    'example.com.',
    'com.',
    'com.',
    '.',
    '.',
  ]);
  expect(closest('now.example.com')).toBe('example.com.');
  await world.pass(10_000);
  expect(closest('www.example.com')).toBe('com.');
  await world.pass(90_000);
  expect(closest('www.example.com')).toBe('.');
});

test('none outlives the one it came by, but for the root that nobody can take away', () => {
  const delegations = new Delegations(100_000, 0, new VirtualWorld());
  const root = delegations.keep(name('.'), [], 10, HINTS);
  const com = delegations.keep(name('com'), [], 100, root);
  const example = delegations.keep(name('example.com'), [], 1_000, com);
  const deeper = delegations.keep(name('deeper.example.com'), [], 50, example);
  const lives = [root, com, example, deeper].map(({ expiresMs }) => expiresMs - (root.expiresMs - 10_000));
  expect(lives).toEqual([10_000, 100_000, 100_000, 50_000]);
});

test('a delegation is told as it was learned last, with all its servers', () => {
  const delegations = new Delegations(100_000, 0, new VirtualWorld());
  const first = servers(13, (i) => [`192.0.2.${i}`, `2001:db8::${i + 1}`]);
  delegations.keep(name('example.com'), first, 60, HINTS);
  expect(delegations.at(name('example.com'))?.servers).toEqual(first);
  expect(delegations.closest(name('www.example.com'))?.servers).toEqual(first);
  const second = [{ name: name('other.net'), addresses: [] }];
  delegations.keep(name('example.com'), second, 30, HINTS);
  expect(delegations.closest(name('www.example.com'))).toMatchObject({ servers: second, expiresMs: 31_000 });
  delegations.clear((cut) => cut.length > 5);
  expect(delegations.at(name('example.com'))).toBeUndefined();
});

test('those that are asked for outlive a stream of others that nobody asks for [LIMITS C8]', () => {
  const delegations = new Delegations(100_000, 0, new VirtualWorld());
  const one = servers(1, () => ['192.0.2.1']);
  for (let i = 0; i < 500; i++) delegations.keep(name(`p${i}.test`), one, 86_400, HINTS);
  let hits = 0;
  for (let i = 0; i < 10_000; i++) {
    delegations.keep(name(`n${i}.flood.test`), one, 3_600, HINTS);
    if (delegations.at(name(`p${i % 500}.test`)) !== undefined) hits++;
  }
  expect(hits).toBe(10_000);
});

test('of more delegations than are kept at hand each is told as it was learned', () => {
  const delegations = new Delegations(2_000_000, 0, new VirtualWorld());
  const count = DELEGATIONS_READ_MAX + 10;
  const address = (i: number): string => `192.0.${i >> 8}.${i & 0xff}`;
  for (let i = 0; i < count; i++) {
    delegations.keep(
      name(`z${i}.example`),
      [{ name: name('ns.example.com'), addresses: [address(i)] }],
      60,
      HINTS,
    );
  }
  const told = (i: number) => delegations.closest(name(`www.z${i}.example`))?.servers[0]?.addresses[0];
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < count; i++) if (told(i) !== address(i)) expect(told(i)).toBe(address(i));
  }
  expect(delegations.at(name('z0.example'))).toBe(delegations.at(name('z0.example')));
});
