/**
 * The hosts that are members of pools, as the control thread has them: which slot is whose, the table that
 * the resolver thread fills from the first host on, and how many of them it knows.
 */
import { HOSTS_LOOK_MS, HOSTS_MAX, HOSTS_WAIT_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Flattened, HostState } from '../pool/flattened.ts';
import { HostSlots } from '../pool/host-slots.ts';
import { nameHash } from '../wire/name.ts';
import { PoolKind } from '../wire/pool.ts';
import type { Logger } from './log.ts';

/** How many there are of whom that is known. */
export interface HostStanding {
  readonly known: number;
  readonly stale: number;
  readonly failed: number;
  readonly pending: number;
}

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

  /** By the worse of both kinds of address. */
  get standing(): HostStanding {
    const counts = { known: 0, stale: 0, failed: 0, pending: 0 };
    for (const [key, slot] of this.slots.given) {
      const hash = nameHash(Buffer.from(key, 'latin1'));
      const states = [PoolKind.IPV4, PoolKind.IPV6].map((kind) => this.#stateOf(slot, hash, kind));
      if (states.includes(HostState.PENDING)) counts.pending++;
      else if (states.includes(HostState.FAILED)) counts.failed++;
      else if (states.includes(HostState.STALE)) counts.stale++;
      else counts.known++;
    }
    return counts;
  }

  #stateOf(slot: number, hash: number, kind: number): number {
    this.table?.look(slot, hash, kind);
    return this.table?.state ?? HostState.PENDING;
  }

  /** Waits a little for what there is to be known of all, so that the first client is told. */
  async found(): Promise<void> {
    const untilMs = this.#world.nowMs() + HOSTS_WAIT_MS;
    while (this.standing.pending > 0 && this.#world.nowMs() < untilMs)
      await new Promise<void>((resolve) => void this.#world.after(HOSTS_LOOK_MS, resolve));
  }
}
