/**
 * What of a name is shown at which step (RFC 9156 §2.3), as a table: how many of its labels, step by step, if
 * no server ever refers us further down.
 */
import { expect, test } from 'vitest';
import { Disclosure, type Minimisation } from '../../src/resolver/minimise.ts';
import { Type } from '../../src/wire/codes.ts';
import { labelCount, ROOT } from '../../src/wire/name.ts';
import { name } from './messages.ts';

const labels = (count: number): string => Array.from({ length: count }, (_, i) => `l${i}`).join('.');

function shown(text: string, cut = ROOT, minimisation: Minimisation = 'relaxed'): number[] {
  const asked = { name: name(text), type: Type.MX };
  const disclosure = new Disclosure(asked, minimisation);
  const counts: number[] = [];
  for (;;) {
    const next = disclosure.next(cut);
    counts.push(labelCount(next.name));
    if (next === asked) return counts;
    expect(next.type).toBe(Type.A);
  }
}

test.each([
  ['www.example.com', [1, 2, 3]],
  [labels(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  // The example of the RFC.
  [labels(18), [1, 2, 3, 4, 6, 8, 10, 12, 15, 18]],
  [labels(40), [1, 2, 3, 4, 10, 16, 22, 28, 34, 40]],
  // Labels with an underscore are no boundary.
  ['_443._tcp.www.example.com', [1, 2, 3, 5]],
  ['a._b._c.example.com', [1, 2, 4, 5]],
  [`${Array.from({ length: 32 }, (_, i) => i % 10).join('.')}.ip6.arpa`, [1, 2, 6, 10, 14, 16, 18, 34]],
  ['4.3.2.1.in-addr.arpa', [1, 2, 3, 4, 5, 6]],
])('%s is shown in steps', (text, counts) => {
  expect(shown(text)).toEqual(counts);
});

test('the longest name takes ten steps', () => {
  expect(shown(Array(127).fill('a').join('.'))).toHaveLength(10);
});

test('what lies above the cut needs no step', () => {
  expect(shown('a.b.example.com', name('example.com'))).toEqual([3, 4]);
  expect(shown('example.com', name('example.com'))).toEqual([2]);
});

test('the whole name at once where it is to be so', () => {
  expect(shown('a.b.example.com', ROOT, 'off')).toEqual([4]);
  expect(shown('.')).toEqual([0]);
});

test('a delegation that skips labels is followed from where it leads', () => {
  const asked = { name: name('a.b.c.d.e'), type: Type.A };
  const disclosure = new Disclosure(asked, 'strict');
  expect(labelCount(disclosure.next(ROOT).name)).toBe(1);
  expect(labelCount(disclosure.next(name('c.d.e')).name)).toBe(4);
  disclosure.showAll();
  expect(disclosure.next(name('c.d.e'))).toBe(asked);
});
