/**
 * The house rules of docs/HOUSE.md and docs/STYLE.md, held against the source as it stands. The rules
 * themselves are tested in rules.test.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  climbs,
  cycles,
  danglingImports,
  deadFiles,
  missingLimits,
  missingPaths,
  roomsOf,
  unlikeTheTable,
  unusedExports,
} from './house.ts';
import {
  CITATIONS_PER_KLOC_MIN,
  citationsPerKloc,
  emptyNames,
  forbiddenCalls,
  leftovers,
  longFile,
  longFunctions,
  longLines,
  storyless,
} from './manners.ts';
import { sourcesBelow } from './source.ts';

const PAGES = ['HOUSE', 'STYLE', 'LIMITS', 'LIBRARIES', 'TESTING'].map((page) => `docs/${page}.md`);
const house = readFileSync('docs/HOUSE.md', 'utf8');
const rooms = roomsOf(house);
const sources = sourcesBelow('src');
const tests = sourcesBelow('test');
const bench = sourcesBelow('bench');
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

describe('each file', () => {
  test.each([
    ['is at most 400 lines long', longFile],
    ['has functions of at most 60 lines', longFunctions],
    ['opens with its story', storyless],
    ['leaves nothing to be done', leftovers],
    ['names what things are', emptyNames],
    ['takes clock and chance as arguments, and evaluates no text', forbiddenCalls],
  ])('%s', (_, rule) => expect(sources.flatMap(rule)).toEqual([]));

  test('is at most 110 characters wide, tests and benches too', () => {
    expect([...sources, ...tests, ...bench].flatMap(longLines)).toEqual([]);
  });
});

describe('the house', () => {
  test('has its floors drawn', () => expect(rooms.length).toBeGreaterThanOrEqual(9));
  test('imports down the floors only', () => {
    expect(sources.flatMap((source) => climbs(source, rooms))).toEqual([]);
  });
  test('imports in no circle', () => expect(cycles(sources)).toEqual([]));
  test('imports only what is installed with it', () => {
    const packages = new Set(Object.keys(dependencies));
    expect(sources.flatMap((source) => danglingImports(source, existsSync, packages))).toEqual([]);
  });
  test('has no file that nobody reaches', () => expect(deadFiles(sources, ['src/cli.ts'])).toEqual([]));
  test('exports no value that nobody imports', () => {
    expect(unusedExports(sources, [...sources, ...tests, ...bench])).toEqual([]);
  });
  test('is as docs/HOUSE.md draws it', () => expect(unlikeTheTable(sources, rooms)).toEqual([]));
  test.each(PAGES)('has what %s names', (page) => {
    expect(missingPaths(page, readFileSync(page, 'utf8'), existsSync)).toEqual([]);
  });
  test('has the bounds that docs/LIMITS.md names', () => {
    const limits = sources.filter(({ path }) => /^src\/base\/limits(-\w+)?\.ts$/.test(path));
    const text = readFileSync('docs/LIMITS.md', 'utf8');
    expect(missingLimits(text, limits)).toEqual([]);
  });
});

test.each(['wire', 'zone', 'resolver', 'answer'])('%s cites the RFCs that decide', (room) => {
  const inRoom = sources.filter(({ path }) => path.startsWith(`src/${room}/`));
  expect(citationsPerKloc(inRoom)).toBeGreaterThanOrEqual(CITATIONS_PER_KLOC_MIN);
});
