/**
 * The resolver's view of the zones that we serve ourselves: it asks here first, so nothing from outside is
 * ever asked or believed about them, and a delegation of ours is where the walk starts.
 */
import { Authority, zoneOf } from '../answer/authority.ts';
import { Reply, Section } from '../answer/reply.ts';
import type { SteeringTerms } from '../answer/steering.ts';
import type { Bytes } from '../base/bytes.ts';
import { IPV4_BYTES, ipText } from '../base/ip.ts';
import type { OwnFinding, OwnZones } from '../resolver/own-zones.ts';
import type { AnswerRrset, Outcome } from '../resolver/recursor.ts';
import { Class, Type } from '../wire/codes.ts';
import { type Name, ownName } from '../wire/name.ts';
import { Query } from '../wire/query.ts';
import { packRrset, rdatasOf, rrsetType } from '../wire/rrset.ts';
import type { Catalog } from '../zone/catalog.ts';
import { type Image, NONE } from '../zone/image.ts';
import { Target } from '../zone/target.ts';

/** Many clients may wait for the same name: what is chosen for them is not chosen by who they are. */
const NOBODY = new Uint8Array(IPV4_BYTES);
const OUTSIDE: OwnFinding = { kind: 'outside' };

export function ownZones(catalogNow: () => Catalog, terms: SteeringTerms): OwnZones {
  const authority = new Authority(terms);
  authority.steering.serve(NOBODY, NOBODY, 0);
  const reply = new Reply();
  const query = new Query();
  query.class = Class.IN;
  return {
    ask(name: Name, type: number): OwnFinding {
      const catalog = catalogNow();
      if (catalog.images.length === 0) return OUTSIDE;
      query.name.set(name, 0);
      query.type = type;
      const zone = zoneOf(catalog, query.name, type);
      if (zone === undefined || zone.klass !== Class.IN) return OUTSIDE;
      reply.reset();
      authority.answer(catalog, zone, query, reply);
      if (!reply.hasAnswers()) {
        if (reply.rest === 'delegated') return delegation(zone, reply);
        if (reply.rest === 'outside') return OUTSIDE;
      }
      const finding: OwnFinding = { kind: 'answer', outcome: outcomeOf(reply, name) };
      reply.forget();
      return finding;
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
  return { owner, block: packRrset(rrsetType(block, at), ttl, rdatasOf(block, at)), ttl };
}

const server = new Target();

/** The referral's first RRset is the NS of the cut; it comes with what glue we hold. */
function delegation(zone: Image, reply: Reply): OwnFinding {
  const block = reply.block(0);
  const at = reply.blockAt(0);
  const servers = rdatasOf(block, at).map((name) => {
    server.find(zone, name, 0);
    return { name: ownName(name), addresses: addressesAt(zone, server.node) };
  });
  const cut = ownName(reply.owner(0), reply.ownerAt(0));
  reply.forget();
  return { kind: 'delegation', cut, servers };
}

function addressesAt(zone: Image, node: number): string[] {
  if (node === NONE) return [];
  const texts = (type: number): string[] => {
    const rrset = zone.rrset(node, type);
    return rrset === 0 ? [] : rdatasOf(zone.bytes, rrset).map((address: Bytes) => ipText(address));
  };
  return [...texts(Type.A), ...texts(Type.AAAA)];
}
