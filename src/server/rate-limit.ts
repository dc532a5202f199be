/**
 * Response rate limiting: who floods us with questions in somebody else's name must not be able to flood that
 * somebody with our answers. Each prefix of clients (/24, /56) has an account for each thing answered, and
 * one for all that it is sent: a response is charged to both, they are paid back at a steady rate, and what
 * exceeds one of them is held back, but for every few that go out truncated. The accounts lie in one table of
 * fixed size; nothing is allocated.
 *
 * The shared memory, as 32-bit words:
 *
 *   0…3              the key of the hash, drawn at start
 *   4 + 4 i …        account i of RATE_LIMIT_BUCKETS, in sets of four:
 *     + 0   tag        the half of the hash that did not choose the set
 *     + 1   stamp      when it was last charged, in milliseconds, modulo 2^32
 *     + 2   debt       how long it takes to pay back, in microseconds
 *     + 3   held       responses held back since it was opened
 *
 * Several threads charge it, by one clock: what they lose to each other is a response now and then.
 */
import type { Bytes } from '../base/bytes.ts';
import { IPV4_BYTES } from '../base/ip.ts';
import { RATE_LIMIT_BUCKETS, RATE_LIMIT_BURST_SECONDS, RATE_LIMIT_SKEW_MS_MAX } from '../base/limits.ts';
import { SIPHASH_KEY_WORDS, sipHash24 } from '../base/siphash.ts';
import type { World } from '../base/world.ts';

export type AnswerKind = 'response' | 'nxdomain' | 'error';
/** What an account is for. */
export type LimitKind = AnswerKind | 'total';

export interface RateLimitSettings {
  /** Per second; 0 is without limit. */
  readonly responses: number;
  readonly nxdomains: number;
  readonly errors: number;
  /** Of all kinds together: a ceiling, which leaves nothing held back when a flood has ended. */
  readonly total: number;
  /** How long answers stay held back after a flood has ended. */
  readonly windowMs: number;
  /** Every so many of what is held back goes out truncated; 0 is never. */
  readonly slip: number;
}

/** `slip`: instead of the answer, something small that tells a real client how to get it. */
export type RateVerdict = 'send' | 'slip' | 'drop';

export const PREFIX_BITS_V4 = 24;
export const PREFIX_BITS_V6 = 56;

const WAYS = 4;
const ACCOUNT_WORDS = 4;
const STAMP = 1;
const DEBT = 2;
const HELD = 3;
const SET_MASK = RATE_LIMIT_BUCKETS / WAYS - 1;
const WORDS = SIPHASH_KEY_WORDS + RATE_LIMIT_BUCKETS * ACCOUNT_WORDS;
const SECOND = 1_000_000;
const MS = 1_000;
const BURST = RATE_LIMIT_BURST_SECONDS * SECOND;
const KINDS: readonly LimitKind[] = ['response', 'nxdomain', 'error', 'total'];
const IS_IPV6 = 0x80;

export class RateLimit {
  readonly memory: SharedArrayBuffer;
  settings: RateLimitSettings;
  /** Whose account the last response was held back for. */
  heldFor: LimitKind = 'total';
  readonly #world: World;
  readonly #words: Int32Array;
  /** Kind and family, prefix, and what is answered. */
  readonly #hashed = new Uint8Array(12);
  readonly #hash = new Int32Array(2);

  /** A new table; or, of another thread's memory, a view of its table. */
  constructor(settings: RateLimitSettings, world: World, memory?: SharedArrayBuffer) {
    this.settings = settings;
    this.#world = world;
    this.memory = memory ?? new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
    this.#words = new Int32Array(this.memory);
    if (memory !== undefined) return;
    for (let i = 0; i < SIPHASH_KEY_WORDS; i++) this.#words[i] = world.draw(2 ** 32);
  }

