/** The whole server with front threads: what is handed over, what is shared, and what is refused. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ipText } from '../../src/base/ip.ts';
import { realWorld } from '../../src/base/world.ts';
import { framesOf } from '../control/dnstap-decoder.ts';
import { parseScrape, valueIn } from '../control/scrape.ts';
import { startMachines } from './machines.ts';
import { ask, askTcp, connected, folderOf, queryBytes, ServerProcess, short, zoneText } from './server.ts';

let files: ReturnType<typeof folderOf>;
let servers: ServerProcess[];
beforeEach(() => {
  files = folderOf({ 'example.com.zone': `${zoneText('192.0.2.1')}shop CNAME www.shop.org.\n` });
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop('SIGKILL')));
  files.remove();
});

function serve(settings: object, mode: 'loopback' | 'recursion' = 'loopback'): ServerProcess {
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', ...settings }));
  const server = new ServerProcess(['--config', files.path('cairn.yaml')], mode);
  servers.push(server);
  return server;
}

test.each([0, 2])(
  'with %d threads names of others are resolved, aliases out of our zones too, also over TCP',
  async (threads) => {
    const playground = await startMachines(files);
    const { recursion } = playground;
    const server = serve({ threads, recursion }, 'recursion');
    const port = await server.port();
    const sockets = await Promise.all(Array.from({ length: 8 }, () => connected(port)));
    const whole = short(await askTcp(port, 'www.shop.org'));
    expect(whole).toMatch(/^\d+\.\d+\.\d+\.\d+/);
    // Clients of both fronts, who mix what is ours with what is not.
    const heard = sockets.map((socket) => collect(socket, 30));
    for (const [s, socket] of sockets.entries()) {
      const names = ['www.example.com', 'www.shop.org', 'shop.example.com'];
      for (let i = 0; i < 30; i++) socket.send(queryBytes(names[(s + i) % 3] as string, 'A', i));
    }
    await Promise.all(heard);
    expect(short(await ask(port, 'shop.example.com'))).toContain(whole.split(' ').at(-1));
    for (const socket of sockets) socket.close();
    expect(await server.stop()).toBe(0);
    expect(server.lines.at(-1)).toMatchObject({ queries: 242 });
    await playground.close();
  },
);

test('a reload starts recursion and ends it again', async () => {
  const playground = await startMachines(files);
  const { recursion } = playground;
  const configured = (enabled: boolean): string =>
    JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', threads: 1, recursion: { ...recursion, enabled } });
  const server = serve({ threads: 1, recursion: { ...recursion, enabled: false } }, 'recursion');
  const port = await server.port();
  expect(short(await ask(port, 'www.shop.org'))).toBe('REFUSED');
  for (const enabled of [true, false, true]) {
    const from = server.lines.length;
    files.write('cairn.yaml', configured(enabled));
    server.child.kill('SIGHUP');
    await server.said('reloaded', from);
    const [over, udp] = [await askTcp(port, 'www.shop.org'), await ask(port, 'www.shop.org')];
    // The thread takes a moment to come; until then it is SERVFAIL over TCP, and asked again over UDP.
    expect(short(udp)).toMatch(enabled ? /^\d+\.\d+\.\d+\.\d+/ : /^REFUSED$/);
    expect(short(over)).toMatch(enabled ? /^(SERVFAIL|\d+\.\d+\.\d+\.\d+)/ : /^REFUSED$/);
  }
  expect(await server.stop()).toBe(0);
  await playground.close();
});

/** So many messages, or a test that takes too long. */
const collect = (socket: Socket, count: number): Promise<void> =>
  new Promise((resolve) => {
    let heard = 0;
    socket.on('message', () => ++heard === count && resolve());
  });

test('a port that another Cairn of the same user has is refused, with what to do', async () => {
  const port = await serve({ threads: 2 }).port();
  const second = serve({ threads: 2, listen: [`127.0.0.1:${port}`] });
  expect(await second.exited).toBe(1);
  expect(second.text).toContain(`cannot listen on 127.0.0.1:${port} (UDP, TCP): taken by node (pid `);
  expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
});

