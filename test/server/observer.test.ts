import { expect, test } from 'vitest';
import { Histograms } from '../../src/base/histogram.ts';
import { LATENCY_SAMPLE_MS } from '../../src/base/limits.ts';
import {
  LATENCY_ROWS,
  latencyRow,
  Observer,
  PATHS,
  Path,
  type QueryTap,
  SELF,
  type Sighting,
} from '../../src/server/observer.ts';
import type { Client } from '../../src/transport/door.ts';
import { Query } from '../../src/wire/query.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';

const udp: Client = { transport: 'udp', address: Uint8Array.of(192, 0, 2, 1), port: 5_000 };
const tcp: Client = { ...udp, transport: 'tcp' };
const query = new Query();
const out = new Uint8Array(12);

const tapOf = (every: number): QueryTap & { readonly seen: Sighting[] } => {
  const seen: Sighting[] = [];
  return { every, seen, take: (sighting) => void seen.push(sighting) };
};

/** How many were timed, by path and transport. */
function timed(bank: Histograms): Record<string, number> {
  const rows = PATHS.flatMap((path, p) =>
    [false, true].map((isTcp): [string, number] => {
      const { counts } = bank.row(latencyRow(p, isTcp));
      return [`${path} ${isTcp ? 'tcp' : 'udp'}`, counts.reduce((sum, n) => sum + n)];
    }),
  );
  return Object.fromEntries(rows.filter(([, n]) => n > 0));
}

function answer(observer: Observer, path: number, client = udp): void {
  observer.begin();
  observer.path = path;
  observer.end(query, client, 0, out, 12);
}

test('of many answers at once one is timed in a while, and the next when the while is over', async () => {
  const world = new VirtualWorld();
  const bank = new Histograms(LATENCY_ROWS);
  const observer = new Observer(world, bank, undefined);
  for (let i = 0; i < 1_000; i++) answer(observer, Path.AUTHORITATIVE);
  expect(timed(bank)).toEqual({ 'authoritative udp': 1 });
  await world.pass(LATENCY_SAMPLE_MS);
  answer(observer, Path.CACHED, tcp);
  answer(observer, Path.CACHED, tcp);
  expect(timed(bank)).toEqual({ 'authoritative udp': 1, 'cached tcp': 1 });
});

test('answers that wait are all timed, from the question to the answer', async () => {
  const world = new VirtualWorld();
  const bank = new Histograms(LATENCY_ROWS);
  const observer = new Observer(world, bank, undefined);
  const held = [0, 1, 2].map(() => {
    observer.begin();
    return observer.hold();
  });
  await world.pass(100);
  answer(observer, Path.OTHER);
  for (const one of held) {
    observer.resume(one);
    observer.end(query, udp, 0, out, 12);
  }
  expect(timed(bank)).toEqual({ 'recursive udp': 3, 'other udp': 1 });
  const { counts, sumUs } = bank.row(latencyRow(Path.RECURSIVE, false));
  expect([counts[17], sumUs]).toEqual([3, 300_000]); // 2^16 µs < 100 ms <= 2^17 µs
});

test('a tap of all queries gets each, timed or not', () => {
  const tap = tapOf(1);
  const observer = new Observer(new VirtualWorld(), undefined, tap);
  for (let i = 0; i < 5; i++) answer(observer, Path.AUTHORITATIVE, tcp);
  expect(tap.seen).toHaveLength(5);
  expect(tap.seen[4]).toMatchObject({ client: tcp, path: Path.AUTHORITATIVE, ms: 0, length: 12 });
});

test('a tap of one in ten gets about that many, and not every tenth', () => {
  const tap = tapOf(10);
  const observer = new Observer(new VirtualWorld(), undefined, tap);
  const gaps = new Set<number>();
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    const before = tap.seen.length;
    answer(observer, Path.AUTHORITATIVE);
    if (tap.seen.length === before) continue;
    gaps.add(i - last);
    last = i;
  }
  expect(tap.seen.length).toBeGreaterThan(900);
  expect(tap.seen.length).toBeLessThan(1_100);
  expect(gaps.size).toBeGreaterThan(10);
});

test('what waited is tapped if it was picked when it came', async () => {
  const world = new VirtualWorld();
  const tap = tapOf(1);
  const observer = new Observer(world, undefined, tap);
  observer.begin();
  const held = observer.hold();
  await world.pass(7);
  observer.resume(held);
  observer.end(query, udp, 3, out, 12);
  expect(tap.seen[0]).toMatchObject({ path: Path.RECURSIVE, ms: 7, rcode: 3 });
});

test('a server that asks itself fills no query log', () => {
  const tap = tapOf(1);
  answer(new Observer(new VirtualWorld(), undefined, tap), Path.OTHER, SELF);
  expect(tap.seen).toEqual([]);
});
