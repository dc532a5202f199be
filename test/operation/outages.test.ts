/**
 * A whole server whose network goes and comes: rows R6, R7 and R18 of the threats. The internet is a wild one
 * on loopback, which can be silent as a whole.
 */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildGood } from '../../bench/troubles.ts';
import { addressed, WildInternet } from '../../bench/wild.ts';
import { ask, CAIRN, folderOf, ServerProcess, short, zoneText } from './server.ts';

const NET = 88;
let internet: WildInternet;
let folder: ReturnType<typeof folderOf>;
let server: ServerProcess | undefined;

beforeEach(async () => {
  internet = await WildInternet.open(NET, 0);
  await buildGood(internet);
  folder = folderOf({ hints: internet.hints, 'own.zone': zoneText('192.0.2.1') });
});
afterEach(async () => {
  await server?.stop();
  internet.close();
  folder.remove();
});

async function start(clientTimeout: string, program = CAIRN): Promise<number> {
  const recursion = { rootHints: folder.path('hints'), neverQuery: [], upstreamPort: internet.port };
  const zone = { 'own.example': folder.path('own.zone') };
  folder.write(
    'cairn.yaml',
    JSON.stringify({ listen: ['127.0.0.1:0'], zone, recursion: { ...recursion, clientTimeout } }),
  );
  server = new ServerProcess(['--config', folder.path('cairn.yaml')], 'recursion', process.env, program);
  return server.port();
}

/** Asks names that are new until one is answered. */
async function untilAnswered(port: number, zone: string): Promise<number> {
  for (let tries = 1; tries <= 20; tries++) {
    if (short(await ask(port, `back${tries}.${zone}`)) === '192.0.2.80') return tries;
    await sleep(250);
  }
  return Number.POSITIVE_INFINITY;
}

const primings = (): number => internet.heard.filter(({ name }) => name === '').length;

test('without a network it starts, serves its zones, fails the rest, and recovers [R6]', async () => {
  internet.isDown = true;
  const port = await start('700ms');
  expect(short(await ask(port, 'www.own.example'))).toBe('192.0.2.1');
  expect(short(await ask(port, 'www.good.com'))).toBe('SERVFAIL');
  internet.isDown = false;
  expect(await untilAnswered(port, 'good.com')).toBeLessThan(20);
  expect(primings()).toBeLessThanOrEqual(2);
});

test('a network that comes and goes leaves nothing behind [R7]', async () => {
  const port = await start('700ms');
  expect(await untilAnswered(port, 'good.com')).toBe(1);
  for (let flap = 0; flap < 3; flap++) {
    internet.isDown = true;
    const lost = Array.from({ length: 100 }, (_, i) => ask(port, `f${flap}-${i}.good.net`));
    expect(short(await ask(port, 'www.own.example'))).toBe('192.0.2.1');
    await Promise.all(lost);
    internet.isDown = false;
    expect(await untilAnswered(port, 'good.com')).toBeLessThan(20);
  }
  const all = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(port, `h${i}.good.com`)));
  expect(all.map(short).filter((answer) => answer !== '192.0.2.80')).toEqual([]);
});

test('connections that use up what they may have of descriptors cost UDP nothing [R18]', async () => {
  await internet.put(internet.address(60, 1), (asked) =>
    addressed(asked, 'many.com', asked.name === 'ns.many.com' ? internet.address(60, 1) : '192.0.2.80'),
  );
  internet.delegate('many.com', [['ns.many.com', internet.address(60, 1)]]);
  folder.write('limited', `#!/bin/sh\nulimit -n 256\nexec ${CAIRN} "$@"\n`);
  chmodSync(folder.path('limited'), 0o755);
  // The internet here is no faster than this thread, which the machine may keep waiting.
  const port = await start('5s', folder.path('limited'));
  const rude: Socket[] = Array.from({ length: 300 }, () => connect(port, '127.0.0.1'));
  for (const one of rude) one.on('error', () => undefined);
  await Promise.race(rude.map((one) => once(one, 'connect')));
  for (let round = 0; round < 5; round++) {
    const some = Array.from({ length: 40 }, (_, i) => ask(port, `n${round}-${i}.many.com`));
    const all = (await Promise.all(some)).map(short);
    expect(all.filter((answer) => answer !== '192.0.2.80')).toEqual([]);
  }
  for (const one of rude) one.destroy();
  expect(short(await ask(port, 'www.own.example'))).toBe('192.0.2.1');
});
