import { expect, test } from 'vitest';
import { Counter, type CounterName, Counters, counterMeaning } from '../../src/base/counters.ts';

test('counters start at zero and count what is bumped, each for itself', () => {
  const counters = new Counters();
  counters.bump(Counter.udpReceived);
  counters.bump(Counter.udpReceived);
  counters.bump(Counter.tcpAccepted);
  const counts = counters.record();
  expect(counts.udpReceived).toBe(2);
  expect(counts.tcpAccepted).toBe(1);
  expect(counters.get(Counter.udpReceived)).toBe(2);
  expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(3);
});

test('a second view of the same memory sees the counts', () => {
  const counters = new Counters();
  const elsewhere = new Counters(counters.memory);
  counters.bump(Counter.upstreamTimeouts);
  expect(elsewhere.record().upstreamTimeouts).toBe(1);
});

test('a bank that includes others reads the sum, and bumps its own', () => {
  const [all, first, second] = [new Counters(), new Counters(), new Counters()];
  all.include(first);
  all.include(second);
  all.bump(Counter.queries);
  first.add(Counter.queries, 40);
  second.bump(Counter.queries);
  expect([all.get(Counter.queries), all.record().queries, first.record().queries]).toEqual([42, 42, 40]);
});

test('every counter has a slot of its own and a meaning to print', () => {
  const names = Object.keys(Counter) as CounterName[];
  expect(new Set(names.map((name) => Counter[name])).size).toBe(names.length);
  for (const name of names) expect(counterMeaning(name)).toMatch(/^[A-Z].{10,}[^.]$/);
});
