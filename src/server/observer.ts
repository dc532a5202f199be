/**
 * Watches some of the queries: how long they took, by path, and what was asked, for a query log. Of the many
 * that are answered at once, one is timed each LATENCY_SAMPLE_MS; those that wait for other servers are timed
 * all. The query log gets one of `every`, drawn by chance. A query that is not picked costs two comparisons.
 *
 * Times run from the moment the pipeline is handed a message to the moment its response is written: waiting
 * in the kernel before and after is not in them, waiting for other servers is.
 */
import type { Bytes } from '../base/bytes.ts';
import type { Histograms } from '../base/histogram.ts';
import { LATENCY_SAMPLE_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Client } from '../transport/door.ts';
import type { Query } from '../wire/query.ts';

/** Where an answer came from. `OTHER` knows without looking: what is refused, malformed, or in class CH. */
export const Path = { AUTHORITATIVE: 0, CACHED: 1, RECURSIVE: 2, OTHER: 3 } as const;
export const PATHS = ['authoritative', 'cached', 'recursive', 'other'] as const;
export const TRANSPORTS = ['udp', 'tcp'] as const;

export const LATENCY_ROWS = PATHS.length * TRANSPORTS.length;
export const latencyRow = (path: number, isTcp: boolean): number => 2 * path + (isTcp ? 1 : 0);

/**
 * The server that asks itself whether it answers: no query log is to be filled with that. Not as over UDP,
 * where a limit may be in force.
 */
export const SELF: Client = { transport: 'tcp', address: Uint8Array.of(127, 0, 0, 1), port: 1 };

/** A query and its response, borrowed. */
export interface Sighting {
  readonly query: Query;
  readonly client: Client;
  readonly rcode: number;
  readonly path: number;
  readonly ms: number;
  /** When it was answered, by the wall. */
  readonly wallMs: number;
  /** The response is at its start. */
  readonly out: Bytes;
  readonly length: number;
}

export interface QueryTap {
  /** It wants one of so many. */
  readonly every: number;
  take(sighting: Sighting): void;
}

/** What is kept of a query that will be answered later. */
export interface Held {
  readonly picked: number;
  readonly beganMs: number;
}

const TIMED = 1;
const TAPPED = 2;

export class Observer {
  /** Of the query in hand; whoever answers it says. */
  path: number = Path.OTHER;
  readonly #world: World;
  readonly #histograms: Histograms | undefined;
  readonly #tap: QueryTap | undefined;
  #picked = 0;
  #beganMs = 0;
  #isTimeDue: boolean;
  #untilTap = 1;

  constructor(world: World, histograms: Histograms | undefined, tap: QueryTap | undefined) {
    this.#world = world;
    this.#histograms = histograms;
    this.#tap = tap;
    this.#isTimeDue = histograms !== undefined;
  }

  /** Called with every query, first of all. */
  begin(): void {
    this.path = Path.OTHER;
    this.#picked = 0;
    if (this.#isTimeDue) this.#pickForTime();
    if (this.#tap !== undefined && --this.#untilTap === 0) this.#pickForTap(this.#tap.every);
    if (this.#picked !== 0) this.#beganMs = this.#world.nowMs();
  }

  #pickForTime(): void {
    this.#picked |= TIMED;
    this.#isTimeDue = false;
    this.#world.after(LATENCY_SAMPLE_MS, () => {
      this.#isTimeDue = true;
    });
  }

  /** The next is `every` away on average, and nobody can tell which. */
  #pickForTap(every: number): void {
    this.#picked |= TAPPED;
    this.#untilTap = 1 + this.#world.draw(2 * every - 1);
  }

  /** The query in hand will be answered later. */
  hold(): Held {
    const timed = this.#histograms === undefined ? 0 : TIMED;
    const beganMs = this.#picked === 0 ? this.#world.nowMs() : this.#beganMs;
    return { picked: this.#picked | timed, beganMs };
  }

  /** It is in hand again. */
  resume({ picked, beganMs }: Held): void {
    this.path = Path.RECURSIVE;
    this.#picked = picked;
    this.#beganMs = beganMs;
  }

  end(query: Query, client: Client, rcode: number, out: Bytes, length: number): void {
    if (this.#picked === 0) return;
    const { path } = this;
    const ms = this.#world.nowMs() - this.#beganMs;
    if ((this.#picked & TIMED) !== 0) {
      this.#histograms?.observe(latencyRow(path, client.transport === 'tcp'), 1000 * ms);
    }
    const isTapped = (this.#picked & TAPPED) !== 0 && client !== SELF;
    const wallMs = isTapped ? this.#world.wallMs() : 0;
    if (isTapped) this.#tap?.take({ query, client, rcode, path, ms, wallMs, out, length });
    this.#picked = 0;
  }
}
