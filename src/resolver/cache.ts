/**
 * What servers told us, by name and type, for as long as they said. Four kinds of fact: data, NODATA,
 * NXDOMAIN (which denies all that is below, RFC 8020 §2), and DNAME (which renames all that is below). In go
 * blocks that were scrubbed; out come findings with the seconds left.
 */
import {
  CACHE_NEGATIVE_SECONDS_MAX,
  CACHE_TTL_SECONDS_MAX,
  CACHED_RRS_PER_RRSET_MAX,
  CACHED_TYPES_PER_NAME_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { type Name, nameKey, ROOT } from '../wire/name.ts';
import { rrsetCount, rrsetTtl, rrsetType } from '../wire/rrset.ts';
import { cnameFinding, dnameFinding } from './alias.ts';
import { type AnswerRrset, answered, denied, ended, type Finding, followsAliases } from './outcome.ts';
import { type Fact, Shelf, typedKey, typeKey } from './shelf.ts';

/**
 * RFC 2181 §5.4.1, of which only answers are ever kept here: glue lives and dies with its delegation, and
 * nothing else of a reply is believed.
 */
export const Rank = { CLAIMED: 1, AUTHORITATIVE: 2 } as const;
export type Rank = (typeof Rank)[keyof typeof Rank];

interface Data extends Fact {
  readonly kind: 'data';
  readonly rank: Rank;
  /** One; several where the question was for ANY. */
  readonly blocks: readonly Uint8Array[];
}

interface Denial extends Fact {
  readonly kind: 'nodata' | 'nxdomain';
  readonly rank: Rank;
  readonly soa: Uint8Array;
  /** The SOA's owner is an ancestor of the name: its bytes from here. */
  readonly soaAt: number;
}

/** What each block beyond the first costs besides its bytes; measured like the shelf's own. */
const BLOCK_BYTES = 240;

/** RFC 6895 §3.1: type 0 is nobody's, so it can stand for a name as a whole. */
const WHOLE_NAME = 0;

const WHOLE_NAME_KEY = typeKey(WHOLE_NAME);
const CNAME_KEY = typeKey(Type.CNAME);
const DNAME_KEY = typeKey(Type.DNAME);

export class Cache {
  readonly #shelf: Shelf<Data | Denial>;

  constructor(bytesMax: number, world: World) {
    this.#shelf = new Shelf(bytesMax, world);
  }

  get size(): number {
    return this.#shelf.size;
  }

  get bytes(): number {
    return this.#shelf.bytes;
  }

  /** What is said of names above `top`, an ancestor of the name, does not count. */
  find(name: Name, type: number, top: Name = ROOT): Finding | undefined {
    const key = nameKey(name);
    const exact = this.#shelf.live(key + typeKey(type));
    if (exact !== undefined) return this.#told(exact, name);
    if (followsAliases(type)) {
      const cname = this.#shelf.live(key + CNAME_KEY);
      if (cname?.kind === 'data') {
        return cnameFinding(name, cname.blocks[0] as Uint8Array, this.#shelf.secondsLeft(cname));
      }
    }
    return this.#findAbove(name, key, name.length - top.length);
  }

  /**
   * What is said of the whole name, or of one it lies below. The key of an ancestor is the end of its own.
   */
  #findAbove(name: Name, key: string, topAt: number): Finding | undefined {
    for (let at = 0; at <= topAt; at += (name[at] as number) + 1) {
      const above = key.slice(at);
      const absent = this.#shelf.live(above + WHOLE_NAME_KEY);
      if (absent !== undefined) return this.#told(absent, name.subarray(at));
      const dname = at === 0 ? undefined : this.#shelf.live(above + DNAME_KEY);
      if (dname?.kind === 'data') {
        const ttl = this.#shelf.secondsLeft(dname);
        return dnameFinding(name, name.subarray(at), dname.blocks[0] as Uint8Array, ttl);
      }
    }
    return undefined;
  }

  /**
   * What was true of the name itself until not longer ago than so: of what expired, the last. It is told with
   * `ttl` (RFC 8767 §4).
   */
  findExpired(name: Name, type: number, top: Name, agoMs: number, ttl: number): Finding | undefined {
    const key = nameKey(name);
    const types = followsAliases(type) ? [typeKey(type), CNAME_KEY] : [typeKey(type)];
    let last: Data | Denial | undefined;
    for (const each of [...types, WHOLE_NAME_KEY]) {
      const fact = this.#expired(key + each, agoMs);
      if (fact !== undefined && fact.expiresMs > (last?.expiresMs ?? 0)) last = fact;
    }
    if (last === undefined) return this.#expiredDname(name, name.length - top.length, agoMs, ttl);
    const block = last.kind === 'data' ? (last.blocks[0] as Uint8Array) : undefined;
    const isAlias = block !== undefined && rrsetType(block, 0) === Type.CNAME && followsAliases(type);
    return isAlias ? cnameFinding(name, block, ttl) : this.#told(last, name, ttl);
  }

  #expired(key: string, agoMs: number): Data | Denial | undefined {
    const fact = this.#shelf.latest(key);
    return fact !== undefined && fact.expiresMs + agoMs > this.#shelf.nowMs() ? fact : undefined;
  }

  #expiredDname(name: Name, topAt: number, agoMs: number, ttl: number): Finding | undefined {
    const key = nameKey(name);
    for (let at = (name[0] as number) + 1; at <= topAt; at += (name[at] as number) + 1) {
      const dname = this.#expired(key.slice(at) + DNAME_KEY, agoMs);
      if (dname?.kind === 'data')
        return dnameFinding(name, name.subarray(at), dname.blocks[0] as Uint8Array, ttl);
    }
    return undefined;
  }

  #told(fact: Data | Denial, owner: Name, ttl = this.#shelf.secondsLeft(fact)): Finding {
    if (fact.kind === 'data') return ended(answered(fact.blocks.map((block) => ({ owner, block, ttl }))));
    const soa = { owner: owner.subarray(fact.soaAt), block: fact.soa, ttl };
    return ended(denied(fact.kind === 'nodata' ? Rcode.NOERROR : Rcode.NXDOMAIN, soa));
  }

  /**
   * RRsets that one reply gave for one question. Oversized ones, and too many, are answered once and not kept
   * (CVE-2024-1737).
   */
  keepData(name: Name, type: number, blocks: readonly Uint8Array[], rank: Rank): void {
    if (blocks.length > CACHED_TYPES_PER_NAME_MAX) return;
    if (blocks.some((block) => rrsetCount(block, 0) > CACHED_RRS_PER_RRSET_MAX)) return;
    const ttl = Math.min(...blocks.map((block) => rrsetTtl(block, 0)), CACHE_TTL_SECONDS_MAX);
    const bytes = blocks.reduce((sum, block) => sum + BLOCK_BYTES + block.length, -BLOCK_BYTES);
    this.#keep(typedKey(name, type), { kind: 'data', rank, blocks, expiresMs: this.#expiry(ttl) }, bytes);
  }

  /** RFC 2308 §5: with the SOA's TTL, which the caller has lowered to MINIMUM. */
  keepDenial(name: Name, type: number | 'whole name', soa: AnswerRrset, rank: Rank): void {
    const denial: Denial = {
      kind: type === 'whole name' ? 'nxdomain' : 'nodata',
      rank,
      soa: soa.block,
      soaAt: name.length - soa.owner.length,
      expiresMs: this.#expiry(Math.min(soa.ttl, CACHE_NEGATIVE_SECONDS_MAX)),
    };
    this.#keep(typedKey(name, type === 'whole name' ? WHOLE_NAME : type), denial, soa.block.length);
  }

  clear(isDoomed?: (name: Name) => boolean): void {
    this.#shelf.clear(isDoomed);
  }

  #expiry(ttl: number): number {
    return this.#shelf.nowMs() + ttl * 1000;
  }

  /** RFC 2181 §5.4.1: what is less credible never replaces what is more. */
  #keep(key: string, fact: Data | Denial, bytes: number): void {
    if (fact.expiresMs <= this.#shelf.nowMs()) return; // TTL 0: for this one question only (RFC 1035 §3.2.1).
    const present = this.#shelf.live(key);
    if (present !== undefined && present.rank > fact.rank) return;
    this.#shelf.put(key, fact, bytes);
  }
}
