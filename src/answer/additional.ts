/**
 * Addresses that a client would ask for next (RFC 1034 §4.3.2 step 6), by the links that the compiler put
 * beside NS, MX, SRV, SVCB and HTTPS targets; only from the same zone, and bounded.
 */
import { type Bytes, u8, u16 } from '../base/bytes.ts';
import { ADDITIONAL_TARGETS_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { targetOffset } from '../wire/rdata.ts';
import { firstRr, nextRr, rrLink, rrsetCount, rrsetLinked, rrsetType } from '../wire/rrset.ts';
import { type Image, NONE } from '../zone/image.ts';
import { type Reply, Section } from './reply.ts';

/**
 * For an RRset in the answer. What lies below a cut is not ours to volunteer, but for the servers of our own
 * apex.
 */
export function addAddresses(zone: Image, rrset: number, owner: Bytes, ownerAt: number, reply: Reply): void {
  const b = zone.bytes;
  if (!rrsetLinked(b, rrset)) return;
  const type = rrsetType(b, rrset);
  const targetAt = targetOffset(type);
  const count = Math.min(rrsetCount(b, rrset), ADDITIONAL_TARGETS_MAX);
  let rr = firstRr(rrset);
  for (let i = 0; i < count; i++, rr = nextRr(b, rr)) {
    const link = rrLink(b, rrset, i);
    if (link === NONE || (zone.above(link) !== NONE && type !== Type.NS)) continue;
    const target = rr + 2 + targetAt;
    const isSelf = u8(b, target) === 0;
    const name = isSelf ? owner : b;
    const nameAt = isSelf ? ownerAt : target;
    addOne(zone, link, Type.A, name, nameAt, reply);
    addOne(zone, link, Type.AAAA, name, nameAt, reply);
    // RFC 9460 §4.1: an alias brings the records it points at; priority 0 is AliasMode.
    if ((type === Type.SVCB || type === Type.HTTPS) && u16(b, rr + 2) === 0)
      addOne(zone, link, type, name, nameAt, reply);
  }
}

function addOne(zone: Image, node: number, type: number, name: Bytes, nameAt: number, reply: Reply): void {
  const rrset = zone.rrset(node, type);
  if (rrset !== 0 && !reply.holds(zone.bytes, rrset))
    reply.add(Section.ADDITIONAL, name, nameAt, zone.bytes, rrset);
}

/**
 * For a referral: addresses of servers below the cut first, without which it leads nowhere (RFC 9471 §3.1),
 * then those of sibling domains and of the zone itself (RFC 9471 §3.2).
 */
export function addReferralGlue(zone: Image, cut: number, ns: number, reply: Reply): void {
  const b = zone.bytes;
  const count = rrsetCount(b, ns);
  let rr = firstRr(ns);
  for (let i = 0; i < count; i++, rr = nextRr(b, rr)) {
    const link = rrLink(b, ns, i);
    if (link === NONE || zone.above(link) !== cut) continue;
    addNeeded(zone, link, Type.A, rr + 2, reply);
    addNeeded(zone, link, Type.AAAA, rr + 2, reply);
  }
  rr = firstRr(ns);
  for (let i = 0; i < Math.min(count, ADDITIONAL_TARGETS_MAX); i++, rr = nextRr(b, rr)) {
    const link = rrLink(b, ns, i);
    if (link === NONE || zone.above(link) === cut) continue;
    addOne(zone, link, Type.A, b, rr + 2, reply);
    addOne(zone, link, Type.AAAA, b, rr + 2, reply);
  }
}

function addNeeded(zone: Image, node: number, type: number, nameAt: number, reply: Reply): void {
  const rrset = zone.rrset(node, type);
  if (rrset !== 0 && !reply.holds(zone.bytes, rrset)) reply.addNeeded(zone.bytes, nameAt, zone.bytes, rrset);
}