test.each([0, 1, 3])('with %d threads the same is answered, and SIGTERM loses nothing', async (threads) => {
  const server = serve({ threads });
  const port = await server.port();
  const sockets = await Promise.all(Array.from({ length: 8 }, () => connected(port)));
  const heard = sockets.map((socket) => collect(socket, 150));
  const sent = sockets.flatMap((socket) =>
    Array.from(
      { length: 150 },
      (_, i) => new Promise((resolve) => void socket.send(queryBytes('www.example.com', 'A', i), resolve)),
    ),
  );
  await Promise.all(sent);
  expect(await server.stop()).toBe(0);
  await Promise.all(heard);
  for (const socket of sockets) socket.close();
  expect(server.lines.at(-1)).toMatchObject({ msg: 'stopped', queries: 1_200 });
});

test('a reload reaches the fronts: settings too', async () => {
  const server = serve({ threads: 2 });
  const port = await server.port();
  await ask(port, 'www.example.com');
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', log: { queries: true } }));
  server.child.kill('SIGHUP');
  await server.said('reloaded');
  await ask(port, 'ns1.example.com');
  expect(await server.said('query')).toMatchObject({
    name: 'ns1.example.com.',
    over: 'udp',
    rcode: 'NOERROR',
  });
  expect(server.lines.some(({ key }) => key === 'threads')).toBe(true);
});

const until = async (truth: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await truth())) await new Promise((resolve) => void realWorld.after(10, () => resolve(undefined)));
};

/** Of what was asked over UDP and TCP: the names, and where the answers came from. */
async function askAll(port: number): Promise<void> {
  for (let i = 0; i < 5; i++) await ask(port, 'www.example.com');
  await ask(port, 'nowhere.example.com');
  await ask(port, 'printer');
  await askTcp(port, 'www.example.com');
}

