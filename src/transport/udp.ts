/**
 * DNS over UDP through `node:dgram`: one socket per local address, so that a response leaves from the address
 * its query came to. A datagram comes in, the answerer writes into the listener's one response buffer, and
 * the datagram goes out before the next is looked at. The kernel takes it at once almost always, and then the
 * buffer is free again; when it does not, the waiting datagram keeps the buffer and the listener takes a new
 * one. Nothing here throws.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { assert } from '../base/assert.ts';
import { Counter, type Counters } from '../base/counters.ts';
import { parseIp } from '../base/ip.ts';
import { MESSAGE_BYTES_MAX, UDP_SEND_QUEUE_MAX, UDP_SOCKET_BUFFER_BYTES } from '../base/limits.ts';
import { type Answerer, type Client, DROP, type Endpoint, LATER, neverAsks } from './door.ts';

/** Rejects with the system's error where the address cannot be had (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
export async function listenUdp(
  address: string,
  port: number,
  answerer: Answerer,
  counters: Counters,
): Promise<UdpListener> {
  const socket = literalSocket(address);
  const bound = once(socket, 'listening');
  socket.bind({ address, port, exclusive: true });
  try {
    await bound;
  } catch (error) {
    socket.close();
    throw error;
  }
  return new UdpListener(socket, answerer, counters);
}

/** A socket that takes every address for a literal: a lookup costs a turn of the loop per datagram. */
export function literalSocket(address: string): Socket {
  const v6 = isIPv6(address);
  return createSocket({
    type: v6 ? 'udp6' : 'udp4',
    ipv6Only: v6,
    lookup: (literal, _options, found) => found(null, literal, v6 ? 6 : 4),
  });
}

export class UdpListener {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #local: Endpoint | undefined;
  readonly #answerer: Answerer;
  readonly #counters: Counters;
  #out = Buffer.allocUnsafeSlow(MESSAGE_BYTES_MAX);
  #lastText = '';
  #lastBytes: Uint8Array = new Uint8Array(0);
  /** Whether datagrams may be waiting for the kernel: asked of the socket only after one had to. */
  #queuing = false;
  #state: 'open' | 'sending' | 'closed' = 'open';
  /** Called when the last queued datagram has left. */
  #drained: (() => void) | undefined;

  constructor(socket: Socket, answerer: Answerer, counters: Counters) {
    const bound = socket.address();
    this.address = bound.address;
    this.port = bound.port;
    const own = parseIp(bound.address);
    this.#local = own && { address: own, port: bound.port };
    this.#socket = socket;
    this.#answerer = answerer;
    this.#counters = counters;
    try {
      socket.setRecvBufferSize(UDP_SOCKET_BUFFER_BYTES);
      socket.setSendBufferSize(UDP_SOCKET_BUFFER_BYTES);
    } catch {
      // The system's own size serves as well, only with less room for bursts.
    }
    // What the kernel reports between datagrams is a peer gone or memory short: nothing to act on.
    socket.on('error', () => {});
    socket.on('message', (packet, from) => this.#receive(packet, from));
  }

  /** No more questions from now on; answers still under way may be sent. */
  stopReceiving(): void {
    if (this.#state === 'open') this.#state = 'sending';
  }

  /** Resolves when what was queued has left. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#socket.getSendQueueCount() > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      this.#drained = undefined;
    }
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #receive(packet: Buffer, from: RemoteInfo): void {
    if (this.#state !== 'open' || neverAsks(from.port)) {
      this.#counters.bump(Counter.udpDropped);
      return;
    }
    this.#counters.bump(Counter.udpReceived);
    const { port } = from;
    const address = this.#bytesOf(from.address);
    const client: Client = { transport: 'udp', address, port, local: this.#local };
    const length = this.#answerer.answer(packet, packet.length, client, this.#out, (response) =>
      this.#sendCopy(response, from),
    );
    if (length === DROP || length === LATER) return;
    if (this.#queuing) this.#sendCopy(this.#out.subarray(0, length), from);
    else this.#sendNow(length, from);
  }

  /** One client often asks more than once. */
  #bytesOf(text: string): Uint8Array {
    if (text !== this.#lastText) {
      const bytes = parseIp(text);
      assert(bytes !== undefined, 'what the system writes is an address');
      this.#lastText = text;
      this.#lastBytes = bytes;
    }
    return this.#lastBytes;
  }

  /** Sends what stands in the response buffer. */
  #sendNow(length: number, to: RemoteInfo): void {
    this.#socket.send(this.#out, 0, length, to.port, to.address, this.#sent);
    if (this.#socket.getSendQueueCount() === 0) return;
    // The kernel is full, and the datagram waits in the buffer it is in.
    this.#queuing = true;
    this.#out = Buffer.allocUnsafeSlow(MESSAGE_BYTES_MAX);
  }

  /** For what may have to wait: behind others, or because it is only lent. */
  #sendCopy(response: Uint8Array, to: RemoteInfo): void {
    if (this.#state === 'closed' || response.length === 0) return;
    const waiting = this.#socket.getSendQueueCount();
    this.#queuing = waiting > 0;
    if (waiting >= UDP_SEND_QUEUE_MAX) this.#counters.bump(Counter.udpSendQueueFull);
    else this.#socket.send(Buffer.from(response), to.port, to.address, this.#sent);
  }

  readonly #sent = (error: Error | null): void => {
    this.#counters.bump(error ? Counter.udpSendFailed : Counter.udpSent);
    if (this.#drained && this.#socket.getSendQueueCount() === 0) this.#drained();
  };
}
