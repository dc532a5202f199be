import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { decode } from 'dns-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, connected, folderOf, queryBytes, ServerProcess, short, zoneText } from './server.ts';

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
beforeEach(() => {
  files = folderOf({ 'example.com.zone': zoneText('192.0.2.1') });
});
afterEach(async () => {
  await server.stop('SIGKILL');
  files.remove();
});

const start = (...words: string[]): ServerProcess => {
  server = new ServerProcess(['--listen', '127.0.0.1:0', '--zones', files.path(''), ...words]);
  return server;
};

/** A server whose root hears everything and says nothing, and a client whose question has got there. */
async function waiting(): Promise<{ client: Socket; port: number; root: Socket }> {
  const root = createSocket('udp4').bind(0, '127.0.0.1');
  await once(root, 'listening');
  files.write('hints', '. 60 NS a.root.\na.root. 60 A 127.0.0.1\n');
  const upstreamPort = root.address().port;
  const recursion = { neverQuery: [], rootHints: 'hints', clientTimeout: '1s', upstreamPort };
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], recursion }));
  server = new ServerProcess(['--config', files.path('cairn.yaml')], 'recursion');
  const port = await server.port();
  const client = await connected(port);
  client.send(queryBytes('www.somewhere.net', 'A'));
  await once(root, 'message');
  return { client, port, root };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s answers every query that had arrived, and exits 0',
  async (signal) => {
    const port = await start().port();
    const socket = await connected(port);
    let heard = 0;
    socket.on('message', () => heard++);
    const asked = 2_000;
    const sent = Array.from(
      { length: asked },
      (_, i) => new Promise((resolve) => void socket.send(queryBytes('www.example.com', 'A', i), resolve)),
    );
    await Promise.all(sent);
    expect(await server.stop(signal)).toBe(0);
    while (heard < asked) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.close();
    expect(server.lines.slice(-2).map(({ msg }) => msg)).toEqual(['stopping', 'stopped']);
    expect(server.lines.at(-1)).toMatchObject({ queries: asked });
  },
);

test('a question in flight to other servers is answered over UDP before it ends', async () => {
  const { client, root } = await waiting();
  const answered = once(client, 'message');
  expect(await server.stop()).toBe(0);
  const [answer] = (await answered) as [Buffer];
  expect(short(decode(answer))).toBe('SERVFAIL');
  client.close();
  root.close();
});

test('a question in flight to other servers is answered over TCP before it ends', async () => {
  const { client, port, root } = await waiting();
  const tcp = connect(port, '127.0.0.1');
  const framed = (query: Buffer): Buffer => Buffer.concat([Buffer.of(0, query.length), query]);
  tcp.write(framed(queryBytes('www.somewhere.net', 'A')));
  // The answer to a second question shows that the first was read.
  const version = queryBytes('id.server', 'TXT', 2);
  version.writeUInt16BE(3, version.length - 2);
  tcp.write(framed(version));
  await once(tcp, 'data');
  const answered = once(tcp, 'data');
  expect(await server.stop()).toBe(0);
  const [answer] = (await answered) as [Buffer];
  expect(short(decode(answer.subarray(2)))).toBe('SERVFAIL');
  client.close();
  tcp.destroy();
  root.close();
});

test('a signal during the start ends it with 0', async () => {
  // A pipe in the place of a file holds the start for as long as nobody writes to it.
  execFileSync('mkfifo', [files.path('hosts')]);
  files.write('cairn.yaml', 'hosts: hosts\n');
  start('--config', files.path('cairn.yaml'));
  const pipe = await open(files.path('hosts'), 'w');
  server.child.kill('SIGTERM');
  await server.said('stopped before it had started');
  await pipe.close();
  expect(await server.exited).toBe(0);
});

test('a second signal does not wait', async () => {
  const { client, root } = await waiting();
  server.child.kill('SIGTERM');
  await server.said('stopping');
  expect(await server.stop()).toBe(0);
  client.close();
  root.close();
});

test('a log that nobody reads any more stops neither the answers nor the end', async () => {
  files.write('cairn.yaml', 'log: { queries: true }\n');
  const port = await start('--config', files.path('cairn.yaml')).port();
  server.child.stdout?.pause();
  for (let i = 0; i < 1_500; i++) expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
  server.child.kill('SIGTERM');
  const [code] = (await once(server.child, 'exit')) as [number];
  expect(code).toBe(0);
  server.child.stdout?.resume();
});

test('a log whose reader has gone stops neither', async () => {
  const port = await start().port();
  server.child.stdout?.destroy();
  server.child.kill('SIGHUP');
  for (let i = 0; i < 10; i++) expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
  server.child.kill('SIGTERM');
  expect(await once(server.child, 'exit')).toEqual([0, null]);
});
