/**
 * bin/cairn among Nodes that are too old, new enough, broken or absent: shell scripts that claim a version
 * and, asked to run, tell who they are and what they were given.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let home = '';
let path = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cairn-bin-'));
  path = join(home, 'path');
  mkdirSync(path);
  symlinkSync('/bin/readlink', join(path, 'readlink')); // And nothing else: /bin may hold a Node.
  cpSync('bin/cairn', join(home, 'bin/cairn'));
});
afterEach(() => rmSync(home, { recursive: true }));

/** A Node of a claimed version; run, it prints its name, its process id and its arguments. */
function plantNode(folder: string, name: string, version: string): void {
  mkdirSync(folder, { recursive: true });
  const script = `#!/bin/sh\n[ "$1" = --version ] && { echo '${version}'; exit 0; }\necho ${name} $$ "$@"\n`;
  writeFileSync(join(folder, 'node'), script);
  chmodSync(join(folder, 'node'), 0o755);
}

const bundled = () => join(home, 'node_modules/.bin');

function cairn(args: string[], command = join(home, 'bin/cairn')) {
  const run = spawnSync(command, args, { encoding: 'utf8', env: { PATH: path } });
  return { code: run.status, said: run.stdout.trim(), complained: run.stderr.trim(), pid: run.pid };
}

test('the Node beside the package is preferred to a newer one on PATH', () => {
  plantNode(path, 'of-path', 'v99.0.0');
  plantNode(bundled(), 'of-package', 'v24.18.1');
  expect(cairn([]).said).toMatch(/^of-package /);
});

test('a package installed without npm scripts links has its Node in node_modules/node', () => {
  plantNode(join(home, 'node_modules/node/bin'), 'of-module', 'v24.19.0');
  expect(cairn([]).said).toMatch(/^of-module /);
});

test('a broken Node beside the package gives way to the one on PATH', () => {
  plantNode(path, 'of-path', 'v24.18.1');
  plantNode(bundled(), 'of-package', '');
  expect(cairn([]).said).toMatch(/^of-path /);
});

test.each(['v24.18.1', 'v24.18.10', 'v24.19.0', 'v24.100.0', 'v25.0.0', 'v100.0.0'])(
  '%s on PATH is new enough',
  (version) => {
    plantNode(path, 'of-path', version);
    expect(cairn([]).said).toMatch(/^of-path /);
  },
);

test.each(['v24.18.0', 'v24.9.9', 'v20.20.2', 'v3.99.99', 'v26.0.0-nightly', 'v24', 'nonsense', ''])(
  '"%s" on PATH is not: one line says what is missing and how to get it',
  (version) => {
    plantNode(path, 'of-path', version);
    const { code, said, complained } = cairn(['serve']);
    expect([code, said]).toEqual([1, '']);
    expect(complained.split('\n')).toHaveLength(1);
    expect(complained).toContain(`needs Node 24.18.1 or newer and found only ${version || 'a broken one'}`);
    expect(complained).toContain(`run 'npm ci' in ${home}, or install Node from https://nodejs.org`);
  },
);

test('without any Node it says so', () => {
  expect(cairn([])).toMatchObject({ code: 1, complained: expect.stringContaining('found no Node at all') });
});

test('arguments arrive whole, behind the entry file', () => {
  plantNode(path, 'of-path', 'v24.18.1');
  const { said } = cairn(['query', 'a b', '*', '@127.0.0.1']);
  expect(said).toMatch(new RegExp(`${home}/src/cli\\.ts query a b \\* @127\\.0\\.0\\.1$`));
});

test('the process becomes Node, so its id and its signals are the server’s own', () => {
  plantNode(path, 'of-path', 'v24.18.1');
  const { said, pid } = cairn([]);
  expect(said.split(' ')[1]).toBe(String(pid));
});

test('a chain of symbolic links, relative and absolute, leads home', () => {
  plantNode(path, 'of-path', 'v24.18.1');
  symlinkSync('../bin/cairn', join(path, 'first'));
  symlinkSync(join(path, 'first'), join(path, 'second'));
  expect(cairn([], join(path, 'second')).said).toContain(`${home}/src/cli.ts`);
});

test('a call by name from its own folder leads home', () => {
  plantNode(path, 'of-path', 'v24.18.1');
  const run = spawnSync('/bin/sh', ['cairn'], {
    cwd: join(home, 'bin'),
    encoding: 'utf8',
    env: { PATH: path, CDPATH: '/tmp' },
  });
  expect(run.stdout).toContain(`${home}/src/cli.ts`);
});

test('every library lives with the prototype switch that a real start sets', async () => {
  const libraries = ['yargs', 'zod', 'pino', 'yaml', 'lru-cache'];
  const source = `${libraries.map((name) => `await import('${name}');`).join('')}
    const { parse } = await import('yaml');
    console.log(Object.keys(parse('__proto__: { a: 1 }')).join());
    try { ({}).__proto__; } catch { console.log('no way to a prototype'); }`;
  const child = spawn(process.execPath, ['--disable-proto=throw', '--input-type=module', '-e', source]);
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  await once(child, 'close');
  expect(said).toBe('__proto__\nno way to a prototype\n');
});
