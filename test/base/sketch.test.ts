import { expect, test } from 'vitest';
import { SKETCH_HALF_LIFE_MS, SKETCH_PLACES } from '../../src/base/limits.ts';
import { ranked, Sketch } from '../../src/base/sketch.ts';

const sketch = (): Sketch => new Sketch(new SharedArrayBuffer(Sketch.BYTES));
const bytes = (text: string): Uint8Array => Buffer.from(text);
const add = (to: Sketch, text: string, count: number, nowMs: number): void =>
  to.add(bytes(text), 0, text.length, count, nowMs);
const keys = (all: readonly Sketch[], nowMs: number): string[] =>
  ranked(all, nowMs).heaviest.map(({ key }) => Buffer.from(key).toString());

test('what is met most often comes first, and a rate is what was met a second', () => {
  const one = sketch();
  for (let s = 0; s < 600; s++) {
    add(one, 'often', 30, 1000 * s);
    add(one, 'rarely', 10, 1000 * s);
  }
  const { heaviest, perSecond } = ranked([one], 600_000);
  expect(keys([one], 600_000)).toEqual(['often', 'rarely']);
  expect(heaviest[0]?.perSecond).toBeGreaterThan(29);
  expect(heaviest[0]?.perSecond).toBeLessThan(31);
  expect(heaviest[0]?.errorPerSecond).toBe(0);
  expect(perSecond).toBeGreaterThan(39);
  expect(perSecond).toBeLessThan(41);
});

test('also soon after the first', () => {
  const one = sketch();
  for (let s = 0; s < 5; s++) add(one, 'a', 100, 1000 * s);
  expect(Math.round(ranked([one], 5000).perSecond)).toBeGreaterThanOrEqual(95);
  expect(Math.round(ranked([one], 5000).perSecond)).toBeLessThanOrEqual(105);
});

test('what was met long ago counts less and less, and half after a half-life', () => {
  const one = sketch();
  add(one, 'old', 100, 0);
  add(one, 'new', 60, SKETCH_HALF_LIFE_MS);
  expect(keys([one], SKETCH_HALF_LIFE_MS)).toEqual(['new', 'old']);
});

test('weights stay numbers for years', () => {
  const one = sketch();
  const dayMs = 86_400_000;
  for (let day = 0; day < 1_000; day++) add(one, 'daily', 1, day * dayMs);
  add(one, 'new', 3, 999 * dayMs);
  const { heaviest, perSecond } = ranked([one], 999 * dayMs);
  expect(keys([one], 999 * dayMs)).toEqual(['new', 'daily']);
  expect(heaviest.every((each) => Number.isFinite(each.perSecond))).toBe(true);
  expect(perSecond).toBeGreaterThan(0);
});

test('a flood of others puts out nobody who makes up more than a part in so many; errors are told', () => {
  const one = sketch();
  for (let i = 0; i < 100 * SKETCH_PLACES; i++) {
    add(one, `random-${i}`, 1, 0);
    if (i % 50 === 0) add(one, 'steady', 1, 0);
  }
  const { heaviest } = ranked([one], 0);
  const steady = heaviest.find(({ key }) => Buffer.from(key).toString() === 'steady');
  expect(heaviest.length).toBe(SKETCH_PLACES);
  const truth = (2 * SKETCH_PLACES) / (102 * SKETCH_PLACES);
  const share = (steady?.perSecond ?? 0) / ranked([one], 0).perSecond;
  const error = (steady?.errorPerSecond ?? 0) / ranked([one], 0).perSecond;
  expect(share).toBeGreaterThanOrEqual(truth - 1e-9);
  expect(share - error).toBeLessThanOrEqual(truth + 1e-9);
});

test('several are one; a key that has no place in one may have been met there', () => {
  const [one, full] = [sketch(), sketch()];
  add(one, 'both', 7, 0);
  add(one, 'here', 5, 0);
  for (let i = 0; i < SKETCH_PLACES; i++) add(full, i === 0 ? 'both' : `other-${i}`, 2, 0);
  const told = new Map(
    ranked([one, full], 0).heaviest.map(({ key, ...each }) => [Buffer.from(key).toString(), each]),
  );
  const whole = ranked([one], 0).perSecond / 12;
  expect(told.get('both')?.perSecond).toBeCloseTo(9 * whole);
  expect(told.get('both')?.errorPerSecond).toBeCloseTo(0);
  expect(told.get('here')?.perSecond).toBeCloseTo(7 * whole);
  expect(told.get('here')?.errorPerSecond).toBeCloseTo(2 * whole);
});

test('who died while writing leaves something that can be read when the next has written', () => {
  const memory = new SharedArrayBuffer(Sketch.BYTES);
  const one = new Sketch(memory);
  add(one, 'a', 1, 0);
  new Int32Array(memory, 0, 1)[0]! += 1;
  expect(keys([one], 0)).toEqual([]);
  add(new Sketch(memory), 'a', 1, 0);
  expect(keys([one], 0)).toEqual(['a']);
});
