import { expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { parseIp } from '../../src/base/ip.ts';
import { TALLY_SAMPLE_MS } from '../../src/base/limits.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import { realWorld } from '../../src/base/world.ts';
import { SELF } from '../../src/server/observer.ts';
import { Pipeline } from '../../src/server/pipeline.ts';
import { Tally } from '../../src/server/tally.ts';
import type { Client } from '../../src/transport/door.ts';
import { Class, Rcode, Type } from '../../src/wire/codes.ts';
import { writeQuery } from '../../src/wire/message.ts';
import { type Name, nameFromText } from '../../src/wire/name.ts';
import { Query } from '../../src/wire/query.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';

function queryFor(name: string): Query {
  const spelled = nameFromText(name) as Name;
  const packet = writeQuery({ id: 1, spelled, type: Type.A, class: Class.IN, recursionDesired: true });
  const query = new Query();
  query.read(packet, packet.length);
  return query;
}

const client = (address: string): Client => ({
  transport: 'udp',
  address: parseIp(address) as Uint8Array,
  port: 5_000,
});

const texts = (tally: Tally, of: Parameters<Tally['told']>[0]): string[] =>
  tally.told(of).top.map(({ what }) => what);

test('names, what is above them, clients and their networks', async () => {
  const world = new VirtualWorld();
  const tally = new Tally(world);
  for (const [name, address] of [
    ['a.www.example', '192.0.2.7'],
    ['b.www.example', '192.0.2.8'],
    ['b.www.example', '2001:db8:1:2ff:3::4'],
    ['b.www.example', '192.0.2.8'],
    ['.', '192.0.2.8'],
  ] as const) {
    tally.note(queryFor(name), client(address));
    await world.pass(TALLY_SAMPLE_MS);
  }
  expect(texts(tally, 'names')).toEqual(['b.www.example.', '.', 'a.www.example.']);
  expect(texts(tally, 'parents')).toEqual(['www.example.']);
  expect(texts(tally, 'clients')).toEqual(['192.0.2.8', '2001:db8:1:2ff:3::4', '192.0.2.7']);
  expect(texts(tally, 'networks')).toEqual(['192.0.2.0/24', '2001:db8:1:200::/56']);
});

test('one of many stands for all of them, whoever comes first', async () => {
  const world = new VirtualWorld();
  const tally = new Tally(world);
  const [often, rare] = [queryFor('often.example'), queryFor('rare.example')];
  for (let ms = 0; ms < 2_000; ms += TALLY_SAMPLE_MS) {
    // As in a batch, whose first query is always the same.
    for (let i = 0; i < 20; i++) tally.note(i === 0 ? rare : often, client('192.0.2.1'));
    await world.pass(TALLY_SAMPLE_MS);
  }
  const { top, perSecond } = tally.told('names');
  expect(perSecond * TALLY_SAMPLE_MS).toBeGreaterThan(19_000);
  expect(perSecond * TALLY_SAMPLE_MS).toBeLessThan(21_000);
  expect(top[0]?.what).toBe('often.example.');
  expect(top[0]?.share).toBeGreaterThan(0.93);
  expect(top[0]?.share).toBeLessThan(0.97);
});

test('what other threads heard is in it; who asks itself is not', () => {
  const world = new VirtualWorld();
  const tally = new Tally(world);
  const other = new Tally(world);
  tally.include(new Tally(world, other.memory));
  other.note(queryFor('there.example'), client('192.0.2.1'));
  tally.note(queryFor('self.example'), SELF);
  expect(texts(tally, 'names')).toEqual(['there.example.']);
});

test('where no question can be read the client still counts', () => {
  const tally = new Tally(new VirtualWorld());
  const query = new Query();
  query.read(new Uint8Array(12), 12);
  tally.note(query, client('192.0.2.1'));
  expect(texts(tally, 'names')).toEqual([]);
  expect(texts(tally, 'clients')).toEqual(['192.0.2.1']);
});

test('what is refused counts as well', () => {
  const tally = new Tally(new VirtualWorld());
  const pipeline = new Pipeline({
    catalog: new Catalog([]),
    recursion: undefined,
    mayRecurse: PrefixSet.parse([]) as PrefixSet,
    chaos: { version: undefined, hostname: undefined, id: undefined },
    world: realWorld,
    counters: new Counters(),
    onBug: (bug) => {
      throw bug;
    },
    tally,
  });
  const { packet, length } = queryFor('www.example');
  const out = new Uint8Array(512);
  pipeline.answer(packet, length, client('192.0.2.1'), out, () => {});
  expect((out[3] as number) & 15).toBe(Rcode.REFUSED);
  expect(texts(tally, 'names')).toEqual(['www.example.']);
});
