/**
 * Tells systemd how we are: READY, RELOADING, STOPPING, and a WATCHDOG ping for as long as the server answers
 * itself (sd_notify(3), sd_watchdog_enabled(3)). Node has no datagram sockets for AF_UNIX, so each message is
 * sent by systemd's own `systemd-notify`, one after the other; the unit says NotifyAccess=all for that.
 * Without NOTIFY_SOCKET nothing is run.
 */
import { execFile } from 'node:child_process';
import { WATCHDOG_ANSWER_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Logger } from './log.ts';

export interface Notifier {
  /** Resolves when systemd has taken the message, or could not be told. */
  tell(...assignments: string[]): Promise<void>;
  /** Pings while `healthy`; returns what stops it. */
  watch(world: World, healthy: () => Promise<boolean>): () => void;
}

const SILENT: Notifier = { tell: async () => {}, watch: () => () => {} };

export function openNotifier(env: NodeJS.ProcessEnv, logger: Logger): Notifier {
  if (env.NOTIFY_SOCKET === undefined) return SILENT;
  let last: Promise<void> = Promise.resolve();
  let complained = false;
  const send = (assignments: readonly string[]): Promise<void> =>
    new Promise((resolve) => {
      execFile('systemd-notify', [...assignments], { env, timeout: NOTIFY_MS_MAX }, (error) => {
        if (error !== null && !complained)
          logger.warn({ reason: error.message }, 'systemd could not be told');
        complained ||= error !== null;
        resolve();
      });
    });
  const tell = (...assignments: string[]): Promise<void> => (last = last.then(() => send(assignments)));
  const pingMs = watchdogMs(env, process.pid) / 2;
  if (pingMs === 0) return { tell, watch: SILENT.watch };
  return {
    tell,
    watch: (world, healthy) => pingWhileHealthy(world, pingMs, healthy, () => tell('WATCHDOG=1')),
  };
}

/** A hung helper is given up on, or the messages behind it would wait for ever. */
const NOTIFY_MS_MAX = 5_000;

/** sd_watchdog_enabled(3): the variable may be meant for another process. 0 when nobody watches us. */
export function watchdogMs(env: NodeJS.ProcessEnv, pid: number): number {
  const usec = Number(env.WATCHDOG_USEC ?? 0);
  const meant = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === pid;
  return meant && Number.isFinite(usec) && usec > 0 ? usec / 1_000 : 0;
}

/** systemd wants the moment of RELOADING by its own clock, CLOCK_MONOTONIC, which is what hrtime reads. */
export const reloadingAssignments = (): string[] => [
  'RELOADING=1',
  `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`,
];

/**
 * Half the time systemd allows, as sd_watchdog_enabled(3) advises. A turn that is not healthy is not pinged.
 */
function pingWhileHealthy(
  world: World,
  everyMs: number,
  healthy: () => Promise<boolean>,
  ping: () => Promise<void>,
): () => void {
  let cancel = (): void => {};
  let stopped = false;
  const turn = async (): Promise<void> => {
    if (await answeredInTime(world, healthy)) await ping();
    if (!stopped) cancel = world.after(everyMs, () => void turn());
  };
  void turn();
  return () => {
    stopped = true;
    cancel();
  };
}

const answeredInTime = (world: World, healthy: () => Promise<boolean>): Promise<boolean> =>
  new Promise((resolve) => {
    const giveUp = world.after(WATCHDOG_ANSWER_MS, () => resolve(false));
    void healthy()
      .catch(() => false)
      .then((well) => {
        giveUp();
        resolve(well);
      });
  });
