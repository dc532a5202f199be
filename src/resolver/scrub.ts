/**
 * Throws away what a server had no right to say. In: a reply of one of the servers of `zone` to one question.
 * Out: the little that is believed of it, which is the RRsets at the name asked, one link away from it, the
 * SOA that denies it, or a referral further down towards it. Everything else is as if it had not been sent:
 * chains beyond the first link, NS in the authority of an answer (LIMITS B10), glue that nobody asked for,
 * other classes.
 */
import { CACHE_TTL_SECONDS_MAX } from '../base/limits.ts';
import { Class, Type } from '../wire/codes.ts';
import type { Message, ResourceRecord } from '../wire/message.ts';
import { equalNames, isWithin, type Name, nameKey, ownName } from '../wire/name.ts';
import { packRrset, RRSET_RRS_BYTES_MAX, rrsetCount } from '../wire/rrset.ts';
import type { Subnet } from './client-subnet.ts';
import { followsAliases } from './outcome.ts';
import { type Referral, referralOf } from './referral.ts';
import type { Asked } from './wish.ts';

export interface Link {
  readonly type: typeof Type.CNAME | typeof Type.DNAME;
  readonly owner: Name;
  readonly block: Uint8Array;
}

export interface Denier {
  readonly owner: Name;
  readonly block: Uint8Array;
}

export interface Scrubbed {
  /** RRsets at the name asked: of the type asked, or of every type for ANY. */
  readonly rrsets: readonly Uint8Array[];
  readonly link: Link | undefined;
  readonly soa: Denier | undefined;
  readonly referral: Referral | undefined;
  /**
   * Whom the authority section speaks for, if not for somebody below: the zone itself, or one above it; or,
   * where the parent was asked for a DS, the child.
   */
  readonly authorityOf: 'nobody' | 'zone' | 'above' | 'child';
  /** An RRset was in it that no message of ours could carry. */
  readonly oversized: boolean;
  /** For whom the answer holds, where that is not everybody. */
  readonly scope?: Subnet | undefined;
}

const nothing: Scrubbed = {
  rrsets: [],
  link: undefined,
  soa: undefined,
  referral: undefined,
  authorityOf: 'nobody',
  oversized: false,
};

/** `denying`: the zone whose denials count, if it is another: a forwarder speaks for any above the name. */
export function scrub(message: Message, asked: Asked, zone: Name, denying = zone): Scrubbed {
  const answer = those(message.answer, isInternet);
  const dname = dnameAbove(answer, asked.name, zone);
  if (dname !== undefined) return { ...nothing, link: dname };
  const rrsets = rrsetsAt(answer, asked);
  if (rrsets === 'oversized') return { ...nothing, oversized: true };
  if (rrsets.length > 0) return { ...nothing, rrsets };
  const link = followsAliases(asked.type) ? cnameAt(answer, asked.name) : undefined;
  if (link !== undefined) return { ...nothing, link };
  const authority = those(message.authority, isInternet);
  return {
    ...nothing,
    soa: denierOf(authority, asked, denying),
    referral: referralOf(authority, message.additional, asked, zone),
    authorityOf: speaksFor(authority, asked, zone),
  };
}

const isInternet = (record: ResourceRecord): boolean => record.class === Class.IN;

/** Mostly all of them are of interest, and no list is made anew. */
const those = (
  records: readonly ResourceRecord[],
  are: (record: ResourceRecord) => boolean,
): readonly ResourceRecord[] => (records.every(are) ? records : records.filter(are));

function rrsetsAt(
  answer: readonly ResourceRecord[],
  { name, type }: Asked,
): readonly Uint8Array[] | 'oversized' {
  const isWanted = (record: ResourceRecord): boolean =>
    (type === Type.ANY || record.type === type) && equalNames(record.owner, name);
  const here = those(answer, isWanted);
  if (here.length === 0) return [];
  const rrsets = type === Type.ANY ? [...Map.groupBy(here, (record) => record.type).values()] : [here];
  const blocks = rrsets.map((records) =>
    blockOf(records[0]?.type === Type.CNAME ? records.slice(0, 1) : records),
  );
  return blocks.every((block) => block !== undefined) ? blocks : 'oversized';
}