  /**
   * Charges a response of this kind to the client at `address`. `thing` is what is answered, as a number:
   * equal answers have equal ones.
   */
  charge(kind: AnswerKind, address: Bytes, thing: number): RateVerdict {
    const { total, windowMs } = this.settings;
    const rate = this.#rateOf(kind);
    const now = Math.floor(this.#world.nowMs() % 2 ** 32) | 0;
    const ceiling = total === 0 ? -1 : this.#account('total', address, 0, now);
    if (ceiling >= 0 && !this.#debit(ceiling, SECOND / total, 0, now)) return this.#hold('total', ceiling);
    if (rate === 0) return 'send';
    const at = this.#account(kind, address, thing, now);
    if (this.#debit(at, SECOND / rate, windowMs * MS, now)) return 'send';
    // What does not go out does not count: one flooded answer holds up no other.
    if (ceiling >= 0) this.#words[ceiling + DEBT] = (this.#words[ceiling + DEBT] as number) - SECOND / total;
    return this.#hold(kind, at);
  }

  #rateOf(kind: AnswerKind): number {
    if (kind === 'response') return this.settings.responses;
    return kind === 'nxdomain' ? this.settings.nxdomains : this.settings.errors;
  }

  /** False: that is more than may come at once. A debt beyond that grows by no more than `beyond`. */
  #debit(at: number, cost: number, beyond: number, now: number): boolean {
    const words = this.#words;
    const debt = owed(words, at, now) + cost;
    if (!isJustBefore(words, at, now)) words[at + STAMP] = now;
    words[at + DEBT] = Math.min(debt, BURST + beyond);
    return debt <= BURST;
  }

  #hold(kind: LimitKind, at: number): RateVerdict {
    const words = this.#words;
    const held = ((words[at + HELD] as number) + 1) | 0;
    words[at + HELD] = held;
    this.heldFor = kind;
    const { slip } = this.settings;
    return slip > 0 && held % slip === 0 ? 'slip' : 'drop';
  }

  /** Where the account stands, opened if need be in place of the one of its set that owes least. */
  #account(kind: LimitKind, address: Bytes, thing: number, now: number): number {
    this.#hashKey(kind, address, thing);
    const words = this.#words;
    const tag = this.#hash[1] as number;
    const set = SIPHASH_KEY_WORDS + ((this.#hash[0] as number) & SET_MASK) * WAYS * ACCOUNT_WORDS;
    let least = set;
    let leastOwed = Number.MAX_SAFE_INTEGER;
    for (let way = 0; way < WAYS; way++) {
      const at = set + way * ACCOUNT_WORDS;
      if (words[at] === tag) return at;
      const here = owed(words, at, now);
      if (here >= leastOwed) continue;
      least = at;
      leastOwed = here;
    }
    words[least] = tag;
    words[least + STAMP] = now;
    words[least + DEBT] = 0;
    words[least + HELD] = 0;
    return least;
  }

  #hashKey(kind: LimitKind, address: Bytes, thing: number): void {
    const hashed = this.#hashed;
    const isIpv4 = address.length === IPV4_BYTES;
    const prefixBytes = (isIpv4 ? PREFIX_BITS_V4 : PREFIX_BITS_V6) / 8;
    hashed[0] = KINDS.indexOf(kind) | (isIpv4 ? 0 : IS_IPV6);
    for (let i = 0; i < 7; i++) hashed[1 + i] = i < prefixBytes ? (address[i] as number) : 0;
    for (let i = 0; i < 4; i++) hashed[8 + i] = thing >>> (8 * i);
    sipHash24(this.#words, 0, hashed, hashed.length, this.#hash);
  }
}

const elapsedMs = (words: Int32Array, at: number, now: number): number =>
  (now - (words[at + STAMP] as number)) | 0;

/** Another thread has looked at the clock later, and was here first. */
function isJustBefore(words: Int32Array, at: number, now: number): boolean {
  const elapsed = elapsedMs(words, at, now);
  return elapsed < 0 && elapsed >= -RATE_LIMIT_SKEW_MS_MAX;
}

/** What is left of a debt by now. A stamp of the far future is one of long ago: the clock went round. */
function owed(words: Int32Array, at: number, now: number): number {
  const debt = words[at + DEBT] as number;
  if (isJustBefore(words, at, now)) return debt;
  const elapsed = elapsedMs(words, at, now);
  return elapsed < 0 ? 0 : Math.max(0, debt - elapsed * MS);
}
