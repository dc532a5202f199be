/**
 * Referrals: NS records further down on the way to the name asked, with the glue that belongs to them. Glue
 * is taken only for the servers named, and only where it lies below the zone that gives it (LIMITS B12).
 */

import { IPV4_BYTES, IPV6_BYTES, ipText } from '../base/ip.ts';
import { CACHE_TTL_SECONDS_MAX } from '../base/limits.ts';
import { Class, Type } from '../wire/codes.ts';
import type { Message, ResourceRecord } from '../wire/message.ts';
import { equalNames, isWithin, type Name, nameKey, ownName, ROOT } from '../wire/name.ts';
import type { NameServer } from './delegation.ts';
import type { Asked } from './wish.ts';

export interface Referral {
  readonly cut: Name;
  readonly servers: readonly NameServer[];
  /** Of the shortest-lived record. */
  readonly ttl: number;
}

export function referralOf(
  authority: readonly ResourceRecord[],
  additional: readonly ResourceRecord[],
  { name, type }: Asked,
  zone: Name,
): Referral | undefined {
  const leadsDown = ({ type: rrtype, owner }: ResourceRecord): boolean =>
    rrtype === Type.NS &&
    owner.length > zone.length &&
    isWithin(owner, zone) &&
    isWithin(name, owner) &&
    // RFC 4035 §3.1.4.1: the DS of a cut is the parent's, so the cut itself leads too far down.
    !(type === Type.DS && owner.length === name.length);
  const first = authority.find(leadsDown);
  if (first === undefined) return undefined;
  const cut = ownName(first.owner);
  const ns = authority.filter((record) => record.type === Type.NS && equalNames(record.owner, cut));
  return withGlue(cut, ns, additional, zone);
}

/**
 * The root's servers by an answer to priming, whose additional section means the same. Addresses may be
 * missing there (RFC 9609 §4.2); where they all are, and the hints do not have them either, the set is of no
 * use.
 */
export function primedBy(
  { answer, additional }: Message,
  hints: readonly NameServer[],
): Referral | undefined {
  const ns = answer.filter(({ type, owner }) => type === Type.NS && owner.length === 1);
  const primed = withGlue(ROOT, ns, additional, ROOT);
  const servers = primed.servers.map((server) => {
    const hinted = hints.find(({ name }) => equalNames(name, server.name));
    return server.addresses.length > 0 ? server : (hinted ?? server);
  });
  const isOfUse = servers.some(({ addresses }) => addresses.length > 0);
  return isOfUse ? { ...primed, servers } : undefined;
}

function withGlue(
  cut: Name,
  ns: readonly ResourceRecord[],
  additional: readonly ResourceRecord[],
  zone: Name,
): Referral {
  let ttl = Math.min(CACHE_TTL_SECONDS_MAX, ...ns.map((record) => record.ttl));
  const servers = new Map<string, { name: Name; addresses: string[] }>();
  for (const { rdata } of ns) {
    const name = ownName(rdata);
    servers.set(nameKey(name), { name, addresses: [] });
  }
  for (const record of additional) {
    const address = addressOf(record);
    if (address === undefined || !isWithin(record.owner, zone)) continue;
    const server = servers.get(nameKey(ownName(record.owner)));
    if (server === undefined || server.addresses.includes(address)) continue;
    server.addresses.push(address);
    ttl = Math.min(ttl, record.ttl);
  }
  return { cut, servers: [...servers.values()], ttl };
}

function addressOf({ type, class: klass, rdata }: ResourceRecord): string | undefined {
  if (klass !== Class.IN) return undefined;
  const bytes = type === Type.A ? IPV4_BYTES : type === Type.AAAA ? IPV6_BYTES : -1;
  return rdata.length === bytes ? ipText(rdata) : undefined;
}
