/**
 * The front threads: started, told what is published, and started again when they die. Their sockets are
 * opened and closed here, so that a front which dies loses nothing that has arrived, and needs no privilege
 * to come back. What they hand over is answered by this thread's pipeline, from the socket it was asked at.
 */
import { Worker } from 'node:worker_threads';
import { Counter, Counters } from '../base/counters.ts';
import { Histograms } from '../base/histogram.ts';
import {
  FRONT_FOLLOW_MS_MAX,
  FRONT_RESTART_MS_MAX,
  FRONT_RESTART_MS_MIN,
  MESSAGE_BYTES_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { LATENCY_ROWS } from '../server/observer.ts';
import type { Pipeline } from '../server/pipeline.ts';
import { scopeIndex } from '../transport/addresses.ts';
import type { Native } from '../transport/native.ts';
import { Returns, unpack, type WayBack } from '../transport/udp-return.ts';
import { openUdpSockets, type UdpSocket } from '../transport/udp-socket.ts';
import type { BugLog } from './bugs.ts';
import type { UdpDoor } from './doors.ts';
import {
  type FrontStart,
  FrontWord,
  type Letter,
  laidOver,
  newFrontWords,
  type PlacedImage,
  type PostedSighting,
  type Publication,
  type Published,
} from './front-letters.ts';
import type { LimitNote } from './limit-notes.ts';
import type { Logger } from './log.ts';

export interface FrontsRoom {
  readonly native: Native;
  readonly world: World;
  readonly counters: Counters;
  readonly latency: Histograms;
  readonly logger: Logger;
  readonly bugs: BugLog;
  /** Where handed over queries are answered. */
  readonly pipeline: () => Pick<Pipeline, 'resume'>;
  /** Where queries that fronts answered go to be logged. */
  readonly onSightings: (posted: readonly PostedSighting[]) => void;
  /** A front tells of somebody whom it limits. */
  readonly onLimited: (note: LimitNote) => void;
  /** Starts the thread; a test may start another one. */
  readonly spawn: (start: FrontStart) => Worker;
}

export const spawnFront =
  (entry: URL) =>
  (start: FrontStart): Worker =>
    new Worker(entry, { workerData: start });

/** How often it is looked whether the fronts have followed. */
const SETTLE_LOOK_MS = 2;

type Common = Omit<Publication, 'sockets'>;

/** One thread after another in the same place: what it counted stays. */
interface Place {
  readonly counters: Counters;
  readonly latency: Histograms;
  words: Int32Array;
  worker: Worker | undefined;
  bornMs: number;
  restartMs: number;
  cancelRestart: (() => void) | undefined;
}

export class Fronts {
  readonly #room: FrontsRoom;
  readonly #returns: Returns;
  readonly #places: readonly Place[];
  readonly #out = new Uint8Array(MESSAGE_BYTES_MAX);
  /** For each address a socket for each place. */
  readonly #listening = new Set<readonly UdpSocket[]>();
  readonly #open = new Set<number>();
  #common: Common | undefined;
  #generation = 1;
  #isStarted = false;

  constructor(count: number, room: FrontsRoom) {
    this.#room = room;
    this.#returns = new Returns(room.native, room.counters);
    this.#places = Array.from({ length: count }, () => {
      const counters = new Counters();
      const latency = new Histograms(LATENCY_ROWS);
      room.counters.include(counters);
      room.latency.include(latency);
      return {
        ...{ counters, latency, words: newFrontWords(), worker: undefined, cancelRestart: undefined },
        ...{ bornMs: 0, restartMs: FRONT_RESTART_MS_MIN },
      };
    });
  }

  /** Throws the system's error where the address cannot be had. What arrives waits for `start`. */
  listen(address: string, port: number): UdpDoor {
    const { native } = this.#room;
    const sockets = openUdpSockets(native, address, port, this.#places.length, scopeIndex);
    const [first] = sockets as [UdpSocket];
    this.#listening.add(sockets);
    for (const { fd } of sockets) this.#open.add(fd);
    this.#tellSockets();
    const stopReceiving = async (): Promise<void> => {
      if (this.#listening.delete(sockets)) this.#tellSockets();
      await this.settled();
    };
    return {
      address: address.includes('%') ? address : first.address,
      port: first.port,
      stopReceiving,
      close: async () => {
        await stopReceiving();
        for (const { fd } of sockets) if (this.#open.delete(fd)) native.close(fd);
      },
    };
  }

  /** To all fronts, now and to come. */
  publish(changed: Partial<Common> & { image?: PlacedImage }): void {
    this.#common = laidOver(this.#common as Common, changed);
    this.#tell(() => changed);
  }

  /** Resolves when every front answers. After the first publication. */
  async start(): Promise<void> {
    this.#isStarted = true;
    for (const place of this.#places) this.#start(place);
    await this.settled();
  }

  /** How many there are at this moment. */
  get alive(): number {
    return this.#places.filter(({ worker }) => worker !== undefined).length;
  }

  /** Letters written and not read yet. */
  get underway(): number {
    return this.#places.reduce((sum, { words, worker }) => {
      const unread = Atomics.load(words, FrontWord.POSTED) - Atomics.load(words, FrontWord.TAKEN);
      return worker === undefined ? sum : sum + unread;
    }, 0);
  }

  /**
   * Resolves when all that was published is in effect. A thread that is not there holds up nothing, and one
   * that has answered and then does not follow is stuck: it is ended, and starts again.
   */
  async settled(): Promise<void> {
    const { world } = this.#room;
    const generation = this.#generation;
    const deadlineMs = world.nowMs() + FRONT_FOLLOW_MS_MAX;
    const isBehind = ({ worker, words }: Place): boolean =>
      worker !== undefined && Atomics.load(words, FrontWord.SEEN) - generation < 0;
    while (this.#places.some(isBehind)) {
      await new Promise<void>((resolve) => void world.after(SETTLE_LOOK_MS, resolve));
      if (world.nowMs() < deadlineMs) continue;
      const stuck = this.#places.filter((place) => isBehind(place) && place.words[FrontWord.SEEN] !== 0);
      for (const { worker } of stuck) void worker?.terminate();
    }
  }

  /** Resolves when the threads have ended, of themselves or not. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    const ended = this.#places.map(({ worker, cancelRestart }) => {
      cancelRestart?.();
      return worker && new Promise((resolve) => worker.once('exit', resolve));
    });
    if (this.#common) this.publish({ stop: true });
    const giveUp = this.#room.world.after(FRONT_FOLLOW_MS_MAX, () => {
      for (const { worker } of this.#places) void worker?.terminate();
    });
    await Promise.all(ended);
    giveUp();
  }

  #tellSockets(): void {
    this.#tell((i) => ({ sockets: this.#socketsOf(i) }));
  }

  #tell(changedFor: (i: number) => Published['changed']): void {
    const generation = ++this.#generation;
    for (const [i, { worker, words }] of this.#places.entries()) {
      worker?.postMessage({ generation, changed: changedFor(i) } satisfies Published);
      Atomics.store(words, FrontWord.GENERATION, generation);
      Atomics.notify(words, FrontWord.GENERATION);
    }
  }

  #socketsOf(i: number): UdpSocket[] {
    return [...this.#listening].map((sockets) => sockets[i] as UdpSocket);
  }

  #start(place: Place): void {
    const words = newFrontWords();
    const generation = this.#generation;
    Atomics.store(words, FrontWord.GENERATION, generation);
    const sockets = this.#socketsOf(this.#places.indexOf(place));
    const publication = { ...(this.#common as Common), sockets };
    const [counters, latency] = [place.counters.memory, place.latency.memory];
    const worker = this.#room.spawn({ words, counters, latency, generation, publication });
    place.words = words;
    place.worker = worker;
    place.bornMs = this.#room.world.nowMs();
    worker.on('message', (letter: Letter) => this.#read(letter, words));
    worker.on('error', (bug) => this.#room.bugs.tell(bug, { thread: 'front' }));
    worker.on('exit', () => this.#bury(place));
  }

  #bury(place: Place): void {
    place.worker = undefined;
    if (!this.#isStarted) return;
    const { world, counters, logger } = this.#room;
    const livedMs = world.nowMs() - place.bornMs;
    if (livedMs > FRONT_RESTART_MS_MAX) place.restartMs = FRONT_RESTART_MS_MIN;
    const afterMs = place.restartMs;
    place.restartMs = Math.min(2 * afterMs, FRONT_RESTART_MS_MAX);
    counters.bump(Counter.frontsDied);
    logger.error({ livedMs: Math.round(livedMs), afterMs }, 'a front thread died, and is started again');
    place.cancelRestart = world.after(afterMs, () => {
      place.cancelRestart = undefined;
      this.#start(place);
    });
  }

  #read({ bag, sightings, limited, bugs }: Letter, words: Int32Array): void {
    for (const { bug, packet } of bugs) this.#room.bugs.tell(bug, { packet });
    if (sightings.length > 0) this.#room.onSightings(sightings);
    if (limited) this.#room.onLimited(limited);
    for (const { way, packet } of bag ? unpack(bag) : []) this.#answer(way, packet);
    Atomics.add(words, FrontWord.TAKEN, 1);
  }

  #answer(way: WayBack, packet: Uint8Array): void {
    const length = this.#room
      .pipeline()
      .resume(packet, packet.length, way.client, this.#out, (response) => this.#send(way, response));
    if (length > 0) this.#send(way, this.#out.subarray(0, length));
  }

  /** The number of a socket that is closed may be that of something else by now. */
  #send(way: WayBack, response: Uint8Array): void {
    if (this.#open.has(way.fd)) this.#returns.send(way, response);
  }
}
