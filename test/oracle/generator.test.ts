import { describe, expect, test } from 'vitest';
import { readMessage } from '../../src/wire/message.ts';
import { nameText } from '../../src/wire/name.ts';
import { catalog } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { makeQuestions, packetOf } from './question.ts';
import { isBelow, parentOf, under } from './record.ts';
import { allRecords, apexes, makeWorld, WORLD_KINDS, zoneOf, zoneText } from './world.ts';

const worlds = Array.from({ length: 60 }, (_, i) => makeWorld(i + 1));
const records = worlds.flatMap(allRecords);

describe('chance', () => {
  test('is the same for the same seed, and another for another', () => {
    const draws = (seed: number): number[] => {
      const chance = new Chance(seed);
      return chance.times(20, () => chance.below(1000));
    };
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
  });

  test('keeps within its bounds, reaches them, and follows weights', () => {
    const chance = new Chance(1);
    expect(new Set(chance.times(500, () => chance.below(4)))).toEqual(new Set([0, 1, 2, 3]));
    const drawn = chance.times(1000, () => chance.weighted({ often: 9, seldom: 1, never: 0 }));
    expect(new Set(drawn)).toEqual(new Set(['often', 'seldom']));
    expect(drawn.filter((key) => key === 'often').length).toBeGreaterThan(800);
  });
});

describe('names', () => {
  test('lie below one another, or do not', () => {
    expect(isBelow('a.test.', 'test.')).toBe(true);
    expect(isBelow('test.', 'test.')).toBe(true);
    expect(isBelow('atest.', 'test.')).toBe(false);
    expect(isBelow('a.', '.')).toBe(true);
  });
  test('are put together and taken apart', () => {
    expect([under('a.b', 'test.'), under('a', '.')]).toEqual(['a.b.test.', 'a.']);
    expect([parentOf('a.test.'), parentOf('test.'), parentOf('.')]).toEqual(['test.', '.', '.']);
  });
});

describe('worlds', () => {
  test('are the same for the same seed', () => expect(makeWorld(3)).toEqual(makeWorld(3)));
  test('come in every kind', () => {
    expect(new Set(worlds.map(({ kind }) => kind))).toEqual(new Set(WORLD_KINDS));
  });
  test('are loaded by us', () => {
    for (const world of worlds) {
      const zones = Object.fromEntries(apexes(world).map((apex) => [apex, zoneText(world, apex)]));
      expect(catalog(zones).zoneCount).toBe(world.zones.size);
    }
  });

  test.each<[string, (owner: string, type: string, rdata: string) => boolean]>([
    ['a wildcard', (owner) => owner.startsWith('*.')],
    ['an asterisk in the middle', (owner) => owner.includes('.*.')],
    ['a wildcard alias', (owner, type) => owner.startsWith('*.') && type === 'CNAME'],
    ['an alias of itself', (owner, type, rdata) => type === 'CNAME' && owner === rdata],
    ['an alias out of all zones', (_, type, rdata) => type === 'CNAME' && rdata === 'ns.outside.'],
    ['a DNAME', (_, type) => type === 'DNAME'],
    ['a DNAME into itself', (owner, type, rdata) => type === 'DNAME' && rdata.endsWith(`.${owner}`)],
    ['a DS', (_, type) => type === 'DS'],
    ['a server that is its own delegation', (owner, type, rdata) => type === 'NS' && owner === rdata],
    ['a type without a name', (_, type) => type === 'TYPE65280'],
    ['an alias in HTTPS', (_, type, rdata) => type === 'HTTPS' && rdata.startsWith('0 ')],
  ])('hold %s', (_, holds) => {
    expect(records.some(({ owner, type, rdata }) => holds(owner, type, rdata))).toBe(true);
  });

  test('hold delegations with glue, without, and with data below', () => {
    const cuts = worlds.flatMap((world) =>
      allRecords(world).filter(({ owner, type }) => type === 'NS' && zoneOf(world, owner) !== owner),
    );
    const isGlued = (server: string): boolean => records.some((r) => r.owner === server && r.type === 'A');
    expect(new Set(cuts.map(({ rdata }) => isGlued(rdata))).size).toBe(2);
    const isOver = (cut: string): boolean =>
      records.some((r) => r.type === 'TXT' && r.owner.endsWith(`.${cut}`));
    expect(cuts.some(({ owner }) => isOver(owner))).toBe(true);
  });

  test('hold nothing that cannot be loaded: no data beside an alias, nothing below a DNAME', () => {
    for (const zone of worlds.flatMap((world) => [...world.zones.values()])) {
      const owners = (type: string): string[] =>
        zone.filter((r) => r.type === type).map(({ owner }) => owner);
      for (const alias of owners('CNAME'))
        expect(zone.filter(({ owner }) => owner === alias)).toHaveLength(1);
      for (const dname of owners('DNAME')) {
        expect(zone.filter(({ owner }) => owner !== dname && isBelow(owner, dname))).toEqual([]);
      }
    }
  });
});

describe('questions', () => {
  const questions = worlds.slice(0, 6).flatMap((world) => makeQuestions(world, 420, new Chance(world.seed)));

  test('are the same for the same seed', () => {
    const [world] = worlds;
    const made = (): unknown => world && makeQuestions(world, 20, new Chance(5));
    expect(made()).toEqual(made());
  });
  test('are readable, and ask what they say', () => {
    for (const question of questions) {
      const asked = readMessage(packetOf(question))?.question;
      expect(asked && nameText(asked.name)).toBe(question.name);
    }
  });
  test.each(['A', 'NS', 'SOA', 'DS', 'CNAME', 'DNAME', 'ANY', 'TYPE12345'])('ask for %s', (type) => {
    expect(questions.some((question) => question.type === type)).toBe(true);
  });
  test('come over both transports, with EDNS, DO, and without', () => {
    const ways = new Set(
      questions.map(({ transport, edns }) => `${transport} ${edns?.udpSize} ${edns?.dnssecOk}`),
    );
    expect(ways.size).toBe(2 * (1 + 3 * 2));
  });
  test('ask for names that exist, that do not, and nearly too long ones', () => {
    const owners = new Set(records.map(({ owner }) => owner));
    const known = questions.filter(({ name }) => owners.has(name)).length;
    expect(known).toBeGreaterThan(questions.length / 4);
    expect(known).toBeLessThan((questions.length * 3) / 4);
    expect(questions.some(({ name }) => name.length > 240)).toBe(true);
  });
});
