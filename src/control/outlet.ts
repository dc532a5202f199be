/**
 * Where a query log leaves the house: a queue of bounded size before a file or socket that may be slow, stuck
 * or gone. Putting never waits and never throws; what finds the queue full is dropped and counted. What fails
 * is closed, told, and opened again later and later; what could not be written is written to the next.
 */
import { Counter, type Counters } from '../base/counters.ts';
import {
  QUERY_LOG_BATCH_BYTES_MAX,
  QUERY_LOG_BYTES_MAX,
  QUERY_LOG_RETRY_MS_MAX,
  QUERY_LOG_RETRY_MS_MIN,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';

/** There is no room now. What was written is whole; the same bytes, given again, go on where they stopped. */
export class Stalled extends Error {}

/** An open file or socket. */
export interface Pipe {
  /** Resolves when the system has taken all; rejects when it will not, `Stalled` when it may again. */
  write(bytes: Uint8Array): Promise<void>;
  /** Whether another has to be opened in its place: the file has been moved away. */
  isStale(): Promise<boolean>;
  /** Ends what it carries; a write that is stuck is given up. Never rejects. */
  close(): Promise<void>;
}

export interface OutletSettings {
  readonly open: () => Promise<Pipe>;
  readonly world: World;
  readonly counters: Counters;
  /** Told when it fails, and with undefined when all is well again. */
  readonly onChange: (trouble: string | undefined) => void;
}

export class Outlet {
  readonly #settings: OutletSettings;
  #queue: Uint8Array[] = [];
  /** Waiting, and being written. */
  #bytes = 0;
  #batch: Uint8Array | undefined;
  #pipe: Pipe | undefined;
  #running: Promise<void> | undefined;
  #mayBeStale = false;
  #isClosed = false;
  #retryMs = QUERY_LOG_RETRY_MS_MIN;
  #trouble: string | undefined;
  #wake: (() => void) | undefined;

  constructor(settings: OutletSettings) {
    this.#settings = settings;
  }

  /** What is put is the outlet's from now on: one query's frames or line. */
  put(bytes: Uint8Array): void {
    if (this.#isClosed || this.#bytes + bytes.length > QUERY_LOG_BYTES_MAX) {
      this.#settings.counters.bump(Counter.queryLogDropped);
      return;
    }
    this.#bytes += bytes.length;
    this.#queue.push(bytes);
    this.#start();
  }

  /** After a file has been moved away, another is opened in its place. */
  reopen(): void {
    this.#mayBeStale = true;
    this.#start();
  }

  /** Writes what waits and ends, for `ms` each: a file system that hangs does not hold up the end. */
  async close(ms: number): Promise<void> {
    await this.#within(ms, this.#running);
    this.#isClosed = true;
    this.#wake?.();
    await this.#within(ms, this.#drop());
  }

  #within(ms: number, work: Promise<void> | undefined): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = this.#settings.world.after(ms, resolve);
      void Promise.resolve(work).then(() => {
        giveUp();
        resolve();
      });
    });
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (!this.#isClosed && (this.#bytes > 0 || this.#mayBeStale)) {
      try {
        await this.#renew();
        if (this.#bytes > 0) await this.#writeBatch();
        this.#retryMs = QUERY_LOG_RETRY_MS_MIN;
        this.#tell(undefined);
      } catch (error) {
        const { message } = error as Error;
        if (!(error instanceof Stalled)) await this.#drop();
        if (this.#isClosed) return;
        this.#tell(message);
        await this.#pause();
      }
    }
  }

  async #renew(): Promise<void> {
    if (this.#mayBeStale) {
      this.#mayBeStale = false;
      if ((await this.#pipe?.isStale()) === true) await this.#drop();
    }
    if (this.#pipe !== undefined) return;
    const opened = await this.#settings.open();
    this.#pipe = opened;
    if (this.#isClosed) throw new Error('closed meanwhile');
  }

  async #writeBatch(): Promise<void> {
    this.#batch ??= this.#nextBatch();
    await this.#pipe?.write(this.#batch);
    this.#bytes -= this.#batch.length;
    this.#batch = undefined;
  }

  #nextBatch(): Uint8Array {
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && (count === 0 || bytes < QUERY_LOG_BATCH_BYTES_MAX)) {
      bytes += (this.#queue[count++] as Uint8Array).length;
    }
    return Buffer.concat(this.#queue.splice(0, count));
  }

  async #drop(): Promise<void> {
    const pipe = this.#pipe;
    this.#pipe = undefined;
    await pipe?.close();
  }

  #tell(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#settings.onChange(trouble);
  }

  async #pause(): Promise<void> {
    const { world } = this.#settings;
    await new Promise<void>((resolve) => {
      const cancel = world.after(this.#retryMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = undefined;
    this.#retryMs = Math.min(2 * this.#retryMs, QUERY_LOG_RETRY_MS_MAX);
  }
}
