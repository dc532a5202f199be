/** Who is asked first, how long is waited, and what is remembered of servers. */
import { expect, test } from 'vitest';
import { Servers } from '../../src/resolver/servers.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from './messages.ts';

const ZONE = name('example.com');
const NEAR = '192.0.2.1';
const FAR = '192.0.2.2';
const V6 = '2001:db8::1';

function firstOf(servers: Servers, addresses: string[], rounds = 400): Record<string, number> {
  const firsts: Record<string, number> = {};
  for (let i = 0; i < rounds; i++) {
    const first = servers.order(addresses, ZONE)[0] as string;
    firsts[first] = (firsts[first] ?? 0) + 1;
  }
  return firsts;
}

test('the near before the far', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(NEAR, 10);
  servers.answered(FAR, 300);
  expect(firstOf(servers, [FAR, NEAR])).toEqual({ [NEAR]: 400 });
});

test('a stranger is tried early, unless somebody is very near', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(NEAR, 40);
  expect(firstOf(servers, [FAR, NEAR])[FAR]).toBeGreaterThan(100);
});

test('who was not heard of for a minute is asked beside another, once', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.answered(FAR, 300);
  await world.pass(59_000);
  servers.answered(NEAR, 10);
  expect(servers.takeDue(NEAR, [FAR], ZONE)).toBeUndefined();
  await world.pass(1_000);
  servers.lame(FAR, name('lame.test'));
  expect(servers.takeDue(NEAR, [FAR], name('lame.test'))).toBeUndefined();
  expect(servers.takeDue(NEAR, [V6, FAR], ZONE)).toBe(FAR);
  expect(servers.takeDue(NEAR, [FAR], ZONE)).toBeUndefined();
});

test('servers that are about as near share the questions', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(NEAR, 10);
  servers.answered(FAR, 15);
  const firsts = firstOf(servers, [FAR, NEAR]);
  expect(firsts[FAR]).toBeGreaterThan(80);
});

test('the living before the silent, who are asked beside them when they are due', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.answered(FAR, 300);
  servers.silent(NEAR);
  expect(firstOf(servers, [NEAR, FAR])).toEqual({ [FAR]: 400 });
  expect(servers.takeDue(FAR, [NEAR], ZONE)).toBeUndefined();
  await world.pass(1_126);
  expect(firstOf(servers, [NEAR, FAR])).toEqual({ [FAR]: 400 });
  expect(servers.takeDue(FAR, [NEAR], ZONE)).toBe(NEAR);
  expect(servers.takeDue(FAR, [NEAR], ZONE)).toBeUndefined();
  servers.answered(NEAR, 10);
  expect(firstOf(servers, [NEAR, FAR])).toEqual({ [NEAR]: 400 });
});

test('where all are silent nobody is asked beside anybody', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  for (const address of [NEAR, FAR]) servers.silent(address);
  await world.pass(5_000);
  expect(servers.takeDue(NEAR, [FAR], ZONE)).toBeUndefined();
});

test('the longer a server is silent the longer it is left alone, up to five minutes', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.answered(FAR, 10);
  const waits: number[] = [];
  servers.silent(NEAR);
  for (let lastMs = world.nowMs(); waits.length < 12; ) {
    await world.pass(100);
    servers.answered(FAR, 10);
    if (servers.takeDue(FAR, [NEAR], ZONE) === undefined) continue;
    waits.push(world.nowMs() - lastMs);
    lastMs = world.nowMs();
  }
  for (const [i, ms] of waits.entries()) {
    const usual = Math.min(1000 * 2 ** i, 300_000);
    expect(ms).toBeGreaterThanOrEqual((usual * 7) / 8);
    expect(ms).toBeLessThanOrEqual((usual * 9) / 8 + 100);
  }
});

test('a silence that many questions tell of is one', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(NEAR, 10);
  for (let i = 0; i < 500; i++) servers.silent(NEAR);
  expect(servers.isDead(NEAR)).toBe(false);
});

