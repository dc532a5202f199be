/**
 * What a pool answers: finds whose members are to be chosen from, has them chosen for who asks, and puts them
 * into the reply as what was asked for. In: the finding of a lookup, in a zone with a plan. Out: how that
 * ended; what a denial or an alias entails is the matter of `authority`.
 */
import { type Bytes, copyOf } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import type { PrefixSet } from '../base/prefix.ts';
import type { World } from '../base/world.ts';
import { Projection } from '../pool/able.ts';
import { Asker } from '../pool/asker.ts';
import { Choice } from '../pool/choice.ts';
import { Chooser, type Witness } from '../pool/choose.ts';
import type { Flattened } from '../pool/flattened.ts';
import { findPool, MemberWord, NONE, PoolFlag, PoolWord } from '../pool/plan.ts';
import type { Whereabouts } from '../pool/whereabouts.ts';
import { Ede, Rcode, Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { PoolKind } from '../wire/pool.ts';
import type { Catalog } from '../zone/catalog.ts';
import { type Image, NONE as NO_NODE, NodeFlag } from '../zone/image.ts';
import { type Finding, locate, Place } from '../zone/lookup.ts';
import { Target } from '../zone/target.ts';
import type { Arena } from './arena.ts';
import { putAddresses, putAlias, putEndpoints, putServers, targetAt } from './projection.ts';
import { type Reply, Section } from './reply.ts';

/** What a choice depends on besides zones and clients. */
export interface SteeringTerms {
  readonly world: World;
  readonly counters: Counters;
  /** Where clients are; absent where nobody knows. */
  readonly whereabouts?: Whereabouts | undefined;
  /** Addresses of the hosts that are members; absent where nobody keeps them. */
  readonly hosts?: Flattened | undefined;
  /** Who may see the records of pools themselves; absent where nobody may. */
  readonly showPoolsTo?: PrefixSet | undefined;
  /** Where answers are explained. */
  readonly witness?: Witness | undefined;
}

/** No type. */
const NOTHING = 0;

/**
 * An alias is in the reply, and its target is to be asked for next; down: there would be something, but
 * nobody is up, and the pool wants it denied then; or a host has no such address now.
 */
export type Steered = 'answered' | 'alias' | 'nodata' | 'down' | 'failed';

export class Steering {
  terms: SteeringTerms;
  readonly #choice = new Choice();
  readonly #chooser: Chooser;
  readonly #asker = new Asker();
  readonly #name = new HashedName();
  readonly #place = new Place();
  readonly #target = new Target();
  #sender: Bytes = new Uint8Array(0);
  #address: Bytes = new Uint8Array(0);
  #bits = 0;

  constructor(terms: SteeringTerms) {
    this.terms = terms;
    this.#chooser = new Chooser(terms.world, terms.witness);
  }

  /**
   * Who asks from now on, and for whom is to be chosen: an address of which so many bits are known. Nothing
   * is done about it yet.
   */
  serve(sender: Bytes, address: Bytes, bits: number): void {
    this.#sender = sender;
    this.#address = address;
    this.#bits = bits;
  }

  /** For whom is to be chosen, to be kept. */
  get network(): { readonly address: Bytes; readonly bits: number } {
    return { address: copyOf(this.#address, 0, this.#address.length), bits: this.#bits };
  }

  /** Lets go of the plan chosen from last, so that one that is replaced can be freed. */
  forget(): void {
    this.#choice.forget();
  }

  /** How long it holds that nobody is up. */
  get downSeconds(): number {
    return this.#choice.ttl;
  }

  /** The finding is a pool. */
  steer(
    catalog: Catalog,
    zone: Image,
    { node, rrset }: Finding,
    type: number,
    owner: Bytes,
    ownerAt: number,
    reply: Reply,
  ): Steered {
    const { counters, showPoolsTo } = this.terms;
    if (type === Type.POOL) {
      if (showPoolsTo?.hasBytes(this.#sender) !== true) return 'nodata';
      reply.add(Section.ANSWER, owner, ownerAt, zone.bytes, rrset);
      return 'answered';
    }
    counters.bump(Counter.pooled);
    reply.source = rrset;
    const image = this.#begin(catalog, zone, rrset);
    if (image === undefined) {
      counters.bump(Counter.poolsMissing);
      return fail(reply, 'the pool that this name uses is not there');
    }
    if (this.#choice.isByClient) this.#asker.set(this.#address, this.#bits);
    const isAlias = zone.has(node, NodeFlag.ALIAS);
    const made = this.#make(image, zone, isAlias ? Type.CNAME : type, reply);
    if (this.#choice.isDesperate) this.#countDown();
    if (made === NOTHING) return this.#endWithout(reply);
    const { ttl, count } = this.#choice;
    // Addresses of one host turn as those of any name.
    reply.addMade(Section.ANSWER, owner, ownerAt, made, ttl, count > 1);
    if (made === Type.SRV) this.#addTargets(image, reply);
    return isAlias && type !== Type.CNAME && type !== Type.ANY ? 'alias' : 'answered';
  }

  /** What is only explained was asked by nobody. */
  #countDown(): void {
    const { counters, witness } = this.terms;
    const { plan, pool } = this.#choice;
    counters.bump(Counter.poolsDown);
    if (witness === undefined) Atomics.add(plan, pool + PoolWord.CHOICES_DOWN, 1);
  }

  #endWithout(reply: Reply): Steered {
    const choice = this.#choice;
    if (choice.isUnresolved) return fail(reply, 'the addresses of a host of this pool are not known');
    if (choice.verdict === 'servfail') return fail(reply, 'nobody of this pool is up');
    const hasHosts = ((choice.plan[choice.pool + PoolWord.FLAGS] as number) & PoolFlag.HOSTS) !== 0;
    return choice.verdict === 'nodata' || hasHosts ? 'down' : 'nodata';
  }

  /** Finds whose members are to be chosen; gives their image, or undefined where a use leads nowhere. */
  #begin(catalog: Catalog, zone: Image, rrset: number): Image | undefined {
    const { pools } = zone;
    if (pools === undefined) return undefined;
    const asked = findPool(pools, rrset);
    const use = pools[asked + PoolWord.USE] as number;
    const used = pools[asked + PoolWord.USED] as number;
    if (use === NONE || used !== NONE) {
      this.#choice.set(pools, asked, pools, used || asked);
      return zone;
    }
    this.#name.set(zone.bytes, use);
    const image = catalog.find(this.#name);
    const pool = image === undefined ? NONE : this.#poolIn(image);
    if (image?.pools === undefined || pool === NONE) return undefined;
    this.#choice.set(pools, asked, image.pools, pool);
    return image;
  }

  /** The pool at the name in hand, if it has members of its own. */
  #poolIn(image: Image): number {
    const { pools } = image;
    const { node, isExact, above } = locate(image, this.#name, this.#place);
    const at = isExact ? node : image.wildcard(node);
    if (pools === undefined || above !== NO_NODE || at === NO_NODE || !image.has(at, NodeFlag.POOL))
      return NONE;
    const pool = findPool(pools, image.rrset(at, Type.POOL));
    return pools[pool + PoolWord.USE] === NONE ? pool : NONE;
  }

  /** Makes an RRset in the reply's arena; gives its type, or NOTHING. */
  #make(image: Image, own: Image, type: number, reply: Reply): number {
    const choice = this.#choice;
    if (type === Type.ANY) return this.#makeAny(image, own, reply);
    const { whereabouts, hosts } = this.terms;
    this.#chooser.choose(choice, projectionOf(type), this.#asker, whereabouts, hosts);
    reply.scope = Math.max(reply.scope, choice.scope);
    if (choice.count === 0) return NOTHING;
    reply.arena.begin();
    if (!this.#put(image.bytes, own.bytes, type, reply.arena)) reply.isShort = true;
    return reply.arena.count > 0 ? type : NOTHING;
  }

  /** RFC 8482 §4.1: one RRset stands for all. Where there is none, it is as if that had been asked for. */
  #makeAny(image: Image, own: Image, reply: Reply): number {
    const made = this.#make(image, own, Type.A, reply) || this.#make(image, own, Type.AAAA, reply);
    if (made !== NOTHING || this.#choice.verdict !== 'members') return made;
    return this.#make(image, own, Type.A, reply);
  }

  #put(b: Bytes, own: Bytes, type: number, arena: Arena): boolean {
    const choice = this.#choice;
    switch (type) {
      case Type.A:
        return putAddresses(b, choice, PoolKind.IPV4, this.terms, arena);
      case Type.AAAA:
        return putAddresses(b, choice, PoolKind.IPV6, this.terms, arena);
      case Type.SRV:
        return putServers(b, choice, arena);
      case Type.CNAME:
        return putAlias(b, choice, arena);
      default:
        return putEndpoints(b, own, choice, arena);
    }
  }

  /** What a client of SRV asks for next (RFC 2782): of members that are addresses it is all of the answer. */
  #addTargets(image: Image, reply: Reply): void {
    const choice = this.#choice;
    for (let i = 0; i < choice.count; i++) {
      this.#target.find(image, image.bytes, targetAt(choice, i));
      const { node, above } = this.#target;
      if (node === NO_NODE || above !== NO_NODE) continue;
      const isDerived = choice.word(i, MemberWord.KIND) !== PoolKind.HOST;
      addAddress(image, node, Type.A, targetAt(choice, i), isDerived, reply);
      addAddress(image, node, Type.AAAA, targetAt(choice, i), isDerived, reply);
    }
  }
}

function projectionOf(type: number): number {
  switch (type) {
    case Type.A:
      return Projection.IPV4;
    case Type.AAAA:
      return Projection.IPV6;
    case Type.SRV:
      return Projection.SRV;
    case Type.CNAME:
      return Projection.ALIAS;
    default:
      return Projection.SERVICE;
  }
}

function addAddress(
  zone: Image,
  node: number,
  type: number,
  nameAt: number,
  isNeeded: boolean,
  reply: Reply,
): void {
  const { bytes } = zone;
  const rrset = zone.rrset(node, type);
  if (rrset === 0 || reply.holds(bytes, rrset)) return;
  if (isNeeded) reply.addNeeded(bytes, nameAt, bytes, rrset);
  else reply.add(Section.ADDITIONAL, bytes, nameAt, bytes, rrset);
}

function fail(reply: Reply, why: string): Steered {
  reply.rcode = Rcode.SERVFAIL;
  reply.edeCode = Ede.OTHER;
  reply.edeText = why;
  return 'failed';
}
