/**
 * How a target is, and the algebra of it: an address that has several checks is as well as the worst of them,
 * a member that has several addresses as well as the best. In come results of probes, out comes a standing
 * that holds until a moment which can be foretold, because it takes several results in a row to change it.
 */
import { CHECK_JITTER } from '../base/limits.ts';
import type { Check } from './check.ts';

/** In this order: less is worse. */
export const Standing = { DOWN: 0, PENDING: 1, UP: 2 } as const;
export type Standing = (typeof Standing)[keyof typeof Standing];

export interface Health {
  readonly standing: Standing;
  /** Since when it stands so; up from the start: since ever. */
  readonly sinceMs: number;
  /** Before then it cannot stand otherwise. */
  readonly untilMs: number;
}

/**
 * Both must hold: the worse one wins. Who is up can fall as soon as one of them, and is back when all are;
 * who is down is so since the first of them fell, and until the last has risen.
 */
export function both(a: Health, b: Health): Health {
  if (a.standing !== b.standing) return a.standing < b.standing ? a : b;
  const { standing } = a;
  const [earlier, later] = [Math.min, Math.max];
  return standing === Standing.DOWN
    ? { standing, sinceMs: earlier(a.sinceMs, b.sinceMs), untilMs: later(a.untilMs, b.untilMs) }
    : { standing, sinceMs: later(a.sinceMs, b.sinceMs), untilMs: earlier(a.untilMs, b.untilMs) };
}

/**
 * One is enough: the better one wins. But as which of them are up is told, that holds only until one of them
 * may stand otherwise.
 */
export function either(a: Health, b: Health): Health {
  const untilMs = Math.min(a.untilMs, b.untilMs);
  if (a.standing !== b.standing) return { ...(a.standing > b.standing ? a : b), untilMs };
  const since = a.standing === Standing.UP ? Math.min : Math.max;
  return { standing: a.standing, sinceMs: since(a.sinceMs, b.sinceMs), untilMs };
}

type Thresholds = Pick<Check, 'intervalMs' | 'rise' | 'fall'>;

/** One target's health, from result to result. The first one decides alone. */
export class Course {
  #standing: Standing = Standing.PENDING;
  #sinceMs = -Infinity;
  #untilMs = -Infinity;
  /** Results in a row that speak against the standing. */
  #against = 0;

  get health(): Health {
    return { standing: this.#standing, sinceMs: this.#sinceMs, untilMs: this.#untilMs };
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Of a probe that began at that moment. True when it stands otherwise from now on. */
  note(isUp: boolean, { intervalMs, rise, fall }: Thresholds, nowMs: number): boolean {
    const isFirst = this.#standing === Standing.PENDING;
    const isAgainst = this.#standing !== standingOf(isUp);
    this.#against = isAgainst ? this.#against + 1 : 0;
    const changes = isAgainst && (isFirst || this.#against >= (isUp ? rise : fall));
    if (changes) this.#turn(isUp, nowMs);
    // The next of them comes an interval from now, or a little sooner; behind the first one, at any time.
    const needed = this.#standing === Standing.UP ? fall : rise;
    const left = Math.max(needed - this.#against - (isFirst ? 1 : 0), 0);
    this.#untilMs = nowMs + left * intervalMs * (1 - CHECK_JITTER);
    return changes;
  }

  /** What somebody says who need not say it twice. True when it stands otherwise from now on. */
  decree(isUp: boolean, nowMs: number, untilMs: number): boolean {
    const changes = this.#standing !== standingOf(isUp);
    if (changes) this.#turn(isUp, nowMs);
    this.#against = 0;
    this.#untilMs = untilMs;
    return changes;
  }

  /** Who is up from the start was never otherwise. */
  #turn(isUp: boolean, nowMs: number): void {
    this.#sinceMs = isUp && this.#standing === Standing.PENDING ? -Infinity : nowMs;
    this.#standing = standingOf(isUp);
    this.#against = 0;
  }
}

const standingOf = (isUp: boolean): Standing => (isUp ? Standing.UP : Standing.DOWN);
