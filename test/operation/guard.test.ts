/** The guard of a whole server with front threads: one account, one pair of secrets, one voice in the log. */
import type { Socket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { equalBytes } from '../../src/base/bytes.ts';
import { EdnsOption, Rcode } from '../../src/wire/codes.ts';
import { Flag, type Message, readMessage, writeQuery } from '../../src/wire/message.ts';
import { name } from '../support/authority.ts';
import { hex, unhex } from '../support/guarded.ts';
import { startMachines } from './machines.ts';
import { ask, connected, folderOf, ServerProcess, short, tcpExchange, zoneText } from './server.ts';

const CLIENT = '0102030405060708';
const many = Array.from({ length: 200 }, (_, i) => `many A 198.51.100.${i}\n`).join('');
/** Nobody is exempt; everything is counted in what goes out. */
const strict = { exempt: [], responsesPerSecond: 1, errorsPerSecond: 1, slip: 0 };
/** Enough of them that the kernel gives some to each front. */
const SOCKETS = 16;

let files: ReturnType<typeof folderOf>;
let servers: ServerProcess[];
let sockets: Socket[];
beforeEach(() => {
  files = folderOf({ 'example.com.zone': `${zoneText('192.0.2.1')}${many}` });
  [servers, sockets] = [[], []];
});
afterEach(async () => {
  for (const socket of sockets) socket.close();
  await Promise.all(servers.map((server) => server.stop('SIGKILL')));
  files.remove();
});

const configure = (settings: object): void =>
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', threads: 2, ...settings }));

async function serve(settings: object, mode: 'loopback' | 'recursion' = 'loopback') {
  configure(settings);
  const server = new ServerProcess(['--config', files.path('cairn.yaml')], mode);
  servers.push(server);
  const port = await server.port();
  sockets = await Promise.all(Array.from({ length: SOCKETS }, () => connected(port)));
  return { server, port };
}

const query = (question: string, cookie = '', udpSize = 1232): Uint8Array =>
  writeQuery({
    ...{ id: 1, spelled: name(question), type: 1, class: 1, recursionDesired: true },
    edns: {
      udpSize,
      options: [
        { code: EdnsOption.NSID, value: unhex('') },
        ...(cookie ? [{ code: EdnsOption.COOKIE, value: unhex(cookie) }] : []),
      ],
    },
  });

const optionOf = (message: Message | undefined, code: number): string | undefined => {
  const found = message?.edns?.options.find((option) => option.code === code);
  return found && hex(found.value);
};

/** What each of the sockets hears when it sends `packet` once. */
const askAll = (packet: Uint8Array): Promise<(Message | undefined)[]> =>
  Promise.all(
    sockets.map(
      (socket) =>
        new Promise<Message | undefined>((resolve) => {
          socket.once('message', (bytes) => resolve(readMessage(bytes)));
          socket.send(packet);
        }),
    ),
  );

/** How many answers come to so many queries, over all sockets; `atLeast` so many, however long they take. */
async function flood(packet: Uint8Array, queries: number, atLeast = 0): Promise<number> {
  let heard = 0;
  const count = (): void => void heard++;
  for (const socket of sockets) socket.on('message', count);
  for (let i = 0; i < queries; i++) {
    await new Promise((resolve) => (sockets[i % SOCKETS] as Socket).send(packet, resolve));
  }
  do await new Promise((resolve) => setTimeout(resolve, 200));
  while (heard < atLeast);
  for (const socket of sockets) socket.off('message', count);
  return heard;
}

test('a flood over all fronts has one account, a reload does not forget it, and the log tells', async () => {
  const { server, port } = await serve({ rateLimit: strict });
  const beganMs = performance.now();
  const first = await flood(query('www.example.com'), 1_000);
  const seconds = (performance.now() - beganMs) / 1_000;
  // 2.5 at once, and 1 a second; two accounts would have given 4 at once, and 2 a second.
  expect(first).toBeGreaterThanOrEqual(2);
  expect(first).toBeLessThan(3.5 + seconds);
  expect(await server.said('limiting responses')).toMatchObject({
    prefix: '127.0.0.0/24',
    kind: 'response',
  });
  configure({ rateLimit: { ...strict, window: '20s' } });
  server.child.kill('SIGHUP');
  await server.said('reloaded');
  expect(await flood(query('www.example.com'), 100)).toBe(0);
  configure({ rateLimit: { ...strict, exempt: ['127.0.0.0/8'] } });
  const { length } = server.lines;
  server.child.kill('SIGHUP');
  await server.said('reloaded', length);
  expect(await flood(query('www.example.com'), 100)).toBe(100);
  expect(readMessage(await tcpExchange(port, query('www.example.com')))?.answer).toHaveLength(1);
  expect(server.lines.filter(({ msg }) => msg === 'limiting responses')).toHaveLength(1);
});

test('a cookie of one front is good at all of them and over TCP, and lifts the limit', async () => {
  const { port } = await serve({ rateLimit: { ...strict, slip: 1 } });
  await flood(query('www.example.com'), 100);
  const asked = await askAll(query('www.example.com', CLIENT));
  expect(asked.map((message) => message?.rcode)).toEqual(sockets.map(() => Rcode.BADCOOKIE));
  const given = optionOf(asked[0], EdnsOption.COOKIE) ?? '';
  for (const message of await askAll(query('www.example.com', given))) {
    expect(message).toMatchObject({ rcode: Rcode.NOERROR, answer: [expect.anything()] });
  }
  // A question of nothing but a cookie tells whether it is good (RFC 7873 §5.4).
  const nothing = (cookie: string): Uint8Array =>
    Buffer.concat([unhex('000100000000000000000001000029100000000000'), option(cookie)]);
  expect(readMessage(await tcpExchange(port, nothing(given)))?.rcode).toBe(Rcode.NOERROR);
  const forged = `${given.slice(0, -2)}${given.endsWith('00') ? '01' : '00'}`;
  expect(readMessage(await tcpExchange(port, nothing(forged)))?.rcode).toBe(Rcode.BADCOOKIE);
  const overTcp = readMessage(await tcpExchange(port, query('www.example.com', CLIENT)));
  const minted = optionOf(overTcp, EdnsOption.COOKIE) ?? '';
  for (const message of await askAll(query('www.example.com', minted))) {
    expect(message?.rcode).toBe(Rcode.NOERROR);
  }
});

/** The rest of an OPT record, from the length of its options on. */
const option = (cookie: string): Uint8Array => {
  const value = unhex(cookie);
  return Buffer.concat([Buffer.of(0, value.length + 4, 0, EdnsOption.COOKIE, 0, value.length), value]);
};

test('fronts say who they are, and send as much as they may', async () => {
  await serve({ identity: { nsid: 'seven' }, udpSize: 4096 });
  for (const message of await askAll(query('many.example.com', '', 4096))) {
    expect(optionOf(message, EdnsOption.NSID)).toBe(hex(Buffer.from('seven')));
    expect(message?.edns?.udpSize).toBe(4096);
    expect(message?.answer).toHaveLength(200);
    expect((message?.flags ?? 0) & Flag.TC).toBe(0);
  }
});

test('who may not ask is refused by the fronts', async () => {
  const { port } = await serve({ allowQuery: ['192.0.2.0/24'] });
  for (const message of await askAll(query('www.example.com'))) expect(message?.rcode).toBe(Rcode.REFUSED);
  expect(short(await ask(port, 'www.example.com'))).toBe('REFUSED');
});

test('answers that come later are held back too, and nobody waits for them', async () => {
  const playground = await startMachines(files);
  const { recursion } = playground;
  const { server } = await serve({ rateLimit: strict, recursion, grace: '30s' }, 'recursion');
  const heard = await flood(query('www.shop.org'), 300, 2);
  expect(heard).toBeGreaterThanOrEqual(2);
  expect(heard).toBeLessThan(5);
  // Things that nobody has asked for have accounts of their own.
  const [socket] = sockets as [Socket];
  const isAnswered = new Promise<boolean>((resolve) => {
    const asked = name('www.example.com');
    socket.on('message', (bytes) => {
      if (equalBytes(readMessage(bytes)?.question?.name ?? asked.subarray(1), asked)) resolve(true);
    });
  });
  socket.send(query('www.example.com'));
  expect(await isAnswered).toBe(true);
  expect(await server.stop()).toBe(0);
  expect(server.lines.at(-1)).toMatchObject({ msg: 'stopped', queries: 301 });
  await playground.close();
});
