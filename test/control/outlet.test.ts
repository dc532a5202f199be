import { beforeEach, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import {
  QUERY_LOG_BATCH_BYTES_MAX,
  QUERY_LOG_BYTES_MAX,
  QUERY_LOG_RETRY_MS_MAX,
  QUERY_LOG_RETRY_MS_MIN,
} from '../../src/base/limits.ts';
import { Outlet, type Pipe, Stalled } from '../../src/control/outlet.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';

let world: VirtualWorld;
let counters: Counters;
let written: string[];
let changes: (string | undefined)[];
let opened: number;
let closed: number;
/** What the next openings and writes do; `stuck` never ends. */
let openFault: string | undefined;
let writeFault: string | undefined;
let isStuck: boolean;
let isStale: boolean;

function pipe(): Pipe {
  opened++;
  let giveUp = (): void => {};
  return {
    async write(bytes) {
      if (isStuck) {
        await new Promise((_, reject) => {
          giveUp = () => reject(new Error('given up'));
        });
      }
      if (writeFault === 'ENOSPC') throw new Stalled(writeFault);
      if (writeFault !== undefined) throw new Error(writeFault);
      written.push(Buffer.from(bytes).toString());
    },
    isStale: async () => isStale,
    async close() {
      closed++;
      giveUp();
    },
  };
}

function outlet(): Outlet {
  const open = async (): Promise<Pipe> => {
    if (openFault !== undefined) throw new Error(openFault);
    return pipe();
  };
  return new Outlet({ open, world, counters, onChange: (trouble) => changes.push(trouble) });
}

beforeEach(() => {
  world = new VirtualWorld();
  counters = new Counters();
  [written, changes, opened, closed] = [[], [], 0, 0];
  [openFault, writeFault, isStuck, isStale] = [undefined, undefined, false, false];
});

test('nothing is opened before there is something to write; what waits goes in batches', async () => {
  const out = outlet();
  await world.pass(1);
  expect(opened).toBe(0);
  const half = Buffer.alloc(QUERY_LOG_BATCH_BYTES_MAX / 2, 'a');
  for (let i = 0; i < 4; i++) out.put(half);
  await world.pass(1);
  expect(written.map(({ length }) => length)).toEqual([half.length * 2, half.length * 2]);
  expect([opened, closed, changes]).toEqual([1, 0, []]);
  await world.until(out.close(10));
  expect(closed).toBe(1);
});

test('behind a reader that takes nothing, memory is bounded, the rest dropped and counted', async () => {
  isStuck = true;
  const out = outlet();
  const kilobyte = Buffer.alloc(1024);
  for (let i = 0; i < QUERY_LOG_BYTES_MAX / 1024 + 100; i++) out.put(kilobyte);
  await world.pass(1_000);
  expect(counters.get(Counter.queryLogDropped)).toBe(100);
  await world.until(out.close(10));
  expect(closed).toBe(1);
});

test('what fails is tried again, later and later, told once, and nothing of it is lost', async () => {
  openFault = 'ENOENT';
  const out = outlet();
  out.put(Buffer.from('first\n'));
  await world.pass(10 * QUERY_LOG_RETRY_MS_MAX);
  expect(changes).toEqual(['ENOENT']);
  openFault = undefined;
  out.put(Buffer.from('second\n'));
  await world.pass(QUERY_LOG_RETRY_MS_MAX);
  expect(written.join('')).toBe('first\nsecond\n');
  expect(changes).toEqual(['ENOENT', undefined]);
});

test('a batch that could not be written is written to the next', async () => {
  writeFault = 'EPIPE';
  const out = outlet();
  out.put(Buffer.from('kept\n'));
  await world.pass(QUERY_LOG_RETRY_MS_MIN / 2);
  expect([opened, closed]).toEqual([1, 1]);
  writeFault = undefined;
  await world.pass(QUERY_LOG_RETRY_MS_MIN);
  expect(written).toEqual(['kept\n']);
  expect(opened).toBe(2);
});

test('a file that has no room now is told and tried, and stays open', async () => {
  writeFault = 'ENOSPC';
  const out = outlet();
  out.put(Buffer.from('kept\n'));
  await world.pass(QUERY_LOG_RETRY_MS_MIN / 2);
  expect(changes).toEqual(['ENOSPC']);
  writeFault = undefined;
  await world.pass(QUERY_LOG_RETRY_MS_MIN);
  expect([written, opened, closed]).toEqual([['kept\n'], 1, 0]);
  expect(changes).toEqual(['ENOSPC', undefined]);
});

test('reopening opens another file exactly when the one before was moved away', async () => {
  const out = outlet();
  out.put(Buffer.from('a'));
  await world.pass(1);
  out.reopen();
  await world.pass(1);
  expect(opened).toBe(1);
  isStale = true;
  out.reopen();
  await world.pass(1);
  expect([opened, closed]).toEqual([2, 1]);
});

test('after the end nothing is taken, and a pause is cut short', async () => {
  openFault = 'ENOENT';
  const out = outlet();
  out.put(Buffer.from('a'));
  await world.pass(1);
  await world.until(out.close(10));
  out.put(Buffer.from('b'));
  await world.pass(QUERY_LOG_RETRY_MS_MAX);
  expect(counters.get(Counter.queryLogDropped)).toBe(1);
  expect(world.alarms).toBe(0);
});
