/**
 * A front thread: receives a batch of datagrams, answers each from our zones, sends the batch. It waits for
 * packets and for nothing else, and its event loop never turns: once a batch it compares one shared number,
 * and only when that has moved reads what was published. What needs recursion is handed over, one letter a
 * batch; bugs, and queries for the query log, go the same way. It ends when a publication tells it to.
 */
import { isDeepStrictEqual } from 'node:util';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from './base/assert.ts';
import { toHex } from './base/bytes.ts';
import { Counter, Counters } from './base/counters.ts';
import { Histograms } from './base/histogram.ts';
import {
  FRONT_LETTERS_MAX,
  FRONT_SIGHTING_LETTERS_MAX,
  FRONT_UNCOLLECTED_MAX,
  FRONT_WAKE_MS,
  UDP_SETTLE_TURNS_MAX,
} from './base/limits.ts';
import { realWorld } from './base/world.ts';
import {
  type FrontSettings,
  type FrontStart,
  FrontWord,
  type Letter,
  type PostedSighting,
  type Published,
  packSighting,
  type Watching,
} from './control/front-letters.ts';
import { FrontWorld } from './control/front-world.ts';
import { guardSettings } from './control/guard-terms.ts';
import { type LimitNote, LimitNotes } from './control/limit-notes.ts';
import { prefixSet } from './control/settings.ts';
import { LATENCY_ROWS, Observer, type Sighting } from './server/observer.ts';
import { Pipeline, type PipelineSettings } from './server/pipeline.ts';
import { loadNative, type Native } from './transport/native.ts';
import { Batch } from './transport/udp-batch.ts';
import { SocketPoll } from './transport/udp-poll.ts';
import { Bag } from './transport/udp-return.ts';
import type { UdpSocket } from './transport/udp-socket.ts';
import { Catalog } from './zone/catalog.ts';
import { Image, type ImageVersion } from './zone/image.ts';

const imageOf = ({ buffer, end }: ImageVersion): Image => new Image(buffer, end);

