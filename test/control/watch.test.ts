import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realWorld, type World } from '../../src/base/world.ts';
import { takePrints, type Watched, ZoneWatch } from '../../src/control/watch.ts';

let folder: string;
let watch: ZoneWatch;
let reloads: number;
/** What the watch waits for, to be run by hand. */
let waits: (() => void)[];

const world: World = {
  ...realWorld,
  after: (_ms, call) => {
    waits.push(call);
    return () => {};
  },
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-watch-'));
  mkdirSync(join(folder, 'inc'));
  for (const file of ['a.zone', 'b.zone', 'inc/c', 'notes']) writeFileSync(join(folder, file), 'old');
  reloads = 0;
  waits = [];
});
afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true });
});

const path = (file: string): string => join(folder, file);

async function watching(anyName = false, then = async (): Promise<void> => {}): Promise<void> {
  const watched: Watched = { folder, files: [path('a.zone'), path('b.zone'), path('inc/c')], anyName };
  watch = new ZoneWatch(world, async () => {
    reloads++;
    watch.follow(watched, await takePrints(watched));
    await then();
  });
  watch.follow(watched, await takePrints(watched));
}

/** Looks, and lets every wait pass at once. */
async function look(): Promise<void> {
  let done = false;
  const looked = watch.look().then(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    for (const wait of waits.splice(0)) wait();
  }
  await looked;
}

test.each<[string, () => void, number]>([
  ['nothing', () => {}, 0],
  ['a zone file written in place', () => writeFileSync(path('a.zone'), 'new!'), 1],
  ['an included file', () => writeFileSync(path('inc/c'), 'new!'), 1],
  [
    'a zone file replaced by renaming',
    () => {
      writeFileSync(path('.a'), 'new');
      renameSync(path('.a'), path('a.zone'));
    },
    1,
  ],
  ['a new zone file', () => writeFileSync(path('d.zone'), ''), 1],
  ['a zone file gone', () => unlinkSync(path('b.zone')), 1],
  [
    'a link in the place of a file',
    () => {
      unlinkSync(path('b.zone'));
      symlinkSync('a.zone', path('b.zone'));
    },
    1,
  ],
  ['a file that is no zone', () => writeFileSync(path('notes'), 'new!'), 0],
  ['a hidden file', () => writeFileSync(path('.d.zone'), ''), 0],
])('%s', async (_, change, expected) => {
  await watching();
  change();
  await look();
  expect(reloads).toBe(expected);
  await look();
  expect(reloads).toBe(expected);
});

test('after a load that failed any file of the folder may be what was missing', async () => {
  await watching(true);
  writeFileSync(path('notes'), 'new!');
  await look();
  expect(reloads).toBe(1);
});

test('a file that is being written is not read before it lies still', async () => {
  await watching();
  writeFileSync(path('a.zone'), 'half');
  const looked = watch.look();
  for (let size = 5; size < 8; size++) {
    while (waits.length < 1) await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(path('a.zone'), 'x'.repeat(size));
    for (const wait of waits.splice(0)) wait();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reloads).toBe(0);
  }
  await Promise.all([looked, look()]);
  expect(reloads).toBe(1);
});

test('what changes during a reload is read again', async () => {
  let once = true;
  await watching(false, async () => {
    if (once) writeFileSync(path('b.zone'), 'during');
    once = false;
    void watch.look();
  });
  writeFileSync(path('a.zone'), 'new!');
  await look();
  expect(reloads).toBe(2);
});

test('the system’s event makes it look at once', async () => {
  await watching();
  // The first look is over, or it might find the change itself, and wait in the place of the one to come.
  while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  writeFileSync(path('a.zone'), 'new!');
  while (reloads === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    // Settling, but not the look that comes without an event.
    if (waits.length > 1) for (const wait of waits.splice(1)) wait();
  }
  expect(reloads).toBe(1);
});
