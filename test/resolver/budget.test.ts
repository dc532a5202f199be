/** What one question may cost: the purse is one, and it is never refilled. */
import { expect, test } from 'vitest';
import { Budget } from '../../src/resolver/budget.ts';

const spendAll = (budget: Budget): number => {
  let spent = 0;
  while (budget.spendQuery() === undefined) spent++;
  return spent;
};

test('32 queries for one name, 128 for all names of a question', () => {
  const question = Budget.open(0);
  const spent = Array.from({ length: 6 }, () => spendAll(question.forName()));
  expect(spent).toEqual([32, 32, 32, 32, 0, 0]);
  expect(question.queries).toBe(128);
  expect(question.forName().spendQuery()).toBe('more than 128 queries');
});

test('server names pay from the purse of the question they serve', () => {
  const question = Budget.open(0);
  const server = question.forName().deeper();
  expect(spendAll(server as Budget)).toBe(32);
  expect(question.queries).toBe(32);
  expect(server?.spendQuery()).toBe('more than 32 queries for one name');
});

test('six levels of server names of server names, not seven', () => {
  let budget: Budget | undefined = Budget.open(0);
  for (let level = 1; level <= 6; level++) budget = budget?.deeper();
  expect(budget?.depth).toBe(6);
  expect(budget?.deeper()).toBeUndefined();
});

test('32 server names are looked up for a question, however nested', () => {
  const question = Budget.open(0);
  const granted = Array.from({ length: 12 }, () => (question.deeper() as Budget).spendLookups(3));
  expect(granted.reduce((sum, count) => sum + count)).toBe(32);
});

test('five of them may fail', () => {
  const question = Budget.open(0);
  expect(question.spendLookups(3)).toBe(3);
  for (let i = 0; i < 3; i++) question.noteFailedLookup();
  expect(question.spendLookups(3)).toBe(2);
  for (let i = 0; i < 4; i++) question.noteFailedLookup();
  expect(question.spendLookups(3)).toBe(0);
});

test('bytes received are bounded', () => {
  const question = Budget.open(0);
  expect(question.spendBytes(65_535)).toBeUndefined();
  expect(question.forName().spendBytes(65_535)).toBeUndefined();
  expect(question.spendBytes(65_535)).toBe('more than 165535 bytes');
});

test('it is untouched until something is spent, and never again', () => {
  const question = Budget.open(0);
  expect(question.forName().untouched).toBe(true);
  expect(question.deeper()?.untouched).toBe(false);
  question.forName().spendQuery();
  expect(question.forName().untouched).toBe(false);
});
