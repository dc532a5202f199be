/**
 * A server watched from outside: scraped while it answers, probed while it starts and ends, its query log
 * moved away under it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realWorld } from '../../src/base/world.ts';
import { Rcode } from '../../src/wire/codes.ts';
import { framesOf } from '../control/dnstap-decoder.ts';
import { parseScrape, valueIn } from '../control/scrape.ts';
import { ask, askTcp, connected, folderOf, queryBytes, ServerProcess, short, zoneText } from './server.ts';

let files: ReturnType<typeof folderOf>;
let server: ServerProcess | undefined;
beforeEach(() => {
  files = folderOf({ 'example.com.zone': zoneText('192.0.2.1', 7) });
});
afterEach(async () => {
  await server?.stop('SIGKILL');
  server = undefined;
  files.remove();
});

function start(more: string): ServerProcess {
  files.write('cairn.yaml', `zones: .\nlisten: ['127.0.0.1:0']\n${more}\n`);
  server = new ServerProcess(['--config', files.path('cairn.yaml')]);
  return server;
}

const HTTP = "http: { listen: '127.0.0.1:0' }";

async function base(from: ServerProcess): Promise<string> {
  const { http } = await from.said('started');
  return `http://${http}`;
}

const scrape = async (url: string): ReturnType<typeof parsed> => parsed(await fetch(`${url}/metrics`));
const parsed = async (response: Response) => parseScrape(await response.text());

const until = async (truth: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await truth())) await new Promise((resolve) => void realWorld.after(10, () => resolve(undefined)));
};

/** A port that is free at this moment. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

test('counters move as queries are answered, and how things stand is told', async () => {
  const process = start(HTTP);
  const port = await process.port();
  const url = await base(process);
  const before = await scrape(url);
  for (let i = 0; i < 5; i++) await ask(port, 'www.example.com');
  await askTcp(port, 'nowhere.example.com');
  await ask(port, 'example.net');
  const after = await scrape(url);
  const moved = (series: string): number => valueIn(after, series) - valueIn(before, series);
  expect(moved('cairn_queries_total')).toBe(7);
  expect(moved('cairn_authoritative_total')).toBe(6);
  expect(moved('cairn_responses_total{rcode="NOERROR"}')).toBe(5);
  expect(moved('cairn_responses_total{rcode="NXDOMAIN"}')).toBe(1);
  expect(moved('cairn_responses_total{rcode="REFUSED"}')).toBe(1);
  expect(moved('cairn_tcp_messages_total')).toBe(1);
  const timed = moved('cairn_response_seconds_count{path="authoritative",transport="udp"}');
  expect(timed).toBeGreaterThan(0);
  expect(valueIn(after, 'cairn_zone_serial{zone="example.com.",class="IN"}')).toBe(7);
  expect(valueIn(after, 'cairn_zones')).toBe(1);
  expect(valueIn(after, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
});

test('a reload is told with its time and whether it was taken', async () => {
  const process = start(HTTP);
  const url = await base(process);
  expect(valueIn(await scrape(url), 'cairn_last_reload_successful')).toBeNaN();
  files.write('example.com.zone', 'broken');
  await process.said('reload refused');
  await until(async () => valueIn(await scrape(url), 'cairn_last_reload_successful') === 0);
  files.write('example.com.zone', zoneText('192.0.2.1', 8));
  await until(async () => valueIn(await scrape(url), 'cairn_last_reload_successful') === 1);
  const scraped = await scrape(url);
  expect(valueIn(scraped, 'cairn_zone_serial{zone="example.com.",class="IN"}')).toBe(8);
  expect(valueIn(scraped, 'cairn_last_reload_timestamp_seconds')).toBeGreaterThan(1.6e9);
});

test('it is alive before it is ready, and not ready any more while it drains', async () => {
  // A pipe in the place of a file holds the start for as long as nobody writes to it.
  execFileSync('mkfifo', [files.path('hosts')]);
  const http = await freePort();
  const process = start(`http: { listen: '127.0.0.1:${http}' }\nhosts: hosts`);
  const status = async (path: string): Promise<number> =>
    fetch(`http://127.0.0.1:${http}${path}`).then(
      (response) => response.status,
      () => 0,
    );
  await until(async () => (await status('/livez')) === 200);
  expect(await status('/readyz')).toBe(503);
  expect(valueIn(await scrape(`http://127.0.0.1:${http}`), 'cairn_ready')).toBe(0);
  const pipe = await open(files.path('hosts'), 'w');
  await pipe.close();
  await process.said('started');
  expect([await status('/livez'), await status('/readyz')]).toEqual([200, 200]);
});

test('while it drains it is not ready any more, and tells what it still waits for', async () => {
  // The only server there is hears everything, and says nothing until it is told to refuse.
  const root = createSocket('udp4').bind(0, '127.0.0.1');
  await once(root, 'listening');
  files.write('hints', '. 60 NS a.root.\na.root. 60 A 127.0.0.1\n');
  const recursion = {
    neverQuery: [],
    rootHints: 'hints',
    clientTimeout: '8s',
    upstreamPort: root.address().port,
  };
  const settings = { listen: ['127.0.0.1:0'], http: { listen: '127.0.0.1:0' }, recursion };
  files.write('cairn.yaml', JSON.stringify(settings));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  const url = await base(server);
  const client = await connected(await server.port());
  client.send(queryBytes('www.somewhere.net', 'A'));
  const refuse = (query: Buffer, { port, address }: RemoteInfo): void => {
    query[2] = (query[2] as number) | 0x80;
    query[3] = Rcode.REFUSED;
    root.send(query, port, address);
  };
  const [query, from] = (await once(root, 'message')) as [Buffer, RemoteInfo];
  server.child.kill('SIGTERM');
  await server.said('stopping');
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  await until(async () => (valueIn(await scrape(url), 'cairn_resolutions_in_flight') ?? 0) > 0);
  root.on('message', refuse);
  refuse(query, from);
  expect(await server.exited).toBe(0);
  client.close();
  root.close();
});

test('a port that is taken for HTTP is told as one for DNS is, and nothing starts', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const process = start(`http: { listen: '127.0.0.1:${port}' }`);
  expect(await process.exited).toBe(1);
  const { msg } = await process.said('cannot listen on');
  expect(msg).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} \\(TCP\\): taken by node \\(pid \\d+\\): stop it`));
  other.close();
});

test('a dnstap file holds what was asked and answered; moved away, another is begun at SIGHUP', async () => {
  const process = start('log: { queries: { format: dnstap, to: q.tap } }\nidentity: { id: here }');
  const port = await process.port();
  expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
  await askTcp(port, 'example.net');
  await until(() => existsSync(files.path('q.tap')) && readFileSync(files.path('q.tap')).length > 300);
  renameSync(files.path('q.tap'), files.path('first.tap'));
  process.child.kill('SIGHUP');
  await until(() => existsSync(files.path('q.tap')));
  await ask(port, 'nowhere.example.com');
  expect(await process.stop()).toBe(0);
  const types = (file: string): unknown[] =>
    framesOf(readFileSync(files.path(file))).map((frame) =>
      typeof frame === 'number' ? `control ${frame}` : frame.message.get(1),
    );
  // A query over UDP and one over TCP are told by different threads: each in order, but not one to the other.
  const [begin, ...told] = types('first.tap');
  expect([begin, told.pop()]).toEqual(['control 2', 'control 3']);
  expect([told.slice(0, 2), told.slice(2)].sort()).toEqual([
    [1, 2],
    [5, 6],
  ]);
  expect(types('q.tap')).toEqual(['control 2', 1, 2, 'control 3']);
  const read = spawnSync('dnstap-read', [files.path('first.tap')], { encoding: 'utf8' });
  if (read.error !== undefined) return;
  const kind = (line: string): string => / [AC][QR] /.exec(line)?.[0] ?? '';
  expect(
    read.stdout
      .trim()
      .split('\n')
      .sort((a, b) => kind(a).localeCompare(kind(b))),
  ).toEqual([
    expect.stringMatching(/ AQ 127\.0\.0\.1:\d+ -> .* UDP 33b www\.example\.com\/IN\/A$/),
    expect.stringMatching(/ AR 127\.0\.0\.1:\d+ <- .* UDP \d+b www\.example\.com\/IN\/A$/),
    expect.stringMatching(/ CQ 127\.0\.0\.1:\d+ -> .* TCP 29b example\.net\/IN\/A$/),
    expect.stringMatching(/ CR 127\.0\.0\.1:\d+ <- .* TCP \d+b example\.net\/IN\/A$/),
  ]);
});

test('who abuses HTTP is of no concern to who asks for names', async () => {
  const process = start(HTTP);
  const port = await process.port();
  const { hostname, port: http } = new URL(await base(process));
  const header = Buffer.alloc(64 * 1024, 'X: y\r\n');
  const dribblers = Array.from({ length: 200 }, (_, i) => {
    const socket = connect(Number(http), hostname);
    socket.on('error', () => {});
    socket.write('GET /metrics HTTP/1.1\r\n');
    if (i % 2 === 0) socket.write(header);
    return socket;
  });
  for (let i = 0; i < 50; i++) {
    for (const socket of dribblers) if (socket.writable) socket.write('X: z\r\n');
    expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
  }
  expect(await process.stop()).toBe(0);
  for (const socket of dribblers) socket.destroy();
});

test('a query log that nobody reads stops neither answers nor the end', async () => {
  execFileSync('mkfifo', [files.path('fifo')]);
  const process = start(`log: { queries: { to: fifo } }\n${HTTP}`);
  const port = await process.port();
  for (let i = 0; i < 500; i++) expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
  await process.said('the query log cannot be written');
  expect(valueIn(await scrape(await base(process)), 'cairn_query_log_taken_total')).toBe(500);
  expect(await process.stop()).toBe(0);
});
