/**
 * The whole server with a pool whose host is probed: two addresses behind a name of somebody else, who die
 * and come back one after the other; what clients are told, and what an operator sees of it.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCtl } from '../../src/tools/ctl.ts';
import { runExplain } from '../../src/tools/explain.ts';
import { parseScrape, valueIn } from '../control/scrape.ts';
import { Internet } from './internet.ts';
import { ask, folderOf, ServerProcess, short, zoneText } from './server.ts';

const ROOT = '127.55.1.1';
const [ONE, OTHER] = ['127.55.2.1', '127.55.2.2'];
const soa = '@ 60 SOA ns host 1 3600 600 86400 30\n@ 3600 NS ns\n';

const internet = new Internet([
  { address: ROOT, zones: { '.': `${soa}ns. 3600 A ${ROOT}\nweb.out. 5 A ${ONE}\nweb.out. 5 A ${OTHER}\n` } },
]);

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
const members = new Map<string, Server>();

beforeEach(async () => {
  await internet.open();
  files = folderOf({ hints: `. 3600 NS ns.\nns. 3600 A ${ROOT}\n` });
});

afterEach(async () => {
  await server.stop('SIGKILL');
  for (const member of members.values()) member.close();
  await internet.close();
  files.remove();
});

async function rise(address: string, port = 0): Promise<number> {
  const member = createServer((socket) => socket.destroy()).listen(port, address);
  await once(member, 'listening');
  members.set(address, member);
  return (member.address() as { port: number }).port;
}

async function fall(address: string): Promise<void> {
  const member = members.get(address) as Server;
  members.delete(address);
  member.close();
  await once(member, 'close');
}

async function said(by: typeof runCtl, ...words: string[]): Promise<string> {
  let text = '';
  const io = { out: (more: string) => void (text += more), err: (more: string) => void (text += more) };
  expect(await by([...words, '--socket', files.path('control.sock')], io)).toBe(0);
  return text.replaceAll(/ +/g, ' ');
}

test('who is up of a host is answered with, and nobody else while there is somebody', async () => {
  const port = await rise(ONE);
  await rise(OTHER, port);
  files.write('example.com.zone', `${zoneText('192.0.2.9')}@ POOL web.out. check=tcp\n`);
  const settings = {
    ...{ listen: ['127.0.0.1:0'], zones: '.', control: { socket: 'control.sock' } },
    http: { listen: '127.0.0.1:0' },
    checks: { tcp: { tcp: { port }, interval: '1s', fall: 2, rise: 1 } },
    probes: { allow: ['127.55.2.0/24'] },
    recursion: { enabled: false, neverQuery: [], rootHints: 'hints', upstreamPort: internet.port },
  };
  files.write('cairn.yaml', JSON.stringify(settings));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  const { http } = await server.said('started');
  const clients = await server.port();
  const told = async (): Promise<string> =>
    short(await ask(clients, 'example.com'))
      .split(' ')
      .sort()
      .join(' ');
  const count = async (state: string): Promise<number> => {
    const page = parseScrape(await (await fetch(`http://${http}/metrics`)).text());
    return valueIn(page, `cairn_targets{check="tcp",state="${state}"}`);
  };
  // The first round was over before the doors opened.
  expect(await count('up')).toBe(2);
  expect(await told()).toBe(`${ONE} ${OTHER}`);

  await fall(OTHER);
  await expect.poll(told, { timeout: 20_000 }).toBe(ONE);
  expect(await server.said('an address of a pool member is down')).toMatchObject({
    ...{ check: 'tcp', target: `${OTHER}:${port}`, host: 'web.out.', why: 'connection refused' },
  });
  await expect.poll(() => count('down')).toBe(1);
  const list = await said(runCtl, 'pool', 'list');
  expect(list).toMatch(/^example.com web.out 1 0 up tcp 127.55.2.\d: /m);
  expect(list).toContain(`tcp ${OTHER}: down for `);
  const apex = await said(runExplain, 'example.com');
  expect(apex).toMatch(/^ web.out has (127.55.2.[12](, |, )){2}for \d+ s more; left out: 127.55.2.2$/m);
  expect(apex).toMatch(
    /^ health web.out\n( web.out, tcp .*\n)* web.out, tcp 127.55.2.2: down for .*refused/m,
  );

  await fall(ONE);
  await server.said('an address of a pool member is down', server.lines.length);
  // Serve-all.
  await expect.poll(told, { timeout: 20_000 }).toBe(`${ONE} ${OTHER}`);
  await rise(OTHER, port);
  await expect.poll(told, { timeout: 20_000 }).toBe(OTHER);
  await rise(ONE, port);
  await expect.poll(told, { timeout: 20_000 }).toBe(`${ONE} ${OTHER}`);
  expect(await server.stop()).toBe(0);
});
