/**
 * All TCP connections of the server, whichever listener let them in (RFC 7766 §6.2). Their number is bounded
 * in all and per client, which is an IPv4 address or an IPv6 /64; a newcomer takes the place of the
 * connection that was idle longest, and is refused where none is idle. One sweep, while there are
 * connections, closes those whose time is over; the fuller the table, the less patient it is.
 */
import type { Socket } from 'node:net';
import { Counter, type Counters } from '../base/counters.ts';
import { networkOf, parseIp } from '../base/ip.ts';
import type { World } from '../base/world.ts';
import { Connection, type TcpLimits, type TcpRoom, tcpLimits } from './connection.ts';
import type { Answerer, Client, Endpoint } from './door.ts';

/** How much of the table is taken, and the share of the usual patience left then. Unbound's steps. */
const PATIENCE: readonly (readonly [taken: number, share: number])[] = [
  [0.8, 0.02],
  [0.65, 0.1],
  [0.5, 0.25],
];

/** Asked of the system when somebody wants to know. */
function localOf({ localAddress = '', localPort: port }: Socket): Endpoint | undefined {
  const address = parseIp(localAddress);
  return address && port ? { address, port } : undefined;
}

type Farewell = (connection: Connection) => void;

export class TcpTable {
  readonly #room: TcpRoom;
  /** Each with what its listener wants called when it leaves. */
  readonly #connections = new Map<Connection, Farewell>();
  readonly #byNetwork = new Map<string, Set<Connection>>();
  #cancelSweep: (() => void) | undefined;

  constructor(answerer: Answerer, world: World, counters: Counters, limits: Partial<TcpLimits> = {}) {
    this.#room = { answerer, world, counters, limits: { ...tcpLimits, ...limits } };
  }

  get world(): World {
    return this.#room.world;
  }

  /** Sockets that hold more unsent bytes say so: that is when their connections stop reading. */
  get unsentBytesMax(): number {
    return this.#room.limits.unsentBytesMax;
  }

  /** Undefined, and the socket refused, where there is no room. */
  admit(socket: Socket, left: Farewell): Connection | undefined {
    const { remoteAddress, remotePort: port } = socket;
    const bytes = parseIp(remoteAddress ?? '');
    const network = bytes ? networkOf(bytes) : '';
    // Without an address the peer is gone already.
    if (!bytes || !port || !this.#hasRoomFor(network)) {
      this.refuse(socket);
      return undefined;
    }
    this.#room.counters.bump(Counter.tcpAccepted);
    const client: Client = {
      transport: 'tcp',
      address: bytes,
      port,
      get local() {
        return localOf(socket);
      },
    };
    const connection = new Connection(socket, client, this.#room);
    socket.on('close', () => this.#forget(connection));
    this.#connections.set(connection, left);
    const neighbours = this.#byNetwork.get(network) ?? new Set();
    this.#byNetwork.set(network, neighbours.add(connection));
    this.#cancelSweep ??= this.world.after(this.#room.limits.sweepMs, () => this.#sweep());
    return connection;
  }

  refuse(socket?: Socket): void {
    this.#room.counters.bump(Counter.tcpRefused);
    socket?.on('error', () => {});
    socket?.destroy();
  }

  close(connection: Connection): void {
    connection.destroy();
    this.#forget(connection);
  }

  #hasRoomFor(network: string): boolean {
    const { clientsMax, clientsPerAddressMax } = this.#room.limits;
    const neighbours = this.#byNetwork.get(network);
    if (neighbours && neighbours.size >= clientsPerAddressMax) return this.#evictFrom(neighbours);
    return this.#connections.size < clientsMax || this.#evictFrom(this.#connections.keys());
  }

  /** RFC 7766 §6.2.3: a server short of room may close idle connections; the idlest misses it least. */
  #evictFrom(connections: Iterable<Connection>): boolean {
    let idlest: Connection | undefined;
    for (const each of connections) {
      if (each.idle && (idlest === undefined || each.sinceMs < idlest.sinceMs)) idlest = each;
    }
    if (idlest === undefined) return false;
    this.#room.counters.bump(Counter.tcpEvicted);
    this.close(idlest);
    return true;
  }

  #forget(connection: Connection): void {
    const left = this.#connections.get(connection);
    if (left === undefined) return;
    this.#connections.delete(connection);
    const network = networkOf(connection.client.address);
    const neighbours = this.#byNetwork.get(network);
    neighbours?.delete(connection);
    if (neighbours?.size === 0) this.#byNetwork.delete(network);
    if (this.#connections.size === 0) {
      this.#cancelSweep?.();
      this.#cancelSweep = undefined;
    }
    left(connection);
  }

  #sweep(): void {
    const { world, limits, counters } = this.#room;
    const nowMs = world.nowMs();
    const taken = this.#connections.size / limits.clientsMax;
    const share = PATIENCE.find(([above]) => taken > above)?.[1] ?? 1;
    this.#cancelSweep = world.after(limits.sweepMs, () => this.#sweep());
    for (const connection of this.#connections.keys()) {
      const reason = connection.overdue(nowMs, limits.idleMs * share);
      if (reason === undefined) continue;
      counters.bump(reason);
      this.close(connection);
    }
  }
}
