/**
 * Sources that would answer our answer, and so for ever: the small services of old that reply to whatever
 * they get, and ourselves. In: a client. Out: whether it is such a source. Over TCP nobody can pretend to be
 * one.
 */
import type { PrefixSet } from '../base/prefix.ts';
import { type Client, neverAsks } from '../transport/door.ts';

/** A port we listen at, with the addresses. */
export interface OwnDoor {
  readonly port: number;
  readonly addresses: PrefixSet;
}

export function wouldLoop(client: Client, own: readonly OwnDoor[]): boolean {
  const { port } = client;
  if (client.transport !== 'udp') return false;
  if (neverAsks(port)) return true;
  // There are one or two.
  for (let i = 0; i < own.length; i++) {
    const door = own[i] as OwnDoor;
    if (door.port === port) return door.addresses.hasBytes(client.address);
  }
  return false;
}
