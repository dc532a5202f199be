import { renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, askTcp, connected, folderOf, queryBytes, ServerProcess, short, zoneText } from './server.ts';

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let port: number;

beforeEach(async () => {
  files = folderOf({
    'example.com.zone': zoneText('192.0.2.1'),
    'cairn.yaml': 'zones: .\nlisten: ["127.0.0.1:0"]\nidentity: { version: one }\n',
  });
  server = new ServerProcess(['--config', files.path('cairn.yaml')]);
  port = await server.port();
});
afterEach(async () => {
  await server.stop('SIGKILL');
  files.remove();
});

const www = async (zone = 'example.com'): Promise<string> => short(await ask(port, `www.${zone}`));

test('a zone file that changed is served, whatever its serial says', async () => {
  files.write('example.com.zone', zoneText('192.0.2.2', 1));
  expect(await server.said('reloaded')).toMatchObject({
    why: 'zones changed',
    zones: 1,
    records: 4,
    unchanged: 0,
  });
  expect(await www()).toBe('192.0.2.2');
});

test('a serial that goes back is served, with a warning', async () => {
  files.write('example.com.zone', zoneText('192.0.2.2', 0));
  await server.said('reloaded');
  expect(await www()).toBe('192.0.2.2');
  expect(server.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: expect.stringContaining('serial') }),
  );
});

test('zone files that come and go, and files that are renamed into place, are seen', async () => {
  files.write('.new', zoneText('192.0.2.3'));
  renameSync(files.path('.new'), files.path('example.org.zone'));
  await server.said('reloaded');
  expect(await www('example.org')).toBe('192.0.2.3');
  const seen = server.lines.length;
  renameSync(files.path('example.org.zone'), files.path('example.net.zone'));
  await server.said('reloaded', seen);
  expect(await www('example.net')).toBe('192.0.2.3');
  expect((await ask(port, 'www.example.com')).flags).toBeDefined();
});

test('one broken zone changes nothing of any zone, and every complaint is told', async () => {
  files.write('example.org.zone', zoneText('192.0.2.9'));
  files.write('example.com.zone', `${zoneText('192.0.2.2')}bad A x\nworse MX y\n`);
  await server.said('reload refused');
  const complaints = server.lines.filter(({ file }) => file === files.path('example.com.zone'));
  expect(complaints.map(({ level, line }) => [level, line])).toEqual([
    ['error', 6],
    ['error', 7],
  ]);
  expect(await www()).toBe('192.0.2.1');
  expect(await www('example.org')).not.toBe('192.0.2.9');
  files.write('example.com.zone', zoneText('192.0.2.2'));
  await server.said('reloaded');
  expect(await www()).toBe('192.0.2.2');
  expect(await www('example.org')).toBe('192.0.2.9');
});

test('what a zone includes may come after it', async () => {
  files.write('example.com.zone', `${zoneText('192.0.2.2')}$INCLUDE later.inc\n`);
  await server.said('reload refused');
  files.write('later.inc', 'more A 192.0.2.7\n');
  await server.said('reloaded');
  expect(short(await ask(port, 'more.example.com'))).toBe('192.0.2.7');
});

const version = async (): Promise<string> => {
  const socket = await connected(port);
  const query = queryBytes('version.bind', 'TXT');
  query.writeUInt16BE(3, query.length - 2);
  const answered = new Promise<Buffer>((resolve) => void socket.once('message', resolve));
  socket.send(query);
  const answer = await answered;
  socket.close();
  return answer.subarray(-3).toString();
};

test('SIGHUP reads the settings again; what waits for a restart is told', async () => {
  expect(await version()).toBe('one');
  files.write('cairn.yaml', 'zones: .\nlisten: ["127.0.0.2:0"]\nidentity: { version: two }\n');
  server.child.kill('SIGHUP');
  expect(await server.said('waits for a restart')).toMatchObject({ key: 'listen' });
  expect(await server.said('reloaded')).toMatchObject({ why: 'signal', unchanged: 1 });
  expect(await version()).toBe('two');
});

test('SIGHUP with a mistake in the settings changes nothing, and tells all', async () => {
  files.write('cairn.yaml', 'zonse: .\nidentity: { version: two, id: 5 }\n');
  files.write('example.com.zone', zoneText('192.0.2.2'));
  server.child.kill('SIGHUP');
  expect(await server.said('reload refused')).toMatchObject({ errors: 2 });
  expect(await version()).toBe('one');
});

test('no query is lost or failed while zones are replaced again and again', async () => {
  const socket = await connected(port);
  let asked = 0;
  const answers = new Map<string, number>();
  let heard = 0;
  socket.on('message', (bytes: Buffer) => {
    heard++;
    const address = [...bytes.subarray(-4)].join('.');
    answers.set(address, (answers.get(address) ?? 0) + 1);
  });
  const pump = setInterval(() => {
    if (asked - heard < 200)
      for (let i = 0; i < 20; i++) socket.send(queryBytes('www.example.com', 'A', ++asked & 0xffff));
  }, 2);
  const addresses = ['192.0.2.1'];
  for (let i = 2; i < 6; i++) {
    const seen = server.lines.length;
    addresses.push(`192.0.2.${i}`);
    files.write('example.com.zone', zoneText(`192.0.2.${i}`));
    server.child.kill('SIGHUP');
    await server.said('reloaded', seen);
    expect(short(await askTcp(port, 'www.example.com'))).toBe(`192.0.2.${i}`);
  }
  clearInterval(pump);
  while (heard < asked) await new Promise((resolve) => setTimeout(resolve, 5));
  socket.close();
  expect([...answers.keys()].filter((address) => !addresses.includes(address))).toEqual([]);
});
