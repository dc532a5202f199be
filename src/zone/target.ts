/**
 * Where the addresses of a name are that an RR of the zone points at: a scratch object, filled anew for each.
 * By name and not by links laid when the zone was compiled, so that a change of one name changes no other.
 */
import { type Bytes, u8 } from '../base/bytes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { labelCount } from '../wire/name.ts';
import { type Image, NONE } from './image.ts';
import { locate, Place } from './lookup.ts';
import { isInZone } from './owner.ts';

export class Target {
  /** The name's node, its wildcard's if that covers it (RFC 4592 §3.2), or none. */
  node = NONE;
  readonly #name = new HashedName();
  readonly #place = new Place();

  /**
   * Of the uncompressed name at `at`. What is at or below `cut`, the topmost on the way there, is hidden by
   * it: that need not be found out.
   */
  find(zone: Image, bytes: Bytes, at: number, cut = NONE): void {
    this.node = NONE;
    this.#place.above = NONE;
    if (u8(bytes, at) === 0) return; // "." is nobody (RFC 7505 §3, RFC 2782).
    if (!isInZone(bytes, at, zone.apexName)) return;
    this.#name.set(bytes, at);
    if (cut !== NONE && this.#isBelow(zone, cut)) {
      this.node = zone.find(this.#name, 0);
      this.#place.above = cut;
      return;
    }
    const { node, isExact, above } = locate(zone, this.#name, this.#place);
    if (isExact) this.node = node;
    else if (above === NONE) this.node = zone.wildcard(node);
  }

  #isBelow(zone: Image, cut: number): boolean {
    const at = zone.nameAt(cut);
    const label = this.#name.labels - labelCount(zone.bytes, at);
    return label >= 0 && this.#name.suffixIs(label, zone.bytes, at);
  }

  /** The cut or DNAME that hides it, or none. */
  get above(): number {
    return this.#place.above;
  }
}
