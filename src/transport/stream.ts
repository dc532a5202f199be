/**
 * Messages in a byte stream: two bytes of length before each (RFC 1035 §4.2.2, RFC 7766 §8). Chunks come in
 * as the network cut them, whole messages go out. A message inside one chunk is a view of it; one that spans
 * chunks is gathered in a buffer that doubles, so it costs what arrived of it and not what its length
 * promises.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, put16, u16 } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';

export const LENGTH_BYTES = 2;
const NOTHING = new Uint8Array(0);

export class Frames {
  #chunk: Bytes = NOTHING;
  #at = 0;
  /** The beginning of a message whose end has not come; its length bytes first. */
  #part: Bytes = NOTHING;
  #partLength = 0;

  /** Whether a message has begun and not ended. */
  get partial(): boolean {
    return this.#partLength > 0;
  }

  /** Takes the next chunk over, when `next` has no more of the last. */
  feed(chunk: Bytes): void {
    assert(this.#at === this.#chunk.length, 'a chunk is read to its end before the next one');
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** One whole message, valid until the next call; undefined until more is fed. */
  next(): Bytes | undefined {
    if (this.#partLength > 0) return this.#continued();
    const start = this.#at + LENGTH_BYTES;
    const end = start + (start <= this.#chunk.length ? u16(this.#chunk, this.#at) : 0);
    if (end <= this.#chunk.length) {
      this.#at = end;
      return this.#chunk.subarray(start, end);
    }
    this.#gather(this.#chunk.length - this.#at);
    this.#release();
    return undefined;
  }

  #continued(): Bytes | undefined {
    if (this.#partLength < LENGTH_BYTES) this.#gather(LENGTH_BYTES - this.#partLength);
    if (this.#partLength >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + u16(this.#part, 0);
      this.#gather(end - this.#partLength);
      if (this.#partLength === end) {
        const message = this.#part.subarray(LENGTH_BYTES, end);
        this.#part = NOTHING;
        this.#partLength = 0;
        return message;
      }
    }
    this.#release();
    return undefined;
  }

  /** Moves up to `wanted` bytes of the chunk to the part. */
  #gather(wanted: number): void {
    const count = Math.min(wanted, this.#chunk.length - this.#at);
    const length = this.#partLength + count;
    if (length > this.#part.length) {
      const roomier = new Uint8Array(Math.max(length, 2 * this.#part.length, 64));
      roomier.set(this.#part);
      this.#part = roomier;
    }
    this.#part.set(this.#chunk.subarray(this.#at, this.#at + count), this.#partLength);
    this.#partLength = length;
    this.#at += count;
  }

  /** A chunk that is read holds memory for nothing. */
  #release(): void {
    this.#chunk = NOTHING;
    this.#at = 0;
  }
}

/** The first `length` bytes of a message behind their length, to be written at once (RFC 7766 §8). */
export function framed(message: Bytes, length = message.length): Buffer {
  assert(length <= MESSAGE_BYTES_MAX, 'two bytes tell no longer length');
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length);
  put16(frame, 0, length);
  frame.set(length === message.length ? message : message.subarray(0, length), LENGTH_BYTES);
  return frame;
}
