/**
 * Whose addresses stand in which slot of the table (pool/flattened): given out by the control thread when it
 * makes plans, the same for a host as long as some plan has it, over any reload. Slots of hosts that no plan
 * has any more are given out again when half of all are taken, those that were freed first before others.
 */
import { HOSTS_MAX } from '../base/limits.ts';
import { type Name, nameKey } from '../wire/name.ts';
import type { Image } from '../zone/image.ts';
import { newFlattened } from './flattened.ts';
import { hostsIn } from './hosts-in.ts';

/** Of a host for which there is no room. */
export const NO_SLOT = -1;

/** As far as a plan needs them. */
export type Slots = Pick<HostSlots, 'slotOf'>;

export class HostSlots {
  /** There from the first host on. */
  memory: SharedArrayBuffer | undefined;
  readonly #slots = new Map<string, number>();
  readonly #freed: number[] = [];
  #taken = 0;
  /** Hosts that found no room since it was last asked. */
  #refused = 0;

  /** All that there are. */
  get given(): ReadonlyMap<string, number> {
    return this.#slots;
  }

  /** For plans that are only tried out: nobody is given one. */
  get known(): Slots {
    return { slotOf: (host) => this.#slots.get(nameKey(host)) ?? NO_SLOT };
  }

  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  slotOf(host: Name): number {
    const key = nameKey(host);
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = this.#taken < HOSTS_MAX ? this.#taken++ : this.#freed.shift();
    if (slot === undefined) {
      this.#refused++;
      return NO_SLOT;
    }
    this.memory ??= newFlattened();
    this.#slots.set(key, slot);
    return slot;
  }

  /** Before plans are made: `images` are all whose plans are in use. */
  tidy(images: readonly Image[]): void {
    if (2 * this.#slots.size < HOSTS_MAX) return;
    const used = hostsIn(images);
    for (const [key, slot] of this.#slots) {
      if (used.has(slot)) continue;
      this.#slots.delete(key);
      this.#freed.push(slot);
    }
  }
}
