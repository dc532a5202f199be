/**
 * What the system tells a process: SIGTERM and SIGINT to stop, SIGHUP to reload. Listened to from the first
 * moment, so that a signal during the start neither kills nor is lost.
 */

export class Signals {
  /** Resolves at the first signal to stop. */
  readonly stop: Promise<'stop'>;
  /** Resolves at the second: somebody does not want to wait. */
  readonly stopNow: Promise<'stop'>;
  #onReload: (() => void) | undefined;
  #missedReload = false;

  constructor(from: NodeJS.EventEmitter = process) {
    let first = (_: 'stop'): void => {};
    let second = (_: 'stop'): void => {};
    this.stop = new Promise((resolve) => {
      first = resolve;
    });
    this.stopNow = new Promise((resolve) => {
      second = resolve;
    });
    let stops = 0;
    const stop = (): void => (++stops === 1 ? first('stop') : second('stop'));
    from.on('SIGTERM', stop);
    from.on('SIGINT', stop);
    from.on('SIGHUP', () => {
      if (this.#onReload === undefined) this.#missedReload = true;
      else this.#onReload();
    });
  }

  /** From now on; a reload asked for earlier is made up for. */
  onReload(reload: () => void): void {
    this.#onReload = reload;
    if (this.#missedReload) reload();
    this.#missedReload = false;
  }
}
