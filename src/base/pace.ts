/** How often something happens of late: what happened so long ago counts half. In: times. Out: a rate. */
import { SKETCH_HALF_LIFE_MS } from './limits.ts';

export class Pace {
  #weight = 0;
  #atMs = 0;
  #beganMs = 0;

  count(nowMs: number): void {
    if (this.#weight === 0) this.#beganMs = nowMs;
    this.#weight = this.#weight / growth(nowMs - this.#atMs) + 1;
    this.#atMs = nowMs;
  }

  perSecond(nowMs: number): number {
    return rate(this.#weight / growth(nowMs - this.#atMs), nowMs - this.#beganMs);
  }
}

/** How much less the past weighs after so long. */
export const growth = (ms: number): number => 2 ** (ms / SKETCH_HALF_LIFE_MS);

/** How many a second come to such a weight, if they came evenly, and for so long. */
export const rate = (weight: number, ms: number): number =>
  (weight * 1000 * Math.LN2) / SKETCH_HALF_LIFE_MS / (1 - 1 / growth(Math.max(ms, 1000)));
