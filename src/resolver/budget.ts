/**
 * What one client's question may cost others. The purse is opened once and never refilled: aliases, server
 * look-ups and retries all pay from it, however they are nested (LIMITS: NXNSAttack, CAMP, iDNS). Each
 * `spend` says in words which limit ended it, or nothing.
 */
import {
  SERVER_LOOKUPS_FAILED_MAX,
  SERVER_LOOKUPS_MAX,
  SUBQUESTION_DEPTH_MAX,
  UPSTREAM_BYTES_MAX,
  UPSTREAM_QUERIES_MAX,
  UPSTREAM_QUERIES_PER_NAME_MAX,
} from '../base/limits.ts';

interface Purse {
  queries: number;
  bytes: number;
  lookups: number;
  failedLookups: number;
}

export class Budget {
  /** Nested this deep in "I need an address to reach the server that has the address". */
  readonly depth: number;
  /** By the world's clock; the same for everything that one question causes. */
  readonly deadlineMs: number;
  readonly #purse: Purse;
  #queriesForName = 0;

  private constructor(purse: Purse, depth: number, deadlineMs: number) {
    this.#purse = purse;
    this.depth = depth;
    this.deadlineMs = deadlineMs;
  }

  static open(deadlineMs: number): Budget {
    return new Budget({ queries: 0, bytes: 0, lookups: 0, failedLookups: 0 }, 0, deadlineMs);
  }

  /** For the next name of an alias chain: same purse, its own count of queries. */
  forName(): Budget {
    return new Budget(this.#purse, this.depth, this.deadlineMs);
  }

  /** For a server's name; undefined where that would be too deep. */
  deeper(): Budget | undefined {
    if (this.depth >= SUBQUESTION_DEPTH_MAX) return undefined;
    return new Budget(this.#purse, this.depth + 1, this.deadlineMs);
  }

  /** Whether nothing was spent: a failure of what starts now is then its own. */
  get untouched(): boolean {
    return this.depth === 0 && this.#purse.queries === 0 && this.#purse.lookups === 0;
  }

  get queries(): number {
    return this.#purse.queries;
  }

  spendQuery(): string | undefined {
    if (this.#purse.queries >= UPSTREAM_QUERIES_MAX) return `more than ${UPSTREAM_QUERIES_MAX} queries`;
    if (this.#queriesForName >= UPSTREAM_QUERIES_PER_NAME_MAX) {
      return `more than ${UPSTREAM_QUERIES_PER_NAME_MAX} queries for one name`;
    }
    this.#purse.queries++;
    this.#queriesForName++;
    return undefined;
  }

  spendBytes(bytes: number): string | undefined {
    this.#purse.bytes += bytes;
    return this.#purse.bytes > UPSTREAM_BYTES_MAX ? `more than ${UPSTREAM_BYTES_MAX} bytes` : undefined;
  }

  /** How many of `wanted` server names may be looked up now. */
  spendLookups(wanted: number): number {
    const { lookups, failedLookups } = this.#purse;
    const left = Math.min(SERVER_LOOKUPS_MAX - lookups, SERVER_LOOKUPS_FAILED_MAX - failedLookups);
    const granted = Math.max(0, Math.min(wanted, left));
    this.#purse.lookups += granted;
    return granted;
  }

  noteFailedLookup(): void {
    this.#purse.failedLookups++;
  }
}
