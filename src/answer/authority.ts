/**
 * From findings to a reply: the one exhaustive switch of RFC 1034 §4.3.2. Follows aliases through all zones
 * that we serve, loops and length bounded, and says in `reply.rest` where a recursion would have to go on.
 * Synchronous, and it allocates nothing.
 */
import { unreachable } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import { ALIAS_HOPS_MAX } from '../base/limits.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { NAME_BYTES_MAX, nameLength, sameName } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';
import { RRSET_HEADER_BYTES, rrsetTtl, rrsetType } from '../wire/rrset.ts';
import type { Catalog } from '../zone/catalog.ts';
import type { Image } from '../zone/image.ts';
import { APEX } from '../zone/image.ts';
import { Finding, lookup } from '../zone/lookup.ts';
import { addAddresses, addReferralGlue } from './additional.ts';
import { AT_QUESTION, type Reply, Section } from './reply.ts';
import { Steering, type SteeringTerms } from './steering.ts';

/** How one step of the walk ends. */
type Step = 'done' | 'follow';

/**
 * The zone that answers: DS at an apex is the parent's to answer (RFC 4035 §3.1.4.1), if we have the parent.
 */
export function zoneOf(catalog: Catalog, name: HashedName, type: number): Image | undefined {
  const zone = catalog.find(name);
  if (type !== Type.DS || zone === undefined || zone.apexLabels !== name.labels || name.labels === 0)
    return zone;
  return catalog.find(name, 1) ?? zone;
}

/** The DS of an apex whose parent is elsewhere: our word is the child's, and a recursion's is better. */
export const isOfParent = (zone: Image, node: number, type: number): boolean =>
  type === Type.DS && node === zone.apex && zone.apexLabels > 0;

export class Authority {
  /** Knows whom pools choose for. */
  readonly steering: Steering;
  readonly #finding = new Finding();
  readonly #target = new HashedName();
  /** Owner of what is found next: the question's name, then an alias target where it stands in some block. */
  #owner: Bytes = new Uint8Array(0);
  #ownerAt = AT_QUESTION;

  constructor(terms: SteeringTerms) {
    this.steering = new Steering(terms);
  }

