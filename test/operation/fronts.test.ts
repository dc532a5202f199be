/** The whole server with front threads: what is handed over, what is shared, and what is refused. */
import type { Socket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT_SERVERS } from '../../src/tools/playground-internet.ts';
import { startPlayground } from '../../src/tools/playground-start.ts';
import { ask, connected, folderOf, queryBytes, ServerProcess, short, zoneText } from './server.ts';

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

test('names of others are resolved for clients of the fronts, aliases out of our zones too', async () => {
  const playground = await startPlayground({ port: 0, upstreamPort: 0 });
  if (Array.isArray(playground)) throw new Error(JSON.stringify(playground));
  const hints = ROOT_SERVERS.map(({ name, address }) => `. 60 NS ${name}\n${name} 60 A ${address}\n`);
  files.write('hints', hints.join(''));
  const { upstreamPort } = playground;
  const recursion = { neverQuery: [], rootHints: 'hints', upstreamPort };
  const server = serve({ threads: 2, recursion }, 'recursion');
  const port = await server.port();
  const sockets = await Promise.all(Array.from({ length: 8 }, () => connected(port)));
  const whole = short(await ask(port, 'www.shop.org'));
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
  expect(second.text).toContain(
    `cannot listen on 127.0.0.1:${port} (UDP, TCP): another process listens there`,
  );
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
