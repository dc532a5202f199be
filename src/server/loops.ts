/**
 * Sources that would answer our answer, and so for ever: the small services of old that reply to whatever
 * they get, and ourselves. In: a client. Out: whether it is such a source. Over TCP nobody can pretend to be
 * one.
 */
import type { PrefixSet } from '../base/prefix.ts';
import type { Client } from '../transport/door.ts';
import { isAmong } from './caller.ts';

/** The addresses at which we listen, by port. */
export type OwnDoors = ReadonlyMap<number, PrefixSet>;

export function wouldLoop(client: Client, own: OwnDoors): boolean {
  if (client.transport !== 'udp') return false;
  switch (client.port) {
    case 0: // Nobody can be answered there.
    case 7: // echo (RFC 862)
    case 13: // daytime (RFC 867)
    case 19: // chargen (RFC 864)
    case 37: // time (RFC 868)
      return true;
    default: {
      const addresses = own.get(client.port);
      return addresses !== undefined && isAmong(addresses, client);
    }
  }
}