/**
 * Records of one owner and type as a block: duplicates are dropped (RFC 2181 §5), the lowest TTL is
 * everybody's (RFC 2181 §5.2). Undefined where names that came compressed make it larger than a message.
 */
function blockOf(records: readonly ResourceRecord[]): Uint8Array | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  let ttl = CACHE_TTL_SECONDS_MAX;
  for (const record of records) ttl = Math.min(ttl, record.ttl);
  const rdatas = records.length === 1 ? [first.rdata] : distinct(records);
  const size = rdatas.reduce((sum, { length }) => sum + 2 + length, 0);
  return size > RRSET_RRS_BYTES_MAX ? undefined : packRrset(first.type, ttl, rdatas);
}

function distinct(records: readonly ResourceRecord[]): Uint8Array[] {
  const rdatas = new Map<string, Uint8Array>();
  for (const { rdata } of records) {
    const key = nameKey(rdata);
    if (!rdatas.has(key)) rdatas.set(key, rdata);
  }
  return [...rdatas.values()];
}

/**
 * A DNAME of the zone's above the name. It comes before anything at the name itself, which can only be the
 * CNAME that the server made of it (RFC 6672 §5.3.1): that one is made here again, and not looked at.
 */
function dnameAbove(answer: readonly ResourceRecord[], name: Name, zone: Name): Link | undefined {
  const dname = answer.find(
    ({ type, owner }) =>
      type === Type.DNAME && owner.length < name.length && isWithin(name, owner) && isWithin(owner, zone),
  );
  return dname && linkOf(Type.DNAME, dname);
}

/** Of several CNAMEs, which no zone may have (RFC 2181 §10.1), the first. */
function cnameAt(answer: readonly ResourceRecord[], name: Name): Link | undefined {
  const cname = answer.find(({ type, owner }) => type === Type.CNAME && equalNames(owner, name));
  return cname && linkOf(Type.CNAME, cname);
}

function linkOf(type: Link['type'], record: ResourceRecord): Link | undefined {
  const block = blockOf([record]);
  return block && { type, owner: ownName(record.owner), block };
}

/** RFC 2308 §2: the SOA of the zone that would have the name; of this zone, or of one further down. */
function denierOf(authority: readonly ResourceRecord[], asked: Asked, zone: Name): Denier | undefined {
  const soa = authority.find(
    (record) =>
      record.type === Type.SOA &&
      isWithin(record.owner, zone) &&
      isWithin(asked.name, record.owner) &&
      !isChildOfDs(record, asked, zone),
  );
  const block = soa && blockOf([soa]);
  return soa && block && { owner: ownName(soa.owner), block };
}

/**
 * RFC 4035 §3.1.4.1: the DS is the parent's to tell or to deny. Who serves only the child, though the parent
 * named it as a server of its own, speaks as the child.
 */
const isChildOfDs = ({ owner }: ResourceRecord, { name, type }: Asked, zone: Name): boolean =>
  type === Type.DS && owner.length > zone.length && equalNames(owner, name);

function speaksFor(authority: readonly ResourceRecord[], asked: Asked, zone: Name): Scrubbed['authorityOf'] {
  if (authority.some((record) => record.type === Type.SOA && isChildOfDs(record, asked, zone)))
    return 'child';
  const owners = authority
    .filter(({ type }) => type === Type.NS || type === Type.SOA)
    .map(({ owner }) => owner)
    .filter((owner) => isWithin(zone, owner));
  if (owners.some((owner) => owner.length < zone.length)) return 'above';
  return owners.length > 0 ? 'zone' : 'nobody';
}

/** How many records it is made of. */
export function keptOf({ rrsets, link, soa, referral }: Scrubbed): number {
  let count = (link === undefined ? 0 : 1) + (soa === undefined ? 0 : 1);
  for (const block of rrsets) count += rrsetCount(block, 0);
  if (referral !== undefined) for (const { addresses } of referral.servers) count += 1 + addresses.length;
  return count;
}
