/**
 * A place for one thread after another: started, told what is published, ended when it is stuck, and started
 * again when it dies. What the threads in it have counted stays. A thread shows that it lives by going round
 * (FrontWord.BEAT) and by following (FrontWord.SEEN); before its first sign of life it is given all the time
 * it takes to start.
 */
import type { Transferable, Worker } from 'node:worker_threads';
import { type Counter, Counters } from '../base/counters.ts';
import { Histograms } from '../base/histogram.ts';
import { FRONT_FOLLOW_MS_MAX, FRONT_RESTART_MS_MAX, FRONT_RESTART_MS_MIN } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { LATENCY_ROWS } from '../server/observer.ts';
import type { BugLog } from './bugs.ts';
import {
  type Changed,
  FrontWord,
  type Letter,
  newFrontWords,
  type PostedSighting,
  type Publication,
  type Published,
  type ThreadStart,
} from './front-letters.ts';
import type { LimitNote } from './limit-notes.ts';
import type { Logger } from './log.ts';

/** Who hears of what happens in a thread. */
export interface ThreadRoom {
  readonly world: World;
  readonly counters: Counters;
  readonly latency: Histograms;
  readonly logger: Logger;
  readonly bugs: BugLog;
  /** Where queries that it answered go to be logged. */
  readonly onSightings: (posted: readonly PostedSighting[]) => void;
  /** It tells of somebody whom it limits. */
  readonly onLimited: (note: LimitNote) => void;
}

export interface Trade<P> {
  readonly name: string;
  readonly died: (typeof Counter)[keyof typeof Counter];
  /** Starts the thread; a test may start another one. */
  readonly spawn: (start: ThreadStart<P>) => Worker;
  /** What a thread that starts now has to know. */
  readonly publication: () => P;
  /** One has been started, or has ended. */
  readonly onChange: () => void;
}

/** How often it is looked whether a thread has followed. */
const SETTLE_LOOK_MS = 2;
const WATCH_MS = FRONT_FOLLOW_MS_MAX / 4;

export class Place<P extends Pick<Publication, 'stop'>> {
  readonly #room: ThreadRoom;
  readonly #trade: Trade<P>;
  readonly #counters = new Counters();
  readonly #latency = new Histograms(LATENCY_ROWS);
  #words = newFrontWords();
  #worker: Worker | undefined;
  #generation = 1;
  #bornMs = 0;
  #restartMs = FRONT_RESTART_MS_MIN;
  #isStarted = false;
  #cancelRestart: (() => void) | undefined;
  #cancelWatch: (() => void) | undefined;

