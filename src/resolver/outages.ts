/**
 * Zones that nobody answers for. When a few questions in a row ended in silence, and nothing was heard for
 * seconds, a zone is taken for dead: what leads there fails at once, from here, and one in two seconds is let
 * through to see whether anybody is back (RFC 9520 §3.2). The first reply ends it, and so do five minutes in
 * which nobody fails. Kept by zone, or by what is forwarded, and by type: there are servers that let
 * questions for one type fall.
 */
import {
  FAILURE_SECONDS_MAX,
  OUTAGE_FAILURES,
  OUTAGE_PROBE_MS,
  OUTAGE_SILENCE_MS,
  OUTAGES_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { type Place, placeKey } from './delegation.ts';
import type { ExtendedError } from './outcome.ts';

const keyOf = (place: Place, type: number): string => `${placeKey(place)}${type}`;

interface Silence {
  failures: number;
  /** Of the first, and of the last. */
  readonly sinceMs: number;
  latestMs: number;
  /** Until then nobody is let through. */
  untilMs: number;
  reason: string;
}

export class Outages {
  readonly #zones = new Map<string, Silence>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Questions that might fail here are looked at more closely only then. */
  get areThere(): boolean {
    return this.#zones.size > 0;
  }

  /** Whether the zone has not answered since it was taken for dead. */
  isOut(place: Place, type: number): boolean {
    return this.#at(place, type) !== undefined;
  }

  /** Why a question is not worth its packets now; undefined where it is. */
  obstacle(place: Place, type: number): string | undefined {
    const silence = this.#at(place, type);
    return silence !== undefined && this.#world.nowMs() < silence.untilMs ? silence.reason : undefined;
  }

  /** The same, of a question that goes there now: of a dead zone the next one will not, for a while. */
  enter(place: Place, type: number): string | undefined {
    const obstacle = this.obstacle(place, type);
    const silence = this.#at(place, type);
    if (obstacle === undefined && silence !== undefined) this.#hold(silence);
    return obstacle;
  }

  answered(place: Place, type: number): void {
    if (this.areThere) this.#zones.delete(keyOf(place, type));
  }

  failed(place: Place, type: number, reason: ExtendedError | undefined): void {
    const key = keyOf(place, type);
    const nowMs = this.#world.nowMs();
    const known = this.#zones.get(key);
    const silence =
      known !== undefined && !this.#isOver(known)
        ? known
        : { failures: 0, sinceMs: nowMs, latestMs: nowMs, untilMs: 0, reason: '' };
    silence.failures++;
    silence.latestMs = nowMs;
    silence.reason = reason?.text ?? 'no reason known';
    this.#hold(silence);
    this.#zones.set(key, silence);
    // The first in a map is the oldest.
    if (this.#zones.size > OUTAGES_MAX) this.#zones.delete(this.#zones.keys().next().value as string);
  }

  clear(): void {
    this.#zones.clear();
  }

  #at(place: Place, type: number): Silence | undefined {
    const silence = this.areThere ? this.#zones.get(keyOf(place, type)) : undefined;
    if (silence === undefined || silence.failures < OUTAGE_FAILURES || this.#isOver(silence))
      return undefined;
    return this.#world.nowMs() - silence.sinceMs >= OUTAGE_SILENCE_MS ? silence : undefined;
  }

  /** RFC 9520 §3.2: no failure counts for longer. */
  #isOver({ latestMs }: Silence): boolean {
    return this.#world.nowMs() - latestMs > 1000 * FAILURE_SECONDS_MAX;
  }

  #hold(silence: Silence): void {
    silence.untilMs = this.#world.nowMs() + OUTAGE_PROBE_MS;
  }
}
