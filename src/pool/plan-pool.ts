/**
 * One pool on its way into a plan (pool/plan has the layout): from the RRs of its RRset to words, the lists
 * that its members have first. In: the image and the pool's node. The records were checked when the zone was
 * loaded.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, toHex, u8, u16, u32 } from '../base/bytes.ts';
import { IPV4_BYTES } from '../base/ip.ts';
import { Type } from '../wire/codes.ts';
import { textOf } from '../wire/entry.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { FOLD, nameHash, ownName } from '../wire/name.ts';
import {
  AllDown,
  attributeLength,
  findAttribute,
  PoolAs,
  PoolKey,
  PoolKind,
  poolAttributesAt,
  poolKind,
  poolSubjectAt,
} from '../wire/pool.ts';
import { firstRr, nextRr, rrsetCount, rrsetTtl } from '../wire/rrset.ts';
import { derivedName } from '../zone/derive.ts';
import { type Image, NONE as NO_NODE } from '../zone/image.ts';
import { NO_SLOT, type Slots } from './host-slots.ts';
import { appendNets, type Net } from './nets.ts';
import { placeCode } from './place-codes.ts';
import {
  MEMBER_WORDS,
  MemberWord,
  PlaceFlag,
  POOL_WORDS,
  PoolFlag,
  PoolWord,
  Status,
  UNTIL_EVER,
} from './plan.ts';

/** A record of the pool, where it lies in the image. */
class Row {
  readonly #b: Bytes;
  readonly at: number;
  readonly #end: number;

  constructor(b: Bytes, rr: number) {
    this.#b = b;
    this.at = rr + 2;
    this.#end = this.at + u16(b, rr);
  }

