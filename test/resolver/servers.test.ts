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

test('the near before the far, with now and then a draw for the far', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(NEAR, 10);
  servers.answered(FAR, 300);
  const firsts = firstOf(servers, [FAR, NEAR]);
  expect(firsts[NEAR]).toBeGreaterThan(350);
  expect(firsts[FAR]).toBeGreaterThan(0);
});

test('servers that are about as near share the questions', () => {
  const servers = new Servers(new VirtualWorld(), true);
  servers.answered(NEAR, 10);
  servers.answered(FAR, 15);
  const firsts = firstOf(servers, [FAR, NEAR]);
  expect(firsts[FAR]).toBeGreaterThan(80);
});

test('the living before the silent, who are never first until they are due', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.answered(FAR, 300);
  servers.silent(NEAR);
  expect(firstOf(servers, [NEAR, FAR])).toEqual({ [FAR]: 400 });
  await world.pass(2_001);
  expect(firstOf(servers, [NEAR, FAR])[NEAR]).toBeGreaterThan(0);
});

test('the longer a server is silent the longer it is left alone, up to five minutes', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.answered(FAR, 300);
  for (let i = 0; i < 50; i++) servers.silent(NEAR);
  await world.pass(299_000);
  expect(firstOf(servers, [NEAR, FAR])).toEqual({ [FAR]: 400 });
  await world.pass(2_000);
  expect(firstOf(servers, [NEAR, FAR])[NEAR]).toBeGreaterThan(0);
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
  servers.answered(FAR, 300);
  servers.unreachable(NEAR, true);
  expect(firstOf(servers, [NEAR, FAR])[NEAR]).toBeGreaterThan(0);
});

test('one answer shows that a family has a route', () => {
  const servers = new Servers(new VirtualWorld(), true);
  for (let i = 1; i <= 4; i++) servers.unreachable(`2001:db8::${i}`, true);
  servers.answered(V6, 10);
  expect(servers.isRouted(V6)).toBe(true);
});

test.each([
  ['a stranger gets 400 ms', undefined, 0, 400],
  ['then twice as long', undefined, 1, 800],
  ['and twice again', undefined, 2, 1600],
  ['and no more', undefined, 3, 1600],
  ['a near server gets 200 ms at least', 5, 0, 200],
  ['a far one three times its time at first', 300, 0, 900],
  ['a very far one 1600 ms at most', 900, 0, 1600],
])('%s', (_, rttMs, tries, expected) => {
  const servers = new Servers(new VirtualWorld(), true);
  if (rttMs !== undefined) servers.answered(NEAR, rttMs);
  expect(servers.tryMs(NEAR, tries)).toBe(expected);
});

test('the time a server takes is smoothed [RFC 6298 §2]', () => {
  const servers = new Servers(new VirtualWorld(), true);
  for (let i = 0; i < 50; i++) servers.answered(NEAR, 250);
  expect(servers.tryMs(NEAR, 0)).toBeGreaterThanOrEqual(250);
  expect(servers.tryMs(NEAR, 0)).toBeLessThan(260);
});

test('EDNS is given up after two faults and tried again after a quarter of an hour', async () => {
  const world = new VirtualWorld();
  const servers = new Servers(world, true);
  servers.ednsFault(NEAR);
  expect(servers.manner(NEAR)).toEqual({ edns: true, randomCase: true });
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
