/**
 * Answers on their way into a stream. Whatever one turn of a connection has to say is gathered behind the
 * lengths of its messages (RFC 7766 §8) and handed over in one write. One outbox serves all connections of a
 * thread in turn: it is empty before and after each. The kernel almost always takes the bytes at once, and
 * then they are ours again; when it does not, the socket keeps them and the outbox takes new ones. What is
 * written behind others that wait is a copy of its own size, so a peer that reads slowly holds one outbox at
 * most.
 */
import type { Socket } from 'node:net';
import { copy, copyOf, put16 } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { LENGTH_BYTES } from './stream.ts';

/** Room for the longest message there is; a turn with more to say writes more than once. */
const OUTBOX_BYTES = LENGTH_BYTES + MESSAGE_BYTES_MAX;
/** Up to here copying in a loop is quicker than two views. */
const SHORT_BYTES = 512;

export class Outbox {
  /** Where an answer is written, and `add` finds it. */
  readonly answer = Buffer.allocUnsafeSlow(MESSAGE_BYTES_MAX);
  #bytes = Buffer.allocUnsafeSlow(OUTBOX_BYTES);
  #used = 0;
  #socket: Socket | undefined;

  /** From here to `end`, everything is for this one; what a turn that failed has left is for nobody. */
  begin(socket: Socket): void {
    this.#socket = socket;
    this.#used = 0;
  }

  /** Takes the first `length` bytes of `answer`. */
  add(length: number): void {
    if (this.#used + LENGTH_BYTES + length > OUTBOX_BYTES) this.#flush();
    const at = this.#used + LENGTH_BYTES;
    put16(this.#bytes, this.#used, length);
    if (length <= SHORT_BYTES) copy(this.answer, 0, this.#bytes, at, length);
    else this.#bytes.set(this.answer.subarray(0, length), at);
    this.#used = at + length;
  }

  end(): void {
    this.#flush();
    this.#socket = undefined;
  }

  #flush(): void {
    const socket = this.#socket;
    const gathered = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    if (gathered.length === 0 || !socket?.writable) return;
    if (socket.writableLength > 0) {
      socket.write(copyOf(gathered));
      return;
    }
    socket.write(gathered);
    if (socket.writableLength > 0) this.#bytes = Buffer.allocUnsafeSlow(OUTBOX_BYTES);
  }
}
