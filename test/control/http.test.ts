import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HTTP_CLIENTS_MAX, HTTP_HEADER_BYTES_MAX } from '../../src/base/limits.ts';
import { type HttpDoor, openHttp } from '../../src/control/http.ts';
import { refusalTexts } from '../../src/control/refusals.ts';

let door: HttpDoor;
let isReady: boolean;
let sockets: Socket[];

beforeEach(async () => {
  isReady = false;
  sockets = [];
  const told = { metrics: () => 'up 1\n', isAlive: () => true, isReady: () => isReady };
  const opened = await openHttp({ address: '127.0.0.1', port: 0 }, told);
  if ('code' in opened) throw new Error(opened.code);
  door = opened;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await door.close();
});

function dial(): Socket {
  const socket = connect(door.address.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** All that is said until the connection is closed. */
async function heard(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return text;
}

async function ask(request: string): Promise<string> {
  const socket = dial();
  const answer = heard(socket);
  socket.write(request);
  return answer;
}

const get = (path: string): Promise<string> => ask(`GET ${path} HTTP/1.1\r\nHost: any.example\r\n\r\n`);
const status = (answer: string): number => Number(answer.split(' ')[1]);

test('counters and health are told, whatever host was asked for', async () => {
  const page = await get('/metrics');
  expect(status(page)).toBe(200);
  expect(page).toContain('\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n');
  expect(page.endsWith('\r\n\r\nup 1\n')).toBe(true);
  expect(status(await get('/metrics?x=1'))).toBe(200);
  expect(status(await get('/livez'))).toBe(200);
  expect(status(await get('/readyz'))).toBe(503);
  isReady = true;
  expect(status(await get('/readyz'))).toBe(200);
});

test.each([
  ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 404],
  ['GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n', 404],
  ['GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n', 404],
  ['GET /__proto__ HTTP/1.1\r\nHost: a\r\n\r\n', 404],
  ['POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx', 405],
  ['DELETE /readyz HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ['HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
])('%j gets %d', async (request, code) => {
  expect(status(await ask(request))).toBe(code);
});

test('a connection is asked once, and a body without end is not listened to', async () => {
  const twice = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2);
  expect((await ask(twice)).match(/HTTP\/1.1/g)).toHaveLength(1);
  const socket = dial();
  const answer = heard(socket);
  socket.write('POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  const more = setInterval(() => socket.write(`1000\r\n${'x'.repeat(4096)}\r\n`), 1);
  expect(status(await answer.finally(() => clearInterval(more)))).toBe(405);
});

test('a header of a megabyte is refused after the first few kilobytes', async () => {
  const socket = dial();
  const answer = heard(socket);
  socket.write(`GET /metrics HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1 << 20)}`);
  // The answer can be lost with the connection, which is closed under what is still being sent.
  expect(['', 'HTTP/1.1 431']).toContain((await answer).slice(0, 12));
  expect(socket.bytesRead).toBeLessThan(HTTP_HEADER_BYTES_MAX);
});

test('who dribbles a header, or says nothing, is not waited for', async () => {
  const dribbling = dial();
  const end = heard(dribbling);
  dribbling.write('GET /metrics HTTP/1.1\r\n');
  const more = setInterval(() => dribbling.writable && dribbling.write('X: y\r\n'), 100);
  const silent = heard(dial());
  expect(['', 'HTTP/1.1 408']).toContain((await end.finally(() => clearInterval(more))).slice(0, 12));
  await silent;
});

test('connections are bounded, and there is room again when they end', async () => {
  const held = Array.from({ length: HTTP_CLIENTS_MAX }, dial);
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  expect(await get('/livez')).toBe('');
  for (const socket of held) socket.destroy();
  while (status(await get('/livez')) !== 200);
});

test('a port that is taken is a refusal that says what to do, as for the DNS ports', async () => {
  const told = { metrics: () => '', isAlive: () => true, isReady: () => true };
  const refused = await openHttp(door.address, told);
  expect(refused).toMatchObject({ code: 'EADDRINUSE' });
  const [text] = 'code' in refused ? refusalTexts([refused]) : [];
  expect(text).toMatch(
    /^cannot listen on 127\.0\.0\.1:\d+ \(TCP\): (taken by .* \(pid \d+\)|another process .*ss -ltnp)/,
  );
});
