/**
 * Every tidy rule is shown a planted violation, which it must see, and its innocent neighbour, which it must
 * not.
 */
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
  citationsPerKloc,
  emptyNames,
  forbiddenCalls,
  leftovers,
  longFile,
  longFunctions,
  longLines,
  storyless,
} from './manners.ts';
import { type Source, sourceOf } from './source.ts';

const HOUSE = `
src/
  base/       floor 0   no DNS: assert, world (clock and chance)
  wire/       floor 1   bytes <-> DNS, pure: name reader. Text:
                        rdata-text
  resolver/   floor 3   finding out: upstream (types)
  answer/     floor 4   reply
  transport/  floor 4   bytes in: udp

See \`wire/query\` and \`test/tidy\`, and \`a word\` that is no path.
`;
const rooms = roomsOf(HOUSE);
const here = (text: string, path = 'src/wire/name.ts') => sourceOf(path, text);
const importing = (path: string, ...targets: string[]) =>
  sourceOf(path, targets.map((target) => `import '${target}';`).join('\n'));

test('the table of docs/HOUSE.md gives floors and files', () => {
  expect(rooms.map(({ name, floor }) => [name, floor])).toEqual([
    ['base', 0],
    ['wire', 1],
    ['resolver', 3],
    ['answer', 4],
    ['transport', 4],
  ]);
  expect(rooms[1]?.words).toEqual(
    new Set(['bytes', '<->', 'DNS', 'pure', 'name', 'reader', 'Text', 'rdata-text']),
  );
  expect(rooms[0]?.words).not.toContain('clock');
});

describe('imports', () => {
  test.each([
    ['down', 'src/wire/name.ts', '../base/assert.ts', false],
    ['within a room', 'src/wire/name.ts', './reader.ts', false],
    ['of types two floors down', 'src/transport/upstream.ts', '../resolver/upstream.ts', false],
    ['of a package', 'src/base/ip.ts', 'node:net', false],
    ['from the entry', 'src/main.ts', './answer/reply.ts', false],
    ['up', 'src/base/assert.ts', '../wire/name.ts', true],
    ['across a floor', 'src/answer/reply.ts', '../transport/udp.ts', true],
    ['of the entry', 'src/answer/reply.ts', '../main.ts', true],
    ['of an unknown room', 'src/answer/reply.ts', '../attic/box.ts', true],
    ['from an unknown room', 'src/attic/box.ts', '../base/assert.ts', true],
  ])('%s', (_, path, target, climbing) => {
    expect(climbs(importing(path, target), rooms)).toHaveLength(climbing ? 1 : 0);
  });

  test.each([
    "import type { Name } from '../wire/name.ts';",
    "export { x } from '../wire/name.ts';",
    "export * from '../wire/name.ts';",
    "const x = await import('../wire/name.ts');",
    "type X = import('../wire/name.ts').Name;",
    "new Worker(new URL('../wire/name.ts', import.meta.url));",
  ])('are seen in every form: %s', (text) => {
    expect(climbs(here(text, 'src/base/assert.ts'), rooms)).toEqual([
      'src/base/assert.ts climbs to src/wire/name.ts',
    ]);
  });

  test('in a circle are named once, those in a diamond not at all', () => {
    const diamond = [
      importing('src/a.ts', './b.ts', './c.ts'),
      importing('src/b.ts', './d.ts'),
      importing('src/c.ts', './d.ts'),
      importing('src/d.ts'),
    ];
    expect(cycles(diamond)).toEqual([]);
    const circle = [...diamond, importing('src/e.ts', './f.ts'), importing('src/f.ts', './a.ts', './e.ts')];
    expect(cycles(circle)).toEqual(['src/e.ts → src/f.ts → src/e.ts is a cycle']);
    const owner = here("new Worker(new URL('./f.ts', import.meta.url));", 'src/e.ts');
    expect(cycles([owner, importing('src/f.ts', './e.ts')])).toEqual([]);
    const reader = here("import type { F } from './f.ts';", 'src/e.ts');
    expect(cycles([reader, importing('src/f.ts', './e.ts')])).toEqual([]);
  });

  test('lead to files that are there and to packages that are installed', () => {
    const good = ['./b.ts', '../package.json', 'node:fs', 'yargs', 'yargs/helpers', '@x/y/z'];
    const bad = ['./gone.ts', 'left-pad', '@x/other'];
    const there = new Set(['src/b.ts', 'package.json']);
    const packages = new Set(['yargs', '@x/y']);
    const source = importing('src/a.ts', ...good, ...bad);
    const complaints = danglingImports(source, (path) => there.has(path), packages);
    expect(complaints.map((one) => one.split(' ')[2])).toEqual(['src/gone.ts,', 'left-pad,', '@x/other,']);
  });
});

