/**
 * The hosts that are members of pools, as the control thread has them: which slot is whose, the table that
 * the resolver thread fills from the first host on, and how many of them it knows.
 */
import { HOSTS_LOOK_MS, HOSTS_MAX, HOSTS_NAMED_MAX, HOSTS_WAIT_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Flattened, HostState } from '../pool/flattened.ts';
import { HostSlots } from '../pool/host-slots.ts';
import { hostsIn } from '../pool/hosts-in.ts';
import { type Name, nameHash, nameText } from '../wire/name.ts';
import { PoolKind } from '../wire/pool.ts';
import type { Image } from '../zone/image.ts';
import type { Logger } from './log.ts';

/** How many there are of whom that is known. */
export interface HostStanding {
  readonly known: number;
  readonly stale: number;
  readonly failed: number;
  readonly pending: number;
}

type Placed = readonly [slot: number, name: Name];

export class HostPost {
  readonly slots = new HostSlots();
  readonly #world: World;
  readonly #logger: Logger;
  #table: Flattened | undefined;

  constructor(world: World, logger: Logger) {
    this.#world = world;
    this.#logger = logger;
  }

  /** There from the first host on. */
  get table(): Flattened | undefined {
    const { memory } = this.slots;
    if (memory !== undefined) this.#table ??= new Flattened(memory);
    return this.#table;
  }

  /** After plans were made. */
  complain(): void {
    const hosts = this.slots.takeRefused();
    if (hosts > 0)
      this.#logger.warn({ hosts, max: HOSTS_MAX }, 'too many hosts in pools: some are not resolved');
  }

  /** Of those in the images, by the worse of both kinds of address. */
  standing(images: readonly Image[]): HostStanding {
    const counts = { known: 0, stale: 0, failed: 0, pending: 0 };
    for (const [slot, name] of hostsIn(images)) {
      const states = this.#statesOf(slot, name);
      if (states.includes(HostState.PENDING)) counts.pending++;
      else if (states.includes(HostState.FAILED)) counts.failed++;
      else if (states.includes(HostState.STALE)) counts.stale++;
      else counts.known++;
    }
    return counts;
  }

  #statesOf(slot: number, name: Name): number[] {
    const hash = nameHash(name);
    return [PoolKind.IPV4, PoolKind.IPV6].map((kind) => {
      this.table?.look(slot, hash, kind);
      return this.table?.state ?? HostState.PENDING;
    });
  }

  /** Whether there are hosts not `served` yet of whom nothing was found out, not even that it cannot be. */
  awaits(images: readonly Image[], served: readonly Image[]): boolean {
    return this.#awaitedOf(newIn(images, served)).length > 0;
  }

  #awaitedOf(hosts: readonly Placed[]): Placed[] {
    return hosts.filter(([slot, name]) => this.#statesOf(slot, name).includes(HostState.PENDING));
  }

  /** Waits a little for what there is to be known of them, so that the first client is told. */
  async found(images: readonly Image[], served: readonly Image[] = []): Promise<void> {
    const untilMs = this.#world.nowMs() + HOSTS_WAIT_MS;
    let awaited = this.#awaitedOf(newIn(images, served));
    while (awaited.length > 0 && this.#world.nowMs() < untilMs) {
      await new Promise<void>((resolve) => void this.#world.after(HOSTS_LOOK_MS, resolve));
      awaited = this.#awaitedOf(awaited);
    }
    if (awaited.length === 0) return;
    const hosts = awaited.slice(0, HOSTS_NAMED_MAX).map(([, name]) => nameText(name));
    const text = 'answers before it is known what addresses hosts of pools have';
    this.#logger.warn({ hosts, count: awaited.length, waitedMs: HOSTS_WAIT_MS }, text);
  }
}

function newIn(images: readonly Image[], served: readonly Image[]): Placed[] {
  const known = new Set([...hostsIn(served)].map(([slot]) => slot));
  return [...hostsIn(images)].filter(([slot]) => !known.has(slot));
}
