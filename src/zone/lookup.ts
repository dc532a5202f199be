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

export type FindingKind = 'data' | 'alias' | 'redirect' | 'referral' | 'nodata' | 'nxdomain';

export class Finding {
  kind: FindingKind = 'nxdomain';
  /**
   * data, alias: the node that has the RRset, a wildcard's too; referral: the cut; redirect: DNAME's owner;
   * nodata: the node without that type; nxdomain: the closest encloser.
   */
  node = NONE;
  /** data, alias: the RRset; redirect: the DNAME; referral: the NS RRset; else 0. */
  rrset = 0;

  set(kind: FindingKind, node: number, rrset: number): Finding {
    this.kind = kind;
    this.node = node;
    this.rrset = rrset;
    return this;
  }
}

export function lookup(zone: Image, name: HashedName, type: number, finding: Finding): Finding {
  const apexAt = name.labels - zone.apexLabels;
  let label = 0;
  let node = zone.find(name, label);
  while (node === NONE && label < apexAt) node = zone.find(name, ++label);
  assert(node !== NONE, 'a zone knows its apex');
  const exact = label === 0;
  const above = zone.above(node);
  if (above !== NONE) {
    if (!zone.has(above, NodeFlag.CUT)) return finding.set('redirect', above, zone.rrset(above, Type.DNAME));
    // DS is the one type whose data at the cut belongs to the parent (RFC 4035 §3.1.4.1).
    if (exact && above === node && type === Type.DS) return findAt(zone, node, type, finding);
    return finding.set('referral', above, zone.rrset(above, Type.NS));
  }
  if (exact) return findAt(zone, node, type, finding);
  // A DNAME speaks for all names below it and not for its owner (RFC 6672 §2.3).
  if (zone.has(node, NodeFlag.DNAME)) return finding.set('redirect', node, zone.rrset(node, Type.DNAME));
  const wildcard = zone.wildcard(node); // RFC 4592 §3.3: of the closest encloser only.
  if (wildcard !== NONE) return findAt(zone, wildcard, type, finding);
  return finding.set('nxdomain', node, 0);
}

function findAt(zone: Image, node: number, type: number, finding: Finding): Finding {
  if (type === Type.ANY) return findAny(zone, node, finding);
  const rrset = zone.rrset(node, type);
  if (rrset !== 0) return finding.set('data', node, rrset);
  const alias = zone.rrset(node, Type.CNAME);
  if (alias !== 0) return finding.set('alias', node, alias);
  return finding.set('nodata', node, 0);
}

/** RFC 8482 §4.1: one RRset stands for all; signatures and proofs are the least wanted. */
function findAny(zone: Image, node: number, finding: Finding): Finding {
  const first = zone.firstRrset(node);
  const count = zone.rrsetCount(node);
  let at = first;
  for (let left = count; left > 0; left--) {
    const type = rrsetType(zone.bytes, at);
    if (type !== Type.RRSIG && type !== Type.NSEC) return finding.set('data', node, at);
    at += blockBytes(zone.bytes, at);
  }
  return count > 0 ? finding.set('data', node, first) : finding.set('nodata', node, 0);
}
