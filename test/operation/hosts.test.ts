/**
 * The whole server with hosts in its pools: the apex of a zone that follows a name of somebody else, with
 * and without recursion for clients, and over reloads.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT_SERVERS } from '../../src/tools/playground-internet.ts';
import { type Internet, startInternet } from '../../src/tools/playground-start.ts';
import { ask, askTcp, folderOf, ServerProcess, short, zoneText } from './server.ts';

const SHOP = '198.18.1.10 198.18.1.11';

let files: ReturnType<typeof folderOf>;
let playground: Internet;
let server: ServerProcess | undefined;

beforeEach(async () => {
  files = folderOf({ 'example.com.zone': zoneText('192.0.2.9') });
  const started = await startInternet(0, () => {});
  if (Array.isArray(started)) throw new Error(JSON.stringify(started));
  playground = started;
  const hints = ROOT_SERVERS.map(({ name, address }) => `. 60 NS ${name}\n${name} 60 A ${address}\n`);
  files.write('hints', hints.join(''));
});

afterEach(async () => {
  await server?.stop('SIGKILL');
  await playground.close();
  files.remove();
});

async function serve(threads: number, enabled: boolean): Promise<number> {
  const { upstreamPort } = playground;
  const recursion = { enabled, neverQuery: [], rootHints: 'hints', upstreamPort };
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', threads, recursion }));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  return server.port();
}

const sorted = async (answer: ReturnType<typeof ask>): Promise<string> =>
  short(await answer)
    .split(' ')
    .sort()
    .join(' ');

const POOLS = '@ POOL www.shop.org.\nmail POOL mx.plenty-hosting.net.\nloop POOL loop.y.example.\n';

test.each([
  [0, false],
  [2, false],
  [2, true],
])('the first client is told: %d threads, recursion %s', async (threads, enabled) => {
  files.write('example.com.zone', `${zoneText('192.0.2.9')}${POOLS}`);
  files.write('y.example.zone', `${zoneText('192.0.2.9')}loop POOL loop.example.com.\n`);
  const port = await serve(threads, enabled);
  expect(await sorted(ask(port, 'example.com'))).toBe(SHOP);
  expect(await sorted(askTcp(port, 'example.com'))).toBe(SHOP);
  expect(short(await ask(port, 'example.com', 'AAAA'))).toBe('2001:2::1');
  expect((await ask(port, 'example.com', 'NS')).answers).toHaveLength(1);
  expect((await ask(port, 'example.com', 'SOA')).answers).toHaveLength(1);
  expect(short(await ask(port, 'loop.example.com'))).toBe('SERVFAIL');
  expect(await server?.said('no addresses')).toMatchObject({ why: expect.stringMatching('leads back') });
  expect(await sorted(ask(port, 'www.shop.org'))).toBe(enabled ? SHOP : 'REFUSED');
  expect(await server?.stop()).toBe(0);
});

test('a host may come with a reload, and go', async () => {
  const port = await serve(2, false);
  expect(short(await ask(port, 'example.com'))).toBe('NOERROR');
  files.write('example.com.zone', `${zoneText('192.0.2.9')}${POOLS}`);
  await server?.said('reloaded');
  while (short(await ask(port, 'example.com')) === 'SERVFAIL');
  expect(await sorted(ask(port, 'example.com'))).toBe(SHOP);
  const told = server?.lines.length;
  files.write('example.com.zone', zoneText('192.0.2.9'));
  await server?.said('reloaded', told);
  expect(short(await ask(port, 'example.com'))).toBe('NOERROR');
  expect(await server?.stop()).toBe(0);
});
