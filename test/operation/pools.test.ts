/** The whole server with pools: in fronts and in the control thread, over a reload, and out of our zones. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT_SERVERS } from '../../src/tools/playground-internet.ts';
import { startInternet } from '../../src/tools/playground-start.ts';
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
  const playground = await startInternet(0, () => {});
  if (Array.isArray(playground)) throw new Error(JSON.stringify(playground));
  const hints = ROOT_SERVERS.map(({ name, address }) => `. 60 NS ${name}\n${name} 60 A ${address}\n`);
  files.write('hints', hints.join(''));
  const { upstreamPort } = playground;
  const recursion = { neverQuery: [], rootHints: 'hints', upstreamPort };
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