  get kind(): number {
    return poolKind(this.#b, this.at);
  }

  get subjectAt(): number {
    return poolSubjectAt(this.at);
  }

  get subject(): Bytes {
    return this.#b.subarray(this.subjectAt, poolAttributesAt(this.#b, this.at));
  }

  /** Where the value is, or 0. */
  find(key: number): number {
    return findAttribute(this.#b, this.at, this.#end, key);
  }

  value(key: number): Bytes {
    const at = this.find(key);
    return at === 0 ? this.#b.subarray(0, 0) : this.#b.subarray(at, at + attributeLength(this.#b, at));
  }

  number(key: number, otherwise: number): number {
    const value = this.value(key);
    if (value.length === 0) return otherwise;
    let number = 0;
    for (const byte of value) number = number * 256 + byte;
    return number;
  }
}

/** Gives where the pool begins. */
export function appendPool(words: number[], image: Image, node: number, slots: Slots | undefined): number {
  const block = image.rrset(node, Type.POOL);
  const rows = rowsOf(image.bytes, block);
  const options = rows.find(({ kind }) => kind === PoolKind.OPTIONS);
  const use = rows.find(({ kind }) => kind === PoolKind.USE);
  const members = rows.filter(({ kind }) => kind !== PoolKind.OPTIONS && kind !== PoolKind.USE);
  const lists = members.map((row) => [appendAsns(words, row), appendGeos(words, row)] as const);
  const endpoints = endpointsOf(members);
  const nets = members.flatMap((row, ordinal) => netsOf(row, ordinal));
  const netsV4 = appendNets(
    words,
    nets.filter(({ family }) => family === 1),
  );
  const netsV6 = appendNets(
    words,
    nets.filter(({ family }) => family === 2),
  );
  const head = new Array<number>(POOL_WORDS).fill(0);
  head[PoolWord.BLOCK] = block;
  head[PoolWord.NODE] = node;
  head[PoolWord.TTL] = rrsetTtl(image.bytes, block);
  head[PoolWord.FLAGS] = flagsOf(options, members);
  head[PoolWord.ANSWERS] = options?.number(PoolKey.ANSWERS, 0) ?? 0;
  head[PoolWord.DRAWS] = members.some(isWeighted) ? 1 : members.length;
  head[PoolWord.ALL_DOWN] = options?.number(PoolKey.ALL_DOWN, AllDown.SERVE_ALL) ?? AllDown.SERVE_ALL;
  head[PoolWord.EJECT_AT_MOST] = options?.number(PoolKey.EJECT_AT_MOST, 100) ?? 100;
  head[PoolWord.WARM_UP] = options?.number(PoolKey.WARM_UP, 0) ?? 0;
  head[PoolWord.USE] = use?.subjectAt ?? 0;
  head[PoolWord.USE_PORT] = use?.number(PoolKey.PORT, 0) ?? 0;
  head[PoolWord.USE_ALPN] = use?.find(PoolKey.ALPN) ?? 0;
  head[PoolWord.NETS_V4] = netsV4;
  head[PoolWord.NETS_V6] = netsV6;
  head[PoolWord.MEMBERS] = members.length;
  const pool = words.push(...head) - head.length;
  for (const [ordinal, row] of members.entries()) {
    const [asns, geos] = lists[ordinal] as readonly [number, number];
    const name = row.kind === PoolKind.HOST ? 0 : derivedAt(image, row.subject);
    const [host, view] = slotsOf(row, slots);
    const endpoint = endpoints[ordinal] as number;
    words.push(...memberWords(row, { ordinal, endpoint, asns, geos, name, host, view }));
  }
  return pool;
}

function slotsOf(row: Row, slots: Slots | undefined): readonly [host: number, view: number] {
  if (row.kind !== PoolKind.HOST || slots === undefined) return [NO_SLOT, NO_SLOT];
  const name = ownName(row.subject);
  const host = slots.slotOf(name);
  const checks = row.value(PoolKey.CHECK);
  const isViewed = host !== NO_SLOT && checks.length > 0;
  return [host, isViewed ? slots.viewOf(name, row.number(PoolKey.PORT, 0), checks) : NO_SLOT];
}

function rowsOf(b: Bytes, block: number): Row[] {
  const rows: Row[] = [];
  let rr = firstRr(block);
  for (let left = rrsetCount(b, block); left > 0; left--, rr = nextRr(b, rr)) rows.push(new Row(b, rr));
  return rows;
}

const isWeighted = (row: Row): boolean => row.find(PoolKey.WEIGHT) !== 0;

function flagsOf(options: Row | undefined, members: readonly Row[]): number {
  const places = members.reduce((flags, row) => flags | placesOf(row), 0);
  const subjects = new Set(members.map(({ kind, subject }) => `${kind} ${subject.join()}`));
  let flags = options === undefined ? 0 : PoolFlag.OPTIONS;
  if (options?.find(PoolKey.STICKY)) flags |= PoolFlag.STICKY;
  if (options?.number(PoolKey.AS, 0) === PoolAs.CNAME) flags |= PoolFlag.AS_CNAME;
  if (places !== 0) flags |= PoolFlag.PLACES;
  if ((places & ~PlaceFlag.NET) !== 0) flags |= PoolFlag.LOCATES;
  const hasHosts = members.some(({ kind }) => kind === PoolKind.HOST);
  if (hasHosts) flags |= PoolFlag.HOSTS;
  if (hasHosts || subjects.size < members.length) flags |= PoolFlag.DOUBLES;
  return flags;
}

const placesOf = (row: Row): number =>
  (row.find(PoolKey.NET) && PlaceFlag.NET) |
  (row.find(PoolKey.ASN) && PlaceFlag.ASN) |
  (row.find(PoolKey.GEO) && PlaceFlag.GEO) |
  (row.find(PoolKey.NEAR) && PlaceFlag.NEAR);

/** What of a member does not stand in its record. */
interface Around {
  readonly ordinal: number;
  readonly endpoint: number;
  readonly asns: number;
  readonly geos: number;
  readonly name: number;
  /** Where the addresses of a host are kept. */
  readonly host: number;
  /** Where it is kept which of them are told. */
  readonly view: number;
}

function memberWords(row: Row, { ordinal, endpoint, asns, geos, name, host, view }: Around): number[] {
  const member = new Array<number>(MEMBER_WORDS).fill(0);
  const near = row.value(PoolKey.NEAR);
  const checks = row.find(PoolKey.CHECK);
  member[MemberWord.RDATA] = row.at;
  member[MemberWord.KIND] = row.kind;
  member[MemberWord.WEIGHT] = row.number(PoolKey.WEIGHT, 1);
  member[MemberWord.TIER] = row.number(PoolKey.TIER, 0);
  member[MemberWord.PORT] = row.number(PoolKey.PORT, 0);
  member[MemberWord.ALPN] = row.find(PoolKey.ALPN);
  member[MemberWord.IDENTITY] = identityOf(row);
  member[MemberWord.DERIVED] = name;
  member[MemberWord.ORDINAL] = ordinal;
  member[MemberWord.ENDPOINT] = endpoint;
  member[MemberWord.PLACES] = placesOf(row);
  member[MemberWord.ASNS] = asns;
  member[MemberWord.GEOS] = geos;
  member[MemberWord.LATITUDE] = u32(near, 0) | 0;
  member[MemberWord.LONGITUDE] = u32(near, 4) | 0;
  member[MemberWord.BIAS] = row.number(PoolKey.BIAS, 0) | 0;
  member[MemberWord.CHECKS] = checks;
  member[MemberWord.HOST] = host;
  member[MemberWord.VIEW] = view;
  member[MemberWord.HOST_HASH] = row.kind === PoolKind.HOST ? nameHash(row.subject) : 0;
  member[MemberWord.STATUS] = checks === 0 ? Status.SHARE : Status.CHECKED | Status.PENDING;
  member[MemberWord.UNTIL] = checks === 0 ? UNTIL_EVER : 0;
  return member;
}

const derived = new HashedName();

/** Where the derived name of an address stands. */
function derivedAt(image: Image, address: Bytes): number {
  const name = derivedName(address, image.apexName);
  assert(name !== undefined, 'the checks let no address pass whose name would be too long');
  derived.set(name, 0);
  const node = image.find(derived, 0);
  assert(node !== NO_NODE, 'a zone has all names that its pools need');
  return image.nameAt(node);
}

/** Of each, the first with the same tier, port and alpn. A host is an endpoint by itself. */
function endpointsOf(members: readonly Row[]): number[] {
  const first = new Map<string, number>();
  return members.map((row, ordinal) => {
    const values = [PoolKey.TIER, PoolKey.PORT, PoolKey.ALPN].map((key) => toHex(row.value(key)));
    const key = row.kind === PoolKind.HOST ? `host ${ordinal}` : values.join();
    const endpoint = first.get(key) ?? ordinal;
    first.set(key, endpoint);
    return endpoint;
  });
}

/** FNV-1a over the kind, the subject and the port; all servers of a zone have to come to the same. */
function identityOf(row: Row): number {
  let hash = 0x811c_9dc5;
  for (const byte of [row.kind, ...row.subject, ...row.value(PoolKey.PORT)]) {
    const folded = row.kind === PoolKind.HOST ? (FOLD[byte] as number) : byte;
    hash = Math.imul(hash ^ folded, 0x0100_0193);
  }
  return hash;
}

function appendAsns(words: number[], row: Row): number {
  const value = row.value(PoolKey.ASN);
  return appendList(
    words,
    Array.from({ length: value.length / 4 }, (_, i) => u32(value, 4 * i)),
  );
}

/** Gives where it begins; 0 for an empty one. */
const appendList = (words: number[], list: readonly number[]): number =>
  list.length === 0 ? 0 : words.push(list.length, ...list) - list.length - 1;

function appendGeos(words: number[], row: Row): number {
  const value = row.value(PoolKey.GEO);
  const places: number[] = [];
  for (let at = 0; at < value.length; at += 1 + u8(value, at))
    places.push(placeCode(textOf(value.subarray(at + 1, at + 1 + u8(value, at)))));
  // The larger number is the closer place.
  return appendList(
    words,
    places.sort((a, b) => b - a),
  );
}

interface FamilyNet extends Net {
  readonly family: number;
}

function netsOf(row: Row, ordinal: number): FamilyNet[] {
  const value = row.value(PoolKey.NET);
  const nets: FamilyNet[] = [];
  for (let at = 0; at < value.length; ) {
    const family = u8(value, at);
    const bits = u8(value, at + 1);
    const size = (bits + 7) >> 3;
    const bytes = new Uint8Array(16);
    bytes.set(value.subarray(at + 2, at + 2 + size));
    const address = Int32Array.from({ length: 4 }, (_, i) => u32(bytes, IPV4_BYTES * i));
    nets.push({ family, address, bits, ordinal });
    at += 2 + size;
  }
  return nets;
}
