/**
 * What a zone says about one name and type, as a named finding: RFC 1034 §4.3.2 step 3, with RFC 4592 for
 * wildcards and RFC 6672 for DNAME. The name is known to lie within the zone. `finding` is a scratch object,
 * filled anew and returned.
 */
import { assert } from '../base/assert.ts';
import { Type } from '../wire/codes.ts';
import type { HashedName } from '../wire/hashed-name.ts';
import { rrsetType } from '../wire/rrset.ts';
import { blockBytes, type Image, NONE, NodeFlag } from './image.ts';

const HIDES = NodeFlag.CUT | NodeFlag.DNAME;

export type FindingKind = 'data' | 'alias' | 'pool' | 'redirect' | 'referral' | 'nodata' | 'nxdomain';

/** Where a name stands in a zone. */
export class Place {
  /** The name's node, or its closest encloser's. */
  node = NONE;
  isExact = false;
  /** What hides it: the topmost cut at or above it, or DNAME owner above it; a node, or none. */
  above = NONE;
}

export class Finding {
  readonly place = new Place();
  kind: FindingKind = 'nxdomain';
  /**
   * data, alias, pool: the node that has the RRset, a wildcard's too; referral: the cut; redirect: DNAME's
   * owner; nodata: the node without that type; nxdomain: the closest encloser.
   */
  node = NONE;
  /** data, alias, pool: the RRset; redirect: the DNAME; referral: the NS RRset; else 0. */
  rrset = 0;

  set(kind: FindingKind, node: number, rrset: number): Finding {
    this.kind = kind;
    this.node = node;
    this.rrset = rrset;
    return this;
  }
}

export function lookup(zone: Image, name: HashedName, type: number, finding: Finding): Finding {
  const { node, isExact, above } = locate(zone, name, finding.place);
  if (above !== NONE) {
    if (!zone.has(above, NodeFlag.CUT)) return finding.set('redirect', above, zone.rrset(above, Type.DNAME));
    // DS is the one type whose data at the cut belongs to the parent (RFC 4035 §3.1.4.1).
    if (isExact && above === node && type === Type.DS) return findAt(zone, node, type, finding);
    return finding.set('referral', above, zone.rrset(above, Type.NS));
  }
  if (isExact) return findAt(zone, node, type, finding);
  // A DNAME speaks for all names below it and not for its owner (RFC 6672 §2.3).
  if (zone.has(node, NodeFlag.DNAME)) return finding.set('redirect', node, zone.rrset(node, Type.DNAME));
  const wildcard = zone.wildcard(node); // RFC 4592 §3.3: of the closest encloser only.
  if (wildcard !== NONE) return findAt(zone, wildcard, type, finding);
  return finding.set('nxdomain', node, 0);
}

/** Fills `place`. The longest suffix first: most names that are asked for are there. */
export function locate(zone: Image, name: HashedName, place: Place): Place {
  const apexAt = name.labels - zone.apexLabels;
  let label = 0;
  let node = zone.find(name, label);
  while (node === NONE && label < apexAt) node = zone.find(name, ++label);
  assert(node !== NONE, 'a zone knows its apex');
  place.node = node;
  place.isExact = label === 0;
  place.above = zone.hides ? hiddenBy(zone, name, label, node) : NONE;
  return place;
}

/** From the apex down, for the topmost has the say; `node` is that of the name from `label` on. */
function hiddenBy(zone: Image, name: HashedName, label: number, node: number): number {
  const apexAt = name.labels - zone.apexLabels;
  if (label < apexAt && zone.has(zone.apex, NodeFlag.DNAME)) return zone.apex;
  for (let i = apexAt - 1; i > label; i--) {
    const ancestor = zone.find(name, i);
    if ((zone.flags(ancestor) & HIDES) !== 0) return ancestor;
  }
  return zone.has(node, NodeFlag.CUT) ? node : NONE;
}

function findAt(zone: Image, node: number, type: number, finding: Finding): Finding {
  if (type === Type.ANY) return findAny(zone, node, finding);
  // No record stands beside a pool that it would be asked for with (zone/check-pools).
  if (zone.has(node, NodeFlag.POOL) && isChosen(type))
    return finding.set('pool', node, zone.rrset(node, Type.POOL));
  const rrset = zone.rrset(node, type);
  if (rrset !== 0) return finding.set(type === Type.POOL ? 'pool' : 'data', node, rrset);
  const alias = zone.rrset(node, Type.CNAME);
  if (alias !== 0) return finding.set('alias', node, alias);
  if (zone.has(node, NodeFlag.ALIAS)) return finding.set('pool', node, zone.rrset(node, Type.POOL));
  return finding.set('nodata', node, 0);
}

/** What is made of the members of a pool (docs/POOLS.md). */
function isChosen(type: number): boolean {
  switch (type) {
    case Type.A:
    case Type.AAAA:
    case Type.SRV:
    case Type.SVCB:
    case Type.HTTPS:
      return true;
    default:
      return false;
  }
}

/**
 * RFC 8482 §4.1: one RRset stands for all; signatures and proofs are the least wanted. What is chosen from a
 * pool would do as well, where there is nothing else.
 */
function findAny(zone: Image, node: number, finding: Finding): Finding {
  let found = 0;
  let pool = 0;
  let at = zone.firstRrset(node);
  for (let left = zone.rrsetCount(node); left > 0; left--) {
    const type = rrsetType(zone.bytes, at);
    if (type === Type.POOL) pool = at;
    else if (type !== Type.RRSIG && type !== Type.NSEC) return finding.set('data', node, at);
    else if (found === 0) found = at;
    at += blockBytes(zone.bytes, at);
  }
  if (pool !== 0) return finding.set('pool', node, pool);
  return found !== 0 ? finding.set('data', node, found) : finding.set('nodata', node, 0);
}