test('a server is dead after four silences, and not worth a connection', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.answered(NEAR, 10);
  expect(servers.mayTakeTcp(NEAR)).toBe(true);
  expect(servers.mayTakeTcp(FAR)).toBe(false);
  for (let i = 0; i < 4; i++) {
    expect(servers.isDead(NEAR)).toBe(false);
    servers.silent(NEAR);
    await world.pass(10_000);
  }
  expect(servers.isDead(NEAR)).toBe(true);
  expect(servers.mayTakeTcp(NEAR)).toBe(false);
  servers.answered(NEAR, 10);
  expect(servers.isDead(NEAR)).toBe(false);
});

test('one answer ends a silence', () => {
  const servers = new Servers(new VirtualWorld(), true);
  for (let i = 0; i < 5; i++) servers.silent(NEAR);
  servers.answered(NEAR, 10);
  servers.answered(FAR, 300);
  expect(firstOf(servers, [NEAR, FAR])[NEAR]).toBeGreaterThan(350);
});

test('a lame server comes last, for the zone it is lame for', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(NEAR, 10);
  servers.answered(FAR, 300);
  servers.lame(NEAR, ZONE);
  expect(firstOf(servers, [NEAR, FAR])).toEqual({ [FAR]: 400 });
  expect(servers.order([NEAR, FAR], name('other.net'))).toHaveLength(2);
});

test('nobody is left out', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.lame(NEAR, ZONE);
  servers.silent(FAR);
  expect(servers.order([NEAR, FAR, V6], ZONE).sort()).toEqual([NEAR, FAR, V6].sort());
});

test('four addresses of a family in a row without a route put the family last', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  for (let i = 1; i <= 3; i++) servers.unreachable(`2001:db8::${i}`, true);
  expect(servers.isRouted(V6)).toBe(true);
  servers.unreachable('2001:db8::4', true);
  expect(servers.isRouted(V6)).toBe(false);
  expect(servers.isRouted(NEAR)).toBe(true);
  expect(firstOf(servers, ['2001:db8::9', NEAR])).toEqual({ [NEAR]: 400 });
  await world.pass(60_001);
  expect(servers.isRouted(V6)).toBe(true);
});

test('closed ports say nothing about a family: somebody was there to refuse', () => {
  const servers = new Servers(new VirtualWorld(), true);
  for (let i = 1; i <= 9; i++) servers.unreachable(`192.0.2.${i}`, false);
  expect(servers.isRouted(NEAR)).toBe(true);
});

test('what was never sent is no silence', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(FAR, 50);
  servers.unreachable(NEAR, true);
  expect(firstOf(servers, [NEAR, FAR])[NEAR]).toBeGreaterThan(0);
});

test('four strangers in a row that are silent put a family last while the other answers [RFC 8305]', () => {
  const servers = new Servers(new VirtualWorld(), true);
  for (let i = 1; i <= 9; i++) servers.silent(`2001:db8::${i}`);
  expect(servers.isRouted(V6)).toBe(true);
  servers.answered(NEAR, 10);
  servers.silent('2001:db8::a');
  expect(servers.isRouted(V6)).toBe(false);
  servers.answered('2001:db8::b', 10);
  for (let i = 1; i <= 9; i++) servers.silent('2001:db8::b');
  expect(servers.isRouted(V6)).toBe(true);
});

test('of strangers the second is of another family than the first [RFC 8305 §4]', () => {
  const servers = new Servers(new VirtualWorld(), true);
  const all = [V6, '2001:db8::2', '2001:db8::3', NEAR];
  for (let i = 0; i < 50; i++) {
    const families = servers.order(all, ZONE).map((address) => address.includes(':'));
    expect(families[0] === families[1]).toBe(false);
  }
});

test('after four answers in a row that did not fit TCP is asked at once, for a while', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  for (const fits of [false, false, false, true, false, false, false]) servers.fitted(NEAR, fits);
  expect(servers.via(NEAR)).toBe('udp');
  servers.fitted(NEAR, false);
  expect(servers.via(NEAR)).toBe('tcp');
  await world.pass(900_001);
  expect(servers.via(NEAR)).toBe('udp');
});

