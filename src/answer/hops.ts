/**
 * How our zones come to what they say of a name: the walk of `authority` once more, told instead of answered.
 * In: the zones, a name and a type. Out: a hop for each name along the chain of aliases, with the zone that
 * has it, what was found there and by which name; the last one ends the chain or leaves our zones.
 */
import { ALIAS_HOPS_MAX } from '../base/limits.ts';
import { typeText } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { NAME_BYTES_MAX, type Name, nameKey, nameText, ownName } from '../wire/name.ts';
import { rdatasOf, rrsetType } from '../wire/rrset.ts';
import type { Catalog } from '../zone/catalog.ts';
import { blockBytes, type Image } from '../zone/image.ts';
import { Finding, type FindingKind, lookup } from '../zone/lookup.ts';
import { zoneOf } from './authority.ts';

export interface Hop {
  readonly name: string;
  /** Undefined where no zone of ours has the name. */
  readonly zone: { readonly name: string; readonly serial: number } | undefined;
  readonly finding: FindingKind | 'outside';
  /** The name that has it: the name itself, a wildcard, a cut, a DNAME's owner, or the closest encloser. */
  readonly at: string;
  readonly isWildcard: boolean;
  /** Types at that name; none at an empty non-terminal. */
  readonly types: readonly string[];
  /** Where an alias leads; the servers below a cut. */
  readonly targets: readonly string[];
}

export function hopsOf(catalog: Catalog, question: Name, type: number): Hop[] {
  const name = new HashedName();
  const seen = new Set<string>();
  const hops: Hop[] = [];
  let next: Name | undefined = question;
  // RFC 1034 §3.6.2: alias chains are followed, loops are not.
  while (next !== undefined && hops.length <= ALIAS_HOPS_MAX && !seen.has(nameKey(next))) {
    seen.add(nameKey(next));
    name.set(next, 0);
    const zone = zoneOf(catalog, name, type);
    if (zone === undefined) return [...hops, outside(next)];
    const finding = lookup(zone, name, type, new Finding());
    hops.push(hopOf(zone, next, finding));
    next = targetOf(zone, next, finding);
  }
  return hops;
}

/** Found at a node: the name's own, or a wildcard's. */
const AT_NODE: ReadonlySet<FindingKind> = new Set(['data', 'alias', 'pool', 'nodata']);

const outside = (name: Name): Hop => ({
  ...{ name: nameText(name), zone: undefined, finding: 'outside', at: nameText(name) },
  ...{ isWildcard: false, types: [], targets: [] },
});

function hopOf(zone: Image, name: Name, { kind, node, rrset, place }: Finding): Hop {
  const leads = kind === 'alias' || kind === 'redirect' || kind === 'referral';
  return {
    name: nameText(name),
    zone: { name: zone.apexText, serial: zone.serial },
    finding: kind,
    at: nameText(zone.bytes, zone.nameAt(node)),
    // RFC 4592 §3.3: what is found at another node than the name's, without being hidden by it.
    isWildcard: !place.isExact && AT_NODE.has(kind),
    types: typesAt(zone, node),
    targets: leads ? rdatasOf(zone.bytes, rrset).map((target) => nameText(target)) : [],
  };
}

function typesAt(zone: Image, node: number): string[] {
  const types: string[] = [];
  let at = zone.firstRrset(node);
  for (let left = zone.rrsetCount(node); left > 0; left--) {
    types.push(typeText(rrsetType(zone.bytes, at)));
    at += blockBytes(zone.bytes, at);
  }
  return types;
}

/** Where the walk goes on; undefined where it ends. */
function targetOf(zone: Image, name: Name, { kind, node, rrset }: Finding): Name | undefined {
  if (kind !== 'alias' && kind !== 'redirect') return undefined;
  const target = ownName(rdatasOf(zone.bytes, rrset)[0] as Uint8Array);
  if (kind === 'alias') return target;
  // RFC 6672 §2.2: the DNAME's owner at the end of the name is replaced; what would be too long is no name.
  const kept = name.subarray(0, name.length - ownName(zone.bytes, zone.nameAt(node)).length);
  if (kept.length + target.length > NAME_BYTES_MAX) return undefined;
  return Uint8Array.from([...kept, ...target]);
}
