/** How many wait for one zone, how many of them ask, and what silence and replies make of both. */
import { expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import { ZONE_WALKS_ASKING_FIRST, ZONE_WALKS_FIRST, ZONE_WALKS_MIN } from '../../src/base/limits.ts';
import { Crowds, leave, need, type Waiting } from '../../src/resolver/crowds.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { name } from './messages.ts';

const ZONE = { cut: name('example.com') };

class Walk implements Waiting {
  crowd: Waiting['crowd'] = undefined;
  sinceMs = 0;
  expectedMs = 0;
  seat = 0;
  ticket: Waiting['ticket'] = undefined;
  isNeeded = false;
  is: 'away' | 'asking' | 'in line' | 'gone' = 'away';

  /** False where there is no room for it. */
  enter(crowds: Crowds, place = ZONE, mayQueue = true): boolean {
    const crowd = crowds.enter(this, place);
    if (crowd === undefined) return false;
    if (crowd.take(this, mayQueue)) this.is = 'asking';
    else {
      this.is = 'in line';
      void crowd.queue(this).then((hasTurn) => (this.is = hasTurn ? 'asking' : 'gone'));
    }
    return true;
  }
}

/** Those that fit. */
function fill(crowds: Crowds): Walk[] {
  const walks: Walk[] = [];
  for (let one = new Walk(); one.enter(crowds); one = new Walk()) walks.push(one);
  return walks;
}

const asking = (walks: readonly Walk[]): number => walks.filter(({ is }) => is === 'asking').length;
const settled = (): Promise<void> => new Promise((settle) => setImmediate(settle));

test('so many walks wait for a zone at first, and another zone has its own', () => {
  const counters = new Counters();
  const crowds = new Crowds(new VirtualWorld(), counters);
  expect(fill(crowds)).toHaveLength(ZONE_WALKS_FIRST);
  expect(counters.record().resolutionsZoneFull).toBe(1);
  expect(new Walk().enter(crowds, { cut: name('other.com') })).toBe(true);
});

test('who leaves, or goes on, makes room, once', () => {
  const crowds = new Crowds(new VirtualWorld());
  const [first, second, third] = fill(crowds) as [Walk, Walk, Walk];
  leave(first);
  leave(first);
  second.enter(crowds, { cut: name('deeper.example.com') });
  third.enter(crowds);
  expect(fill(crowds)).toHaveLength(2);
});

test('silence leaves few places, and replies give them back', () => {
  const crowds = new Crowds(new VirtualWorld());
  const one = new Walk();
  one.enter(crowds);
  for (let i = 0; i < 1_000; i++) one.crowd?.silent();
  expect(fill(crowds)).toHaveLength(ZONE_WALKS_MIN - 1);
  for (let i = 0; i < 1_000; i++) one.crowd?.heard();
  expect(fill(crowds).length).toBeGreaterThan(ZONE_WALKS_FIRST);
});

test('few ask a zone that has not answered, and with each reply more, first come first served', async () => {
  const crowds = new Crowds(new VirtualWorld());
  const walks = fill(crowds);
  expect(asking(walks)).toBe(ZONE_WALKS_ASKING_FIRST);
  for (const { crowd } of walks.slice(0, 30)) crowd?.silent();
  await settled();
  expect(asking(walks)).toBe(ZONE_WALKS_ASKING_FIRST);
  const first = walks[0] as Walk;
  first.crowd?.heard();
  leave(first);
  await settled();
  expect(asking(walks.slice(0, ZONE_WALKS_ASKING_FIRST + 3))).toBe(ZONE_WALKS_ASKING_FIRST + 3);
  expect(walks[ZONE_WALKS_ASKING_FIRST + 3]?.is).toBe('in line');
  for (let i = 0; i < 1_000; i++) walks[1]?.crowd?.heard();
  await settled();
  expect(asking(walks)).toBe(walks.length);
});

test('who leaves the line is told, and takes nobody else along', async () => {
  const crowds = new Crowds(new VirtualWorld());
  const walks = fill(crowds);
  const last = walks.at(-1) as Walk;
  leave(last);
  leave(last);
  await settled();
  expect(last.is).toBe('gone');
  expect(asking(walks)).toBe(ZONE_WALKS_ASKING_FIRST);
  expect(fill(crowds)).toHaveLength(1);
  for (const walk of walks) leave(walk);
  await settled();
  expect(walks.filter(({ is }) => is === 'in line')).toEqual([]);
});

test('who asks the same zone again keeps its turn; who may not wait has it at once', () => {
  const crowds = new Crowds(new VirtualWorld());
  const walks: Walk[] = [];
  for (let i = 0; i < 2 * ZONE_WALKS_ASKING_FIRST; i++) walks.push(new Walk());
  for (const walk of walks) walk.enter(crowds);
  const [first] = walks as [Walk];
  first.enter(crowds);
  expect(first.is).toBe('asking');
  const urgent = new Walk();
  urgent.enter(crowds, ZONE, false);
  expect(urgent.is).toBe('asking');
});

test('all ask the root and the registries at once', () => {
  const crowds = new Crowds(new VirtualWorld());
  for (let i = 0; i < ZONE_WALKS_FIRST; i++) {
    const walk = new Walk();
    walk.enter(crowds, { cut: name('com') });
    expect(walk.is).toBe('asking');
  }
});

test('who is needed by another walk is called at once, and does not queue again', async () => {
  const crowds = new Crowds(new VirtualWorld());
  const walks = fill(crowds);
  const last = walks.at(-1) as Walk;
  expect(last.is).toBe('in line');
  need(last);
  need(last);
  await settled();
  expect([last.is, asking(walks)]).toEqual(['asking', ZONE_WALKS_ASKING_FIRST + 1]);
  leave(last);
  last.enter(crowds);
  expect([last.is, asking(walks)]).toEqual(['asking', ZONE_WALKS_ASKING_FIRST + 1]);
});
