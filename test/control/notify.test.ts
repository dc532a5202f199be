import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { realWorld, type World } from '../../src/base/world.ts';
import type { Logger } from '../../src/control/log.ts';
import { openNotifier, reloadingAssignments, watchdogMs } from '../../src/control/notify.ts';
import { hasCommand } from './commands.ts';

/** What systemd does: a datagram socket in the file system, each datagram one message. */
const LISTENER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
print('ready', flush=True)
while True:
    message, fds, _, _ = socket.recv_fds(s, 4096, 4)
    for fd in fds: os.close(fd)
    print(message.decode().strip().replace(chr(10), ' '), flush=True)
`;

let folder: string;
let systemd: ChildProcess;
let heard: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-notify-'));
  heard = [];
});
afterEach(() => {
  systemd?.kill();
  rmSync(folder, { recursive: true });
});

async function listenAsSystemd(): Promise<string> {
  const path = join(folder, 'notify');
  systemd = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) => {
    systemd.stdout?.on('data', (chunk: Buffer) => {
      heard.push(...chunk.toString().trim().split('\n'));
      resolve();
    });
  });
  return path;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const warnings: unknown[] = [];
const logger = { warn: (fields: unknown) => warnings.push(fields) } as unknown as Logger;

describe.runIf(hasCommand('systemd-notify') && hasCommand('python3'))(
  'with a datagram socket like systemd’s',
  () => {
    test('messages arrive, in order', async () => {
      const env = { ...process.env, NOTIFY_SOCKET: await listenAsSystemd() };
      const notifier = openNotifier(env, logger);
      void notifier.tell('READY=1', 'STATUS=2 zones');
      void notifier.tell(...reloadingAssignments());
      await notifier.tell('STOPPING=1');
      const messages = (): string[] =>
        heard.filter((line) => line.includes('=') && !line.startsWith('BARRIER'));
      await until(() => messages().length === 3);
      expect(messages()).toEqual([
        'READY=1 STATUS=2 zones',
        expect.stringMatching(/^RELOADING=1 MONOTONIC_USEC=\d+$/),
        'STOPPING=1',
      ]);
    });

    test('the watchdog is pinged while the server is well, and no longer', async () => {
      const env = { ...process.env, NOTIFY_SOCKET: await listenAsSystemd(), WATCHDOG_USEC: '20000' };
      let asked = 0;
      const stop = openNotifier(env, logger).watch(realWorld, async () => ++asked <= 2);
      await until(() => asked >= 5);
      stop();
      await until(() => heard.filter((line) => line.startsWith('WATCHDOG=1')).length >= 2);
      expect(heard.filter((line) => line.startsWith('WATCHDOG=1'))).toHaveLength(2);
    });
  },
);

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
