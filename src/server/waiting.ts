/**
 * Who waits for recursion over UDP, and for how many answers: what becomes known in one moment must not be a
 * pulse upon somebody who never asked (DNSBomb, CVE-2024-33655). Over TCP a client's address is its own, and
 * loopback is nobody else's; a valid cookie shows as much, and may wait for more.
 */
import { networkOf } from '../base/ip.ts';
import { WAITING_PER_CLIENT_MAX, WAITING_PER_KNOWN_CLIENT_MAX } from '../base/limits.ts';
import { PrefixSet } from '../base/prefix.ts';
import type { Client } from '../transport/door.ts';

const loopback = PrefixSet.parse(['127.0.0.0/8', '::1']) as PrefixSet;

const freely = (): void => {};

export class Waiting {
  readonly #counts = new Map<string, number>();

  /** What to call when the answer has left; undefined where one more is too many. */
  enter({ transport, address }: Client, hasCookie: boolean): (() => void) | undefined {
    if (transport === 'tcp' || loopback.hasBytes(address)) return freely;
    const client = networkOf(address);
    const count = this.#counts.get(client) ?? 0;
    if (count >= (hasCookie ? WAITING_PER_KNOWN_CLIENT_MAX : WAITING_PER_CLIENT_MAX)) return undefined;
    this.#counts.set(client, count + 1);
    return () => this.#leave(client);
  }

  #leave(client: string): void {
    const left = (this.#counts.get(client) as number) - 1;
    if (left > 0) this.#counts.set(client, left);
    else this.#counts.delete(client);
  }
}
