/**
 * A world whose time passes only when nobody has anything left to do: ten thousand seconds take a blink, and
 * the same seed draws the same numbers.
 */
import type { World } from '../../src/base/world.ts';
import { Chance } from '../support/chance.ts';

interface Alarm {
  readonly atMs: number;
  readonly call: () => void;
}

export class VirtualWorld implements World {
  #nowMs = 1_000;
  readonly #chance: Chance;
  readonly #alarms = new Set<Alarm>();

  constructor(seed = 1) {
    this.#chance = new Chance(seed);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallSeconds(): number {
    return 1_700_000_000 + Math.floor(this.#nowMs / 1000);
  }

  wallMs(): number {
    return 1000 * this.wallSeconds();
  }

  draw(n: number): number {
    return this.#chance.below(n);
  }

  after(ms: number, call: () => void): () => void {
    const alarm = { atMs: this.#nowMs + ms, call };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  get alarms(): number {
    return this.#alarms.size;
  }

  /** Lets time pass until the promise has settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    for (await idle(); !isSettled; await idle()) {
      if (!this.#ring(Number.POSITIVE_INFINITY)) throw new Error('waits for something that never comes');
    }
    return promise;
  }

  /** Lets this much time pass, whatever happens in it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (await idle(); this.#ring(endMs); await idle());
    this.#nowMs = endMs;
  }

  /** The process stands still: what should have rung meanwhile rings afterwards, all at once. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** The next alarm before `endMs`, if there is one. */
  #ring(endMs: number): boolean {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) if (next === undefined || alarm.atMs < next.atMs) next = alarm;
    if (next === undefined || next.atMs > endMs) return false;
    this.#alarms.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.call();
    return true;
  }
}

/** When every promise that could go on has gone on. */
const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
