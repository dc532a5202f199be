/**
 * Addresses that a client would ask for next (RFC 1034 §4.3.2 step 6), of the targets of NS, MX, SRV, SVCB
 * and HTTPS; only from the same zone, and bounded.
 */
import { type Bytes, u8, u16 } from '../base/bytes.ts';
import { ADDITIONAL_TARGETS_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { targetOffset } from '../wire/rdata.ts';
import { firstRr, nextRr, rrsetCount, rrsetType } from '../wire/rrset.ts';
import { type Image, NONE } from '../zone/image.ts';
import { Target } from '../zone/target.ts';
import { type Reply, Section } from './reply.ts';

const target = new Target();
/** Of a referral: the servers whose addresses it could do without. */
const siblings = new Int32Array(ADDITIONAL_TARGETS_MAX);

/**
 * For an RRset in the answer, of that node. What lies below a cut is not ours to volunteer, but for the
 * servers of our own apex.
 */
export function addAddresses(
  zone: Image,
  node: number,
  rrset: number,
  owner: Bytes,
  ownerAt: number,
  reply: Reply,
): void {
  const b = zone.bytes;
  const type = rrsetType(b, rrset);
  const targetAt = targetOffset(type);
  if (targetAt < 0) return;
  const count = Math.min(rrsetCount(b, rrset), ADDITIONAL_TARGETS_MAX);
  const isService = type === Type.SVCB || type === Type.HTTPS;
  let rr = firstRr(rrset);
  for (let i = 0; i < count; i++, rr = nextRr(b, rr)) {
    const isAlias = isService && u16(b, rr + 2) === 0; // RFC 9460 §2.4.2: AliasMode.
    // "." means the owner itself in ServiceMode (RFC 9460 §2.5.2), else nobody.
    const isSelf = isService && !isAlias && u8(b, rr + 2 + targetAt) === 0;
    if (!isSelf) target.find(zone, b, rr + 2 + targetAt);
    const at = isSelf ? node : target.node;
    if (at === NONE || (!isSelf && target.above !== NONE && type !== Type.NS)) continue;
    const name = isSelf ? owner : b;
    const nameAt = isSelf ? ownerAt : rr + 2 + targetAt;
    addOne(zone, at, Type.A, name, nameAt, reply);
    addOne(zone, at, Type.AAAA, name, nameAt, reply);
    // RFC 9460 §4.1: an alias brings the records it points at.
    if (isAlias) addOne(zone, at, type, name, nameAt, reply);
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
    target.find(zone, b, rr + 2, cut);
    const isNeeded = target.node !== NONE && target.above === cut;
    if (i < ADDITIONAL_TARGETS_MAX) siblings[i] = isNeeded ? NONE : target.node;
    if (!isNeeded) continue;
    addNeeded(zone, target.node, Type.A, rr + 2, reply);
    addNeeded(zone, target.node, Type.AAAA, rr + 2, reply);
  }
  rr = firstRr(ns);
  for (let i = 0; i < Math.min(count, ADDITIONAL_TARGETS_MAX); i++, rr = nextRr(b, rr)) {
    const sibling = siblings[i] as number;
    if (sibling === NONE) continue;
    addOne(zone, sibling, Type.A, b, rr + 2, reply);
    addOne(zone, sibling, Type.AAAA, b, rr + 2, reply);
  }
}

function addNeeded(zone: Image, node: number, type: number, nameAt: number, reply: Reply): void {
  const rrset = zone.rrset(node, type);
  if (rrset !== 0 && !reply.holds(zone.bytes, rrset)) reply.addNeeded(zone.bytes, nameAt, zone.bytes, rrset);
}
