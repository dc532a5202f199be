/**
 * DNS over TCP (RFC 7766): a listener, which lets connections into the table that all listeners share, and
 * knows which of them are its own, so that it can end.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Connection } from './connection.ts';
import type { TcpTable } from './tcp-table.ts';

/** Rejects with the system's error where the address cannot be had (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
export async function listenTcp(address: string, port: number, table: TcpTable): Promise<TcpListener> {
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    highWaterMark: table.unsentBytesMax,
  });
  const listening = once(server, 'listening');
  server.listen({ host: address, port, ipv6Only: isIPv6(address), exclusive: true });
  await listening;
  return new TcpListener(server, table);
}

export class TcpListener {
  readonly address: string;
  readonly port: number;
  readonly #server: Server;
  readonly #table: TcpTable;
  readonly #own = new Set<Connection>();
  #state: 'open' | 'finishing' | 'closed' = 'open';
  #ended: Promise<unknown> | undefined;
  /** Called when the last connection of a draining listener has closed. */
  #emptied: (() => void) | undefined;

  constructor(server: Server, table: TcpTable) {
    const bound = server.address() as AddressInfo;
    this.address = bound.address;
    this.port = bound.port;
    this.#server = server;
    this.#table = table;
    server.on('connection', (socket) => this.#accept(socket));
    // EMFILE and its kin at accept: that connection is lost, the listener lives.
    server.on('error', () => table.refuse());
  }

  get connections(): number {
    return this.#own.size;
  }

  /** No new connections and no more questions; connections end when what was asked is answered. */
  stopReceiving(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#ended = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#own) connection.finish();
  }

  /** Lets what was asked be answered for up to `ms`, then closes. */
  async drain(ms: number): Promise<void> {
    this.stopReceiving();
    if (this.#own.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#table.world.after(ms, resolve);
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
    for (const connection of this.#own) this.#table.close(connection);
    await this.#ended;
  }

  #accept(socket: Socket): void {
    if (this.#state !== 'open') {
      this.#table.refuse(socket);
      return;
    }
    const connection = this.#table.admit(socket, this.#forget);
    if (connection !== undefined) this.#own.add(connection);
  }

  readonly #forget = (connection: Connection): void => {
    this.#own.delete(connection);
    if (this.#own.size === 0) this.#emptied?.();
  };
}
