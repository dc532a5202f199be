/**
 * DNS Cookies, the server's side (RFC 7873), made as RFC 9018 says, so that servers of any make behind one
 * address can share their secrets. A valid server cookie shows that the client receives what is sent to its
 * address. Nothing is remembered per client, and nothing is allocated.
 */
import { type Bytes, copy, put32, u32 } from '../base/bytes.ts';
import { COOKIE_AGE_SECONDS_MAX, COOKIE_AHEAD_SECONDS_MAX } from '../base/limits.ts';
import { sipHash24 } from '../base/siphash.ts';
import type { World } from '../base/world.ts';
import type { Query } from '../wire/query.ts';
import { type CookieSecrets, SECRETS } from './cookie-secrets.ts';

const CLIENT_BYTES = 8;
/** RFC 9018 §4: version, three reserved bytes, timestamp, hash. */
const SERVER_BYTES = 16;
const HASH_AT = CLIENT_BYTES + 8;
const VERSION = 1;

/** The option's value in a response. */
export const COOKIE_BYTES = CLIENT_BYTES + SERVER_BYTES;

/** What a query brought: nothing, a client cookie alone, or a server cookie too. */
export type CookieState = 'none' | 'client' | 'invalid' | 'valid';

export class Cookies {
  readonly #world: World;
  readonly #secrets: CookieSecrets;
  /** What is hashed (RFC 9018 §4.4): client cookie, version, reserved, timestamp, address. */
  readonly #hashed = new Uint8Array(HASH_AT + 16);
  readonly #hash = new Int32Array(2);
  readonly #hashBytes = new Uint8Array(this.#hash.buffer);

  constructor(world: World, secrets: CookieSecrets) {
    this.#world = world;
    this.#secrets = secrets;
  }

  /** `address` is the client's. */
  check(query: Query, address: Bytes): CookieState {
    const { packet, cookieAt: at, cookieBytes } = query;
    if (cookieBytes === 0) return 'none';
    if (cookieBytes === CLIENT_BYTES) return 'client';
    // Of another make or version, as of another server (RFC 9018 §4.1).
    if (cookieBytes !== COOKIE_BYTES || packet[at + CLIENT_BYTES] !== VERSION) return 'invalid';
    // Serial number arithmetic, RFC 9018 §4.3.
    const age = (this.#world.wallSeconds() - u32(packet, at + CLIENT_BYTES + 4)) | 0;
    if (age > COOKIE_AGE_SECONDS_MAX || age < -COOKIE_AHEAD_SECONDS_MAX) return 'invalid';
    // RFC 9018 §4.2: the reserved bytes are hashed as they came.
    copy(packet, at, this.#hashed, 0, HASH_AT);
    copy(address, 0, this.#hashed, HASH_AT, address.length);
    for (let secret = 0; secret < SECRETS; secret++) {
      sipHash24(
        this.#secrets.keys,
        this.#secrets.keyAt(secret),
        this.#hashed,
        HASH_AT + address.length,
        this.#hash,
      );
      // All bytes are compared, so that the time taken tells nothing.
      let difference = 0;
      for (let i = 0; i < 8; i++) {
        difference |= (this.#hashBytes[i] as number) ^ (packet[at + HASH_AT + i] as number);
      }
      if (difference === 0) return 'valid';
    }
    return 'invalid';
  }

  /** Writes the client's cookie and a fresh server cookie, COOKIE_BYTES in all (RFC 9018 §4.3 lets us). */
  put(query: Query, address: Bytes, out: Bytes, at: number): void {
    const now = this.#world.wallSeconds();
    this.#secrets.renew(this.#world, now);
    copy(query.packet, query.cookieAt, this.#hashed, 0, CLIENT_BYTES);
    put32(this.#hashed, CLIENT_BYTES, VERSION << 24);
    put32(this.#hashed, CLIENT_BYTES + 4, now);
    copy(address, 0, this.#hashed, HASH_AT, address.length);
    sipHash24(this.#secrets.keys, this.#secrets.keyAt(0), this.#hashed, HASH_AT + address.length, this.#hash);
    copy(this.#hashed, 0, out, at, HASH_AT);
    copy(this.#hashBytes, 0, out, at + HASH_AT, 8);
  }
}
