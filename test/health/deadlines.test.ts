import { expect, test } from 'vitest';
import { type Awaited, Deadlines } from '../../src/health/deadlines.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';

class Guest implements Awaited {
  seat = 0;
  readonly endMs: number;
  readonly late: () => void;

  constructor(endMs: number, late: () => void) {
    this.endMs = endMs;
    this.late = late;
  }
}

test('each is late at its moment, whoever came first, and nobody who was removed is', async () => {
  const world = new VirtualWorld();
  const deadlines = new Deadlines(world);
  const began = world.nowMs();
  const late: [number, number][] = [];
  const guest = (ms: number): Guest => new Guest(began + ms, () => late.push([ms, world.nowMs() - began]));
  const removed = guest(30);
  for (const each of [guest(50), guest(20), removed, guest(20), guest(90)]) deadlines.add(each);
  deadlines.remove(removed);
  await world.pass(25);
  deadlines.add(guest(40));
  await world.pass(200);
  expect(late).toEqual([20, 20, 40, 50, 90].map((ms) => [ms, ms]));
  expect(world.alarms).toBe(0);
});

test('who is late may take another along', async () => {
  const world = new VirtualWorld();
  const deadlines = new Deadlines(world);
  const late: string[] = [];
  const second = new Guest(world.nowMs() + 10, () => late.push('second'));
  const first = new Guest(world.nowMs() + 10, () => {
    late.push('first');
    deadlines.remove(second);
  });
  deadlines.add(first);
  deadlines.add(second);
  await world.pass(100);
  expect(late).toEqual(['first']);
});
