/**
 * A thread that attacks a server on loopback for as long as it is let: damaged datagrams in bursts, and TCP
 * connections that say garbage, drip, stop or hang up. It goes as fast as the server follows, so that what is
 * measured is the server and not a full socket buffer: each burst ends with a sound query, and the next one
 * waits for its answer. Told to stop, it says what it did.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { Flag } from '../../src/wire/message.ts';
import { damagePacket } from '../fuzz/mutate.ts';
import { catalog, exchange, pipeline, queryFor, SOA_AND_NS } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';

interface Order {
  readonly port: number;
  readonly seed: number;
}

export interface Damage {
  datagrams: number;
  /** Bursts whose last query was not answered in time. */
  unanswered: number;
  connections: number;
}

/** Attacks while `during` runs; gives what came of that, and what was done. */
export async function underAttack<T>(
  port: number,
  seed: number,
  during: () => Promise<T>,
): Promise<{ result: T; damage: Damage }> {
  const order: Order = { port, seed };
  const worker = new Worker(new URL('attacker.ts', import.meta.url), { workerData: { order } });
  const told = new Promise<Damage>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  try {
    const result = await Promise.race([
      during(),
      told.then(() => Promise.reject(new Error('it ended early'))),
    ]);
    worker.postMessage('stop');
    return { result, damage: await told };
  } finally {
    await worker.terminate();
  }
}

const PACKETS = 2_000;
const UDP_SOCKETS = 4;
const BURST = 48;
const BURST_MS_MAX = 200;
const TCP_AT_ONCE = 60;
const DRIP_MS = 20;
const CONNECTION_MS_MAX = 1_500;

class Attacker {
  readonly damage: Damage = { datagrams: 0, unanswered: 0, connections: 0 };
  readonly #port: number;
  readonly #chance: Chance;
  readonly #packets: readonly Uint8Array[];
  #isOver = false;

  constructor({ port, seed }: Order) {
    this.#port = port;
    this.#chance = new Chance(seed);
    this.#packets = this.#chance.times(PACKETS, () => damaged(this.#chance));
  }

  start(): void {
    for (let i = 0; i < UDP_SOCKETS; i++) void this.#flood(i);
    for (let i = 0; i < TCP_AT_ONCE; i++) void this.#visit(i);
  }

  stop(): Damage {
    this.#isOver = true;
    return this.damage;
  }

  async #flood(nth: number): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.connect(this.#port, '127.0.0.1', resolve));
    const last = Buffer.from(queryFor('www.example.com A'));
    for (let burst = nth; !this.#isOver; burst += UDP_SOCKETS) {
      last.writeUInt16BE(burst & 0xffff, 0);
      for (let i = 0; i < BURST; i++) socket.send(this.#chance.pick(this.#packets));
      this.damage.datagrams += BURST;
      socket.send(last);
      if (!(await isAnswered(socket, burst & 0xffff))) this.damage.unanswered++;
    }
    socket.close();
  }

  /** One connection after the other, each from an address that thirty share. */
  async #visit(nth: number): Promise<void> {
    while (!this.#isOver) {
      const localAddress = `127.66.0.${1 + (nth % 2)}`;
      const socket = connect({ host: '127.0.0.1', port: this.#port, localAddress });
      this.damage.connections++;
      socket.on('error', () => {}); // A reset is an end like any other.
      socket.resume();
      const closed = new Promise((resolve) => socket.on('close', resolve));
      const limit = setTimeout(() => socket.destroy(), CONNECTION_MS_MAX);
      this.#chance.pick(rudenesses)(socket, this.#chance, this.#packets);
      await closed;
      clearTimeout(limit);
    }
  }
}

/** Whether the answer with this ID comes, and not just an error that happens to have it. */
function isAnswered(socket: UdpSocket, id: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isRight: boolean): void => {
      clearTimeout(giveUp);
      socket.off('message', hear);
      resolve(isRight);
    };
    const hear = (bytes: Buffer): void => {
      if (bytes.readUInt16BE(0) === id && bytes.readUInt16BE(6) === 1) end(true);
    };
    const giveUp = setTimeout(end, BURST_MS_MAX, false);
    socket.on('message', hear);
  });
}

/** RD is not set: what is sound after all shall not make the server ask others. */
function damaged(chance: Chance): Uint8Array {
  const packet = damagePacket(chance.pick(sound), chance);
  if (packet.length > 2) packet[2] = (packet[2] as number) & ~(Flag.RD >> 8);
  return packet;
}

const names = ['www.example.com', 'example.com', 'nowhere.example.com', `${'x.'.repeat(100)}example.com`];
const server = pipeline(catalog({ 'example.com.': `${SOA_AND_NS}www 60 IN A 192.0.2.1\n` }));
const queries = names.flatMap((name) => [
  queryFor(`${name} A`),
  queryFor(`${name} ANY`, { udpSize: 1232, dnssecOk: true }),
  queryFor(`${name} TXT`, { udpSize: 4096 }),
]);
const sound = [...queries, ...queries.map((packet) => exchange(server, packet, 'tcp') ?? packet)];

type Rudeness = (socket: Socket, chance: Chance, packets: readonly Uint8Array[]) => void;

const framed = (packet: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(packet.length >> 8, packet.length & 0xff), packet]);

const rudenesses: readonly Rudeness[] = [
  (socket, chance) => void socket.end(chance.bytes(chance.below(200))),
  (socket) => void socket.write(Buffer.of(0, 0)),
  (socket) => void socket.write(Buffer.of(0xff, 0xff)),
  (socket) => void socket.end(),
  (socket, chance) => void socket.write(framed(chance.bytes(65_533))),
  (socket) => void socket.on('connect', () => socket.resetAndDestroy()),
  (socket, chance, packets) =>
    void socket.end(Buffer.concat(chance.times(30, () => framed(chance.pick(packets))))),
  // Asks much, and reads nothing of it.
  (socket) => {
    socket.pause();
    socket.write(Buffer.concat(Array(2_000).fill(framed(queryFor('big.example.com TXT')))));
  },
  // A byte at a time.
  (socket, chance, packets) => {
    const bytes = framed(chance.pick(packets));
    let at = 0;
    const drip = setInterval(() => {
      if (at === bytes.length || socket.destroyed) clearInterval(drip);
      else socket.write(bytes.subarray(at, ++at));
    }, DRIP_MS);
  },
];

if (workerData?.order !== undefined) {
  const attacker = new Attacker(workerData.order as Order);
  attacker.start();
  parentPort?.once('message', () => parentPort?.postMessage(attacker.stop()));
}
