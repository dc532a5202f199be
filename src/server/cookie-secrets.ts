/**
 * The secrets behind server cookies: the one that makes them and the one before, which is still taken (RFC
 * 7873 §7.1). Drawn at start and replaced every day by whichever thread comes first; or given by the
 * operator, the same for all servers behind one address (RFC 9018 §5), and then never replaced here.
 *
 * The shared memory, as 32-bit words:
 *
 *   0…3, 4…7   two keys
 *   8          which of them is the current one: 0 or 1
 *   9          when it is replaced, in seconds since 1970; 0 is never
 *
 * A new key is written over the older one, and then word 8 turns.
 */
import type { Bytes } from '../base/bytes.ts';
import { COOKIE_SECRET_SECONDS } from '../base/limits.ts';
import { SIPHASH_KEY_WORDS, sipHashKey } from '../base/siphash.ts';
import type { World } from '../base/world.ts';

export const SECRETS = 2;
const CURRENT = SECRETS * SIPHASH_KEY_WORDS;
const DUE = CURRENT + 1;
const WORDS = DUE + 1;

export class CookieSecrets {
  readonly memory: SharedArrayBuffer;
  readonly keys: Int32Array;

  /** Empty; or, of another thread's memory, a view of its secrets. */
  constructor(memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.keys = new Int32Array(memory);
  }

  static drawn(world: World): CookieSecrets {
    const secrets = new CookieSecrets();
    for (let i = 0; i < CURRENT; i++) secrets.keys[i] = world.draw(2 ** 32);
    secrets.keys[DUE] = world.wallSeconds() + COOKIE_SECRET_SECONDS;
    return secrets;
  }

  /** The first makes cookies; the second, where there is one, is taken too. */
  static given(first: Bytes, second: Bytes = first): CookieSecrets {
    const secrets = new CookieSecrets();
    secrets.keys.set(sipHashKey(first), 0);
    secrets.keys.set(sipHashKey(second), SIPHASH_KEY_WORDS);
    return secrets;
  }

  /** Where the current key stands (0), and the other one (1). */
  keyAt(secret: number): number {
    return ((this.keys[CURRENT] as number) ^ secret) * SIPHASH_KEY_WORDS;
  }

  renew(world: World, now: number): void {
    const due = this.keys[DUE] as number;
    if (due === 0) return;
    const left = (due - now) | 0;
    // A clock that was set back must not keep a secret for years.
    if (left > 0 && left <= COOKIE_SECRET_SECONDS) return;
    if (Atomics.compareExchange(this.keys, DUE, due, now + COOKIE_SECRET_SECONDS) !== due) return;
    const at = this.keyAt(1);
    for (let i = 0; i < SIPHASH_KEY_WORDS; i++) this.keys[at + i] = world.draw(2 ** 32);
    Atomics.store(this.keys, CURRENT, (this.keys[CURRENT] as number) ^ 1);
  }
}
