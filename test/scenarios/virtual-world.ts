/**
 * A world whose time passes only when nobody has anything left to do: ten thousand seconds take a blink, and
 * the same seed draws the same numbers.
 */
import type { World } from '../../src/base/world.ts';
import { Chance } from '../support/chance.ts';

interface Alarm {
  readonly atMs: number;
  /** Of two for one moment the first set rings first. */
  readonly turn: number;
  call: (() => void) | undefined;
}

const isBefore = (a: Alarm, b: Alarm): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn);

export class VirtualWorld implements World {
  #nowMs = 1_000;
  readonly #chance: Chance;
  /** A heap: the next at the top. Those cancelled stay until their time has come. */
  readonly #heap: Alarm[] = [];
  #turns = 0;
  #alarms = 0;

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
    const alarm: Alarm = { atMs: this.#nowMs + ms, turn: this.#turns++, call };
    this.#push(alarm);
    this.#alarms++;
    return () => {
      if (alarm.call !== undefined) this.#alarms--;
      alarm.call = undefined;
    };
  }

  get alarms(): number {
    return this.#alarms;
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
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      const { call } = next;
      if (call === undefined) continue;
      next.call = undefined;
      this.#alarms--;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      call();
      return true;
    }
    return false;
  }

  #push(alarm: Alarm): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(alarm, heap[up] as Alarm)) break;
      heap[at] = heap[up] as Alarm;
      at = up;
    }
    heap[at] = alarm;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Alarm;
    if (heap.length === 0) return;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      const other = heap[down + 1];
      if (other !== undefined && isBefore(other, heap[down] as Alarm)) down++;
      if (!isBefore(heap[down] as Alarm, last)) break;
      heap[at] = heap[down] as Alarm;
      at = down;
    }
    heap[at] = last;
  }
}

/** When every promise that could go on has gone on. */
const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