class Front {
  readonly #words: Int32Array;
  readonly #counters: Counters;
  readonly #pipeline: Pipeline;
  readonly #batch: Batch;
  readonly #poll: SocketPoll;
  readonly #bag = new Bag();
  #catalog: Catalog;
  #generation: number;
  #sockets: readonly UdpSocket[];
  /** Sockets that were ours: they are read empty before they are given up. */
  #leaving: readonly UdpSocket[] = [];
  #isStopped = false;
  /** Publications of zones since the last whole collection of garbage. */
  #uncollected = 0;
  readonly #world = new FrontWorld();
  readonly #latency: Histograms;
  #watching: Watching | undefined;
  #observer: Observer | undefined;
  #sightings: PostedSighting[] = [];
  #limited: LimitNote | undefined;
  readonly #limitNotes = new LimitNotes(realWorld, (note) => {
    this.#limited = note;
  });
  #bugs: Letter['bugs'][number][] = [];

  constructor({ words, counters, latency, generation, publication }: FrontStart, native: Native) {
    this.#words = words;
    this.#counters = new Counters(counters);
    this.#latency = new Histograms(LATENCY_ROWS, latency);
    this.#generation = generation;
    this.#sockets = publication.sockets;
    this.#poll = new SocketPoll(native, publication.sockets);
    this.#batch = new Batch(native, this.#counters, this.#bag);
    this.#catalog = new Catalog(publication.images.map(imageOf));
    this.#pipeline = new Pipeline({
      ...this.#pipelineSettings(publication.settings),
      catalog: this.#catalog,
      counters: this.#counters,
      onBug: (bug, packet) => void this.#bugs.push({ bug, packet: toHex(packet) }),
    });
  }

  run(): void {
    Atomics.store(this.#words, FrontWord.SEEN, this.#generation);
    while (!this.#isStopped) {
      const [only] = this.#sockets;
      if (only === undefined)
        Atomics.wait(this.#words, FrontWord.GENERATION, this.#generation, FRONT_WAKE_MS);
      else if (this.#sockets.length > 1) this.#serveAll();
      else if (!this.#serve(only, true)) this.#rest();
      this.#look();
      this.#leave();
    }
  }

  #serveAll(): void {
    const ready = this.#poll.ready(FRONT_WAKE_MS);
    for (const socket of ready) this.#serve(socket, false);
    if (ready.length === 0) this.#rest();
  }

  /** One batch. False: there was nothing. */
  #serve(socket: UdpSocket, mayWait: boolean): boolean {
    if (this.#batch.receive(socket, mayWait) === 0) return false;
    // What was published before a query came holds for it.
    this.#look();
    this.#world.turn();
    this.#batch.answer(this.#pipeline);
    this.#post();
    return true;
  }

  #look(): void {
    if (Atomics.load(this.#words, FrontWord.GENERATION) === this.#generation) return;
    assert(parentPort !== null, 'a front is a worker');
    for (let next = receiveMessageOnPort(parentPort); next; next = receiveMessageOnPort(parentPort)) {
      const { generation, changed } = next.message as Published;
      this.#generation = generation;
      this.#apply(changed);
    }
    if (this.#leaving.length === 0) Atomics.store(this.#words, FrontWord.SEEN, this.#generation);
  }

  #apply({ settings, images, image, sockets, stop }: Published['changed']): void {
    if (settings) this.#pipeline.reconfigure(this.#pipelineSettings(settings));
    if (images) this.#publish(new Catalog(images.map(imageOf)), true);
    if (image) {
      const isElsewhere = this.#catalog.images[image.place]?.buffer !== image.buffer;
      this.#publish(this.#catalog.with(image.place, imageOf(image)), isElsewhere);
    }
    if (sockets) {
      const kept = new Set(sockets.map(({ fd }) => fd));
      this.#leaving = [...this.#leaving, ...this.#sockets.filter(({ fd }) => !kept.has(fd))];
      this.#sockets = sockets;
      this.#poll.follow(sockets);
    }
    if (stop) this.#isStopped = true;
  }

  #publish(catalog: Catalog, isOldLeft: boolean): void {
    this.#catalog = catalog;
    this.#pipeline.publish(catalog);
    if (isOldLeft) this.#collect();
  }

  /**
   * Who allocates nothing never collects, and would hold the zones of yesterday for ever. What came with the
   * last publication is still young: finding it costs less than a millisecond. A whole collection takes
   * several, so it waits for a moment without packets; only not for ever.
   */
  #collect(): void {
    if (++this.#uncollected > FRONT_UNCOLLECTED_MAX) this.#rest();
    else globalThis.gc?.({ type: 'minor' });
  }

  /** Nobody asks at the moment. */
  #rest(): void {
    if (this.#uncollected === 0) return;
    this.#uncollected = 0;
    globalThis.gc?.();
  }

  /** Bounded: under load there is always another batch. */
  #leave(): void {
    if (this.#leaving.length === 0) return;
    const leaving = this.#leaving;
    for (const socket of leaving) {
      for (let turn = 0; turn < UDP_SETTLE_TURNS_MAX && this.#serve(socket, false); turn++);
    }
    this.#leaving = this.#leaving.slice(leaving.length);
    if (this.#leaving.length === 0) Atomics.store(this.#words, FrontWord.SEEN, this.#generation);
  }

  get #hasMail(): boolean {
    const isSilent = this.#sightings.length === 0 && this.#bugs.length === 0 && this.#limited === undefined;
    return this.#bag.count > 0 || !isSilent;
  }

  #post(): void {
    if (!this.#hasMail) return;
    const words = this.#words;
    const posted = words[FrontWord.POSTED] as number;
    const unread = (posted - Atomics.load(words, FrontWord.TAKEN)) | 0;
    if (unread >= FRONT_SIGHTING_LETTERS_MAX) this.#dropSightings();
    if (!this.#hasMail) return;
    const { count } = this.#bag;
    const bag = count === 0 ? undefined : this.#bag.take();
    const letter: Letter = { bag, sightings: this.#sightings, limited: this.#limited, bugs: this.#bugs };
    if (unread >= FRONT_LETTERS_MAX) {
      this.#counters.add(Counter.handOversDropped, count);
    } else {
      Atomics.store(words, FrontWord.POSTED, posted + 1);
      parentPort?.postMessage(letter, bag === undefined ? [] : [bag.buffer]);
    }
    this.#sightings = [];
    this.#limited = undefined;
    this.#bugs = [];
  }

  #dropSightings(): void {
    const { length } = this.#sightings;
    this.#counters.add(Counter.queryLogTaken, length);
    this.#counters.add(Counter.queryLogDropped, length);
    this.#sightings = [];
  }

  #pipelineSettings(
    settings: FrontSettings,
  ): Pick<PipelineSettings, 'recursor' | 'mayRecurse' | 'chaos' | 'guard' | 'observer'> {
    const { offersRecursion, allow, chaos, guard, watching } = settings;
    if (!isDeepStrictEqual(watching, this.#watching)) this.#observer = this.#observerOf(watching);
    this.#watching = watching;
    return {
      recursor: offersRecursion ? 'elsewhere' : undefined,
      mayRecurse: prefixSet(allow),
      chaos,
      guard: guardSettings(guard, realWorld, this.#limitNotes.add),
      observer: this.#observer,
    };
  }

  #observerOf({ isTimed, logEvery: every }: Watching): Observer | undefined {
    if (!isTimed && every === undefined) return undefined;
    const take = (seen: Sighting): void => void this.#sightings.push(packSighting(seen));
    const tap = every === undefined ? undefined : { every, take };
    return new Observer(this.#world, isTimed ? this.#latency : undefined, tap);
  }
}

const native = await loadNative();
assert(typeof native === 'object', 'the control thread starts fronts where there is something to call');
new Front(workerData as FrontStart, native).run();
