/**
 * What the resolver remembers as text, and back: records as in a master file, with a comment that says how
 * credible it is, how old, and who said so; what is no record is a comment of its own:
 *
 *   www.example.com. 299 IN A 192.0.2.1 ; authoritative, 1 s old, from 192.0.2.53
 *   ;nodata www.example.com. TXT = example.com. 60 IN SOA … ; authoritative, …
 *   ;nxdomain no.example.com. = example.com. 60 IN SOA … ; authoritative, …
 *   ;delegation example.com. 3600 = ns1.example.com. 192.0.2.53 2001:db8::53, ns2.example.net. ; 9 s old
 *   ;any example.com. 60 IN MX 10 mx.example.com. ; …    of an answer to ANY, which is not read back
 *
 * In go, and out come, the bytes of `resolver/packing`: the thread that recurses is not held up by text.
 */
import { ipText, parseIp } from '../base/ip.ts';
import {
  ADDRESSES_PER_SERVER_MAX,
  COMPLAINTS_MAX,
  DELEGATION_SERVERS_MAX,
  ENTRY_BYTES_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Cache, Rank, type Remembered } from '../resolver/cache.ts';
import { Delegations, type NameServer } from '../resolver/delegation.ts';
import { packed, shelvesOf, unpack } from '../resolver/packing.ts';
import { Class, isMetaType, Type, typeFromText, typeText } from '../wire/codes.ts';
import { isWithin, type Name, nameFromText, nameText, ownName, ROOT } from '../wire/name.ts';
import { packRrset, RRSET_RRS_BYTES_MAX } from '../wire/rrset.ts';
import { parseZoneText } from '../zone/parser.ts';
import { toldRecords } from './told-records.ts';

/** Several chunks of packed facts fit. */
const DESK_BYTES = 8 * 1024 * 1024;
const HINTS = { cut: ROOT, servers: [], expiresMs: Number.POSITIVE_INFINITY };

/** Facts on their way from one form to the other. */
class Desk {
  readonly cache: Cache;
  readonly delegations: Delegations;

  constructor(world: World) {
    this.cache = new Cache(DESK_BYTES, world);
    this.delegations = new Delegations(DESK_BYTES, 0, world);
  }

  unpack(chunk: Uint8Array): void {
    unpack(chunk, shelvesOf(this.delegations, this.cache), 0);
  }

  *packed(): Generator<Uint8Array, void, void> {
    for (const chunk of packed(shelvesOf(this.delegations, this.cache))) yield chunk.slice();
    this.clear();
  }

  clear(): void {
    this.cache.clear();
    this.delegations.clear();
  }
}

/** Lines, without what has expired. */
export function* cacheLines(chunks: Iterable<Uint8Array>, world: World): Generator<string, void, void> {
  const desk = new Desk(world);
  for (const chunk of chunks) {
    desk.unpack(chunk);
    for (const { cut, servers, ttl, ageSeconds } of desk.delegations.all()) {
      const whom = servers.map(serverText).join(', ');
      yield `;delegation ${nameText(cut)} ${ttl} = ${whom} ; ${ageSeconds} s old`;
    }
    for (const fact of desk.cache.all()) yield* factLines(fact);
    desk.clear();
  }
}

const serverText = ({ name, addresses }: NameServer): string => [nameText(name), ...addresses].join(' ');

function* factLines(fact: Remembered): Generator<string, void, void> {
  const { kind, name, type, rank, ttl, ageSeconds, from, blocks, soaOwner = name } = fact;
  const credible = rank === Rank.AUTHORITATIVE ? 'authoritative' : 'claimed';
  const source = from === '' ? '' : `, from ${from}`;
  const isAny = kind === 'data' && type === Type.ANY;
  const before = { data: isAny ? ';any ' : '', nodata: `;nodata ${nameText(name)} ${typeText(type)} = ` };
  const head = kind === 'nxdomain' ? `;nxdomain ${nameText(name)} = ` : before[kind];
  for (const block of blocks) {
    for (const record of toldRecords(soaOwner, block, ttl)) {
      const text = `${record.name} ${ttl} IN ${record.type} ${record.rdata}`;
      yield `${head}${text} ; ${credible}, ${ageSeconds} s old${source}`;
    }
  }
}

interface ReadRecord {
  readonly owner: Name;
  readonly type: number;
  readonly ttl: number;
  readonly rdata: Uint8Array;
  readonly rank: Rank;
  readonly from: string;
}

/** Takes lines one by one; records of one RRset stand together. */
export class CacheReader {
  /** What is wrong, by line, as many as somebody would read. */
  readonly complaints: string[] = [];
  readonly #desk: Desk;
  #lines = 0;
  #rrset: ReadRecord[] = [];

  constructor(world: World) {
    this.#desk = new Desk(world);
  }

  line(text: string): void {
    this.#lines += 1;
    const expected = this.#take(text.trim());
    if (expected === undefined || this.complaints.length >= COMPLAINTS_MAX) return;
    this.complaints.push(`line ${this.#lines}: expected ${expected}`);
  }

