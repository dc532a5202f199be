/**
 * Sources that would answer our answer, and so for ever: the small services of old that reply to whatever
 * they get, and ourselves. In: a client. Out: whether it is such a source. Over TCP nobody can pretend to be
 * one.
 */
import type { PrefixSet } from '../base/prefix.ts';
import type { Client } from '../transport/door.ts';
import { NEVER_ASKING } from '../transport/udp.ts';
import { isAmong } from './caller.ts';

/** The addresses at which we listen, by port. */
export type OwnDoors = ReadonlyMap<number, PrefixSet>;

export function wouldLoop(client: Client, own: OwnDoors): boolean {
  if (client.transport !== 'udp') return false;
  if (NEVER_ASKING.has(client.port)) return true;
  const addresses = own.get(client.port);
  return addresses !== undefined && isAmong(addresses, client);
}
