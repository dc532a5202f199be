/**
 * Clock and chance, as an argument. Everything that waits, ages or draws takes a `World`, so that a test can
 * run ten thousand seconds in one and a failure is a seed. No other file reads a clock or draws a number.
 */
import { randomInt } from 'node:crypto';
// The global of that name is looked up by a getter each time.
import { performance } from 'node:perf_hooks';

export interface World {
  /**
   * Monotonic milliseconds, for TTLs and timeouts: never jumps with the wall clock. The same in all threads,
   * since Node counts from the start of the process: what they share can be stamped.
   */
  nowMs(): number;
  /** Seconds since 1970, for signatures and logs only. */
  wallSeconds(): number;
  /** The same in milliseconds, for logs that others lay side by side. */
  wallMs(): number;
  /** A whole number in [0, n), unpredictable to a stranger. */
  draw(n: number): number;
  /** Calls once, `ms` later, unless cancelled by the function returned. */
  after(ms: number, call: () => void): () => void;
}

export const realWorld: World = {
  nowMs: () => performance.now(),
  wallSeconds: () => Math.floor(Date.now() / 1000),
  wallMs: () => Date.now(),
  draw: (n) => (n <= 1 ? 0 : randomInt(n)),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