  constructor(room: ThreadRoom, trade: Trade<P>) {
    this.#room = room;
    this.#trade = trade;
    room.counters.include(this.#counters);
    room.latency.include(this.#latency);
  }

  get isAlive(): boolean {
    return this.#worker !== undefined;
  }

  /** Letters written and not read yet, and answers that are promised. */
  get underway(): number {
    if (this.#worker === undefined) return 0;
    const words = this.#words;
    const unread = Atomics.load(words, FrontWord.POSTED) - Atomics.load(words, FrontWord.TAKEN);
    return unread + Atomics.load(words, FrontWord.PENDING);
  }

  start(): void {
    this.#isStarted = true;
    this.#bornMs = this.#room.world.nowMs();
    const words = newFrontWords();
    const worker = this.#spawn(words);
    if (worker === undefined) {
      this.#bury();
      return;
    }
    this.#words = words;
    this.#worker = worker;
    worker.on('message', (letter: Letter) => this.#read(letter, words));
    worker.on('error', (bug) => this.#room.bugs.tell(bug, { thread: this.#trade.name }));
    worker.on('exit', () => this.#bury());
    this.#watch(worker, words, 0, this.#bornMs);
    this.#trade.onChange();
  }

  /** To whoever is there; who comes later is told by `publication`. */
  tell(changed: Changed<P>, given: readonly Transferable[] = []): void {
    const generation = ++this.#generation;
    this.#worker?.postMessage({ generation, changed } satisfies Published<P>, given);
    Atomics.store(this.#words, FrontWord.GENERATION, generation);
    Atomics.notify(this.#words, FrontWord.GENERATION);
  }

  /**
   * Resolves when all that was told is in effect. A thread that is not there holds up nothing, and one that
   * has answered and then does not follow is ended.
   */
  async settled(): Promise<void> {
    const { world } = this.#room;
    const generation = this.#generation;
    const isBehind = (): boolean =>
      this.#worker !== undefined && Atomics.load(this.#words, FrontWord.SEEN) - generation < 0;
    for (let sinceMs = world.nowMs(); isBehind(); ) {
      await new Promise<void>((resolve) => void world.after(SETTLE_LOOK_MS, resolve));
      if (Atomics.load(this.#words, FrontWord.SEEN) === 0) sinceMs = world.nowMs();
      else if (world.nowMs() - sinceMs > FRONT_FOLLOW_MS_MAX && isBehind()) void this.#worker?.terminate();
    }
  }

  /** Resolves when the thread has ended, of itself or not. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#cancelRestart?.();
    const worker = this.#worker;
    const ended = worker && new Promise((resolve) => worker.once('exit', resolve));
    this.tell({ stop: true } as Changed<P>);
    const giveUp = this.#room.world.after(FRONT_FOLLOW_MS_MAX, () => void worker?.terminate());
    await ended;
    giveUp();
    this.#cancelWatch?.();
  }

  /** Undefined where the system has no thread to give, or no memory for one: there may be one later. */
  #spawn(words: Int32Array): Worker | undefined {
    const generation = this.#generation;
    Atomics.store(words, FrontWord.GENERATION, generation);
    const [counters, latency] = [this.#counters.memory, this.#latency.memory];
    const publication = this.#trade.publication();
    try {
      return this.#trade.spawn({ words, counters, latency, generation, publication });
    } catch (refusal) {
      this.#room.bugs.tell(refusal, { thread: this.#trade.name });
      return undefined;
    }
  }

  #watch(worker: Worker, words: Int32Array, lastBeat: number, beatMs: number): void {
    const { world, logger } = this.#room;
    this.#cancelWatch?.();
    this.#cancelWatch = world.after(WATCH_MS, () => {
      if (this.#worker !== worker) return;
      const beat = Atomics.load(words, FrontWord.BEAT);
      const nowMs = world.nowMs();
      const isStill = beat === lastBeat && Atomics.load(words, FrontWord.SEEN) !== 0;
      if (isStill && nowMs - beatMs > FRONT_FOLLOW_MS_MAX) {
        logger.error({ thread: this.#trade.name, ms: Math.round(nowMs - beatMs) }, 'a thread is stuck');
        void worker.terminate();
        return;
      }
      this.#watch(worker, words, beat, isStill ? beatMs : nowMs);
    });
  }

  #bury(): void {
    this.#worker = undefined;
    this.#cancelWatch?.();
    this.#trade.onChange();
    if (!this.#isStarted) return;
    const { world, counters, logger } = this.#room;
    const { name, died } = this.#trade;
    const livedMs = world.nowMs() - this.#bornMs;
    if (livedMs > FRONT_RESTART_MS_MAX) this.#restartMs = FRONT_RESTART_MS_MIN;
    const afterMs = this.#restartMs;
    this.#restartMs = Math.min(2 * afterMs, FRONT_RESTART_MS_MAX);
    counters.bump(died);
    logger.error({ livedMs: Math.round(livedMs), afterMs }, `a ${name} thread died, and is started again`);
    this.#cancelRestart = world.after(afterMs, () => {
      this.#cancelRestart = undefined;
      this.start();
    });
  }

  #read({ notes, sightings, limited, bugs }: Letter, words: Int32Array): void {
    for (const { level, fields, text } of notes) this.#room.logger[level](fields, text);
    for (const { bug, packet } of bugs) this.#room.bugs.tell(bug, { packet });
    if (sightings.length > 0) this.#room.onSightings(sightings);
    if (limited) this.#room.onLimited(limited);
    Atomics.add(words, FrontWord.TAKEN, 1);
  }
}
