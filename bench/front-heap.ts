/**
 * What a front allocates: batches of recorded queries through `transport/udp-batch` and the pipeline, as the
 * front's loop does it, over system calls that only copy between arrays. Prints one line of JSON: bytes per
 * query, and by how much the heap grew. Run by run.ts in a process of its own, with --expose-gc:
 * node bench/front-heap.ts ZONEFILE APEX QUERIES
 */
import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { Bytes } from '../src/base/bytes.ts';
import { Counters } from '../src/base/counters.ts';
import { UDP_BATCH_MAX } from '../src/base/limits.ts';
import { Header, Iovec, type Native, Sys } from '../src/transport/native.ts';
import { Batch } from '../src/transport/udp-batch.ts';
import { Bag } from '../src/transport/udp-return.ts';
import type { UdpSocket } from '../src/transport/udp-socket.ts';
import { type Allocations, allocations } from './allocations.ts';
import { queriesOf } from './pace.ts';
import { pipelineOver } from './pipeline.ts';

const WARM_PASSES = 10;
const PASSES = 10;

export interface FrontHeapRow extends Allocations {
  readonly queries: number;
  readonly heapGrowthBytes: number;
}

/**
 * The kernel's part, without one: every call to receive brings a full batch, from one client on loopback,
 * into the slots that the headers point to; sending takes everything. An address is the number of an array
 * in the upper half, from 1, and a place in it in the lower.
 */
class Recording implements Native {
  readonly #packets: readonly Uint8Array[];
  readonly #bytes: Bytes[] = [];
  readonly #words: Uint32Array[] = [];
  #headers: Uint32Array | undefined;
  #next = 0;
  answers = 0;

  constructor(packets: readonly Uint8Array[]) {
    this.#packets = packets;
  }

  address(bytes: Bytes): bigint {
    this.#words.push(new Uint32Array(bytes.buffer));
    return BigInt(this.#bytes.push(bytes)) << 32n;
  }

  recvmmsg(_fd: number, bytes: Bytes, count: number): number {
    this.#headers ??= new Uint32Array(bytes.buffer);
    for (let i = 0; i < count; i++) this.#receive(this.#headers, (i * Header.SIZE) >> 2);
    return count;
  }

  #receive(headers: Uint32Array, at: number): void {
    const packet = this.#packets[this.#next] as Uint8Array;
    this.#next = (this.#next + 1) % this.#packets.length;
    const name = at + (Header.NAME >> 2);
    const from = this.#bytes[(headers[name + 1] as number) - 1] as Bytes;
    from.set(CLIENT, headers[name] as number);
    const iovec = at + (Header.IOV >> 2);
    const parts = this.#words[(headers[iovec + 1] as number) - 1] as Uint32Array;
    const part = ((headers[iovec] as number) + Iovec.BASE) >> 2;
    const slot = this.#bytes[(parts[part + 1] as number) - 1] as Bytes;
    slot.set(packet, parts[part] as number);
    headers[at + (Header.LENGTH >> 2)] = packet.length;
    headers[at + (Header.FLAGS >> 2)] = 0;
  }

  sendmmsg(_fd: number, _headers: Bytes, count: number): number {
    this.answers += count;
    return count;
  }

  // The rest of a socket's life, which a batch has no part in.
  socket = unasked;
  setsockopt = unasked;
  bind = unasked;
  getsockname = unasked;
  poll = unasked;
  close = unasked;
  connect = unasked;
  send = unasked;
  recv = unasked;
  epollCreate = unasked;
  epollAdd = unasked;
  epollWait = unasked;
  epollWaitLater = unasked;
  errno = unasked;
}

function unasked(): never {
  throw new Error('a batch that can be sent whole asks for nothing else');
}

/** A `sockaddr_in`: AF_INET, port 5353, 127.0.0.1. */
const CLIENT = Uint8Array.of(Sys.AF_INET, 0, 5353 >> 8, 5353 & 255, 127, 0, 0, 1);
const SOCKET: UdpSocket = {
  ...{ fd: 3, isV6: false, isWildcard: false, port: 53 },
  ...{ address: '127.0.0.1', addressBytes: Uint8Array.of(127, 0, 0, 1) },
};

const [file = '', apex = '', queries = ''] = process.argv.slice(2);
const packets = queriesOf(readFileSync(queries, 'utf8'));
const kernel = new Recording(packets);
const batch = new Batch(kernel, new Counters(), new Bag());
const pipeline = await pipelineOver(file, apex);
const batches = Math.floor(packets.length / UDP_BATCH_MAX);
const pass = (): void => {
  for (let i = 0; i < batches; i++) {
    batch.receive(SOCKET, true);
    batch.answer(pipeline);
  }
};
const heapBytes = (): number => {
  globalThis.gc?.();
  return getHeapStatistics().used_heap_size;
};

for (let i = 0; i < WARM_PASSES; i++) pass();
const before = heapBytes();
const run = (): void => {
  for (let i = 0; i < PASSES; i++) pass();
};
run();
const heapGrowthBytes = Math.max(0, heapBytes() - before);
const queriesRun = PASSES * batches * UDP_BATCH_MAX;
const allocated = await allocations(run, queriesRun);
const asked = (WARM_PASSES + 2 * PASSES) * batches * UDP_BATCH_MAX;
if (kernel.answers !== asked) throw new Error(`${asked} queries, but ${kernel.answers} answers`);
const row: FrontHeapRow = { ...allocated, queries: queriesRun, heapGrowthBytes };
console.log(JSON.stringify(row));
