/**
 * Clock and chance in a front thread, whose event loop never turns: what is to be called later is called by
 * `turn`, once a batch, and not before the next batch where nobody asks.
 */
import { realWorld, type World } from '../base/world.ts';

interface Due {
  readonly atMs: number;
  readonly call: () => void;
}

export class FrontWorld implements World {
  /** The same, by the time of the batch. */
  readonly perBatch: World = {
    nowMs: () => this.batchMs(),
    wallSeconds: () => this.wallSeconds(),
    wallMs: () => this.wallMs(),
    draw: (n) => this.draw(n),
    after: (ms, call) => this.after(ms, call),
  };
  readonly #clock: World;
  #due: readonly Due[] = [];
  #batchMs: number | undefined;

  constructor(clock: World = realWorld) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** The time of this batch, near enough for what lasts seconds: the clock is read once, if anybody asks. */
  batchMs(): number {
    this.#batchMs ??= this.nowMs();
    return this.#batchMs;
  }

  wallSeconds(): number {
    return this.#clock.wallSeconds();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  draw(n: number): number {
    return this.#clock.draw(n);
  }

  after(ms: number, call: () => void): () => void {
    const due = { atMs: this.nowMs() + ms, call };
    this.#due = [...this.#due, due];
    return () => {
      this.#due = this.#due.filter((each) => each !== due);
    };
  }

  /** Calls what is due. Reads no clock where nothing waits. */
  turn(): void {
    this.#batchMs = undefined;
    if (this.#due.length === 0) return;
    const nowMs = this.nowMs();
    for (const due of this.#due) {
      if (due.atMs > nowMs) continue;
      this.#due = this.#due.filter((each) => each !== due);
      due.call();
    }
  }
}
