/**
 * Numbers for drawing, by a generator of the thread: xoshiro128** (Blackman and Vigna, 2018), seeded by the
 * world's chance. Quick, and no object; it hides nothing, for what it draws is told to everybody.
 */
import type { World } from '../base/world.ts';

export class Lots {
  readonly #state = new Int32Array(4);

  constructor(world: Pick<World, 'draw'>) {
    for (let i = 0; i < 4; i++) this.#state[i] = world.draw(2 ** 32);
    this.#state[0]! |= 1; // All zeros would stay so.
  }

  /** A number in [0, 1), in steps of 2^-53. */
  fraction(): number {
    const high = this.#next() >>> 0;
    return (high * 2 ** 21 + (this.#next() >>> 11)) * 2 ** -53;
  }

  #next(): number {
    const state = this.#state;
    const b = state[1] as number;
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9);
    const c = (state[2] as number) ^ (state[0] as number);
    const d = (state[3] as number) ^ b;
    state[1] = b ^ c;
    state[0] = (state[0] as number) ^ d;
    state[2] = c ^ (b << 9);
    state[3] = (d << 11) | (d >>> 21);
    return result;
  }
}
