/** The whole server and its members: what it finds out before it answers, and what it hears of later. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseScrape, valueIn } from '../control/scrape.ts';
import { folderOf, ServerProcess } from './server.ts';

const HEAD = '$TTL 60\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n';

let files: ReturnType<typeof folderOf>;
let server: ServerProcess;
let members: ChildProcess[];
beforeEach(() => {
  files = folderOf({});
  members = [];
});
afterEach(async () => {
  await server.stop('SIGKILL');
  for (const member of members) member.kill('SIGKILL');
  files.remove();
});

/** A web server as a process; its port. */
async function web(): Promise<number> {
  const script = `const s = require('http').createServer((_, r) => r.end('all is well'));
    s.listen(0, '127.0.0.1', () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  members.push(child);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return Number(String(line));
}

function serve(pools: string, settings: object): ServerProcess {
  files.write('example.com.zone', `${HEAD}${pools}\n`);
  files.write('cairn.yaml', JSON.stringify({ listen: ['127.0.0.1:0'], zones: '.', threads: 1, ...settings }));
  server = new ServerProcess(['--config', files.path('cairn.yaml')]);
  return server;
}

const checks = {
  web: { http: { path: '/healthz', contains: 'is well' }, interval: '1s', fall: 2 },
};
const probes = { allow: ['127.0.0.0/8'] };
const member = (port: number): string => `www POOL 127.0.0.1 port=${port} check=web`;

test('members are probed before the first answer, and who is killed is noticed', async () => {
  const [one, other] = [await web(), await web()];
  serve(`${member(one)}\n${member(other)}`, { checks, probes, http: { listen: '127.0.0.1:0' } });
  const { http } = await server.said('started');
  const metric = async (name: string): Promise<number> =>
    valueIn(parseScrape(await (await fetch(`http://${http}/metrics`)).text()), name);
  expect(await metric('cairn_targets{check="web",state="up"}')).toBe(2);
  expect(await metric('cairn_probes_total{result="down"}')).toBe(0);
  members[1]?.kill('SIGKILL');
  const line = await server.said('a pool member is down');
  expect(line).toMatchObject({ check: 'web', target: `127.0.0.1:${other}`, why: 'connection refused' });
  expect(await metric('cairn_target_changes_total{state="down"}')).toBe(1);
  expect(await server.stop()).toBe(0);
});

test('a check that is not there is told at the start, and on a reload all stays as it was', async () => {
  const port = await web();
  serve(member(port), { checks: { wbe: checks.web }, probes });
  expect(await server.exited).toBe(1);
  expect(server.text).toContain('no check is called web: expected one that the settings have; did you');
  serve(member(port), { checks, probes });
  await server.said('started');
  files.write(
    'example.com.zone',
    `${HEAD}${member(port)},gone\n`.replace('SOA ns1 host 1', 'SOA ns1 host 2'),
  );
  server.child.kill('SIGHUP');
  await server.said('reload refused');
  expect(server.text).toContain('no check is called gone');
});

test('who may not be probed is told, and nothing is sent to it [LIMITS G7]', async () => {
  let asked = 0;
  const { createServer } = await import('node:net');
  const listener = createServer(() => asked++).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const own = await web();
  serve(`${member(port)}\n${member(own)}`, { checks });
  await server.said('started');
  expect(server.text).toContain(
    'not probed by web (loopback), and up all the time, unless probes.allow has its network',
  );
  expect(await server.stop()).toBe(0);
  expect(asked).toBe(0);
  listener.close();
});
