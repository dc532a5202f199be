/**
 * How many targets stand how, for whoever asks: numbers in shared memory, which the prober writes.
 *
 *   word 0   awaited: targets that are probed and have no result yet
 *        1   late: due, and waiting for room
 *        2   under way
 *        3…  three for each check, in the order of the settings: down, pending, up (health/health, Standing)
 */
import { CHECKS_MAX } from '../base/limits.ts';
import type { Standing } from './health.ts';

const Word = { AWAITED: 0, LATE: 1, UNDERWAY: 2, CHECKS: 3 } as const;
const CHECK_WORDS = 3;

export interface CheckStanding {
  readonly check: string;
  readonly down: number;
  readonly pending: number;
  readonly up: number;
}

export interface Load {
  readonly awaited: number;
  readonly late: number;
  readonly underway: number;
}

export class Standings {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(4 * (Word.CHECKS + CHECK_WORDS * CHECKS_MAX))) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  set load({ awaited, late, underway }: Load) {
    Atomics.store(this.#words, Word.AWAITED, awaited);
    Atomics.store(this.#words, Word.LATE, late);
    Atomics.store(this.#words, Word.UNDERWAY, underway);
  }

  get load(): Load {
    const words = this.#words;
    return {
      awaited: Atomics.load(words, Word.AWAITED),
      late: Atomics.load(words, Word.LATE),
      underway: Atomics.load(words, Word.UNDERWAY),
    };
  }

  /** Of the check with that place in the settings, by standing. */
  setCheck(place: number, counts: Readonly<Record<Standing, number>>): void {
    for (const standing of [0, 1, 2] as const)
      this.#words[Word.CHECKS + CHECK_WORDS * place + standing] = counts[standing];
  }

  check(place: number, name: string): CheckStanding {
    const at = Word.CHECKS + CHECK_WORDS * place;
    const [down = 0, pending = 0, up = 0] = this.#words.subarray(at, at + CHECK_WORDS);
    return { check: name, down, pending, up };
  }
}
