/**
 * Who serves a zone by its own word: the NS at its apex, where somebody asked for them and a server of the
 * zone answered with authority. They are more credible than what its parent says (RFC 2181 §5.4.1), and live
 * inside the parent's delegation, which they cannot prolong (ghost domains, LIMITS B17). What stands in the
 * authority section of other answers is nobody's word (B10).
 */
import { DELEGATION_SERVERS_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { equalNames, type Name, ownName } from '../wire/name.ts';
import { rdatasOf } from '../wire/rrset.ts';
import type { Delegation, NameServer } from './delegation.ts';
import type { Knowledge } from './knowledge.ts';

/**
 * With the parent's glue for those that it names, too; others only where their addresses are known, for they
 * are not worth looking up. Undefined where the zone says nothing of use.
 */
export function apexServers(
  { cut, servers, route }: Delegation,
  know: Knowledge,
): readonly NameServer[] | undefined {
  // A rule names servers in their place; the root's word is the delegation itself (RFC 9609 §3).
  if (route !== undefined || cut.length === 1) return undefined;
  const ns = know.cache.authoritative(cut, Type.NS);
  if (ns === undefined) return undefined;
  const own = rdatasOf(ns)
    .slice(0, DELEGATION_SERVERS_MAX)
    .map((rdata) => {
      const name = ownName(rdata);
      const named = servers.find((server) => equalNames(server.name, name));
      return named ?? { name, addresses: knownAddresses(name, know) };
    })
    .filter((server) => server.addresses.length > 0 || servers.includes(server));
  return own.length > 0 ? own : undefined;
}

/** All that its own zone says of where it is, as far as that is known without asking. */
export const knownAddresses = (server: Name, know: Knowledge): string[] =>
  [Type.A, Type.AAAA].flatMap((type) => know.addresses(server, type) ?? []);
