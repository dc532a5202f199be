/**
 * Questions that could not be resolved, so that they are not tried again at once (RFC 9520 §3.2): for five
 * seconds, and each time it fails again twice as long, up to five minutes.
 *
 *   a fact:  0 how many seconds (16 bits)    2 bytes of the text (8 bits)    3 why
 */
import { put16, u16 } from '../base/bytes.ts';
import { FAILURE_SECONDS_MAX, FAILURE_SECONDS_MIN } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Ede } from '../wire/codes.ts';
import type { Name } from '../wire/name.ts';
import { type ExtendedError, failed, type Outcome } from './outcome.ts';
import { Shelf } from './shelf.ts';

const TEXT_AT = 3;
const TEXT_BYTES_MAX = 255;

/** RFC 8914 §4.14: this SERVFAIL comes from a cache. */
export const failedBefore = (why: string): Outcome =>
  failed(Ede.CACHED_ERROR, `failed shortly before: ${why}`);

export class Failures {
  readonly #shelf: Shelf;

  constructor(bytesMax: number, world: World) {
    // Who fails again is remembered to have failed before.
    this.#shelf = new Shelf({ bytesMax, lingerMs: 1000 * FAILURE_SECONDS_MAX }, world);
  }

  find(name: Name, type: number): Outcome | undefined {
    this.#shelf.seek(name);
    const failure = this.#shelf.live(0, type);
    return failure < 0 ? undefined : failedBefore(this.#text(failure));
  }

  /** Whether it failed when it was tried last, and not longer ago than it would have been kept, and so. */
  isRecent(name: Name, type: number, agoMs: number): boolean {
    this.#shelf.seek(name);
    const failure = this.#shelf.latest(0, type);
    return failure >= 0 && this.#shelf.expiresMs(failure) + agoMs > this.#shelf.nowMs();
  }

  keep(name: Name, type: number, reason: ExtendedError | undefined): void {
    const shelf = this.#shelf;
    const nowMs = shelf.nowMs();
    shelf.seek(name);
    const last = shelf.latest(0, type);
    const expiredMs = last < 0 ? Number.NEGATIVE_INFINITY : shelf.expiresMs(last);
    if (expiredMs > nowMs) return; // One failure, told twice.
    const isRecent = expiredMs + FAILURE_SECONDS_MAX * 1000 > nowMs;
    const seconds = isRecent
      ? Math.min(2 * u16(shelf.bytes, shelf.valueAt(last)), FAILURE_SECONDS_MAX)
      : FAILURE_SECONDS_MIN;
    const text = Buffer.from(reason?.text ?? 'no reason known').subarray(0, TEXT_BYTES_MAX);
    const at = shelf.put(name, type, nowMs + seconds * 1000, TEXT_AT + text.length);
    if (at < 0) return;
    put16(shelf.bytes, at, seconds);
    shelf.bytes[at + 2] = text.length;
    shelf.bytes.set(text, at + TEXT_AT);
  }

  /** It resolved after all. */
  forgive(name: Name, type: number): void {
    this.#shelf.drop(name, type);
  }

  clear(isDoomed?: (name: Name) => boolean): void {
    this.#shelf.clear(isDoomed);
  }

  #text(failure: number): string {
    const { bytes } = this.#shelf;
    const at = this.#shelf.valueAt(failure);
    return Buffer.from(bytes.buffer, bytes.byteOffset + at + TEXT_AT, bytes[at + 2]).toString();
  }
}
