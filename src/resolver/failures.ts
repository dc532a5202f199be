/**
 * Questions that could not be resolved, so that they are not tried again at once (RFC 9520 §3.2): for five
 * seconds, and each time it fails again twice as long, up to five minutes.
 */
import { FAILURE_SECONDS_MAX, FAILURE_SECONDS_MIN } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Ede } from '../wire/codes.ts';
import type { Name } from '../wire/name.ts';
import { type ExtendedError, failed, type Outcome } from './outcome.ts';
import { type Fact, Shelf, typedKey } from './shelf.ts';

interface Failure extends Fact {
  readonly seconds: number;
  readonly text: string;
}

/** RFC 8914 §4.14: this SERVFAIL comes from a cache. */
export const failedBefore = (why: string): Outcome =>
  failed(Ede.CACHED_ERROR, `failed shortly before: ${why}`);

export class Failures {
  readonly #shelf: Shelf<Failure>;

  constructor(bytesMax: number, world: World) {
    this.#shelf = new Shelf(bytesMax, world);
  }

  find(name: Name, type: number): Outcome | undefined {
    const failure = this.#shelf.live(typedKey(name, type));
    return failure && failedBefore(failure.text);
  }

  /** Whether it failed when it was tried last, and not longer ago than it would have been kept, and so. */
  isRecent(name: Name, type: number, agoMs: number): boolean {
    const failure = this.#shelf.latest(typedKey(name, type));
    return failure !== undefined && failure.expiresMs + agoMs > this.#shelf.nowMs();
  }

  keep(name: Name, type: number, reason: ExtendedError | undefined): void {
    const key = typedKey(name, type);
    const nowMs = this.#shelf.nowMs();
    const last = this.#shelf.latest(key);
    if (last !== undefined && last.expiresMs > nowMs) return; // One failure, told twice.
    const isRecent = last !== undefined && last.expiresMs + FAILURE_SECONDS_MAX * 1000 > nowMs;
    const seconds = isRecent ? Math.min(2 * last.seconds, FAILURE_SECONDS_MAX) : FAILURE_SECONDS_MIN;
    const text = reason?.text ?? 'no reason known';
    this.#shelf.put(key, { seconds, text, expiresMs: nowMs + seconds * 1000 }, text.length);
  }

  /** It resolved after all. */
  forgive(name: Name, type: number): void {
    this.#shelf.drop(typedKey(name, type));
  }

  clear(isDoomed?: (name: Name) => boolean): void {
    this.#shelf.clear(isDoomed);
  }
}
