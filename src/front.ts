/**
 * A front thread: receives a batch of datagrams, answers each from our zones or from the answer cache, sends
 * the batch. It waits for packets and for nothing else, and its event loop never turns: once a batch it
 * compares one shared number, and only when that has moved reads what was published. What nobody knows yet is
 * handed over to the resolver thread, one bag a batch. It ends when a publication tells it to.
 */
import { workerData } from 'node:worker_threads';
import { assert } from './base/assert.ts';
import { Counter } from './base/counters.ts';
import { FRONT_UNCOLLECTED_MAX, FRONT_WAKE_MS, UDP_SETTLE_TURNS_MAX } from './base/limits.ts';
import type { Changed, FrontPublication, ThreadStart } from './control/front-letters.ts';
import { FrontWorld } from './control/front-world.ts';
import { handOver, type Line } from './control/line.ts';
import { Outpost } from './control/outpost.ts';
import { AnswerReader } from './server/answer-reader.ts';
import { Tally } from './server/tally.ts';
import { loadNative, type Native } from './transport/native.ts';
import { Batch } from './transport/udp-batch.ts';
import { SocketPoll } from './transport/udp-poll.ts';
import { Bag } from './transport/udp-return.ts';
import type { UdpSocket } from './transport/udp-socket.ts';

class Front {
  readonly #world = new FrontWorld();
  readonly #outpost: Outpost<FrontPublication>;
  readonly #batch: Batch;
  readonly #poll: SocketPoll;
  readonly #bag = new Bag();
  #line: Line | undefined;
  #sockets: readonly UdpSocket[];
  /** Sockets that were ours: they are read empty before they are given up. */
  #leaving: readonly UdpSocket[] = [];
  #isStopped = false;
  /** Publications of zones since the last whole collection of garbage. */
  #uncollected = 0;

  constructor(start: ThreadStart<FrontPublication>, native: Native) {
    const { sockets, answers, tally } = start.publication;
    const { perBatch } = this.#world;
    this.#outpost = new Outpost(start, this.#world, (changed) => this.#apply(changed), perBatch);
    this.#sockets = sockets;
    this.#poll = new SocketPoll(native, sockets);
    this.#batch = new Batch(native, this.#outpost.counters, this.#bag);
    this.#recurseWith(answers);
    if (tally) this.#outpost.pipeline.reconfigure({ tally: new Tally(this.#world, tally) });
  }

  run(): void {
    this.#outpost.look();
    this.#outpost.hasFollowed();
    while (!this.#isStopped) {
      const [only] = this.#sockets;
      this.#outpost.beat();
      if (only === undefined) this.#outpost.rest(FRONT_WAKE_MS);
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
    this.#batch.answer(this.#outpost.pipeline);
    if (this.#bag.count > 0) this.#handOver();
    this.#outpost.post();
    return true;
  }

  #handOver(): void {
    const { count } = this.#bag;
    const bag = this.#bag.take();
    if (this.#line !== undefined && handOver(this.#line, bag, count)) return;
    // Who asks over UDP asks again; recursion is what is left out first when there is too much to do.
    this.#outpost.counters.add(Counter.handOversDropped, count);
  }

  #look(): void {
    if (this.#outpost.look() && this.#leaving.length === 0) this.#outpost.hasFollowed();
  }

  #apply(changed: Changed<FrontPublication>): void {
    if ('answers' in changed) this.#recurseWith(changed.answers);
    if ('line' in changed) this.#line = changed.line;
    // A version of an image lies in the memory of the one before, and mostly keeps its plan.
    const { plan, buffer } = changed.image ?? {};
    if (changed.images || buffer || typeof plan === 'object') this.#collect();
    if (changed.sockets) this.#listen(changed.sockets);
    if (changed.stop) this.#isStopped = true;
  }

  #recurseWith(answers: FrontPublication['answers']): void {
    const now = (): number => this.#world.batchMs();
    const reader = answers && new AnswerReader(answers.memory, answers.era, now);
    this.#outpost.pipeline.reconfigure({ recursion: reader && { answers: reader } });
  }

  #listen(sockets: readonly UdpSocket[]): void {
    const kept = new Set(sockets.map(({ fd }) => fd));
    this.#leaving = [...this.#leaving, ...this.#sockets.filter(({ fd }) => !kept.has(fd))];
    this.#sockets = sockets;
    this.#poll.follow(sockets);
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
    if (this.#leaving.length === 0) this.#outpost.hasFollowed();
  }
}

const native = await loadNative();
assert(typeof native === 'object', 'the control thread starts fronts where there is something to call');
new Front(workerData as ThreadStart<FrontPublication>, native).run();
