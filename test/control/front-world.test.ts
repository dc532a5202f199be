import { expect, test } from 'vitest';
import { realWorld, type World } from '../../src/base/world.ts';
import { FrontWorld } from '../../src/control/front-world.ts';

let nowMs = 0;
const clock: World = { ...realWorld, nowMs: () => nowMs };

test('the time of a batch is read once, and anew in the next', () => {
  const world = new FrontWorld(clock);
  nowMs = 5;
  expect(world.perBatch.nowMs()).toBe(5);
  nowMs = 7;
  expect([world.perBatch.nowMs(), world.nowMs()]).toEqual([5, 7]);
  world.turn();
  expect(world.perBatch.nowMs()).toBe(7);
  nowMs = 0;
});

test('what is due is called at the next turn, once, and what is cancelled never', () => {
  const world = new FrontWorld(clock);
  const called: string[] = [];
  world.after(10, () => {
    called.push('ten');
    world.after(0, () => called.push('then'));
  });
  world.after(5, () => called.push('five'));
  const cancel = world.after(5, () => called.push('never'));
  cancel();
  world.turn();
  expect(called).toEqual([]);
  nowMs = 9;
  world.turn();
  expect(called).toEqual(['five']);
  nowMs = 30;
  world.turn();
  expect(called).toEqual(['five', 'ten']);
  world.turn();
  world.turn();
  expect(called).toEqual(['five', 'ten', 'then']);
});
