import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { pid } from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, askTcp, CAIRN, folderOf, portOf, ServerProcess, short, zoneText } from './server.ts';

let files: ReturnType<typeof folderOf>;
let server: ServerProcess | undefined;
beforeEach(() => {
  files = folderOf({ 'example.com.zone': zoneText('192.0.2.1') });
});
afterEach(async () => {
  await server?.stop('SIGKILL');
  server = undefined;
  files.remove();
});

const serve = (...words: string[]): ServerProcess => {
  server = new ServerProcess(words);
  return server;
};

test('one line says where and with what it started; then it answers: UDP, TCP, IPv4, IPv6', async () => {
  const process = serve('--listen', '127.0.0.1:0', '--listen', '[::1]:0', '--zones', files.path(''));
  const { lines } = process;
  const { addresses, zones, records } = await process.said('started');
  expect({ zones, records }).toEqual({ zones: 1, records: 4 });
  expect(lines.filter(({ level }) => level === 'info')).toHaveLength(1);
  const [v4 = '', v6 = ''] = addresses as string[];
  for (const [listen, address] of [
    [v4, '127.0.0.1'],
    [v6, '::1'],
  ] as const) {
    expect(short(await ask(portOf(listen), 'www.example.com', 'A', address))).toBe('192.0.2.1');
    expect(short(await askTcp(portOf(listen), 'www.example.com', 'A', address))).toBe('192.0.2.1');
  }
  expect(lines.filter(({ level }) => level === 'info')).toHaveLength(1);
});

test('what the engine does beside stands behind whoever answers', async () => {
  await serve('--listen', '127.0.0.1:0', '--zones', files.path('')).said('started');
  const tasks = `/proc/${server?.child.pid}/task`;
  const niceOf = new Map(
    readdirSync(tasks).map((task) => {
      const [, name = '', rest = ''] =
        /\((.*)\) (.*)/.exec(readFileSync(`${tasks}/${task}/stat`, 'utf8')) ?? [];
      return [`${name} ${task}`, Number(rest.split(' ')[16])];
    }),
  );
  const engine = [...niceOf].filter(([name]) => name.startsWith('V8Worker'));
  expect(engine.length).toBeGreaterThan(0);
  expect(new Set(engine.map(([, nice]) => nice))).toEqual(new Set([10]));
  const answering = [...niceOf].filter(([name]) => /^(MainThread|WorkerThread)/.test(name));
  expect(new Set(answering.map(([, nice]) => nice))).toEqual(new Set([0]));
});

test('zones kept compiled are there at the next start, and answer', async () => {
  files.write('cairn.yaml', 'cache: { images: kept }\n');
  const words = ['--config', files.path('cairn.yaml'), '--listen', '127.0.0.1:0', '--zones', files.path('')];
  for (const kept of [0, 1]) {
    const process = serve(...words);
    const { addresses, ...started } = await process.said('started');
    expect(started).toMatchObject({ zones: 1, records: 4, kept });
    expect(short(await ask(portOf((addresses as string[])[0] ?? ''), 'www.example.com', 'A'))).toBe(
      '192.0.2.1',
    );
    await process.stop();
  }
});

test('every mistake of settings, flags and zones is logged with its place, and nothing starts', async () => {
  files.write('cairn.yaml', 'lisen: x\nlog: { level: loud }\n');
  const settings = serve('--config', files.path('cairn.yaml'), '--listen', '127.0.0.1:x');
  expect(await settings.exited).toBe(1);
  expect(settings.lines.map(({ file, line, msg }) => [file, line, msg])).toEqual([
    ['--listen', undefined, expect.stringContaining('expected a port')],
    [files.path('cairn.yaml'), 1, 'lisen: no such key; did you mean listen?'],
    [
      files.path('cairn.yaml'),
      2,
      expect.stringContaining('log.level: expected one of debug, info, warn, error'),
    ],
    [undefined, undefined, 'not started'],
  ]);
  files.write('example.com.zone', `${zoneText('192.0.2.1')}bad A 192.0.2\nworse AAAA 192.0.2.1\n`);
  files.write('other.example.zone', 'www A 192.0.2.1\n');
  const zones = serve('--listen', '127.0.0.1:0', '--zones', files.path(''));
  expect(await zones.exited).toBe(1);
  const errors = zones.lines.filter(({ level }) => level === 'error');
  expect(new Set(errors.map(({ file }) => file))).toEqual(
    new Set([files.path('example.com.zone'), files.path('other.example.zone'), undefined]),
  );
  expect(
    errors.filter(({ file }) => file === files.path('example.com.zone')).map(({ line }) => line),
  ).toEqual([6, 7]);
});

