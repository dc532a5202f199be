/** How a resolution goes on when its wishes are granted, at once or later. */
import { expect, test } from 'vitest';
import { drive, type Grant } from '../../src/resolver/drive.ts';
import type { Happening, Sending, Steps } from '../../src/resolver/wish.ts';

const sending = { do: 'send' } as Sending;

/** Wishes twice, and ends with what happened. */
function* twice(): Steps<readonly string[]> {
  const first = yield sending;
  const second = yield sending;
  return [first.got, second.got];
}

const driven = (grant: Grant): unknown[] => {
  const ends: unknown[] = [];
  const end = (result: readonly string[]): unknown => ends.push(result);
  drive(twice(), grant, end, (bug) => [String(bug)]);
  return ends;
};

test('a wish that is granted at once does not wait, any other does', () => {
  expect(driven(() => ({ got: 'late' }))).toEqual([['late', 'late']]);
  const waiting: ((happening: Happening) => void)[] = [];
  const ends = driven((_, goOn) => void waiting.push(goOn));
  expect([waiting.length, ends]).toEqual([1, []]);
  waiting[0]?.({ got: 'full' });
  expect([waiting.length, ends]).toEqual([2, []]);
  waiting[1]?.({ got: 'late' });
  expect(ends).toEqual([['full', 'late']]);
});

test('a mistake of ours ends a resolution, be it met at once or later', () => {
  const thrower: Grant = () => {
    throw new Error('planted');
  };
  expect(driven(thrower)).toEqual([['Error: planted']]);
  const ends = driven((_, __, giveUp) => void queueMicrotask(() => giveUp('planted')));
  return Promise.resolve().then(() => expect(ends).toEqual([['planted']]));
});
