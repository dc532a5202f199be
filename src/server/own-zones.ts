/**
 * The resolver's view of the zones that we serve ourselves: it asks here first, so nothing from outside is
 * ever asked or believed about them, and a delegation of ours is where the walk starts.
 */
import { Authority, isOfParent, zoneOf } from '../answer/authority.ts';
import { Reply, Section } from '../answer/reply.ts';
import type { SteeringTerms } from '../answer/steering.ts';
import type { Bytes } from '../base/bytes.ts';
import { IPV4_BYTES, ipText } from '../base/ip.ts';
import type { ClientNetwork, OwnFinding, OwnZones } from '../resolver/own-zones.ts';
import type { AnswerRrset, Outcome } from '../resolver/recursor.ts';
import { Class, Type } from '../wire/codes.ts';
import { type Name, ownName } from '../wire/name.ts';
import { Query } from '../wire/query.ts';
import { packRrset, rdatasOf, rrsetType } from '../wire/rrset.ts';
import type { Catalog } from '../zone/catalog.ts';
import { type Image, NONE } from '../zone/image.ts';
import { Finding, lookup } from '../zone/lookup.ts';
import { Target } from '../zone/target.ts';

/** Where no client asks: a server's name, or a host that is a member of a pool. */
const NOBODY: ClientNetwork = { address: new Uint8Array(IPV4_BYTES), bits: 0 };
const OUTSIDE: OwnFinding = { kind: 'outside' };

export function ownZones(catalogNow: () => Catalog, terms: SteeringTerms): OwnZones {
  const authority = new Authority(terms);
  const reply = new Reply();
  const query = new Query();
  const finding = new Finding();
  query.class = Class.IN;
  const answer = (catalog: Catalog, zone: Image, name: Name, type: number, network = NOBODY): Outcome => {
    const { address, bits } = network;
    authority.steering.serve(address, address, bits);
    query.name.set(name, 0);
    query.type = type;
    reply.reset();
    authority.answer(catalog, zone, query, reply);
    const outcome = outcomeOf(reply, name);
    reply.forget();
    authority.steering.forget();
    return outcome;
  };
  return {
    ask(name: Name, type: number): OwnFinding {
      const catalog = catalogNow();
      if (catalog.images.length === 0) return OUTSIDE;
      query.name.set(name, 0);
      const zone = zoneOf(catalog, query.name, type);
      if (zone === undefined || zone.klass !== Class.IN) return OUTSIDE;
      const { kind, node, rrset } = lookup(zone, query.name, type, finding);
      if (kind === 'referral') return delegation(zone, node, rrset);
      if (kind === 'nodata' && isOfParent(zone, node, type)) return OUTSIDE;
      return { kind: 'answer', outcomeFor: (network) => answer(catalog, zone, name, type, network) };
    },
  };
}

function outcomeOf(reply: Reply, asked: Name): Outcome {
  const answer: AnswerRrset[] = [];
  const authority: AnswerRrset[] = [];
  for (let i = 0; i < reply.count; i++) {
    const kept = keep(reply, i, asked);
    if (reply.section(i) === Section.ANSWER) answer.push(kept);
    else if (reply.section(i) === Section.AUTHORITY && reply.rest === 'none') authority.push(kept);
  }
  const ede = reply.edeCode < 0 ? undefined : { code: reply.edeCode, text: reply.edeText };
  return { rcode: reply.rcode, answer, authority, ede };
}

function keep(reply: Reply, i: number, asked: Name): AnswerRrset {
  const block = reply.block(i);
  const at = reply.blockAt(i);
  const ttl = reply.ttl(i);
  const owner = reply.ownerAt(i) < 0 ? asked : ownName(reply.owner(i), reply.ownerAt(i));
  const copied = packRrset(rrsetType(block, at), ttl, rdatasOf(block, at));
  return { owner, block: copied, ttl, scope: reply.scope, isOrdered: reply.isOrdered(i) };
}

const server = new Target();

/** With what glue we hold. */
function delegation(zone: Image, cut: number, ns: number): OwnFinding {
  const servers = rdatasOf(zone.bytes, ns).map((name) => {
    server.find(zone, name, 0);
    return { name: ownName(name), addresses: addressesAt(zone, server.node) };
  });
  return { kind: 'delegation', cut: ownName(zone.bytes, zone.nameAt(cut)), servers };
}

function addressesAt(zone: Image, node: number): string[] {
  if (node === NONE) return [];
  const texts = (type: number): string[] => {
    const rrset = zone.rrset(node, type);
    return rrset === 0 ? [] : rdatasOf(zone.bytes, rrset).map((address: Bytes) => ipText(address));
  };
  return [...texts(Type.A), ...texts(Type.AAAA)];
}