describe('reach', () => {
  const sources: Source[] = [
    here("new Worker(new URL('./worker.ts', import.meta.url)); import('./lazy.ts');", 'src/cli.ts'),
    importing('src/worker.ts'),
    importing('src/lazy.ts'),
    importing('src/dead.ts', './deader.ts'),
    importing('src/deader.ts'),
  ];
  test('goes through workers and lazy imports, and finds who is dead', () => {
    expect(deadFiles(sources, ['src/cli.ts'])).toEqual([
      'src/dead.ts is reached by nobody',
      'src/deader.ts is reached by nobody',
    ]);
  });

  test('of exported values is by name or by the whole file; types are free', () => {
    const shelf = here(
      'export const a = 1, b = 2;\nexport function c() {}\nexport type D = 1;',
      'src/shelf.ts',
    );
    const user = here("import { a, type D } from './shelf.ts';", 'src/user.ts');
    expect(unusedExports([shelf], [user])).toEqual([
      'src/shelf.ts exports b, which nobody imports',
      'src/shelf.ts exports c, which nobody imports',
    ]);
    expect(unusedExports([shelf], [here("import * as all from './shelf.ts';", 'src/user.ts')])).toEqual([]);
    expect(unusedExports([shelf], [here("await import('./shelf.ts');", 'src/user.ts')])).toEqual([]);
  });
});

test('pages name no path that is not there', () => {
  expect(missingPaths('docs/HOUSE.md', HOUSE, (path) => path === 'test/tidy')).toEqual([
    'docs/HOUSE.md names wire/query, which is not there',
  ]);
  expect(missingPaths('docs/HOUSE.md', HOUSE, (path) => /query.ts|tidy/.test(path))).toEqual([]);
});

test('the table and the house have the same files', () => {
  const files = ['src/wire/name.ts', 'src/wire/rdata-text.ts', 'src/answer/reply.ts', 'src/main.ts'];
  const sources = files.map((path) => here('', path));
  expect(unlikeTheTable(sources, rooms)).toEqual([]);
  expect(unlikeTheTable([...sources.slice(2), here('', 'src/wire/query.ts')], rooms)).toEqual([
    'src/wire/query.ts is not in the table of docs/HOUSE.md',
    'docs/HOUSE.md has rdata-text in wire, which is not there',
  ]);
});

test('docs/LIMITS.md names no bound that is not there', () => {
  const limits = [here('export const TCP_IDLE_MS = 1;\nconst DRAIN_MS_MAX = 2;', 'src/base/limits.ts')];
  expect(missingLimits('`TCP_IDLE_MS` and `NXDOMAIN`', limits)).toEqual([]);
  expect(missingLimits('`TCP_IDLE_MS` and `DRAIN_MS_MAX`', limits)).toHaveLength(1);
});

