/** How many wait for one zone, and what silence makes of it. */
import { expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { ZONE_WALKS_FIRST, ZONE_WALKS_MIN } from '../../src/base/limits.ts';
import { Crowds, leave, type Waiting } from '../../src/resolver/crowds.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from './messages.ts';

const ZONE = { cut: name('example.com') };
const walk = (): Waiting => ({ crowd: undefined, sinceMs: 0, seat: 0 });

/** So many more fit. */
function fill(crowds: Crowds): Waiting[] {
  const walks: Waiting[] = [];
  for (let one = walk(); crowds.enter(one, ZONE) !== undefined; one = walk()) walks.push(one);
  return walks;
}

test('so many walks wait for a zone at first, and another zone has its own', () => {
  const counters = new Counters();
  const crowds = new Crowds(new VirtualWorld(), counters);
  expect(fill(crowds)).toHaveLength(ZONE_WALKS_FIRST);
  expect(counters.record().resolutionsZoneFull).toBe(1);
  expect(crowds.enter(walk(), { cut: name('other.com') })).toBeDefined();
});

test('who leaves, or goes on, makes room, once', () => {
  const crowds = new Crowds(new VirtualWorld());
  const [first, second, third] = fill(crowds) as [Waiting, Waiting, Waiting];
  leave(first);
  leave(first);
  crowds.enter(second, { cut: name('deeper.example.com') });
  crowds.enter(third, ZONE);
  expect(fill(crowds)).toHaveLength(2);
});

test('silence leaves few places, and replies give them back', () => {
  const crowds = new Crowds(new VirtualWorld());
  const one = walk();
  const crowd = crowds.enter(one, ZONE);
  for (let i = 0; i < 1_000; i++) crowd?.silent();
  expect(fill(crowds)).toHaveLength(ZONE_WALKS_MIN - 1);
  for (let i = 0; i < 1_000; i++) crowd?.heard();
  expect(fill(crowds).length).toBeGreaterThan(ZONE_WALKS_FIRST);
});
