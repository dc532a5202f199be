/** What the resolver learned, kept over a stop and a start, as an operator and the internet see it. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Internet } from './internet.ts';
import { ask, folderOf, ServerProcess, short } from './server.ts';

const ROOT = '127.57.0.1';
const NET = '127.57.0.2';
const soa = (ns: string): string => `@ 60 SOA ${ns} host.${ns} 1 3600 600 86400 30\n@ 3600 NS ${ns}\n`;
const internet = new Internet([
  {
    address: ROOT,
    zones: { '.': `${soa('a.root.')}a.root. 3600 A ${ROOT}\nnet. 3600 NS a.net.\na.net. 3600 A ${NET}\n` },
  },
  { address: NET, zones: { net: `${soa('a')}a 3600 A ${NET}\nwww 300 A 192.0.2.1\nnew 300 A 192.0.2.2\n` } },
]);

let files: ReturnType<typeof folderOf>;
let path: string;
const servers: ServerProcess[] = [];

beforeAll(() => internet.open());
afterAll(() => internet.close());
beforeEach(() => {
  files = folderOf({ hints: `. 3600 NS a.root.\na.root. 3600 A ${ROOT}\n` });
  path = files.path('learned');
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  files.remove();
});

async function started(recursion: Record<string, unknown> = {}): Promise<[ServerProcess, number]> {
  const own = { rootHints: 'hints', neverQuery: [], upstreamPort: internet.port, ...recursion };
  const config = { listen: ['127.0.0.1:0'], hosts: false, cache: { learned: 'learned' }, recursion: own };
  files.write('cairn.yaml', JSON.stringify(config));
  const server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  servers.push(server);
  return [server, await server.port()];
}

/** Has learned what `www.net` is, and has stopped. */
async function learned(): Promise<ServerProcess> {
  const [server, port] = await started();
  expect(short(await ask(port, 'www.net'))).toBe('192.0.2.1');
  expect((await ask(port, 'none.net')).answers).toEqual([]);
  expect(await server.stop()).toBe(0);
  return server;
}

test('the first answer after a start needs no packet, and the file is used once', async () => {
  const before = await learned();
  expect(await before.said('kept what was learned')).toMatchObject({ file: path });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const heard = await internet.hearing(async () => {
    const [server, port] = await started();
    expect(short(await ask(port, 'www.net'))).toBe('192.0.2.1');
    expect(await ask(port, 'none.net')).toMatchObject({ answers: [], rcode: 'NXDOMAIN' });
    const { facts } = await server.said('took what was learned before');
    expect(facts).toBeGreaterThanOrEqual(4);
    expect(() => statSync(path)).toThrow('ENOENT');
  });
  expect(heard).toEqual([]);
});

test('delegations are among it: another name is asked for where it belongs, and nowhere else', async () => {
  await learned();
  const heard = await internet.hearing(async () => {
    const [, port] = await started();
    expect(short(await ask(port, 'new.net'))).toBe('192.0.2.2');
  });
  expect(heard).toEqual([`${NET} udp new.net. A`]);
});

test('a damaged file is a line in the log', async () => {
  await learned();
  const bytes = readFileSync(path);
  bytes[100] = (bytes[100] as number) ^ 1;
  writeFileSync(path, bytes);
  const [server, port] = await started();
  expect(short(await ask(port, 'www.net'))).toBe('192.0.2.1');
  expect(await server.said('learns everything anew')).toMatchObject({ level: 'warn', why: 'damaged' });
});

test('what was learned in another way is learned anew', async () => {
  await learned();
  const [server] = await started({ minimise: 'off' });
  const { why } = await server.said('learns everything anew');
  expect(why).toBe('of another version, or other settings');
});

test("another kind of file is neither read nor written over, and the operator's to see", async () => {
  writeFileSync(path, 'dear diary\n');
  const [server, port] = await started();
  await ask(port, 'www.net');
  expect((await server.said('learns everything anew')).why).toBe('another kind of file');
  expect(await server.stop()).toBe(0);
  expect((await server.said('what was learned is not kept')).why).toBe('there is another kind of file');
  expect(readFileSync(path, 'utf8')).toBe('dear diary\n');
});