describe('length', () => {
  test('a line of 110 characters passes, one of 111 does not, whatever the bytes', () => {
    const [wide, wider] = ['→'.repeat(110), '→'.repeat(111)];
    expect(longLines({ path: 'a.ts', text: `${wide}\n${wider}\n` })).toEqual([
      'a.ts:2 is 111 characters wide',
    ]);
  });

  test('a file of 400 lines passes, one of 401 does not', () => {
    expect(longFile(here(';\n'.repeat(400)))).toEqual([]);
    expect(longFile(here(';\n'.repeat(401)))).toEqual(['src/wire/name.ts is 401 lines long']);
  });

  test.each([
    ['function f(): { a: number } | undefined {', '}'],
    ['const f = (text = "}{"): string => {', '};'],
    ['class F { async *g() {', '} }'],
    ['export default { g() {', '} };'],
    ['new Promise((resolve) => {', '});'],
  ])('a function may have 60 lines and not 61: %s', (open, close) => {
    const body = (lines: number) => `${open}\n${'  // `{ ${\n'.repeat(lines - 2)}${close}`;
    expect(longFunctions(here(body(60)))).toEqual([]);
    expect(longFunctions(here(body(61)))).toEqual(['src/wire/name.ts:1 is a function of 61 lines']);
  });
});

test('a file opens with its story', () => {
  const story =
    '/**\n * What lives here, what comes in, what goes out, and what is always true of it.\n */\n';
  expect(storyless(here(`${story}let a;`))).toEqual([]);
  expect(storyless(here(`#!/usr/bin/env node\n${story}`))).toEqual([]);
  for (const text of [
    'let a;',
    '/** Short. */',
    `let a;\n${story}`,
    '// A line that is long enough to be a story, were it one.',
  ]) {
    expect(storyless(here(text))).toHaveLength(1);
  }
});

test('nothing is left to be done', () => {
  expect(leftovers(here('// FIXME: later\nlet todo = "methodology";\n/* TODO */'))).toHaveLength(2);
});

describe('names', () => {
  test.each([
    'function handleQuery() {}',
    'const processPacket = () => 1;',
    'class A { doIt() {} }',
    'class A { #handle() {} }',
    'const a = { handleError: () => 1 };',
    'interface A { processAll(): void }',
    'const data = 1;',
    'function f(info: string) {}',
    'const { data } = f();',
    'const { a: [info = 1] } = f();',
    'function f(...data: string[]) {}',
    'interface A { data: string }',
    'class A { #info = 1 }',
    'const cacheManager = 1;',
    'for (const data of all);',
  ])('that say nothing are seen: %s', (text) => expect(emptyNames(here(text))).toHaveLength(1));

  test.each([
    'function documentOf() {}',
    'process.exit();',
    "socket.on('data', (bytes) => bytes);",
    'log.info(1); const b = message.data;',
    'const a = { info: 1 };',
    'interface Log { info(text: string): void; warn: (text: string) => void }',
    'const handle = 1; const metadata = 2;',
    '// data, info and handleThis in a comment',
  ])('that are innocent are not: %s', (text) => expect(emptyNames(here(text))).toEqual([]));

  test.each(['src/base/utils.ts', 'src/wire/name-helpers.ts', 'src/common/a.ts', 'src/zone/manager.ts'])(
    'of files are seen: %s',
    (path) => expect(emptyNames(here('', path))).toHaveLength(1),
  );
});

describe('calls', () => {
  test.each([
    'Date.now()',
    'performance.now()',
    'Math.random()',
    'setTimeout(f, 1)',
    'globalThis.setTimeout(f, 1)',
    'setInterval(f, 1)',
    'new Date()',
    'process.hrtime.bigint()',
    'randomInt(5)',
  ])('only the world makes: %s', (text) => {
    expect(forbiddenCalls(here(text))).toHaveLength(1);
    expect(forbiddenCalls(here(text, 'src/base/world.ts'))).toEqual([]);
  });

  test.each(['eval("1")', 'new Function("return 1")'])('nobody makes: %s', (text) => {
    expect(forbiddenCalls(here(text, 'src/base/world.ts'))).toHaveLength(1);
  });

  test.each(['world.nowMs()', 'socket.setTimeout(5)', 'new Date(0)', '"Math.random()"', 'clearTimeout(t)'])(
    'anybody makes: %s',
    (text) => expect(forbiddenCalls(here(text))).toEqual([]),
  );
});

test('citations are counted per thousand lines', () => {
  expect(citationsPerKloc([here('// RFC 1035 §5.1 and RFC 2308.\n'.repeat(1) + ';\n'.repeat(249))])).toBe(8);
});
