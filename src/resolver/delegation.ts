/**
 * Delegations: where to ask about the names below a cut. One is made from a referral and kept whole, the
 * parent's glue inside: glue serves to reach this cut and for nothing else, is never answered from, and never
 * meets another zone's servers (LIMITS B12). It lives as long as its shortest-lived record, by the parent's
 * TTL, and no longer than the delegation it came by: who was taken out of a zone can prolong neither its own
 * delegation nor what it delegated itself (ghost and phoenix domains, B17).
 */
import {
  ADDRESSES_PER_SERVER_MAX,
  CACHE_TTL_SECONDS_MAX,
  DELEGATION_SERVERS_MAX,
  GLUE_PER_REFERRAL_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { type Name, nameKey } from '../wire/name.ts';
import type { Route } from './routes.ts';
import { type Fact, Shelf } from './shelf.ts';

export interface NameServer {
  readonly name: Name;
  /** Canonical texts; none where the name has to be looked up. */
  readonly addresses: readonly string[];
}

export interface Delegation extends Fact {
  readonly cut: Name;
  readonly servers: readonly NameServer[];
  /** By whose rule they are asked; none where they were delegated to. */
  readonly route?: Route;
}

export class Delegations {
  readonly #shelf: Shelf<Delegation>;

  constructor(bytesMax: number, world: World) {
    this.#shelf = new Shelf(bytesMax, world);
  }

  /** The deepest known cut at or above `name`. */
  closest(name: Name): Delegation | undefined {
    const key = nameKey(name);
    for (let at = 0; ; at += (name[at] as number) + 1) {
      const known = this.#shelf.live(key.slice(at));
      if (known !== undefined) return known;
      if (name[at] === 0) return undefined;
    }
  }

  at(cut: Name): Delegation | undefined {
    return this.#shelf.live(nameKey(cut));
  }

  /** What `above`, one of whose servers referred us, hands down. */
  keep(cut: Name, servers: readonly NameServer[], ttl: number, above: Delegation): Delegation {
    const nowMs = this.#shelf.nowMs();
    // Nobody can take the root away: what it delegates is its own to bound.
    const latestMs = above.cut.length === 1 ? Number.POSITIVE_INFINITY : above.expiresMs;
    const expiresMs = Math.min(nowMs + Math.min(ttl, CACHE_TTL_SECONDS_MAX) * 1000, latestMs);
    const delegation = { cut, servers, expiresMs };
    if (expiresMs > nowMs) this.#shelf.put(nameKey(cut), delegation, weigh(servers));
    return delegation;
  }

  clear(isDoomed?: (name: Name) => boolean): void {
    this.#shelf.clear(isDoomed);
  }
}

/** Measured like the shelf's own. */
const SERVER_BYTES = 300;
const ADDRESS_BYTES = 48;

const weigh = (servers: readonly NameServer[]): number =>
  servers.reduce(
    (sum, { name, addresses }) => sum + SERVER_BYTES + name.length + addresses.length * ADDRESS_BYTES,
    0,
  );

/**
 * Bounds a referral of any size: thirteen servers drawn at random, those with glue first, so that as few
 * names as possible have to be looked up (NXNSAttack, CVE-2020-8616).
 */
export function bounded(servers: readonly NameServer[], world: World): NameServer[] {
  const drawn = shuffle(servers, world)
    .sort((a, b) => Number(b.addresses.length > 0) - Number(a.addresses.length > 0))
    .slice(0, DELEGATION_SERVERS_MAX);
  const glue = new Set<string>();
  const chosen: NameServer[] = [];
  for (const { name, addresses } of drawn) {
    for (const address of addresses.slice(0, ADDRESSES_PER_SERVER_MAX)) {
      if (glue.size < GLUE_PER_REFERRAL_MAX) glue.add(address);
    }
    const kept = addresses.slice(0, ADDRESSES_PER_SERVER_MAX).filter((address) => glue.has(address));
    if (kept.length > 0 || addresses.length === 0) chosen.push({ name, addresses: kept });
  }
  return chosen;
}

function shuffle<T>(items: readonly T[], world: World): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = world.draw(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}