test('one answer shows that a family has a route', () => {
  const servers = new Servers(new VirtualWorld(), true);
  for (let i = 1; i <= 4; i++) servers.unreachable(`2001:db8::${i}`, true);
  servers.answered(V6, 10);
  expect(servers.isRouted(V6)).toBe(true);
});

test.each([
  ['a stranger gets 400 ms', undefined, 0, 400],
  ['a near server gets 75 ms at least', 5, 0, 75],
  ['a far one three times its time at first', 300, 0, 900],
  ['a very far one 1600 ms at most', 900, 0, 1600],
])('%s', (_, rttMs, tries, expected) => {
  const servers = new Servers(new VirtualWorld(), true);
  if (rttMs !== undefined) servers.answered(NEAR, rttMs);
  expect(servers.tryMs(NEAR, tries)).toBe(expected);
});

test.each([
  ['then twice as long, or up to a quarter less', 1, 600, 800],
  ['and twice again', 2, 1200, 1600],
  ['and no more', 3, 1200, 1600],
])('%s', (_, tries, leastMs, mostMs) => {
  const servers = new Servers(new VirtualWorld(), true);
  const all = Array.from({ length: 200 }, () => servers.tryMs(NEAR, tries));
  expect(Math.min(...all)).toBeGreaterThanOrEqual(leastMs);
  expect(Math.max(...all)).toBeLessThanOrEqual(mostMs);
  expect(new Set(all).size).toBeGreaterThan(50);
});

test('the time a server takes is smoothed [RFC 6298 §2]', () => {
  const servers = new Servers(new VirtualWorld(), true);
  for (let i = 0; i < 50; i++) servers.answered(NEAR, 250);
  expect(servers.tryMs(NEAR, 0)).toBeGreaterThanOrEqual(250);
  expect(servers.tryMs(NEAR, 0)).toBeLessThan(280);
});

test('EDNS is given up after two faults and tried again after a quarter of an hour', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.ednsFault(NEAR);
  expect(servers.manner(NEAR)).toMatchObject({ edns: true, randomCase: true });
  servers.ednsFault(NEAR);
  expect(servers.manner(NEAR).edns).toBe(false);
  await world.pass(900_001);
  expect(servers.manner(NEAR).edns).toBe(true);
  servers.ednsUnderstood(NEAR);
  servers.ednsFault(NEAR);
  expect(servers.manner(NEAR).edns).toBe(true);
});

test('a server that loses the case is spared it, alone', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.losesCase(NEAR);
  expect(servers.manner(NEAR).randomCase).toBe(false);
  expect(servers.manner(FAR).randomCase).toBe(true);
  expect(new Servers(new VirtualWorld(), false).manner(FAR).randomCase).toBe(false);
});

test('each server knows us by another cookie, which changes daily [RFC 7873 §7.1, RFC 9018 §3]', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  const { cookie } = servers.manner(NEAR);
  expect(cookie).toHaveLength(8);
  expect(servers.manner(NEAR).cookie).toEqual(cookie);
  expect(servers.manner(FAR).cookie).not.toEqual(cookie);
  await world.pass(86_400_001);
  expect(servers.manner(NEAR).cookie).not.toEqual(cookie);
});

test('a server is shown the cookie that it gave last, until it gives none over TCP [RFC 7873 §5.3]', () => {
  const servers = new Servers(new VirtualWorld(), true);
  const { cookie } = servers.manner(NEAR);
  const [first, second] = [1, 2].map((byte) => Uint8Array.of(...cookie, ...Array(8).fill(byte)));
  servers.gaveCookie(NEAR, first, 'udp');
  servers.gaveCookie(NEAR, second, 'udp');
  servers.gaveCookie(NEAR, cookie, 'udp');
  servers.gaveCookie(NEAR, Uint8Array.of(...Array(16).fill(7)), 'udp');
  servers.gaveCookie(NEAR, undefined, 'udp');
  expect(servers.manner(NEAR).cookie).toEqual(second);
  servers.gaveCookie(NEAR, undefined, 'tcp');
  expect(servers.manner(NEAR).cookie).toEqual(cookie);
});