  /** What else was expected. */
  #take(line: string): string | undefined {
    if (line.length > ENTRY_BYTES_MAX) return `at most ${ENTRY_BYTES_MAX} characters`;
    const [, word = '', what = '', said = ''] = DENIAL_OR_DELEGATION.exec(line) ?? [];
    if (word !== '') this.#settle();
    if (word === '' && (line === '' || line.startsWith(';'))) return undefined;
    if (word === 'delegation') return this.#delegation(what, said);
    const record = recordFrom(word === '' ? line : said);
    if (record === undefined) return 'a record: NAME TTL IN TYPE RDATA';
    return word === '' ? this.#record(record) : this.#denial(what, record);
  }

  /** What was read since it was asked last. */
  packed(): Generator<Uint8Array, void, void> {
    this.#settle();
    return this.#desk.packed();
  }

  /** Facts read since then. */
  get waiting(): number {
    return this.#desk.cache.size + this.#desk.delegations.shelf.size;
  }

  #record(record: ReadRecord): string | undefined {
    const [first] = this.#rrset;
    const isNext = first !== undefined && first.type === record.type && sameOwner(first, record);
    if (!isNext) this.#settle();
    const size = this.#rrset.reduce((sum, { rdata }) => sum + 2 + rdata.length, 2 + record.rdata.length);
    if (size > RRSET_RRS_BYTES_MAX) return `an RRset of at most ${RRSET_RRS_BYTES_MAX} bytes`;
    this.#rrset.push(record);
    return undefined;
  }

  #settle(): void {
    const [first] = this.#rrset;
    if (first === undefined) return;
    const ttl = Math.min(...this.#rrset.map((record) => record.ttl));
    const block = packRrset(
      first.type,
      ttl,
      this.#rrset.map(({ rdata }) => rdata),
    );
    this.#rrset = [];
    this.#desk.cache.keepData(first.owner, first.type, [block], first.rank, first.from);
  }

  #denial(what: string, { owner, type, ttl, rdata, rank, from }: ReadRecord): string | undefined {
    const [text = '', denied] = what.split(' ');
    const name = nameFromText(text);
    const of = denied === undefined ? 'whole name' : typeFromText(denied);
    if (name === undefined || of === undefined || type !== Type.SOA || !isWithin(name, owner)) {
      return 'a name, a type, and behind = the SOA of a zone that the name is in';
    }
    const soa = { owner, block: packRrset(type, ttl, [rdata]), ttl };
    this.#desk.cache.keepDenial(name, of, soa, rank, from);
    return undefined;
  }

  #delegation(what: string, said: string): string | undefined {
    const [text = '', seconds = ''] = what.split(' ');
    const cut = nameFromText(text);
    const ttl = Number(seconds);
    const servers = said.replace(/ ;.*$/, '').split(', ').map(serverFrom);
    const isSound = cut !== undefined && ttl > 0 && servers.length <= DELEGATION_SERVERS_MAX;
    if (!isSound || !servers.every((server) => server !== undefined)) {
      return 'a name, a TTL, and behind = names of servers with their addresses';
    }
    this.#desk.delegations.keep(cut, servers, ttl, HINTS);
    return undefined;
  }
}

const sameOwner = (a: ReadRecord, b: ReadRecord): boolean => Buffer.compare(a.owner, b.owner) === 0;

function serverFrom(text: string): NameServer | undefined {
  const [first = '', ...texts] = text.trim().split(' ');
  const name = nameFromText(first);
  const addresses = texts.map(addressFrom).filter((address) => address !== undefined);
  const isSound = addresses.length === texts.length && texts.length <= ADDRESSES_PER_SERVER_MAX;
  return name !== undefined && isSound ? { name, addresses } : undefined;
}

function addressFrom(text: string): string | undefined {
  const address = parseIp(text);
  return address && ipText(address);
}

const DENIAL_OR_DELEGATION = /^;(nodata|nxdomain|delegation) (.+?) = (.*)$/;
const COMMENT = / ; (authoritative|claimed)(?:, \d+ s old)?(?:, from (\S+))?$/;

/** Undefined where it is not one record of class IN, with its TTL. */
function recordFrom(line: string): ReadRecord | undefined {
  const [, credible, from = ''] = COMMENT.exec(line) ?? [];
  if (!/^\S+ \d+ IN /.test(line)) return undefined;
  const complaints: Parameters<typeof parseZoneText>[2] = [];
  const records = parseZoneText(ROOT, line, complaints);
  if (complaints.length > 0 || records.count !== 1 || records.klass !== Class.IN) return undefined;
  const type = records.type[0] as number;
  if (isMetaType(type)) return undefined;
  const at = records.rdataAt[0] as number;
  const length = ((records.rdataBytes[at] as number) << 8) | (records.rdataBytes[at + 1] as number);
  return {
    owner: ownName(records.nameBytes, records.nameAt[records.owner[0] as number]),
    type,
    ttl: records.ttl[0] as number,
    rdata: records.rdataBytes.slice(at + 2, at + 2 + length),
    rank: credible === 'authoritative' ? Rank.AUTHORITATIVE : Rank.CLAIMED,
    from: addressFrom(from) ?? '',
  };
}
