import { expect, test } from 'vitest';
import { BUG_KINDS_MAX, BUG_QUIET_MS } from '../../src/base/limits.ts';
import type { World } from '../../src/base/world.ts';
import { BugLog, catchStrays } from '../../src/control/bugs.ts';
import type { Logger } from '../../src/control/log.ts';

function listening(): { bugs: BugLog; told: Record<string, unknown>[]; clock: { ms: number } } {
  const told: Record<string, unknown>[] = [];
  const clock = { ms: 0 };
  const logger = { error: (fields: Record<string, unknown>) => told.push(fields) } as unknown as Logger;
  const world = { nowMs: () => clock.ms } as World;
  return { bugs: new BugLog(logger, world), told, clock };
}

test('a bug is logged with its stack and where it happened', () => {
  const { bugs, told } = listening();
  bugs.tell(new Error('law broken'), { packet: '0001' });
  expect(told).toEqual([{ packet: '0001', stack: expect.stringMatching(/^Error: law broken\n +at /) }]);
});

test('the same bug again is counted, and told once the quiet time is over', () => {
  const { bugs, told, clock } = listening();
  const bug = new Error('again');
  for (let i = 0; i < 1_000; i++) bugs.tell(bug);
  expect(told).toHaveLength(1);
  clock.ms = BUG_QUIET_MS;
  bugs.tell(bug);
  expect(told[1]).toMatchObject({ alsoTimes: 999 });
});

test('bugs whose message differs each time are all told, and not remembered without end', () => {
  const { bugs, told } = listening();
  for (let i = 0; i <= BUG_KINDS_MAX; i++) bugs.tell(`bug ${i}`);
  expect(told).toHaveLength(BUG_KINDS_MAX + 1);
  bugs.tell('bug 0');
  expect(told).toHaveLength(BUG_KINDS_MAX + 2);
});

test('an uncaught exception is fatal at start, and a line in the log afterwards', () => {
  const { bugs, told } = listening();
  let started = false;
  let deaths = 0;
  const before = process.listeners('uncaughtException');
  const stop = catchStrays(
    bugs,
    () => started,
    () => deaths++,
  );
  const [stray] = process.listeners('uncaughtException').filter((listener) => !before.includes(listener));
  stray?.(new Error('one'), 'uncaughtException');
  started = true;
  stray?.(new Error('two'), 'uncaughtException');
  stop();
  expect(deaths).toBe(1);
  expect(told).toHaveLength(2);
  expect(process.listeners('uncaughtException')).toEqual(before);
});
