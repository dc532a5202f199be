/**
 * The server as an operator starts it, with rules about whom to ask: it forwards to two others, which resolve
 * in a small internet, and asks the server of a stub zone itself. Some clients have IPv6 only.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode } from 'dns-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Internet } from './internet.ts';
import { ask, folderOf, queryBytes, ServerProcess, short, zoneText } from './server.ts';

const ROOT = '127.54.1.1';
const LAB = '127.54.1.2';

const soa = '@ 60 SOA ns host 1 3600 600 86400 30\n@ 3600 NS ns\n';
const hosts = Array.from({ length: 20 }, (_, i) => `h${i}.net. 300 A 192.0.2.${i}\n`).join('');
const internet = new Internet([
  { address: ROOT, zones: { '.': `${soa}ns. 3600 A ${ROOT}\nalias.net. 300 CNAME h1.net.\n${hosts}` } },
  { address: LAB, zones: { 'lab.example': `${soa}ns 3600 A ${LAB}\nwww 300 A 192.0.2.200\n` } },
]);

let files: ReturnType<typeof folderOf>;
let resolvers: ServerProcess[];
let server: ServerProcess;
let port: number;

beforeAll(async () => {
  await internet.open();
  files = folderOf({
    hints: `. 3600 NS ns.\nns. 3600 A ${ROOT}\n`,
    'corp.example.zone': zoneText('192.0.2.99'),
  });
  const started = (name: string, config: object): ServerProcess => {
    files.write(name, JSON.stringify({ listen: ['127.0.0.1:0'], threads: 1, ...config }));
    return new ServerProcess(['--config', files.path(name)], 'recursion');
  };
  const recursion = { rootHints: 'hints', neverQuery: [], upstreamPort: internet.port };
  resolvers = ['first', 'second'].map((name) => started(`${name}.yaml`, { recursion }));
  const to = await Promise.all(resolvers.map(async (each) => `127.0.0.1@${await each.port()}`));
  server = started('cairn.yaml', {
    zone: { 'corp.example': 'corp.example.zone' },
    recursion: {
      forward: { '.': to },
      dns64: { prefix: '2001:db8:64::/96', clients: ['127.0.0.2'] },
      stub: { 'lab.example': [`${LAB}@${internet.port}`] },
    },
  });
  port = await server.port();
});

afterAll(async () => {
  await Promise.all([server, ...resolvers].map((each) => each.stop()));
  await internet.close();
  files.remove();
});

test('names are had from a resolver, though it is at an address that is never asked else', async () => {
  expect(short(await ask(port, 'h0.net'))).toBe('192.0.2.0');
  expect(short(await ask(port, 'none.net'))).toBe('NXDOMAIN');
  expect(short(await ask(port, 'www.corp.example'))).toBe('192.0.2.99');
});

test('what is known is not asked for again, by whichever thread', async () => {
  expect(await internet.hearing(() => ask(port, 'h0.net'))).toEqual([]);
  const { answers = [] } = await ask(port, 'alias.net');
  expect(answers.map(({ name }) => name)).toEqual(['alias.net', 'h1.net']);
});

test('the server of a stub zone is asked itself', async () => {
  const heard = await internet.hearing(async () => {
    expect(short(await ask(port, 'www.lab.example'))).toBe('192.0.2.200');
  });
  expect(heard).toEqual([`${LAB} udp www.lab.example. A`]);
});

/** As `ask`, from an address of a client. */
async function askFrom(
  address: string,
  name: string,
  type: string,
  query: Uint8Array = queryBytes(name, type),
): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, address);
    socket.send(query, port, '127.0.0.1');
    const [bytes] = (await once(socket, 'message')) as [Buffer];
    return short(decode(bytes));
  } finally {
    socket.close();
  }
}

test('what is made for clients with IPv6 only never reaches others, cached or not', async () => {
  const made = '2001:db8:64::c000:203';
  for (let round = 0; round < 3; round++) {
    expect(await askFrom('127.0.0.2', 'h3.net', 'AAAA')).toBe(made);
    expect(await askFrom('127.0.0.1', 'h3.net', 'AAAA')).toBe('NOERROR');
    expect(await askFrom('127.0.0.1', 'h4.net', 'AAAA')).toBe('NOERROR');
    expect(await askFrom('127.0.0.2', 'h4.net', 'AAAA')).toBe('2001:db8:64::c000:204');
    expect(await askFrom('127.0.0.2', 'h3.net', 'A')).toBe('192.0.2.3');
  }
  const validating = encode({
    type: 'query',
    flags: 0x0110, // RD, CD
    questions: [{ name: 'h3.net', type: 'AAAA' }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0x8000, options: [] } as never],
  });
  expect(await askFrom('127.0.0.2', 'h3.net', 'AAAA', validating)).toBe('NOERROR');
  const heard = await internet.hearing(() => askFrom('127.0.0.2', 'h3.net', 'AAAA'));
  expect(heard).toEqual([]);
});

test('when one resolver dies, nobody waits for an answer in vain', async () => {
  await resolvers[0]?.stop();
  for (let i = 5; i < 20; i++) expect(short(await ask(port, `h${i}.net`))).toBe(`192.0.2.${i}`);
});
