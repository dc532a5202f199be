/**
 * Who asks most, and for what: of the queries that come to one thread now and then one is picked, stands for
 * all since the one before, and is laid into four sketches in shared memory: names as they were asked for,
 * what is above them (a flood of random names is one there), clients, and their networks. A query that is not
 * picked costs a comparison. All are counted that can be read, also those that get no response.
 */

import { IPV4_BYTES, IPV6_BYTES, ipText } from '../base/ip.ts';
import { TALLY_SAMPLE_MS, TOP_TOLD_MAX } from '../base/limits.ts';
import { ranked, Sketch } from '../base/sketch.ts';
import type { World } from '../base/world.ts';
import type { Client } from '../transport/door.ts';
import { nameText } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';
import { SELF } from './observer.ts';

export const TALLIED = ['names', 'parents', 'clients', 'networks'] as const;
export type Tallied = (typeof TALLIED)[number];

export interface ToldTop {
  /** The most asked for first; `share` is of all queries, and `error` what of it may have been others'. */
  readonly top: readonly {
    readonly what: string;
    readonly perSecond: number;
    readonly share: number;
    readonly error: number;
  }[];
  /** All queries. */
  readonly perSecond: number;
}

/** What one customer of a provider has, at most (RFC 6177 §2), or what a few have. */
const NETWORK_BYTES = { ipv4: 3, ipv6: 7 };

export class Tally {
  readonly memory: SharedArrayBuffer;
  readonly #world: World;
  readonly #sketches: Readonly<Record<Tallied, Sketch>>;
  readonly #others: Tally[] = [];
  /** Since one was picked last. */
  #heard = 0;
  #pickAt = 1;

  /** A new one; or a view of another thread's. */
  constructor(world: World, memory = new SharedArrayBuffer(TALLIED.length * Sketch.BYTES)) {
    this.#world = world;
    this.memory = memory;
    const [names, parents, clients, networks] = TALLIED.map(
      (_, i) => new Sketch(memory, i * Sketch.BYTES),
    ) as [Sketch, Sketch, Sketch, Sketch];
    this.#sketches = { names, parents, clients, networks };
  }

  /** From now on, what is told here has the other thread's in it. */
  include(other: Tally): void {
    this.#others.push(other);
  }

  /** Called with every query that could be read. */
  note(query: Query, client: Client): void {
    if (++this.#heard >= this.#pickAt && client !== SELF) this.#pick(query, client);
  }

  /** The next one is drawn from about as many as come in the time between two. */
  #pick({ name, hasQuestion }: Query, { address }: Client): void {
    const count = this.#heard;
    this.#heard = 0;
    this.#pickAt = Number.POSITIVE_INFINITY;
    this.#world.after(TALLY_SAMPLE_MS, () => {
      this.#pickAt = this.#heard + 1 + this.#world.draw(Math.max(this.#heard, 1));
    });
    const nowMs = this.#world.nowMs();
    const { names, parents, clients, networks } = this.#sketches;
    clients.add(address, 0, address.length, count, nowMs);
    networks.add(address, 0, networkBytes(address), count, nowMs);
    if (!hasQuestion) return;
    names.add(name.bytes, 0, name.length, count, nowMs);
    if (name.labels > 1) parents.add(name.bytes, name.labelAt[1] as number, name.length, count, nowMs);
  }

  told(what: Tallied): ToldTop {
    const sketches = [this, ...this.#others].map((each) => each.#sketches[what]);
    const { heaviest, perSecond } = ranked(sketches, this.#world.nowMs());
    const top = heaviest.slice(0, TOP_TOLD_MAX).map(({ key, errorPerSecond, ...each }) => ({
      what: TEXTS[what](key),
      perSecond: each.perSecond,
      share: each.perSecond / perSecond,
      error: errorPerSecond / perSecond,
    }));
    return { top, perSecond };
  }
}

const networkBytes = ({ length }: Uint8Array): number =>
  length === IPV4_BYTES ? NETWORK_BYTES.ipv4 : NETWORK_BYTES.ipv6;

function networkText(key: Uint8Array): string {
  const address = new Uint8Array(key.length === NETWORK_BYTES.ipv4 ? IPV4_BYTES : IPV6_BYTES);
  address.set(key);
  return `${ipText(address)}/${8 * key.length}`;
}

const TEXTS: Readonly<Record<Tallied, (key: Uint8Array) => string>> = {
  names: (key) => nameText(key),
  parents: (key) => nameText(key),
  clients: ipText,
  networks: networkText,
};
