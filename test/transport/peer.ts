/** Clients that say exactly what a test wants, byte by byte, and remember what they hear. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6, type Socket } from 'node:net';
import { Frames, framed } from '../../src/transport/stream.ts';

export interface Peer {
  readonly port: number;
  send(...messages: Uint8Array[]): void;
  /** The next message, in the order they came. */
  hear(): Promise<Buffer>;
  close(): void;
}

/** Messages that came, and readers that wait for one. */
class Inbox {
  readonly #came: Buffer[] = [];
  readonly #waiting: ((message: Buffer) => void)[] = [];

  put(message: Buffer): void {
    const reader = this.#waiting.shift();
    if (reader) reader(message);
    else this.#came.push(message);
  }

  take(): Promise<Buffer> {
    const message = this.#came.shift();
    return message ? Promise.resolve(message) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  get size(): number {
    return this.#came.length;
  }
}

/** Connected, so that it hears only what comes from the address it asks. */
export async function udpPeer(address: string, port: number): Promise<Peer> {
  const socket: UdpSocket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const inbox = new Inbox();
  socket.on('message', (message) => inbox.put(message));
  socket.on('error', () => {});
  socket.connect(port, address);
  await once(socket, 'connect');
  return {
    port: socket.address().port,
    send: (...messages) => {
      for (const message of messages) socket.send(message);
    },
    hear: () => inbox.take(),
    close: () => void socket.close(),
  };
}

export class TcpPeer implements Peer {
  readonly socket: Socket;
  /** Resolves when the connection is over, with how it ended. */
  readonly over: Promise<'closed' | 'reset'>;
  readonly #inbox = new Inbox();
  readonly #frames = new Frames();
  #ending: 'closed' | 'reset' = 'closed';

  constructor(address: string, port: number, from?: string) {
    this.socket = connect({
      host: address,
      port,
      noDelay: true,
      allowHalfOpen: true,
      ...(from && { localAddress: from }),
    });
    this.socket.on('data', (chunk) => {
      this.#frames.feed(chunk);
      for (let message = this.#frames.next(); message; message = this.#frames.next()) {
        this.#inbox.put(Buffer.from(message));
      }
    });
    this.socket.on('error', () => {
      this.#ending = 'reset';
    });
    this.socket.on('end', () => this.socket.end());
    this.over = new Promise((resolve) => this.socket.on('close', () => resolve(this.#ending)));
  }

  get port(): number {
    return this.socket.localPort as number;
  }

  /** Messages that came and were not taken. */
  get heard(): number {
    return this.#inbox.size;
  }

  send(...messages: Uint8Array[]): void {
    this.socket.write(Buffer.concat(messages.map((message) => framed(message))));
  }

  hear(): Promise<Buffer> {
    return this.#inbox.take();
  }

  close(): void {
    this.socket.destroy();
  }
}

export async function tcpPeer(address: string, port: number, from?: string): Promise<TcpPeer> {
  const peer = new TcpPeer(address, port, from);
  await once(peer.socket, 'connect');
  return peer;
}

/** Turns the event loop until `true`; for what happens on the other side of a socket. */
export async function until(truth: () => boolean): Promise<void> {
  while (!truth()) await turns(1);
}

/** Time enough for what was sent on loopback to arrive and be looked at. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
