/**
 * Who is being limited, for the log: told at once, and then at most every RATE_LIMIT_QUIET_MS, with the
 * number of responses that were held back since. A thread keeps notes of its own responses; the control
 * thread's hear those of the fronts too, so that the log has one voice.
 */
import type { Bytes } from '../base/bytes.ts';
import { IPV4_BYTES, ipText } from '../base/ip.ts';
import { RATE_LIMIT_QUIET_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { type LimitKind, PREFIX_BITS_V4, PREFIX_BITS_V6 } from '../server/rate-limit.ts';

/** One of those who are limited, and how many responses all of them did not get. */
export interface LimitNote {
  readonly kind: LimitKind;
  readonly prefix: string;
  readonly held: number;
}

export class LimitNotes {
  readonly #world: World;
  readonly #tell: (note: LimitNote) => void;
  #toldMs = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(world: World, tell: (note: LimitNote) => void) {
    this.#world = world;
    this.#tell = tell;
  }

  /** One response more; the address is borrowed. */
  readonly add = (kind: LimitKind, address: Bytes): void => {
    if (this.#isDue(1)) this.#tell({ kind, prefix: prefixText(address), held: this.#take() });
  };

  /** What another thread tells. */
  hear({ kind, prefix, held }: LimitNote): void {
    if (this.#isDue(held)) this.#tell({ kind, prefix, held: this.#take() });
  }

  #isDue(held: number): boolean {
    this.#untold += held;
    return this.#world.nowMs() - this.#toldMs >= RATE_LIMIT_QUIET_MS;
  }

  #take(): number {
    const held = this.#untold;
    this.#toldMs = this.#world.nowMs();
    this.#untold = 0;
    return held;
  }
}

/** `192.0.2.0/24`, `2001:db8::/56` */
function prefixText(address: Bytes): string {
  const bits = address.length === IPV4_BYTES ? PREFIX_BITS_V4 : PREFIX_BITS_V6;
  return `${ipText(address.slice().fill(0, bits / 8))}/${bits}`;
}