  /** `zone` is what `zoneOf` gave for the question. Fills a reply that was reset. */
  answer(catalog: Catalog, zone: Image, query: Query, reply: Reply): void {
    reply.authoritative = true;
    this.#ownerAt = AT_QUESTION;
    let name = query.name;
    let here: Image | undefined = zone;
    for (let hops = 0; ; hops++) {
      if (here === undefined) {
        reply.rest = 'outside';
        return;
      }
      const finding = lookup(here, name, query.type, this.#finding);
      if (this.#step(catalog, here, finding, name, query, reply) === 'done') return;
      // RFC 1034 §3.6.2: alias chains are followed, loops are not; what was found stands.
      if (hops === ALIAS_HOPS_MAX) return;
      reply.chase.set(reply.lastBlock(), reply.lastTargetAt());
      name = reply.chase;
      this.#owner = reply.lastBlock();
      this.#ownerAt = reply.lastTargetAt();
      here = zoneOf(catalog, name, query.type);
    }
  }

  #step(catalog: Catalog, zone: Image, finding: Finding, name: HashedName, query: Query, reply: Reply): Step {
    const { kind, node, rrset } = finding;
    switch (kind) {
      case 'data':
        // A DNAME may be asked for that redirected us here.
        if (!reply.holds(zone.bytes, rrset)) this.#add(zone, rrset, reply);
        addAddresses(zone, node, rrset, this.#owner, this.#ownerAt, reply);
        return 'done';
      case 'alias':
        if (isVisited(name, query, reply)) return 'done';
        this.#add(zone, rrset, reply);
        return 'follow';
      case 'redirect':
        return this.#redirect(zone, finding, name, query, reply);
      case 'referral':
        this.#refer(zone, node, rrset, query, reply);
        return 'done';
      case 'pool':
        return this.#steer(catalog, zone, finding, name, query, reply);
      case 'nodata':
        this.#deny(zone, reply);
        if (isOfParent(zone, node, query.type)) reply.rest = 'outside';
        return 'done';
      case 'nxdomain':
        // After aliases the RCODE speaks of the last name (RFC 6604 §3).
        reply.rcode = Rcode.NXDOMAIN;
        this.#deny(zone, reply);
        return 'done';
      default:
        return unreachable(kind);
    }
  }

  #add(zone: Image, rrset: number, reply: Reply): void {
    reply.add(Section.ANSWER, this.#owner, this.#ownerAt, zone.bytes, rrset);
  }

  #steer(
    catalog: Catalog,
    zone: Image,
    finding: Finding,
    name: HashedName,
    query: Query,
    reply: Reply,
  ): Step {
    if (isVisited(name, query, reply)) return 'done';
    const { steering } = this;
    const steered = steering.steer(catalog, zone, finding, query.type, this.#owner, this.#ownerAt, reply);
    if (steered === 'alias') return 'follow';
    if (steered === 'nodata') this.#deny(zone, reply);
    if (steered === 'down') this.#deny(zone, reply, steering.downSeconds);
    if (steered === 'failed' && reply.count === 0) reply.authoritative = false;
    return 'done';
  }

  /** RFC 6672 §3.2: the DNAME, and the CNAME it implies for this name. */
  #redirect(zone: Image, finding: Finding, name: HashedName, query: Query, reply: Reply): Step {
    if (isVisited(name, query, reply)) return 'done';
    const { node, rrset } = finding;
    const owner = zone.bytes;
    if (!reply.holds(owner, rrset)) reply.add(Section.ANSWER, owner, zone.nameAt(node), owner, rrset);
    const kept = name.length - nameLength(owner, zone.nameAt(node));
    const target = rrset + RRSET_HEADER_BYTES + 2;
    const length = kept + nameLength(owner, target);
    if (length > NAME_BYTES_MAX) {
      reply.rcode = Rcode.YXDOMAIN; // RFC 6672 §2.2
      return 'done';
    }
    substitute(name, kept, owner, target, this.#target);
    reply.addSynthesized(this.#owner, this.#ownerAt, this.#target, rrsetTtl(owner, rrset));
    return query.type === Type.CNAME || query.type === Type.ANY ? 'done' : 'follow';
  }

  #refer(zone: Image, cut: number, ns: number, query: Query, reply: Reply): void {
    // AA speaks of the question's own name (RFC 1035 §4.1.1): it stays if an alias of ours led here.
    if (reply.count === 0) reply.authoritative = false;
    reply.rest = 'delegated';
    const at = zone.nameAt(cut);
    reply.add(Section.AUTHORITY, zone.bytes, at, zone.bytes, ns);
    if (query.dnssecOk) {
      const ds = zone.rrset(cut, Type.DS); // RFC 4035 §3.1.4
      if (ds !== 0) reply.add(Section.AUTHORITY, zone.bytes, at, zone.bytes, ds);
    }
    addReferralGlue(zone, cut, ns, reply);
  }

  /** The SOA, with the TTL that the denial may be kept for (RFC 2308 §3). */
  #deny(zone: Image, reply: Reply, secondsMax = zone.negativeTtl): void {
    const ttl = Math.min(zone.negativeTtl, secondsMax);
    reply.add(Section.AUTHORITY, zone.bytes, zone.nameAt(APEX), zone.bytes, zone.soaAt, ttl);
  }
}

/** Whether an alias of this name is in the answer already: to follow it again would add nothing, for ever. */
function isVisited(name: HashedName, query: Query, reply: Reply): boolean {
  for (let i = 0; i < reply.count; i++) {
    if (rrsetType(reply.block(i), reply.blockAt(i)) !== Type.CNAME) continue;
    const isQuestion = reply.ownerAt(i) === AT_QUESTION;
    const owner = isQuestion ? query.name.bytes : reply.owner(i);
    if (sameName(name.bytes, 0, owner, isQuestion ? 0 : reply.ownerAt(i))) return true;
  }
  return false;
}

const scratch = new Uint8Array(NAME_BYTES_MAX);

/** The first `kept` bytes of `name`, then the name at `target`. The length is checked. */
function substitute(name: HashedName, kept: number, from: Bytes, target: number, out: HashedName): void {
  for (let i = 0; i < kept; i++) scratch[i] = name.bytes[i] as number;
  for (let i = nameLength(from, target) - 1; i >= 0; i--) scratch[kept + i] = from[target + i] as number;
  out.set(scratch, 0);
}
