/** Who is served when. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue } from '../../src/base/fair-queue.ts';

function drain<Item>(queue: FairQueue<Item>): Item[] {
  const all: Item[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) all.push(next);
  return all;
}

test('one that brings little does not wait for one that brings much', () => {
  const queue = new FairQueue<string>(1_000);
  for (let i = 0; i < 100; i++) queue.put('much', `much ${i}`);
  queue.put('little', 'little 0');
  queue.put('some', 'some 0');
  queue.put('some', 'some 1');
  expect(queue.size).toBe(103);
  const served = drain(queue);
  expect(served.slice(0, 6)).toEqual(['much 0', 'little 0', 'some 0', 'much 1', 'some 1', 'much 2']);
  expect(served).toHaveLength(103);
  expect(queue.size).toBe(0);
});

test('one that comes when others have been served has its turn after each of them once', () => {
  const queue = new FairQueue<string>(1_000);
  for (let i = 0; i < 100; i++) queue.put('much', 'much');
  for (let i = 0; i < 50; i++) queue.take();
  queue.put('late', 'late');
  expect([queue.take(), queue.take()]).toContain('late');
});

test('when there is no more room, who has its share gets no more, and others do', () => {
  const queue = new FairQueue<string>(100);
  for (let i = 0; i < 100; i++) expect(queue.put('much', 'much')).toBe(true);
  expect(queue.put('much', 'much')).toBe(false);
  for (let i = 0; i < 50; i++) expect(queue.put('some', 'some')).toBe(true);
  expect(queue.put('some', 'some')).toBe(false);
  expect(queue.put('late', 'late')).toBe(true);
  for (let i = 0; i < 52; i++) queue.take();
  expect([queue.size, queue.put('much', 'much')]).toEqual([99, true]);
});

test('nothing is lost, and each flow keeps its order, however putting and taking alternate', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(3), { nil: undefined }), { maxLength: 200 }), (steps) => {
      const queue = new FairQueue<readonly [string, number]>(1_000);
      const taken: (readonly [string, number])[] = [];
      steps.forEach((flow, i) => {
        if (flow !== undefined) queue.put(`${flow}`, [`${flow}`, i]);
        else taken.push(...[queue.take()].filter((item) => item !== undefined));
      });
      taken.push(...drain(queue));
      for (const flow of ['0', '1', '2', '3']) {
        const put = steps.flatMap((step, i) => (`${step}` === flow ? [i] : []));
        expect(taken.filter(([of]) => of === flow).map(([, i]) => i)).toEqual(put);
      }
    }),
  );
});
