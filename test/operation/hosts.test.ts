/**
 * The whole server with hosts in its pools: the apex of a zone that follows a name of somebody else, with
 * and without recursion for clients, and over reloads.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HOSTS_WAIT_MS } from '../../src/base/limits.ts';
import { type Machines, startMachines } from './machines.ts';
import { ask, askTcp, folderOf, ServerProcess, short, zoneText } from './server.ts';

const SHOP = '198.18.1.10 198.18.1.11';

let files: ReturnType<typeof folderOf>;
let playground: Machines;
let server: ServerProcess | undefined;

beforeEach(async () => {
  files = folderOf({ 'example.com.zone': zoneText('192.0.2.9') });
  playground = await startMachines(files);
});

afterEach(async () => {
  await server?.stop('SIGKILL');
  await playground.close();
  files.remove();
});

async function serve(threads: number, enabled: boolean, forward = {}): Promise<number> {
  const recursion = { ...playground.recursion, enabled, forward };
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

test('a host may come with a reload, is known by then, and goes', async () => {
  const port = await serve(2, false);
  expect(short(await ask(port, 'example.com'))).toBe('NOERROR');
  files.write('example.com.zone', `${zoneText('192.0.2.9')}${POOLS}ours POOL target\ntarget A 192.0.2.7\n`);
  await server?.said('reloaded');
  const told = server?.lines.length;
  expect(await sorted(ask(port, 'example.com'))).toBe(SHOP);
  expect(short(await askTcp(port, 'ours.example.com'))).toBe('192.0.2.7');
  files.write('example.com.zone', zoneText('192.0.2.9'));
  await server?.said('reloaded', told);
  expect(short(await ask(port, 'example.com'))).toBe('NOERROR');
  expect(await server?.stop()).toBe(0);
});

test('a host that nobody tells of holds up a reload for a little, and no answer', async () => {
  files.write('example.com.zone', `${zoneText('192.0.2.9', 1)}@ POOL www.shop.org.\n`);
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const port = await serve(2, false, { 'silent.example': [`127.0.0.1@${silent.address().port}`] });
  const before = server?.lines.length;
  files.write('example.com.zone', `${zoneText('192.0.2.9', 2)}@ POOL www.silent.example.\n`);
  const seen = new Set<string>();
  const serial = async (): Promise<number> => {
    const [soa] = (await ask(port, 'example.com', 'SOA')).answers ?? [];
    return (soa as unknown as { data: { serial: number } }).data.serial;
  };
  for (;;) {
    const answer = await sorted(ask(port, 'example.com'));
    if ((await serial()) !== 1) break;
    seen.add(answer);
  }
  // The old zone answers to the end, by a host that the new one does not have.
  expect([...seen]).toEqual([SHOP]);
  const late = await server?.said('answers before', before);
  expect(late).toMatchObject({ hosts: ['www.silent.example.'], count: 1 });
  const reloaded = await server?.said('reloaded', before);
  expect(reloaded?.ms).toBeGreaterThanOrEqual(HOSTS_WAIT_MS);
  expect(await server?.stop()).toBe(0);
  silent.close();
});
