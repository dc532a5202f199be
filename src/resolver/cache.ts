/**
 * What servers told us, by name and type, for as long as they said. Four kinds of fact: data, NODATA,
 * NXDOMAIN (which denies all that is below, RFC 8020 §2), and DNAME (which renames all that is below). In go
 * blocks that were scrubbed; out come findings with the seconds left, their blocks copies: what is kept moves
 * on, and makes room.
 *
 *   a fact:  0 kind    1 rank    2 characters of the address of the server that said so (0: not known)
 *            3 data: how many blocks; a denial: where in the name the owner of its SOA is, an ancestor
 *            4 the address as text, and behind it the blocks (wire/rrset)
 */
import { put32 } from '../base/bytes.ts';
import {
  CACHE_LINGER_SECONDS,
  CACHE_NEGATIVE_SECONDS_MAX,
  CACHE_TTL_SECONDS_MAX,
  CACHED_RRS_PER_RRSET_MAX,
  CACHED_TYPES_PER_NAME_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { type Name, ROOT } from '../wire/name.ts';
import { RRSET_HEADER_BYTES, rrsetCount, rrsetSize, rrsetTtl } from '../wire/rrset.ts';
import { cnameFinding, dnameFinding } from './alias.ts';
import { type AnswerRrset, answered, denied, ended, type Finding, followsAliases } from './outcome.ts';
import { Shelf } from './shelf.ts';

/**
 * RFC 2181 §5.4.1, of which only answers are ever kept here: glue lives and dies with its delegation, and
 * nothing else of a reply is believed.
 */
export const Rank = { CLAIMED: 1, AUTHORITATIVE: 2 } as const;
export type Rank = (typeof Rank)[keyof typeof Rank];

const Kind = { DATA: 0, NODATA: 1, NXDOMAIN: 2 } as const;

/** RFC 6895 §3.1: type 0 is nobody's, so it can stand for a name as a whole. */
const WHOLE_NAME = 0;

const Told = { KIND: 0, RANK: 1, FROM_BYTES: 2, COUNT: 3, OWNER: 3, FROM: 4 } as const;

/** What is remembered of one name and type, for people. */
export interface Remembered {
  readonly kind: 'data' | 'nodata' | 'nxdomain';
  readonly name: Name;
  readonly type: number;
  readonly rank: Rank;
  /** Seconds left, and seconds since it was learned. */
  readonly ttl: number;
  readonly ageSeconds: number;
  /** The address of the server that said so; empty where that is not known. */
  readonly from: string;
  /** Several where the question was for ANY; of a denial, the SOA. */
  readonly blocks: readonly Uint8Array[];
  readonly soaOwner: Name | undefined;
}

const KINDS = ['data', 'nodata', 'nxdomain'] as const;

/** A fact before it is bytes. */
interface Fresh {
  readonly kind: number;
  readonly rank: Rank;
  readonly ttl: number;
  /** COUNT or OWNER. */
  readonly word: number;
  readonly blocks: readonly Uint8Array[];
  /** The address of the server that said so; empty where that is not known. */
  readonly from: string;
}

/** How something is known. */
export interface CacheStanding {
  /** Or claimed by who had no authority. */
  readonly isAuthoritative: boolean;
  readonly ageSeconds: number;
  /** The address of the server that said so. */
  readonly from: string | undefined;
}

export class Cache {
  readonly #shelf: Shelf;

  constructor(bytesMax: number, world: World) {
    this.#shelf = new Shelf({ bytesMax, lingerMs: 1000 * CACHE_LINGER_SECONDS }, world);
  }

  get size(): number {
    return this.#shelf.size;
  }

  get bytes(): number {
    return this.#shelf.used;
  }

  /** What is said of names above `top`, an ancestor of the name, does not count. */
  find(name: Name, type: number, top: Name = ROOT): Finding | undefined {
    const shelf = this.#shelf;
    const labels = shelf.seek(name);
    const exact = shelf.live(0, type);
    if (exact >= 0) return this.#told(exact, name);
    if (followsAliases(type)) {
      const cname = shelf.live(0, Type.CNAME);
      if (this.#isData(cname)) {
        return cnameFinding(name, this.#block(cname), shelf.secondsLeft(cname));
      }
    }
    return this.#findAbove(name, labels, name.length - top.length);
  }

  /** Whether it is known that the name is there: with such records, without them, or as an alias. */
  exists(name: Name, type: number): boolean {
    const shelf = this.#shelf;
    shelf.seek(name);
    return shelf.live(0, type) >= 0 || (followsAliases(type) && this.#isData(shelf.live(0, Type.CNAME)));
  }

  /** The first RRset that a server of its zone gave for it. */
  authoritative(name: Name, type: number): Uint8Array | undefined {
    this.#shelf.seek(name);
    const fact = this.#shelf.live(0, type);
    const isItsOwn = this.#isData(fact) && this.#word(fact, Told.RANK) === Rank.AUTHORITATIVE;
    return isItsOwn ? this.#block(fact) : undefined;
  }

  /** How that is known which `find` would give, or `findExpired`; for who wants to know. */
  standingOf(name: Name, type: number, mayBeExpired = false): CacheStanding | undefined {
    const shelf = this.#shelf;
    const labels = shelf.seek(name);
    const at = (i: number, type: number): number =>
      mayBeExpired ? shelf.latest(i, type) : shelf.live(i, type);
    let fact = at(0, type);
    if (fact < 0 && followsAliases(type)) fact = at(0, Type.CNAME);
    for (let i = 0; fact < 0 && i <= labels; i++) {
      fact = at(i, WHOLE_NAME);
      if (fact < 0 && i > 0) fact = at(i, Type.DNAME);
    }
    if (fact < 0) return undefined;
    const from = shelf.textAt(shelf.valueAt(fact) + Told.FROM, this.#word(fact, Told.FROM_BYTES));
    const isAuthoritative = this.#word(fact, Told.RANK) === Rank.AUTHORITATIVE;
    return { isAuthoritative, ageSeconds: shelf.ageSeconds(fact), from: from === '' ? undefined : from };
  }

  /** What is said of the whole name, or of one it lies below. */
  #findAbove(name: Name, labels: number, topAt: number): Finding | undefined {
    const shelf = this.#shelf;
    for (let i = 0; i <= labels && shelf.labelAt(i) <= topAt; i++) {
      const absent = shelf.live(i, WHOLE_NAME);
      if (absent >= 0) return this.#told(absent, name.subarray(shelf.labelAt(i)));
      const dname = i === 0 ? -1 : shelf.live(i, Type.DNAME);
      if (this.#isData(dname)) {
        const owner = name.subarray(shelf.labelAt(i));
        return dnameFinding(name, owner, this.#block(dname), shelf.secondsLeft(dname));
      }
    }
    return undefined;
  }

  /**
   * What was true of the name itself until not longer ago than so: of what expired, the last. It is told with
   * `ttl` (RFC 8767 §4).
   */
  findExpired(name: Name, type: number, top: Name, agoMs: number, ttl: number): Finding | undefined {
    const labels = this.#shelf.seek(name);
    const types = followsAliases(type) ? [type, Type.CNAME, WHOLE_NAME] : [type, WHOLE_NAME];
    let last = -1;
    for (const each of types) {
      const fact = this.#expired(0, each, agoMs);
      if (fact >= 0 && (last < 0 || this.#shelf.expiresMs(fact) > this.#shelf.expiresMs(last))) last = fact;
    }
    if (last < 0) return this.#expiredDname(name, labels, name.length - top.length, agoMs, ttl);
    const isAlias = this.#shelf.typeOf(last) === Type.CNAME && followsAliases(type);
    return isAlias && this.#isData(last)
      ? cnameFinding(name, this.#block(last), ttl)
      : this.#told(last, name, ttl);
  }

  #expired(i: number, type: number, agoMs: number): number {
    const fact = this.#shelf.latest(i, type);
    return fact >= 0 && this.#shelf.expiresMs(fact) + agoMs > this.#shelf.nowMs() ? fact : -1;
  }

  #expiredDname(name: Name, labels: number, topAt: number, agoMs: number, ttl: number): Finding | undefined {
    const shelf = this.#shelf;
    for (let i = 1; i <= labels && shelf.labelAt(i) <= topAt; i++) {
      const dname = this.#expired(i, Type.DNAME, agoMs);
      if (this.#isData(dname)) {
        return dnameFinding(name, name.subarray(shelf.labelAt(i)), this.#block(dname), ttl);
      }
    }
    return undefined;
  }

  #told(fact: number, owner: Name, ttl = this.#shelf.secondsLeft(fact)): Finding {
    const kind = this.#word(fact, Told.KIND);
    if (kind === Kind.DATA) {
      return ended(answered(this.#blocks(fact).map((block) => ({ owner, block, ttl }))));
    }
    const soa = { owner: owner.subarray(this.#word(fact, Told.OWNER)), block: this.#block(fact), ttl };
    return ended(denied(kind === Kind.NODATA ? Rcode.NOERROR : Rcode.NXDOMAIN, soa));
  }

  #isData(fact: number): boolean {
    return fact >= 0 && this.#word(fact, Told.KIND) === Kind.DATA;
  }

  #word(fact: number, at: number): number {
    return this.#shelf.bytes[this.#shelf.valueAt(fact) + at] as number;
  }

  /** All blocks of data. */
  #blocks(fact: number): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    let at = this.#firstBlockAt(fact);
    for (let left = this.#word(fact, Told.COUNT); left > 0; left--) {
      const block = blockAt(this.#shelf.bytes, at);
      blocks.push(block);
      at += block.length;
    }
    return blocks;
  }

  /** The first or only one. */
  #block(fact: number): Uint8Array {
    return blockAt(this.#shelf.bytes, this.#firstBlockAt(fact));
  }

  #firstBlockAt(fact: number): number {
    return this.#shelf.valueAt(fact) + Told.FROM + this.#word(fact, Told.FROM_BYTES);
  }

  /**
   * RRsets that one reply gave for one question, and the server that sent it. Oversized ones, and too many,
   * are answered once and not kept (CVE-2024-1737).
   */
  keepData(name: Name, type: number, blocks: readonly Uint8Array[], rank: Rank, from = ''): void {
    if (blocks.length > CACHED_TYPES_PER_NAME_MAX) return;
    if (blocks.some((block) => rrsetCount(block, 0) > CACHED_RRS_PER_RRSET_MAX)) return;
    const shorter = (least: number, block: Uint8Array): number => Math.min(least, rrsetTtl(block, 0));
    const ttl = blocks.reduce(shorter, CACHE_TTL_SECONDS_MAX);
    this.#keep(name, type, { kind: Kind.DATA, rank, ttl, word: blocks.length, blocks, from });
  }

  /** RFC 2308 §5: with the SOA's TTL, which the caller has lowered to MINIMUM. */
  keepDenial(name: Name, type: number | 'whole name', soa: AnswerRrset, rank: Rank, from = ''): void {
    const isWhole = type === 'whole name';
    this.#keep(name, isWhole ? WHOLE_NAME : type, {
      kind: isWhole ? Kind.NXDOMAIN : Kind.NODATA,
      ttl: Math.min(soa.ttl, CACHE_NEGATIVE_SECONDS_MAX),
      word: name.length - soa.owner.length,
      blocks: [soa.block],
      rank,
      from,
    });
  }

  /** All that has not expired, the oldest first. */
  *all(): Generator<Remembered, void, void> {
    for (const fact of this.#shelf.facts()) {
      if (this.#shelf.secondsLeft(fact) > 0) yield this.#remembered(fact);
    }
  }

  #remembered(fact: number): Remembered {
    const shelf = this.#shelf;
    const name = shelf.nameOf(fact);
    const kind = KINDS[this.#word(fact, Told.KIND)] as Remembered['kind'];
    const isData = kind === 'data';
    return {
      ...{ kind, name, type: shelf.typeOf(fact), rank: this.#word(fact, Told.RANK) as Rank },
      ...{ ttl: shelf.secondsLeft(fact), ageSeconds: shelf.ageSeconds(fact) },
      from: shelf.textAt(shelf.valueAt(fact) + Told.FROM, this.#word(fact, Told.FROM_BYTES)),
      blocks: isData ? this.#blocks(fact) : [this.#block(fact)],
      soaOwner: isData ? undefined : name.subarray(this.#word(fact, Told.OWNER)),
    };
  }

  /** For all to be kept (`packing`). */
  get shelf(): Shelf {
    return this.#shelf;
  }

  clear(isDoomed?: (name: Name) => boolean): void {
    this.#shelf.clear(isDoomed);
  }

  /** RFC 2181 §5.4.1: what is less credible never replaces what is more. */
  #keep(name: Name, type: number, { kind, rank, ttl, word, blocks, from }: Fresh): void {
    if (ttl <= 0) return; // For this one question only (RFC 1035 §3.2.1).
    const shelf = this.#shelf;
    shelf.seek(name);
    const present = shelf.live(0, type);
    if (present >= 0 && this.#word(present, Told.RANK) > rank) return;
    const size = blocks.reduce((sum, { length }) => sum + length, Told.FROM + from.length);
    const at = shelf.put(name, type, shelf.nowMs() + 1000 * ttl, size);
    if (at < 0) return;
    const { bytes } = shelf;
    bytes[at + Told.KIND] = kind;
    bytes[at + Told.RANK] = rank;
    bytes[at + Told.FROM_BYTES] = from.length;
    bytes[at + Told.COUNT] = word;
    let end = shelf.putText(at + Told.FROM, from);
    for (const block of blocks) {
      bytes.set(block, end);
      // All live as long as the first that goes: by its block's TTL it is seen how old each is.
      put32(bytes, end + 4, ttl);
      end += block.length;
    }
  }
}

const blockAt = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.slice(at, at + RRSET_HEADER_BYTES + rrsetSize(bytes, at));
