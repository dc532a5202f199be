/**
 * Whether there is a way to IPv4 and to IPv6 at all. The system may know that there is none; or packets
 * vanish, and several strangers of one family in a row are silent while the other family answers (RFC 8305
 * in spirit). What is learned of a family spares every later question the wait, and one answer takes it
 * back.
 */
import { FAMILY_DOUBTED_SECONDS, FAMILY_STRANGERS_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';

interface Family {
  /** Addresses in a row without a route, and strangers that were silent. */
  unreached: number;
  unheard: number;
  doubtedUntilMs: number;
  heardMs: number;
}

const family = (): Family => ({
  unreached: 0,
  unheard: 0,
  doubtedUntilMs: 0,
  heardMs: Number.NEGATIVE_INFINITY,
});

const isIpv6 = (address: string): boolean => address.includes(':');

export const isOfAnotherFamily = (one: string, other: string): boolean => isIpv6(one) !== isIpv6(other);

export class Families {
  readonly #world: World;
  #ipv4 = family();
  #ipv6 = family();

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether there is a way to addresses of this kind, as far as we know. */
  isRouted(address: string): boolean {
    const { doubtedUntilMs } = this.#of(address);
    return doubtedUntilMs === 0 || doubtedUntilMs <= this.#world.nowMs();
  }

  heard(address: string, nowMs: number): void {
    const family = this.#of(address);
    family.unreached = 0;
    family.unheard = 0;
    family.doubtedUntilMs = 0;
    family.heardMs = nowMs;
  }

  /** The system has no route to this address. */
  unreached(address: string): void {
    const family = this.#of(address);
    if (++family.unreached >= FAMILY_STRANGERS_MAX) this.#doubt(family);
  }

  /** Somebody who never answered did not answer. Where nobody answers, it is not for the family. */
  unheard(address: string): void {
    const family = this.#of(address);
    const other = isIpv6(address) ? this.#ipv4 : this.#ipv6;
    if (++family.unheard >= FAMILY_STRANGERS_MAX && other.heardMs > family.heardMs) this.#doubt(family);
  }

  clear(): void {
    this.#ipv4 = family();
    this.#ipv6 = family();
  }

  #doubt(family: Family): void {
    family.doubtedUntilMs = this.#world.nowMs() + FAMILY_DOUBTED_SECONDS * 1000;
  }

  #of(address: string): Family {
    return isIpv6(address) ? this.#ipv6 : this.#ipv4;
  }
}
