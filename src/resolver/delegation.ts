/**
 * Delegations: where to ask about the names below a cut. One is made from a referral and kept whole, the
 * parent's glue inside: glue serves to reach this cut and for nothing else, is never answered from, and never
 * meets another zone's servers (LIMITS B12). It lives as long as its shortest-lived record, by the parent's
 * TTL, and no longer than the delegation it came by: who was taken out of a zone can prolong neither its own
 * delegation nor what it delegated itself (ghost and phoenix domains, B17). What has run out is still used
 * where nobody above answers, until somebody there has spoken.
 *
 *   a fact:  0 how many servers (8 bits)
 *            of each its name, how many addresses (8 bits), and of each its characters (8 bits), and these
 */
import {
  ADDRESSES_PER_SERVER_MAX,
  CACHE_TTL_SECONDS_MAX,
  DELEGATION_SERVERS_MAX,
  DELEGATIONS_READ_MAX,
  GLUE_PER_REFERRAL_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { equalNames, type Name, nameKey, nameLength, sameName } from '../wire/name.ts';
import type { Route } from './routes.ts';
import { Shelf } from './shelf.ts';

export interface NameServer {
  readonly name: Name;
  /** Canonical texts; none where the name has to be looked up. */
  readonly addresses: readonly string[];
}

export interface Delegation {
  readonly cut: Name;
  readonly servers: readonly NameServer[];
  /** By the world's clock. */
  readonly expiresMs: number;
  /** By whose rule they are asked; none where they were delegated to. */
  readonly route?: Route;
  /** As our copy of the root zone has it (RFC 8806). */
  readonly isRootCopys?: boolean;
}

/** Where questions go, whoever is asked there. */
export type Place = Pick<Delegation, 'cut' | 'route'>;

/** Who resolves for us below a name is no server of the zone of that name: neither fails for the other. */
export const placeKey = ({ cut, route }: Place): string =>
  nameKey(cut) + (route?.how === 'forward' ? 'forwarded' : '');

/** A delegation holds no type of its own. */
const NO_TYPE = 0;

export class Delegations {
  readonly #shelf: Shelf;
  /**
   * Those of busy zones are not made from their bytes anew for each question below: what is made and kept for
   * a while is dear to the engine's collector. By the cut's hash.
   */
  readonly #read = new Map<number, Delegation>();

  /** `lingerMs`: for how long one that has expired may still be asked. */
  constructor(bytesMax: number, lingerMs: number, world: World) {
    this.#shelf = new Shelf({ bytesMax, lingerMs }, world);
  }

  /** The deepest known cut at or above `name`. */
  closest(name: Name): Delegation | undefined {
    const labels = this.#shelf.seek(name);
    for (let i = 0; i <= labels; i++) {
      const known = this.#shelf.live(i, NO_TYPE);
      if (known >= 0) return this.#at(known);
    }
    return undefined;
  }

  /** The deepest cut further down than `cut` that was known until not long ago. */
  lapsed(name: Name, cut: Name): Delegation | undefined {
    const shelf = this.#shelf;
    shelf.seek(name);
    for (let i = 0; name.length - shelf.labelAt(i) > cut.length; i++) {
      const known = shelf.latest(i, NO_TYPE);
      const agoMs = known < 0 ? -1 : shelf.nowMs() - shelf.expiresMs(known);
      if (agoMs >= 0 && agoMs < shelf.lingerMs) return this.#at(known);
    }
    return undefined;
  }

  /** Who serves the zone at `cut` has spoken of the name, and of no cut in between. */
  disprove(name: Name, cut: Name): void {
    for (let gone = this.lapsed(name, cut); gone !== undefined; gone = this.lapsed(name, cut)) {
      this.#shelf.drop(gone.cut, NO_TYPE);
    }
  }

  at(cut: Name): Delegation | undefined {
    this.#shelf.seek(cut);
    const known = this.#shelf.live(0, NO_TYPE);
    return known < 0 ? undefined : this.#at(known);
  }

  /** What `above`, one of whose servers referred us, hands down. */
  keep(cut: Name, servers: readonly NameServer[], ttl: number, above: Delegation): Delegation {
    const nowMs = this.#shelf.nowMs();
    // Nobody can take the root away: what it delegates is its own to bound.
    const latestMs = above.cut.length === 1 ? Number.POSITIVE_INFINITY : above.expiresMs;
    const expiresMs = Math.min(nowMs + Math.min(ttl, CACHE_TTL_SECONDS_MAX) * 1000, latestMs);
    const delegation = { cut, servers, expiresMs };
    if (expiresMs > nowMs) this.#put(delegation);
    return delegation;
  }

  /** To one of the cut's servers. */
  addGlue(cut: Name, name: Name, found: readonly string[]): void {
    const known = this.at(cut);
    if (known === undefined) return;
    const servers = known.servers.map((server) => {
      if (!equalNames(server.name, name)) return server;
      const addresses = [...new Set([...found, ...server.addresses])];
      return { name, addresses: addresses.slice(0, ADDRESSES_PER_SERVER_MAX) };
    });
    this.#put({ ...known, servers });
  }

  /** Those that have not expired. */
  *all(): Generator<Delegation & { readonly ttl: number; readonly ageSeconds: number }, void, void> {
    for (const fact of this.#shelf.facts()) {
      const ttl = this.#shelf.secondsLeft(fact);
      if (ttl > 0) yield { ...this.#at(fact), ttl, ageSeconds: this.#shelf.ageSeconds(fact) };
    }
  }

  /** Somebody else has written; or those that are wanted are to be found out again. */
  readAnew(): void {
    this.#read.clear();
  }

  /** For all to be kept (`packing`). */
  get shelf(): Shelf {
    return this.#shelf;
  }

  clear(isDoomed?: (name: Name) => boolean): void {
    this.readAnew();
    this.#shelf.clear(isDoomed);
  }

  #put({ cut, servers, expiresMs }: Delegation): void {
    const shelf = this.#shelf;
    const size = servers.reduce((sum, server) => sum + sizeOf(server), 1);
    let at = shelf.put(cut, NO_TYPE, expiresMs, size);
    this.#read.delete(shelf.soughtHash(NO_TYPE));
    if (at < 0) return;
    const { bytes } = shelf;
    bytes[at++] = servers.length;
    for (const { name, addresses } of servers) {
      bytes.set(name, at);
      at += name.length;
      bytes[at++] = addresses.length;
      for (const address of addresses) {
        bytes[at] = address.length;
        at = shelf.putText(at + 1, address);
      }
    }
  }

  #at(known: number): Delegation {
    const shelf = this.#shelf;
    const hash = shelf.hashOf(known);
    const read = this.#read.get(hash);
    if (read !== undefined && sameName(read.cut, 0, shelf.bytes, shelf.nameAt(known))) return read;
    const servers = this.#servers(shelf.valueAt(known));
    const delegation = { cut: shelf.nameOf(known), servers, expiresMs: shelf.expiresMs(known) };
    if (this.#read.size >= DELEGATIONS_READ_MAX) this.readAnew();
    this.#read.set(hash, delegation);
    return delegation;
  }

  #servers(from: number): NameServer[] {
    const { bytes } = this.#shelf;
    const servers: NameServer[] = [];
    let at = from + 1;
    for (let left = bytes[from] as number; left > 0; left--) {
      const name = bytes.slice(at, at + nameLength(bytes, at));
      at += name.length;
      const addresses: string[] = [];
      for (let more = bytes[at++] as number; more > 0; more--) {
        const length = bytes[at] as number;
        addresses.push(this.#shelf.textAt(at + 1, length));
        at += 1 + length;
      }
      servers.push({ name, addresses });
    }
    return servers;
  }
}

const sizeOf = ({ name, addresses }: NameServer): number =>
  addresses.reduce((sum, address) => sum + 1 + address.length, name.length + 1);

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
