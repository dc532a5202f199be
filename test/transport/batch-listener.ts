/**
 * A batch turned by the event loop instead of a front, so that one thread can be both sides of a test. What
 * is answered later goes the way of a hand-over: packed by the batch, unpacked here, sent from the socket it
 * was asked at.
 */
import type { Counters } from '../../src/base/counters.ts';
import { type Answerer, LATER } from '../../src/transport/door.ts';
import { loopDescriptor } from '../../src/transport/loop-descriptor.ts';
import { loadNative, type Native } from '../../src/transport/native.ts';
import { Batch } from '../../src/transport/udp-batch.ts';
import { Bag, Returns, unpack } from '../../src/transport/udp-return.ts';
import { openUdpSockets, type UdpSocket } from '../../src/transport/udp-socket.ts';
import type { Loop } from '../../src/transport/upstream-readiness.ts';

const loaded = await loadNative();
if (typeof loaded === 'string') throw new Error(loaded);
export const native: Native = loaded;

const fd = await loopDescriptor(native);
if (fd === undefined) throw new Error('the loop of this thread is not found');
/** Of the thread that tests. */
export const loop: Loop = { fd, isBusy: () => false };

type Send = (response: Uint8Array) => void;

export class BatchListener {
  readonly address: string;
  readonly port: number;
  readonly #socket: UdpSocket;
  readonly #native: Native;
  #state: 'open' | 'sending' | 'closed' = 'open';
  #turned: Promise<void>;

  constructor(socket: UdpSocket, answerer: Answerer, counters: Counters, on: Native) {
    this.address = socket.address;
    this.port = socket.port;
    this.#socket = socket;
    this.#native = on;
    this.#turned = this.#turn(answerer, counters);
  }

  async #turn(answerer: Answerer, counters: Counters): Promise<void> {
    const bag = new Bag();
    const batch = new Batch(this.#native, counters, bag);
    const returns = new Returns(this.#native, counters);
    // Of the batch's own LATER: each is told its way back when the bag is opened.
    const promised: { deliver: Send; send: Send }[] = [];
    const keeping: Answerer = {
      answer: (packet, length, client, out) => {
        const promise = { deliver: (_: Uint8Array): void => {}, send: (r: Uint8Array) => promise.deliver(r) };
        const size = answerer.answer(packet, length, client, out, promise.send);
        if (size === LATER) promised.push(promise);
        return size;
      },
    };
    while (this.#state === 'open') {
      if (batch.receive(this.#socket, false) > 0) batch.answer(keeping);
      for (const { way } of bag.count > 0 ? unpack(bag.take()) : []) {
        const promise = promised.shift();
        if (!promise) continue;
        promise.deliver = (r) => {
          if (r.length > 0) returns.add(way, r);
          returns.flush(() => this.#state !== 'closed');
        };
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  stopReceiving(): void {
    if (this.#state === 'open') this.#state = 'sending';
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#turned;
    this.#native.close(this.#socket.fd);
  }
}

/** As the listeners of the source; `on` may be a kernel that does not play along. */
export async function listenBatch(
  address: string,
  port: number,
  answerer: Answerer,
  counters: Counters,
  on: Native = native,
): Promise<BatchListener> {
  const [socket] = openUdpSockets(on, address, port, 1) as [UdpSocket];
  return new BatchListener(socket, answerer, counters, on);
}
