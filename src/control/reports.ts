/**
 * What others have said of addresses whose checks are theirs to do (`external`), as long as it holds: kept by
 * the control thread, so that a prober that dies takes nothing along that nobody would say again. The last
 * word of each address and check; of more than there is room for, the oldest goes.
 */
import { ipText } from '../base/ip.ts';
import { REPORTS_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';

export interface Report {
  readonly check: string;
  readonly address: Uint8Array;
  readonly isUp: boolean;
  /** Infinity: until he says otherwise. */
  readonly forMs: number;
}

interface Kept extends Omit<Report, 'forMs'> {
  readonly untilMs: number;
}

export class Reports {
  readonly #world: World;
  readonly #kept = new Map<string, Kept>();

  constructor(world: World) {
    this.#world = world;
  }

  keep({ check, address, isUp, forMs }: Report): void {
    const key = `${check} ${ipText(address)}`;
    this.#kept.delete(key);
    this.#kept.set(key, { check, address, isUp, untilMs: this.#world.nowMs() + forMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= REPORTS_MAX) return;
      this.#kept.delete(oldest);
    }
  }

  /** As they would be said now. Whose time is over is down, until somebody says otherwise. */
  get all(): Report[] {
    const nowMs = this.#world.nowMs();
    return [...this.#kept.values()].map(({ untilMs, ...kept }) => {
      const forMs = untilMs - nowMs;
      return forMs > 0 ? { ...kept, forMs } : { ...kept, isUp: false, forMs: Infinity };
    });
  }
}
