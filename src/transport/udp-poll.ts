/** Which of several sockets have something to read: one `poll` for all of them. */
import { type Native, PollFd, Sys, steady } from './native.ts';
import type { UdpSocket } from './udp-socket.ts';

export class SocketPoll {
  readonly #native: Native;
  #sockets: readonly UdpSocket[] = [];
  #fds = new Int32Array(0);
  #bytes = steady(0);
  readonly #ready: UdpSocket[] = [];

  constructor(native: Native, sockets: readonly UdpSocket[]) {
    this.#native = native;
    this.follow(sockets);
  }

  /** From now on, these. */
  follow(sockets: readonly UdpSocket[]): void {
    this.#sockets = sockets;
    this.#bytes = steady(sockets.length * PollFd.SIZE);
    this.#fds = new Int32Array(this.#bytes.buffer);
    for (const [i, { fd }] of sockets.entries()) {
      this.#fds[2 * i] = fd;
      this.#bytes[i * PollFd.SIZE + PollFd.EVENTS] = Sys.POLLIN;
    }
  }

  /** Waits up to `ms` for one at least. The list is lent until the next call. */
  ready(ms: number): readonly UdpSocket[] {
    const ready = this.#ready;
    ready.length = 0;
    if (this.#native.poll(this.#bytes, this.#sockets.length, ms) <= 0) return ready;
    for (let i = 0; i < this.#sockets.length; i++) {
      // The upper half of the word is what happened: an error is read, like a datagram.
      if ((this.#fds[2 * i + 1] as number) >>> 16 !== 0) ready.push(this.#sockets[i] as UdpSocket);
    }
    return ready;
  }
}
