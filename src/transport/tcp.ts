/**
 * DNS over TCP (RFC 7766): a listener and its table of connections. The table is bounded in all and per
 * address; a newcomer takes the place of the connection that was idle longest, and is refused where none is
 * idle. One sweep, while there are connections, closes those whose time is over; the fuller the table, the
 * less patient it is.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { Counter, type Counters } from '../base/counters.ts';
import { ipText, parseIp } from '../base/ip.ts';
import type { World } from '../base/world.ts';
import { Connection, type TcpLimits, type TcpRoom, tcpLimits } from './connection.ts';
import type { Answerer, Client } from './door.ts';

/** How much of the table is taken, and the share of the usual patience left then. Unbound's steps. */
const PATIENCE: readonly (readonly [taken: number, share: number])[] = [
  [0.8, 0.02],
  [0.65, 0.1],
  [0.5, 0.25],
];

/** Rejects with the system's error where the address cannot be had (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
export async function listenTcp(
  address: string,
  port: number,
  answerer: Answerer,
  world: World,
  counters: Counters,
  limits: Partial<TcpLimits> = {},
): Promise<TcpListener> {
  const room: TcpRoom = { answerer, world, counters, limits: { ...tcpLimits, ...limits } };
  // A socket that holds more unsent bytes than its high-water mark says so: that is when we stop reading.
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    highWaterMark: room.limits.unsentBytesMax,
  });
  const listening = once(server, 'listening');
  server.listen({ host: address, port, ipv6Only: isIPv6(address), exclusive: true });
  await listening;
  return new TcpListener(server, room);
}

export class TcpListener {
  readonly address: string;
  readonly port: number;
  readonly #server: Server;
  readonly #room: TcpRoom;
  readonly #table = new Set<Connection>();
  readonly #byAddress = new Map<string, Set<Connection>>();
  #state: 'open' | 'finishing' | 'closed' = 'open';
  #ended: Promise<unknown> | undefined;
  #cancelSweep: (() => void) | undefined;
  /** Called when the last connection of a draining listener has closed. */
  #emptied: (() => void) | undefined;

  constructor(server: Server, room: TcpRoom) {
    const bound = server.address() as AddressInfo;
    this.address = bound.address;
    this.port = bound.port;
    this.#server = server;
    this.#room = room;
    server.on('connection', (socket) => this.#accept(socket));
    // EMFILE and its kin at accept: that connection is lost, the listener lives.
    server.on('error', () => room.counters.bump(Counter.tcpRefused));
  }

  get connections(): number {
    return this.#table.size;
  }

  /** No new connections and no more questions; connections end when what was asked is answered. */
  stopReceiving(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#ended = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#table) connection.finish();
  }

  /** Lets what was asked be answered for up to `ms`, then closes. */
  async drain(ms: number): Promise<void> {
    this.stopReceiving();
    if (this.#table.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#room.world.after(ms, resolve);
        this.#emptied = () => {
          cancel();
          resolve();
        };
      });
    }
    await this.close();
  }

  async close(): Promise<void> {
    this.stopReceiving();
    this.#state = 'closed';
    for (const connection of this.#table) this.#close(connection);
    await this.#ended;
  }

  #accept(socket: Socket): void {
    const { counters } = this.#room;
    const { remoteAddress, remotePort: port } = socket;
    const bytes = parseIp(remoteAddress ?? '');
    const address = bytes === undefined ? '' : ipText(bytes);
    // Without an address the peer is gone already.
    if (this.#state !== 'open' || !bytes || !port || !this.#hasRoomFor(address)) {
      counters.bump(Counter.tcpRefused);
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    counters.bump(Counter.tcpAccepted);
    const client: Client = { transport: 'tcp', address: bytes, port };
    const connection = new Connection(socket, client, this.#room);
    socket.on('close', () => this.#forget(connection));
    this.#table.add(connection);
    const neighbours = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, neighbours.add(connection));
    this.#cancelSweep ??= this.#room.world.after(this.#room.limits.sweepMs, () => this.#sweep());
  }

  #hasRoomFor(address: string): boolean {
    const { clientsMax, clientsPerAddressMax } = this.#room.limits;
    const neighbours = this.#byAddress.get(address);
    if (neighbours && neighbours.size >= clientsPerAddressMax) return this.#evictFrom(neighbours);
    return this.#table.size < clientsMax || this.#evictFrom(this.#table);
  }

  /** RFC 7766 §6.2.3: a server short of room may close idle connections; the idlest misses it least. */
  #evictFrom(connections: ReadonlySet<Connection>): boolean {
    let idlest: Connection | undefined;
    for (const each of connections) {
      if (each.idle && (idlest === undefined || each.sinceMs < idlest.sinceMs)) idlest = each;
    }
    if (idlest === undefined) return false;
    this.#room.counters.bump(Counter.tcpEvicted);
    this.#close(idlest);
    return true;
  }

  #close(connection: Connection): void {
    connection.destroy();
    this.#forget(connection);
  }

  #forget(connection: Connection): void {
    if (!this.#table.delete(connection)) return;
    const address = ipText(connection.client.address);
    const neighbours = this.#byAddress.get(address);
    neighbours?.delete(connection);
    if (neighbours?.size === 0) this.#byAddress.delete(address);
    if (this.#table.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.#emptied?.();
  }

  #sweep(): void {
    const { world, limits, counters } = this.#room;
    const nowMs = world.nowMs();
    const taken = this.#table.size / limits.clientsMax;
    const share = PATIENCE.find(([above]) => taken > above)?.[1] ?? 1;
    this.#cancelSweep = world.after(limits.sweepMs, () => this.#sweep());
    for (const connection of this.#table) {
      const reason = connection.overdue(nowMs, limits.idleMs * share);
      if (reason === undefined) continue;
      counters.bump(reason);
      this.#close(connection);
    }
  }
}