test('addresses that are taken are all told in one message, with what to do', async () => {
  const sockets = [createSocket('udp4').bind(0, '127.0.0.1'), createSocket('udp4').bind(0, '127.0.0.1')];
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  const taken = sockets.map((socket) => `127.0.0.1:${socket.address().port}`);
  const words = taken.flatMap((address) => ['--listen', address]);
  const { exited, lines } = serve(...words, '--zones', files.path(''));
  expect(await exited).toBe(1);
  const [line] = lines.filter(({ level }) => level === 'error');
  // A port of the system's choice for UDP may be somebody's for TCP by chance.
  expect(line?.msg?.replaceAll('UDP, TCP', 'UDP')).toContain(
    `cannot listen on ${taken[0]} (UDP), ${taken[1]} (UDP): taken by node (pid ${pid})`,
  );
  for (const socket of sockets) socket.close();
});

test('with few file descriptors it says so, and TCP takes no more than half of them', async () => {
  files.write('few', `#!/bin/sh\nulimit -n 256\nexec "${CAIRN}" "$@"\n`);
  chmodSync(files.path('few'), 0o755);
  files.write(
    'cairn.yaml',
    'listen: ["127.0.0.1:0"]\nzones: .\ntcp: { clients: 500, clientsPerAddress: 400 }\n',
  );
  server = new ServerProcess(
    ['--config', files.path('cairn.yaml')],
    'loopback',
    process.env,
    files.path('few'),
  );
  const { msg } = await server.said('file descriptors');
  expect(msg).toMatch(
    /can need 1000 file .*may have 256: raise .*LimitNOFILE=1000 .*tcp\.clients;.* 128 TCP connections$/,
  );
  const port = await server.port();
  const peers: Socket[] = [];
  for (let i = 0; i < 200; i++) {
    const peer = connect(port, '127.0.0.1').on('error', () => {});
    peers.push(peer);
    await once(peer, 'connect');
  }
  expect(short(await ask(port, 'www.example.com'))).toBe('192.0.2.1');
  expect(short(await askTcp(port, 'www.example.com'))).toBe('192.0.2.1');
  expect(readdirSync(`/proc/${server.child.pid}/fd`).length).toBeLessThan(200);
  for (const peer of peers) peer.destroy();
});

test('--check-only tells and does not serve', async () => {
  const fine = serve('--check-only', '--zones', files.path(''));
  fine.child.stdout?.removeAllListeners('data');
  const out: string[] = [];
  fine.child.stdout?.on('data', (chunk: Buffer) => out.push(String(chunk)));
  expect(await fine.exited).toBe(0);
  expect(out.join('')).toBe('1 zone, 4 records: 0 errors, 0 warnings\n');
});

describe.runIf(process.getuid?.() === 0)('started as root', () => {
  const rights = (pid: number | undefined): string[] =>
    readdirSync(`/proc/${pid}/task`).flatMap(
      (task) =>
        readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8').match(/^(Uid|Gid|CapEff):.*$/gm) ?? [],
    );

  test('no thread has any right of root left once it answers', async () => {
    files.write('cairn.yaml', 'user: nobody\nlisten: ["127.0.0.1:0"]\nzones: .\n');
    const { child, lines } = serve('--config', files.path('cairn.yaml'));
    expect(short(await ask((await server?.port()) ?? 0, 'www.example.com'))).toBe('192.0.2.1');
    for (const line of rights(child.pid)) expect(line).not.toMatch(/^[UG]id:.*\s0(\s|$)|^CapEff:.*[1-9a-f]/);
    const warned = lines.filter(({ msg }) => msg.includes('cannot be read without root'));
    // The folder that mkdtemp makes is closed to others.
    expect(warned.map(({ file }) => file)).toEqual([
      files.path('cairn.yaml'),
      files.path('example.com.zone'),
    ]);
  });

  test('what its threads compile afterwards is kept for its user, who owns nothing else', async () => {
    chmodSync(files.path('.'), 0o755);
    files.write('cairn.yaml', 'user: nobody\nlisten: ["127.0.0.1:0"]\nzones: .\n');
    const env = { ...process.env, NODE_COMPILE_CACHE: files.path('code') };
    server = new ServerProcess(['--config', files.path('cairn.yaml')], 'loopback', env);
    await server.port();
    files.write('example.com.zone', zoneText('192.0.2.2', 2));
    await server.said('reloaded');
    const owned = readdirSync(files.path('code')).filter((name) => !name.endsWith('-0'));
    expect(owned).toHaveLength(1);
    const kept = `code/${owned[0]}`;
    expect(readdirSync(files.path(kept))).not.toEqual([]);
    expect(statSync(files.path(kept)).mode & 0o777).toBe(0o700);
    expect(statSync(files.path('code')).uid).toBe(0);
  });

  test('a user that does not exist is fatal', async () => {
    files.write('cairn.yaml', 'user: nobody-at-all\nlisten: ["127.0.0.1:0"]\n');
    const { exited, lines } = serve('--config', files.path('cairn.yaml'));
    expect(await exited).toBe(1);
    expect(lines.map(({ msg }) => msg)).toContain('there is no user nobody-at-all on this system');
  });
});