test('what a front answers and what it hands over is counted, timed and logged, once each', async () => {
  files.write('hosts', '192.0.2.9 printer\n');
  files.write('hints', '. 60 NS a.root.\na.root. 60 A 127.0.0.1\n');
  const watched = { http: { listen: '127.0.0.1:0' }, log: { queries: { to: 'q.log' } } };
  const recursion = { rootHints: 'hints' };
  const server = serve({ threads: 1, hosts: 'hosts', recursion, ...watched }, 'recursion');
  const port = await server.port();
  const { http } = await server.said('started');
  await askAll(port);
  const scraped = parseScrape(await (await fetch(`http://${http}/metrics`)).text());
  const timed = (path: string): number =>
    valueIn(scraped, `cairn_response_seconds_count{path="${path}",transport="udp"}`);
  expect(valueIn(scraped, 'cairn_queries_total')).toBe(8);
  expect(valueIn(scraped, 'cairn_udp_received_total')).toBe(7);
  expect(valueIn(scraped, 'cairn_udp_sent_total')).toBe(7);
  expect(valueIn(scraped, 'cairn_authoritative_total')).toBe(7);
  expect(valueIn(scraped, 'cairn_responses_total{rcode="NOERROR"}')).toBe(7);
  expect(valueIn(scraped, 'cairn_responses_total{rcode="NXDOMAIN"}')).toBe(1);
  expect(valueIn(scraped, 'cairn_query_log_taken_total')).toBe(8);
  expect(valueIn(scraped, 'cairn_query_log_dropped_total')).toBe(0);
  expect(valueIn(scraped, 'cairn_front_threads')).toBe(1);
  expect(valueIn(scraped, 'cairn_fronts_died_total')).toBe(0);
  expect(timed('authoritative')).toBeGreaterThan(0);
  expect(timed('cached')).toBe(1);
  expect(await server.stop()).toBe(0);
  const told = readFileSync(files.path('q.log'), 'utf8').trimEnd().split('\n');
  const fields = told.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(fields.map(({ over, name, rcode, path }) => `${over} ${name} ${rcode} ${path}`).sort()).toEqual([
    'tcp www.example.com. NOERROR authoritative',
    'udp nowhere.example.com. NXDOMAIN authoritative',
    'udp printer. NOERROR cached',
    ...Array.from({ length: 5 }, () => 'udp www.example.com. NOERROR authoritative'),
  ]);
  expect(fields[0]).toMatchObject({ client: expect.stringMatching(/^127\.0\.0\.1#\d+$/), flags: 'aa rd ra' });
});

test('what a front answered is in a dnstap file, and after a move in the next', async () => {
  const server = serve({ threads: 1, log: { queries: { format: 'dnstap', to: 'q.tap' } } });
  const port = await server.port();
  await ask(port, 'www.example.com');
  await until(() => existsSync(files.path('q.tap')) && readFileSync(files.path('q.tap')).length > 150);
  renameSync(files.path('q.tap'), files.path('first.tap'));
  server.child.kill('SIGHUP');
  await until(() => existsSync(files.path('q.tap')));
  await ask(port, 'example.net');
  expect(await server.stop()).toBe(0);
  const types = (file: string): unknown[] =>
    framesOf(readFileSync(files.path(file))).map((frame) =>
      typeof frame === 'number' ? `control ${frame}` : frame.message.get(1),
    );
  expect(types('first.tap')).toEqual(['control 2', 1, 2, 'control 3']);
  expect(types('q.tap')).toEqual(['control 2', 5, 6, 'control 3']);
});

test('bound to all addresses, it answers from the one asked, and dnstap tells which that was', async () => {
  const log = { queries: { format: 'dnstap', to: 'q.tap' } };
  const server = serve({ listen: ['0.0.0.0:0'], threads: 2, log });
  const port = await server.port();
  const asked = ['127.0.0.1', '127.0.0.2', '127.9.9.9'];
  for (const address of asked) {
    expect(short(await ask(port, 'www.example.com', 'A', address))).toBe('192.0.2.1');
    expect(short(await askTcp(port, 'www.example.com', 'A', address))).toBe('192.0.2.1');
  }
  expect(await server.stop()).toBe(0);
  const told = framesOf(readFileSync(files.path('q.tap'))).flatMap((frame) =>
    typeof frame === 'number'
      ? []
      : [[ipText(Uint8Array.from(frame.message.get(5) as Buffer)), frame.message.get(7)]],
  );
  // Query and response, over UDP and TCP; fronts and this thread come in any order.
  const wanted = asked.flatMap((address) => Array.from({ length: 4 }, () => [address, port]));
  expect(told.toSorted()).toEqual(wanted);
});

test('with fronts it is ready when they answer, and not any more while it drains', async () => {
  const root = createSocket('udp4').bind(0, '127.0.0.1');
  await once(root, 'listening');
  files.write('hints', '. 60 NS a.root.\na.root. 60 A 127.0.0.1\n');
  const upstream = { neverQuery: [], rootHints: 'hints', upstreamPort: root.address().port };
  const recursion = { ...upstream, clientTimeout: '2s' };
  const server = serve({ threads: 1, http: { listen: '127.0.0.1:0' }, recursion }, 'recursion');
  const port = await server.port();
  const { http } = await server.said('started');
  const status = async (): Promise<number> => (await fetch(`http://${http}/readyz`)).status;
  expect(await status()).toBe(200);
  const client = await connected(port);
  // Handed over by the front, asked of a server that never answers: what the end waits for.
  client.send(queryBytes('www.somewhere.net', 'A'));
  await once(root, 'message');
  server.child.kill('SIGTERM');
  await server.said('stopping');
  expect(await status()).toBe(503);
  expect(await server.exited).toBe(0);
  client.close();
  root.close();
});
