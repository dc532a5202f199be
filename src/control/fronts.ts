/**
 * The front threads, each in its place. Their sockets are opened and closed here, so that a front which dies
 * loses nothing that has arrived, and needs no privilege to come back. What they cannot answer they hand over
 * to the resolver thread, which sends from their sockets: so one is closed only when nobody uses it any more.
 */
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { Counter } from '../base/counters.ts';
import { Tally } from '../server/tally.ts';
import { scopeIndex } from '../transport/addresses.ts';
import type { Native } from '../transport/native.ts';
import { openUdpSockets, type UdpSocket } from '../transport/udp-socket.ts';
import type { UdpDoor } from './doors.ts';
import {
  type Changed,
  type FrontPublication,
  laidOver,
  type Publication,
  type ThreadStart,
} from './front-letters.ts';
import type { Line } from './line.ts';
import { Place, type ThreadRoom } from './place.ts';

/** Where lines to the resolver thread are to be had. */
export interface Switchboard {
  /** A new line for `who`, instead of any before; undefined while there is nobody. */
  connect(who: object): Line | undefined;
  /** From now on, answers leave from these file descriptors only. */
  allow(open: readonly number[]): void;
  /** Resolves when it has followed. */
  settled(): Promise<void>;
}

export interface FrontsRoom extends ThreadRoom {
  readonly native: Native;
  readonly switchboard: Switchboard;
  /** Undefined where nobody counts who asks for what. */
  readonly tally?: Tally | undefined;
  /** Starts a thread; a test may start another one. */
  readonly spawn: (start: ThreadStart<FrontPublication>) => Worker;
}

/** `resourceLimits` where they are not to be the engine's own. */
export const spawnThread =
  <P>(entry: URL, resourceLimits: ResourceLimits = {}) =>
  (start: ThreadStart<P>): Worker =>
    new Worker(entry, { workerData: start, resourceLimits });

export class Fronts {
  readonly #room: FrontsRoom;
  readonly #places: readonly Place<FrontPublication>[];
  /** For each address a socket for each place. */
  readonly #listening = new Set<readonly UdpSocket[]>();
  readonly #open = new Set<number>();
  #common: Publication | undefined;

  constructor(count: number, room: FrontsRoom) {
    this.#room = room;
    this.#places = Array.from({ length: count }, (_, i) => {
      const tally = room.tally && new Tally(room.world);
      if (tally !== undefined) room.tally?.include(tally);
      const place = new Place<FrontPublication>(room, {
        name: 'front',
        died: Counter.frontsDied,
        spawn: room.spawn,
        publication: () => ({
          ...(this.#common as Publication),
          sockets: this.#socketsOf(i),
          line: undefined,
          tally: tally?.memory,
        }),
        onChange: () => this.#connect(place),
      });
      return place;
    });
  }

  /** Throws the system's error where the address cannot be had. What arrives waits for `start`. */
  listen(address: string, port: number): UdpDoor {
    const { native, switchboard } = this.#room;
    const sockets = openUdpSockets(native, address, port, this.#places.length, scopeIndex);
    const [first] = sockets as [UdpSocket];
    this.#listening.add(sockets);
    for (const { fd } of sockets) this.#open.add(fd);
    switchboard.allow([...this.#open]);
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
        const closing = sockets.filter(({ fd }) => this.#open.delete(fd));
        switchboard.allow([...this.#open]);
        await switchboard.settled();
        for (const { fd } of closing) native.close(fd);
      },
    };
  }

  /** To all fronts, now and to come. */
  publish(changed: Changed<Publication>): void {
    this.#common = laidOver(this.#common as Publication, changed);
    for (const place of this.#places) place.tell(changed);
  }

  /** There is another one to hand over to, or nobody any more. */
  reconnect(): void {
    for (const place of this.#places) this.#connect(place);
  }

  /** Resolves when every front answers. After the first publication. */
  async start(): Promise<void> {
    for (const place of this.#places) place.start();
    await this.settled();
  }

  /** How many there are at this moment. */
  get alive(): number {
    return this.#places.filter(({ isAlive }) => isAlive).length;
  }

  /** Letters written and not read yet. */
  get underway(): number {
    return this.#places.reduce((sum, { underway }) => sum + underway, 0);
  }

  /** Resolves when all that was published is in effect. */
  async settled(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.settled()));
  }

  /** Resolves when the threads have ended, of themselves or not. */
  async stop(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.stop()));
  }

  #connect(place: Place<FrontPublication>): void {
    if (!place.isAlive) return;
    const line = this.#room.switchboard.connect(place);
    place.tell({ line }, line && [line.port]);
  }

  #tellSockets(): void {
    for (const [i, place] of this.#places.entries()) place.tell({ sockets: this.#socketsOf(i) });
  }

  #socketsOf(i: number): UdpSocket[] {
    return [...this.#listening].map((sockets) => sockets[i] as UdpSocket);
  }
}
