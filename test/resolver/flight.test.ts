/** Who waits for whom, and for whom a finding holds. */
import { expect, test } from 'vitest';
import type { Walk } from '../../src/resolver/ask-zone.ts';
import { Budget } from '../../src/resolver/budget.ts';
import { Flight } from '../../src/resolver/flight.ts';
import { answered, ended, limited } from '../../src/resolver/outcome.ts';

const flight = (budget = Budget.open(0)): Flight => new Flight({ budget } as Walk);

test('a flight is held up by itself, by what it waits for, and by what that waits for', () => {
  const [a, b, c, d] = [flight(), flight(), flight(), flight()];
  a.waitsFor.push(b);
  b.waitsFor.push(c);
  expect([a, b, c, d].map((other) => a.isHeldUpBy(other))).toEqual([true, true, true, false]);
  expect([a, b, c, d].map((other) => c.isHeldUpBy(other))).toEqual([false, false, true, false]);
});

test('flights that wait for each other in many ways are looked through once', () => {
  const many = Array.from({ length: 200 }, () => flight());
  for (const one of many) for (const other of many) if (one !== other) one.waitsFor.push(other);
  expect(many[0]?.isHeldUpBy(flight())).toBe(false);
});

test('what a limit ended holds for others only if it began with a full purse', () => {
  const spent = Budget.open(0);
  spent.spendQuery();
  const tooMuch = ended(limited('too much'));
  expect(flight().holdsForAll(tooMuch)).toBe(true);
  expect(flight(spent.forName()).holdsForAll(tooMuch)).toBe(false);
  expect(flight(Budget.open(0).deeper()).holdsForAll(tooMuch)).toBe(false);
  expect(flight(spent).holdsForAll(ended(answered([])))).toBe(true);
});
