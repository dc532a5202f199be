import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realWorld, type World } from '../../src/base/world.ts';
import type { Logger } from '../../src/control/log.ts';
import { openNotifier, reloadingAssignments, watchdogMs } from '../../src/control/notify.ts';
import { hasSystemd, Systemd } from './systemd.ts';

let folder: string;
let systemd: Systemd | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-notify-'));
});
afterEach(() => {
  systemd?.close();
  systemd = undefined;
  rmSync(folder, { recursive: true });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const warnings: unknown[] = [];
const logger = { warn: (fields: unknown) => warnings.push(fields) } as unknown as Logger;

describe.runIf(hasSystemd)('with a datagram socket like systemd’s', () => {
  test('messages arrive, in order', async () => {
    systemd = await Systemd.listen();
    const notifier = openNotifier(systemd.env, logger);
    void notifier.tell('READY=1', 'STATUS=2 zones');
    void notifier.tell(...reloadingAssignments());
    await notifier.tell('STOPPING=1');
    await systemd.heard('STOPPING');
    expect(systemd.messages).toEqual([
      'READY=1 STATUS=2 zones',
      expect.stringMatching(/^RELOADING=1 MONOTONIC_USEC=\d+$/),
      'STOPPING=1',
    ]);
  });

  test('the watchdog is pinged while the server is well, and no longer', async () => {
    systemd = await Systemd.listen();
    let asked = 0;
    const notifier = openNotifier({ ...systemd.env, WATCHDOG_USEC: '20000' }, logger);
    const stop = notifier.watch(realWorld, async () => ++asked <= 2);
    await until(() => asked >= 5);
    stop();
    await notifier.tell('STOPPING=1');
    await systemd.heard('STOPPING');
    expect(systemd.messages).toEqual(['WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1']);
  });
});

test('a server that does not answer itself in time is not pinged for', async () => {
  const due: (() => void)[] = [];
  const after = (_ms: number, call: () => void): (() => void) => {
    due.push(call);
    return () => {};
  };
  const world: World = { ...realWorld, after };
  const env = { PATH: folder, NOTIFY_SOCKET: join(folder, 'none'), WATCHDOG_USEC: '20000' };
  warnings.length = 0;
  const stop = openNotifier(env, logger).watch(world, () => new Promise(() => {}));
  due[0]?.();
  await until(() => due.length === 2);
  stop();
  expect(warnings).toEqual([]);
});

test('a missing systemd-notify is a warning, once', async () => {
  warnings.length = 0;
  const notifier = openNotifier({ PATH: folder + delimiter, NOTIFY_SOCKET: join(folder, 'none') }, logger);
  await notifier.tell('READY=1');
  await notifier.tell('STOPPING=1');
  expect(warnings).toHaveLength(1);
});

test('nothing is run where nobody listens', async () => {
  warnings.length = 0;
  const notifier = openNotifier({ PATH: folder }, logger);
  await notifier.tell('READY=1');
  notifier.watch(realWorld, async () => true)();
  expect(warnings).toEqual([]);
});

test.each([
  [{ WATCHDOG_USEC: '30000000' }, 30_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 30_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 0],
  [{ WATCHDOG_USEC: 'x' }, 0],
  [{}, 0],
])('sd_watchdog_enabled(3) of process 7 with %j is %d ms', (env, ms) => {
  expect(watchdogMs(env, 7)).toBe(ms);
});
