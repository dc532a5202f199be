/** The control socket and whoever is rude at it. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CONTROL_CLIENTS_MAX, CONTROL_REQUEST_BYTES_MAX } from '../../src/base/limits.ts';
import { type ControlSocket, openControlSocket, RequestFault } from '../../src/control/control-socket.ts';

let folder: string;
let path: string;
let open: ControlSocket | undefined;
const bugs: unknown[] = [];
let made = 0;
let ended = 0;

const answerer = {
  async *answer(request: unknown): AsyncGenerator<unknown, unknown> {
    if (request === 'count') {
      for (let i = 0; i < 3; i++) yield i;
      return 'all';
    }
    try {
      if (request === 'fill') for (;;) yield [++made, 'x'.repeat(1_000)];
    } finally {
      if (request === 'fill') ended++;
    }
    if (request === 'bug') throw new Error('ours');
    throw new RequestFault('not that');
  },
  onBug: (bug: unknown) => void bugs.push(bug),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-'));
  path = join(folder, 'c.sock');
});

afterEach(async () => {
  await open?.close();
  open = undefined;
  bugs.length = 0;
  rmSync(folder, { recursive: true });
});

async function opened(): Promise<ControlSocket> {
  const socket = await openControlSocket(path, answerer);
  if (typeof socket === 'string') throw new Error(socket);
  open = socket;
  return socket;
}

async function said(words: string, { half = false } = {}): Promise<string> {
  const socket = connect(path);
  socket.on('error', () => {});
  if (half) socket.end(words);
  else socket.write(words);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test('a request is a line, and so is all of the answer', async () => {
  await opened();
  expect(await said('"count"\n')).toBe('{"item":0}\n{"item":1}\n{"item":2}\n{"done":"all"}\n');
});

test('nobody but the owner can open it, and it is gone when the server is', async () => {
  const socket = await opened();
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  await socket.close();
  open = undefined;
  expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test.each([
  ['"else"\n', 'not that'],
  ['{"do":\n', 'a request is a line of JSON'],
  ['\u0000\u00ff\n', 'a request is a line of JSON'],
  [`"${'x'.repeat(CONTROL_REQUEST_BYTES_MAX)}"\n`, 'at most 4096 bytes'],
  ['x'.repeat(200_000), 'at most 4096 bytes'],
])('%# what makes no sense is told so in a line', async (words, why) => {
  await opened();
  const told = await said(words);
  expect(JSON.parse(told).error).toContain(why);
  expect(await said('"count"\n')).toContain('all');
});

test('half a line is told so when the client says no more', async () => {
  await opened();
  expect(await said('"cou', { half: true })).toBe('{"error":"a request ends with a line feed"}\n');
});

test('a mistake of ours is told as one, and goes to the log', async () => {
  await opened();
  expect(JSON.parse(await said('"bug"\n')).error).toContain('a mistake of this server');
  expect(bugs).toHaveLength(1);
});

test('a client that takes nothing has nothing made for it', async () => {
  await opened();
  const socket = connect(path);
  socket.pause();
  socket.write('"fill"\n');
  let before = -1;
  while (made === 0 || made !== before) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(made).toBeLessThan(2_000);
  socket.destroy();
  while (ended === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await said('"count"\n')).toContain('all');
});

const gone = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

test('a thousand connections leave the server as it was', async () => {
  await opened();
  const idle: Socket[] = [];
  for (let i = 0; i < 1_000; i++) idle.push(connect(path).on('error', () => {}));
  await Promise.all(idle.slice(CONTROL_CLIENTS_MAX).map((each) => gone(each)));
  expect(idle.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(CONTROL_CLIENTS_MAX);
  await Promise.all(idle.map((each) => each.destroy()).map((each) => gone(each)));
  let told = '';
  while (!told.includes('all')) told = await said('"count"\n').catch(() => '');
  expect(told).toContain('{"done":"all"}');
});

test('a socket that nobody answers at is replaced; one that somebody does is not', async () => {
  const dead = createServer().listen(path);
  await once(dead, 'listening');
  expect(await openControlSocket(path, answerer)).toContain('another server answers at');
  dead.close();
  // As a killed server leaves it.
  const listening = `require('node:net').createServer().listen(${JSON.stringify(path)}, die)`;
  spawnSync(process.execPath, ['-e', `const die = () => process.kill(process.pid, 9); ${listening}`]);
  expect(lstatSync(path).isSocket()).toBe(true);
  await opened();
  expect(await said('"count"\n')).toContain('all');
});

test('a file of another kind is left alone', async () => {
  writeFileSync(path, 'mine');
  expect(await openControlSocket(path, answerer)).toContain('is no socket');
});
