/**
 * The listening sockets: a UDP and a TCP one for each address, opened together or not at all. Where every
 * address of the machine is meant, one pair listens at the whole of a family, if datagrams come in batches,
 * which tell the address they came to. Otherwise, or where somebody else holds one of the addresses (a stub
 * resolver), each address has its own pair, and addresses that come and go get and lose theirs.
 */
import type { Counters } from '../base/counters.ts';
import { Counter } from '../base/counters.ts';
import { UDP_SETTLE_TURNS_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import {
  concreteAddresses,
  diffAddresses,
  type Listen,
  listenText,
  localAddresses,
} from '../transport/addresses.ts';
import type { TcpLimits } from '../transport/connection.ts';
import type { Answerer } from '../transport/door.ts';
import { listenTcp, type TcpListener } from '../transport/tcp.ts';
import { TcpTable } from '../transport/tcp-table.ts';
import { listenUdp } from '../transport/udp.ts';

export interface Room {
  readonly answerer: Answerer;
  readonly world: World;
  readonly counters: Counters;
  readonly tcp: Partial<TcpLimits>;
  /**
   * How datagrams come in where that is not by `dgram`; throws the system's error. At a wildcard it answers
   * from the address asked.
   */
  readonly listenUdp?: ((address: string, port: number) => UdpDoor) | undefined;
}

/** What is asked of whoever receives datagrams at one address. */
export interface UdpDoor {
  readonly address: string;
  readonly port: number;
  /** No more questions, once those that have arrived are read. */
  stopReceiving(): void | Promise<void>;
  /** Resolves when what was queued has left. */
  close(): Promise<void>;
}

export interface Refusal {
  readonly listen: Listen;
  readonly via: 'UDP' | 'TCP';
  /** The system's: EACCES, EADDRINUSE, EADDRNOTAVAIL, … */
  readonly code: string;
}

interface Door {
  readonly udp: UdpDoor;
  readonly tcp: TcpListener;
}

/** What is meant where nothing is said. */
export const EVERYWHERE: Listen = { address: '*', port: 53 };

/** The address that stands for all of a family. */
const wholeOf = (address: string): string => (address.includes(':') ? '::' : '0.0.0.0');
const isWhole = ({ address }: Listen): boolean => address === wholeOf(address);

/** By family. */
const halves = ({ address, port }: Listen): Listen[] =>
  (address === '*' ? ['0.0.0.0', '::'] : [address]).map((each) => ({ address: each, port }));

export class Doors {
  readonly #wanted: readonly Listen[];
  readonly #room: Room;
  /** One for all doors: its bounds are the server's. */
  readonly #table: TcpTable;
  readonly #local: () => string[];
  /** By the text of what was asked for. */
  readonly #open = new Map<string, Door>();
  /** Wildcards that were tried; those that could be had are open. */
  readonly #tried = new Set<string>();
  /** Where we are reached, as of the last look. */
  #reached: string[] = [];

  constructor(wanted: readonly Listen[], room: Room, local: () => string[] = localAddresses) {
    this.#wanted = (wanted.length > 0 ? wanted : [EVERYWHERE]).flatMap(halves);
    this.#room = room;
    this.#table = new TcpTable(room.answerer, room.world, room.counters, room.tcp);
    this.#local = local;
  }

  /** Where we are reached: of a wildcard, the addresses of the moment. */
  get addresses(): string[] {
    const local = this.#local();
    return [...this.#open.values()].flatMap(({ udp: { address, port } }) =>
      concreteAddresses(address, local).map((each) => listenText({ address: each, port })),
    );
  }

  /** TCP connections of clients. */
  get connections(): number {
    return [...this.#open.values()].reduce((sum, { tcp }) => sum + tcp.connections, 0);
  }

  /**
   * Opens what is wanted and not open, closes what is open and not wanted any more. Tells what was refused,
   * and which addresses can be asked now and could not before, and the other way round.
   */
  async adjust(): Promise<{ came: string[]; went: string[]; refused: Refusal[] }> {
    if (this.#room.listenUdp !== undefined) await this.#openWholes();
    const wanted = this.#concrete();
    const refused: Refusal[] = [];
    for (const [text, listen] of wanted) {
      if (!this.#open.has(text)) refused.push(...(await this.#openAt(listen)));
    }
    for (const [text, door] of [...this.#open]) {
      if (wanted.has(text) || this.#tried.has(text)) continue;
      this.#open.delete(text);
      await closeDoor(door);
    }
    const before = this.#reached;
    this.#reached = this.addresses;
    return { ...diffAddresses(before, this.#reached), refused };
  }

  /** Once: where a whole family is not to be had, its addresses are taken one by one from then on. */
  async #openWholes(): Promise<void> {
    for (const whole of this.#wanted.filter(isWhole)) {
      const text = listenText(whole);
      if (this.#tried.has(text)) continue;
      this.#tried.add(text);
      await this.#openAt(whole);
    }
  }

  async #openAt(listen: Listen): Promise<Refusal[]> {
    const door = await openDoor(listen, this.#room, this.#table);
    if (Array.isArray(door)) return door;
    this.#open.set(listenText(listen), door);
    return [];
  }

  /** What is to have a pair of its own: no address of a family that is listened at as a whole. */
  #concrete(): Map<string, Listen> {
    const local = this.#local();
    const isOpen = (listen: Listen): boolean => this.#open.has(listenText(listen));
    const all = this.#wanted
      .filter((listen) => !(isWhole(listen) && isOpen(listen)))
      .flatMap(({ address, port }) =>
        concreteAddresses(address, local).map((each): Listen => ({ address: each, port })),
      )
      .filter(({ address, port }) => port === 0 || !isOpen({ address: wholeOf(address), port }));
    return new Map(all.map((listen) => [listenText(listen), listen]));
  }

  /**
   * Answers what had arrived before: datagrams are read until a turn of the loop brings none, connections
   * until their questions are answered. Resolves when all is sent, or after `ms`.
   */
  async drain(ms: number, pending: () => number): Promise<void> {
    const { world } = this.#room;
    const deadlineMs = world.nowMs() + ms;
    const doors = [...this.#open.values()];
    await this.#readWhatArrived();
    for (const { tcp } of doors) tcp.stopReceiving();
    await Promise.all(doors.map(({ udp }) => udp.stopReceiving()));
    while (pending() > 0 && world.nowMs() < deadlineMs) await pause(world, DRAIN_LOOK_MS);
    const leftMs = Math.max(0, deadlineMs - world.nowMs());
    await Promise.all(doors.map(({ tcp }) => tcp.drain(leftMs)));
    await Promise.all(doors.map(({ udp }) => udp.close()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(closeDoor));
    this.#open.clear();
  }

  /** Bounded: under load there is always another datagram. */
  async #readWhatArrived(): Promise<void> {
    const { counters } = this.#room;
    for (let turn = 0; turn < UDP_SETTLE_TURNS_MAX; turn++) {
      const before = counters.get(Counter.udpReceived);
      // From one check phase to the next the loop polls every socket once.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      if (counters.get(Counter.udpReceived) === before) return;
    }
  }
}

/** How often it is looked whether the last resolution has ended. */
const DRAIN_LOOK_MS = 5;

const pause = (world: World, ms: number): Promise<void> =>
  new Promise((resolve) => void world.after(ms, resolve));

const closeDoor = async ({ udp, tcp }: Door): Promise<void> => {
  await Promise.all([udp.close(), tcp.close()]);
};

/**
 * Port 0 is one the system chooses for UDP; TCP must then have the same, which may take more than one try.
 */
const CHOSEN_PORT_TRIES = 10;

async function openDoor(listen: Listen, room: Room, table: TcpTable): Promise<Door | Refusal[]> {
  const tries = listen.port === 0 ? CHOSEN_PORT_TRIES : 1;
  let refused: Refusal[] = [];
  for (let i = 0; i < tries; i++) {
    const udp = await attempt(listen, 'UDP', async () => openUdp(listen, room));
    const port = 'code' in udp ? listen.port : udp.port;
    const tcp = await attempt(listen, 'TCP', () => listenTcp(listen.address, port, table));
    if (!('code' in udp) && !('code' in tcp)) return { udp, tcp };
    refused = [udp, tcp].filter((each): each is Refusal => 'code' in each);
    for (const each of [udp, tcp]) if (!('code' in each)) await each.close();
  }
  return refused;
}

const openUdp = ({ address, port }: Listen, room: Room): UdpDoor | Promise<UdpDoor> =>
  room.listenUdp?.(address, port) ?? listenUdp(address, port, room.answerer, room.counters);

const attempt = <T>(listen: Listen, via: 'UDP' | 'TCP', open: () => Promise<T>): Promise<T | Refusal> =>
  open().catch(
    (error: NodeJS.ErrnoException): Refusal => ({ listen, via, code: error.code ?? error.message }),
  );
