/** The whole server with pools: in fronts and in the control thread, over a reload, and out of our zones. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode } from 'dns-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startMachines } from './machines.ts';
import { ask, askTcp, folderOf, ServerProcess, short, zoneText } from './server.ts';

const pools = (weights: readonly [number, number]): string => `${zoneText('192.0.2.9')}
@ POOL use=pool
pool POOL 192.0.2.1 weight=${weights[0]}
pool POOL 192.0.2.2 weight=${weights[1]}
shop POOL www.shop.org.
shop POOL * as=cname
`;

let files: ReturnType<typeof folderOf>;
let server: ServerProcess | undefined;
beforeEach(() => {
  files = folderOf({ 'example.com.zone': pools([1, 0]) });
});
afterEach(async () => {
  await server?.stop('SIGKILL');
  files.remove();
});

test.each([0, 2])('with %d threads', async (threads) => {
  const playground = await startMachines(files);
  const { recursion } = playground;
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', threads, recursion }));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  const port = await server.port();
  const told = async (): Promise<string[]> => [
    short(await ask(port, 'pool.example.com')),
    short(await ask(port, 'example.com')),
    short(await askTcp(port, 'example.com')),
  ];
  expect(await told()).toEqual(Array(3).fill('192.0.2.1'));
  // An alias that was chosen is gone on with by recursion.
  expect(short(await ask(port, 'shop.example.com'))).toMatch(/^www\.shop\.org \S+/);
  expect(short(await askTcp(port, 'shop.example.com', 'TXT'))).toMatch(/^www\.shop\.org/);
  files.write('example.com.zone', pools([0, 1]));
  await server.said('reloaded');
  expect(await told()).toEqual(Array(3).fill('192.0.2.2'));
  expect(await server.stop()).toBe(0);
  await playground.close();
});

/** Everything is an alias of a pool of ours. */
async function stranger(): Promise<ReturnType<typeof createSocket>> {
  const socket = createSocket('udp4', (bytes, from) => {
    const { id = 0, questions = [] } = decode(bytes);
    const name = questions[0]?.name ?? '';
    const alias = { type: 'CNAME' as const, name, ttl: 300, data: 'near.example.com' };
    const reply = encode({ type: 'response', id, flags: 0x0180, questions, answers: [alias] });
    socket.send(reply, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

test("by way of others' aliases each client is answered for itself", async () => {
  const resolver = await stranger();
  const near = (host: number): string => `near POOL 192.0.2.${host} net=127.0.0.${host}/32\n`;
  files.write('example.com.zone', `${zoneText('192.0.2.9')}${near(2)}${near(3)}`);
  const forward = { '.': [`127.0.0.1@${resolver.address().port}`] };
  const settings = { listen: ['127.0.0.1:0'], zones: '.', threads: 2, recursion: { forward } };
  files.write('cairn.yaml', JSON.stringify(settings));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  const port = await server.port();
  const told = async (from: string): Promise<string[]> => {
    const [udp, tcp] = await Promise.all([
      ask(port, 'www.shop.org', 'A', '127.0.0.1', from),
      askTcp(port, 'www.shop.org', 'A', '127.0.0.1', from),
    ]);
    return [short(udp), short(tcp)];
  };
  const both = (host: number): string[] => Array(2).fill(`near.example.com 192.0.2.${host}`);
  for (const _ of ['unknown', 'known'])
    expect(await Promise.all([told('127.0.0.2'), told('127.0.0.3')])).toEqual([both(2), both(3)]);
  expect(await server.stop()).toBe(0);
  resolver.close();
});
