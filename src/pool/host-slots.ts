/**
 * Whose addresses stand in which slot of the table (pool/flattened): given out by the control thread when it
 * makes plans, the same for a host as long as some plan has it, over any reload; and for each host with the
 * checks and the port that members have for it, its view. Slots that no plan has any more are given out again
 * when half of all are taken, those that were freed first before others.
 */
import { type Bytes, toHex } from '../base/bytes.ts';
import { HOSTS_MAX } from '../base/limits.ts';
import { type Name, nameKey } from '../wire/name.ts';
import type { Image } from '../zone/image.ts';
import { newFlattened } from './flattened.ts';
import { slotsIn } from './hosts-in.ts';

/** Of a host for which there is no room, or of which nobody keeps anything. */
export const NO_SLOT = -1;

/** As far as a plan needs them. */
export type Slots = Pick<HostSlots, 'slotOf' | 'viewOf'>;

export class HostSlots {
  /** There from the first host on. */
  memory: SharedArrayBuffer | undefined;
  readonly #hosts = new Half(0);
  readonly #views = new Half(HOSTS_MAX);
  /** Hosts that found no room since it was last asked. */
  #refused = 0;

  /** All that there are of hosts, by `nameKey`. */
  get given(): ReadonlyMap<string, number> {
    return this.#hosts.given;
  }

  /** For plans that are only tried out: nobody is given one. */
  get known(): Slots {
    return {
      slotOf: (host) => this.#hosts.given.get(nameKey(host)) ?? NO_SLOT,
      viewOf: (host, port, checks) => this.#views.given.get(viewKey(host, port, checks)) ?? NO_SLOT,
    };
  }

  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  slotOf(host: Name): number {
    const slot = this.#hosts.give(nameKey(host));
    if (slot === NO_SLOT) this.#refused++;
    else this.memory ??= newFlattened();
    return slot;
  }

  /** Without one its checks are not done. */
  viewOf(host: Name, port: number, checks: Bytes): number {
    return this.#views.give(viewKey(host, port, checks));
  }

  /** Before plans are made: `images` are all whose plans are in use. */
  tidy(images: readonly Image[]): void {
    if (!this.#hosts.isHalfTaken && !this.#views.isHalfTaken) return;
    const used = slotsIn(images);
    for (const half of [this.#hosts, this.#views]) if (half.isHalfTaken) half.free(used);
  }
}

const viewKey = (host: Name, port: number, checks: Bytes): string =>
  `${nameKey(host)} ${port} ${toHex(checks)}`;

/** HOSTS_MAX slots, from one on. */
class Half {
  readonly given = new Map<string, number>();
  readonly #first: number;
  readonly #freed: number[] = [];
  #taken = 0;

  constructor(first: number) {
    this.#first = first;
  }

  get isHalfTaken(): boolean {
    return 2 * this.given.size >= HOSTS_MAX;
  }

  give(key: string): number {
    const known = this.given.get(key);
    if (known !== undefined) return known;
    const slot = this.#taken < HOSTS_MAX ? this.#first + this.#taken++ : this.#freed.shift();
    if (slot === undefined) return NO_SLOT;
    this.given.set(key, slot);
    return slot;
  }

  free(used: ReadonlySet<number>): void {
    for (const [key, slot] of this.given) {
      if (used.has(slot)) continue;
      this.given.delete(key);
      this.#freed.push(slot);
    }
  }
}
