import { expect, test } from 'vitest';
import { BOUNDS_US, Histograms } from '../../src/base/histogram.ts';

test.each([
  [0, 1],
  [0.4, 1],
  [1, 1],
  [1.01, 2],
  [2, 2],
  [3, 4],
  [4, 4],
  [1000, 1024],
  [1024, 1024],
  [1024.5, 2048],
  [2 ** 23, 2 ** 23],
  [2 ** 23 + 0.5, Number.POSITIVE_INFINITY],
  [1e12, Number.POSITIVE_INFINITY],
])('%d µs count among those of at most %d µs', (us, bound) => {
  const bank = new Histograms(2);
  bank.observe(1, us);
  const { counts, sumUs } = bank.row(1);
  expect([...BOUNDS_US, Number.POSITIVE_INFINITY][counts.indexOf(1)]).toBe(bound);
  expect(counts.reduce((sum, n) => sum + n)).toBe(1);
  expect(sumUs).toBe(us);
  expect(bank.row(0).counts.every((n) => n === 0)).toBe(true);
});

test('banks of several threads are added up, and a view of the memory sees the same', () => {
  const one = new Histograms(1);
  const other = new Histograms(1);
  one.observe(0, 3);
  other.observe(0, 4);
  new Histograms(1, other.memory).observe(0, 100);
  one.include(other);
  const { counts, sumUs } = one.row(0);
  expect([counts[2], counts[7], sumUs]).toEqual([2, 1, 107]);
});
