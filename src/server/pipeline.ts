/**
 * A query's walk from bytes to bytes, the same for every transport; the exits stand on the left.
 *
 *   packet ─▶ triage, guard    header only; where from
 *      drop ◀─┤
 *    NOTIMP ◀─┤
 *             ├▶ wire/query    one question, EDNS
 *   REFUSED ◀─┤                to who may not ask
 *   FORMERR ◀─┤
 *             ├▶ admit         class and type that can be asked here
 *   REFUSED ◀─┤
 *             ├▶ zone/catalog  whose name is it?
 *             │   ours ─▶ answer/authority ─▶ (aliases that leave us) ─▶ recursion
 *   REFUSED ◀─┤   not ours, and this client may not recurse
 *             │   else ─▶ recursion: from its cache at once, or LATER
 *      drop ◀─┼─ guard         what may be sent to this client: rates, cookies
 *   bytes   ◀─┴─ finish        sizes, EDNS, truncation
 *
 * Synchronous but for LATER. One scratch query and one reply serve all queries of the thread.
 */
import { Authority, zoneOf } from '../answer/authority.ts';
import { Chaos, type Identity } from '../answer/chaos.ts';
import { Reply } from '../answer/reply.ts';
import type { SteeringTerms } from '../answer/steering.ts';
import type { Bytes } from '../base/bytes.ts';
import { Counter } from '../base/counters.ts';
import { ANY_UDP_BYTES_MAX, MESSAGE_BYTES_MAX, UDP_BYTES_MAX } from '../base/limits.ts';
import type { PrefixSet } from '../base/prefix.ts';
import type { ClientNetwork } from '../resolver/own-zones.ts';
import { type Answerer, type Client, DROP, LATER } from '../transport/door.ts';
import { Class, Ede, Rcode, Type } from '../wire/codes.ts';
import { Query } from '../wire/query.ts';
import type { Catalog } from '../zone/catalog.ts';
import type { Image } from '../zone/image.ts';
import { admit } from './admit.ts';
import { Finisher } from './finish.ts';
import { Foresight } from './foresight.ts';
import { Guard, type GuardSettings } from './guard.ts';
import { type Observer, Path } from './observer.ts';
import { type Elsewhere, type Here, Recursion, type Send, type Waiter } from './recursion.ts';
import type { Tally } from './tally.ts';
import { triage } from './triage.ts';

export interface PipelineSettings extends SteeringTerms {
  readonly catalog: Catalog;
  /** Absent where recursion is off; where it is elsewhere, LATER makes another thread `resume`. */
  readonly recursion: Here | Elsewhere | undefined;
  readonly mayRecurse: PrefixSet;
  /** Who is to have DNS64; absent where nobody is. */
  readonly ipv6Only?: PrefixSet | undefined;
  readonly chaos: Identity;
  /** Absent where everybody is to be answered everything. */
  readonly guard?: GuardSettings;
  readonly onBug: (error: unknown, packet: Uint8Array) => void;
  /** Only where queries are timed or logged. */
  readonly observer?: Observer | undefined;
  /** Only where it is counted who asks for what, and in the thread that a query comes to. */
  readonly tally?: Tally | undefined;
}

const { answered, authoritative, queries } = Counter;
const { NOERROR } = Rcode;
const { STALE, STALE_NXDOMAIN } = Ede;
const { AUTHORITATIVE } = Path;
const { CH } = Class;
const { ANY } = Type;

export class Pipeline implements Answerer {
  #settings: PipelineSettings;
  #chaos: Chaos;
  readonly #recursion: Recursion;
  readonly #foresight = new Foresight();
  readonly #query = new Query();
  readonly #reply = new Reply();
  readonly #authority: Authority;
  readonly #guard: Guard;
  readonly #finisher = new Finisher();
  /** Where answers that come LATER are written, before `send` gets a copy. */
  readonly #late = new Uint8Array(MESSAGE_BYTES_MAX);

  constructor(settings: PipelineSettings) {
    this.#settings = settings;
    this.#authority = new Authority(settings);
    this.#chaos = new Chaos(settings.chaos);
    this.#recursion = new Recursion(settings.recursion, {
      finish: (waiter) => this.#finishLate(waiter),
      drop: ({ send }) => {
        this.#settings.counters.bump(Counter.waitersDropped);
        send(new Uint8Array(0));
      },
      onBug: ({ send }, bug, packet) => send(this.#late.slice(0, this.#apologise(bug, packet, this.#late))),
    });
    this.#recursion.ipv6Only = settings.ipv6Only;
    this.#guard = new Guard(settings.counters);
    if (settings.guard) this.#post(settings.guard);
  }

  /** From the next query on, these zones. */
  publish(catalog: Catalog): void {
    this.reconfigure({ catalog });
    this.#reply.forget();
    this.#authority.steering.forget();
    this.#foresight.forget();
  }

  reconfigure(changed: Partial<PipelineSettings>): void {
    this.#settings = { ...this.#settings, ...changed };
    this.#authority.steering.terms = this.#settings;
    if (changed.chaos) this.#chaos = new Chaos(changed.chaos);
    if (changed.guard) this.#post(changed.guard);
    if ('recursion' in changed) this.#recursion.by = changed.recursion;
    this.#recursion.ipv6Only = this.#settings.ipv6Only;
  }

  #post(guard: GuardSettings): void {
    this.#guard.settings = guard;
    this.#finisher.udpBytes = guard.udpBytes;
  }

  /** Answers promised by LATER and not sent yet. */
  get pending(): number {
    return this.#recursion.pending;
  }

  foresee(packets: readonly Bytes[], lengths: Uint16Array, count: number): void {
    try {
      this.#foresight.look(this.#settings.catalog, packets, lengths, count);
    } catch (bug) {
      this.#foresight.forget();
      this.#settings.counters.bump(Counter.bugs);
      this.#settings.onBug(bug, new Uint8Array(0));
    }
  }

  answer(packet: Bytes, length: number, client: Client, out: Bytes, send: Send): number {
    this.#settings.counters.bump(queries);
    return this.resume(packet, length, client, out, send);
  }

  /** A query that was counted already, by a thread whose recursion is elsewhere. */
  resume(packet: Bytes, length: number, client: Client, out: Bytes, send: Send): number {
    this.#settings.observer?.begin();
    try {
      return this.#serve(packet, length, client, out, send);
    } catch (bug) {
      return this.#apologise(bug, packet.subarray(0, length), out);
    }
  }

  /** The response to a query that was to be answered later and will not be: SERVFAIL, and why. */
  giveUp(packet: Bytes, client: Client, out: Bytes, why: string): number {
    this.#settings.observer?.begin();
    this.#reply.reset();
    this.#query.read(packet, packet.length);
    this.#reply.edeCode = Ede.OTHER;
    this.#reply.edeText = why;
    return this.#plain(Rcode.SERVFAIL, client, out, true);
  }

  #serve(packet: Bytes, length: number, client: Client, out: Bytes, send: Send): number {
    const { counters } = this.#settings;
    const guard = this.#guard;
    const verdict = triage(packet, length);
    if (verdict === 'drop' || guard.wouldLoop(client)) {
      counters.bump(Counter.silenced);
      return DROP;
    }
    const query = this.#query;
    const reply = this.#reply;
    reply.reset();
    if (verdict === 'unsupported') {
      query.readHeader(packet, length);
      return guard.mayAsk(client) ? this.#plain(Rcode.NOTIMP, client, out) : this.#turnAway(client, out);
    }
    const fault = query.read(packet, length, this.#foresight.take(packet));
    this.#settings.tally?.note(query, client);
    if (!guard.mayAsk(client)) return this.#turnAway(client, out);
    if (fault !== NOERROR) return this.#plain(fault, client, out);
    if (query.isUnusual) {
      const flaw = guard.fault(query, client);
      if (flaw !== NOERROR || !query.hasQuestion) return this.#plain(flaw, client, out);
    }
    const objection = admit(query);
    if (objection !== NOERROR) return this.#plain(objection, client, out);
    if (query.class === CH) {
      this.#chaos.answer(query, reply);
      return this.#finish(client, false, out);
    }
    return this.#lookUp(client, out, send);
  }

  #lookUp(client: Client, out: Bytes, send: Send): number {
    const { catalog, counters, observer } = this.#settings;
    const query = this.#query;
    const mayRecurse = this.#recursion.isOffered && this.#settings.mayRecurse.hasBytes(client.address);
    const wantsRecursion = mayRecurse && query.recursionDesired;
    const zone = zoneOf(catalog, query.name, query.type);
    if (zone !== undefined) {
      this.#serveFor(client);
      this.#authority.answer(catalog, zone, query, this.#reply);
      this.#reply.source = sourceOf(zone, query, this.#reply);
      if (observer !== undefined) observer.path = AUTHORITATIVE;
      if (this.#reply.rest === 'none' || !wantsRecursion) {
        counters.bump(authoritative);
        return this.#finish(client, mayRecurse, out);
      }
    } else if (!wantsRecursion) {
      return this.#refuse(client, mayRecurse, out);
    }
    return this.#recurse(zone !== undefined, client, out, send);
  }

  /** Pools choose for who asks, or for whom a resolver that may tell asks (RFC 7871 §7.2.1). */
  #serveFor(client: Client): void {
    const query = this.#query;
    const { steering } = this.#authority;
    const { address } = client;
    if (this.#guard.heedsSubnet(query, client))
      steering.serve(address, query.subnetAddress, query.subnetBits);
    else steering.serve(address, address, 8 * address.length);
  }

  /** Others' aliases may lead to pools of ours, which choose for one client and not for all who wait. */
  #networkOf(client: Client): ClientNetwork | undefined {
    if (!this.#settings.catalog.hasPools) return undefined;
    this.#serveFor(client);
    return this.#authority.steering.network;
  }

  /** RFC 8914 §4.19: who may not ask anything here, whatever it was. */
  #turnAway(client: Client, out: Bytes): number {
    this.#settings.counters.bump(Counter.prohibited);
    this.#reply.edeCode = Ede.PROHIBITED;
    this.#reply.edeText = 'this address may not ask here';
    return this.#plain(Rcode.REFUSED, client, out);
  }

  /** RFC 8914 §4.19 for those who may not ask, §4.21 where recursion was not asked for or is not offered. */
  #refuse(client: Client, mayRecurse: boolean, out: Bytes): number {
    const isForbidden = this.#recursion.isOffered && !mayRecurse && this.#query.recursionDesired;
    this.#reply.edeCode = isForbidden ? Ede.PROHIBITED : Ede.NOT_AUTHORITATIVE;
    this.#reply.edeText = isForbidden
      ? 'recursion is not offered to this address'
      : 'not a zone of this server';
    return this.#plain(Rcode.REFUSED, client, out, mayRecurse);
  }

  #recurse(beginsWithUs: boolean, client: Client, out: Bytes, send: Send): number {
    const recursion = this.#recursion;
    const { counters, observer } = this.#settings;
    const network = recursion.isElsewhere ? undefined : this.#networkOf(client);
    const isCached = recursion.fromCache(this.#query, this.#reply, client, network);
    // It is counted where it is answered.
    if (!isCached && recursion.isElsewhere) return LATER;
    if (beginsWithUs) counters.bump(authoritative);
    counters.bump(Counter.recursive);
    if (isCached) {
      counters.bump(Counter.recursionCached);
      if (observer !== undefined) observer.path = Path.CACHED;
      return this.#finish(client, true, out);
    }
    const hasCookie = this.#guard.hasCookie(this.#query, client);
    const waiter = { client, send, held: observer?.hold() };
    const length = recursion.later(this.#query, this.#reply, hasCookie, waiter);
    if (length === DROP) counters.bump(Counter.waitersDropped);
    return length;
  }

  #finishLate({ client, send, held }: Waiter): void {
    const late = this.#late;
    if (held !== undefined) this.#settings.observer?.resume(held);
    send(late.slice(0, this.#finish(client, true, late)));
  }

  #plain(rcode: number, client: Client, out: Bytes, recursionAvailable = false): number {
    this.#reply.rcode = rcode;
    return this.#finish(client, recursionAvailable, out);
  }

  #finish(client: Client, recursionAvailable: boolean, out: Bytes): number {
    const query = this.#query;
    const reply = this.#reply;
    const guard = this.#guard;
    if (reply.isSilent) return this.#drop();
    const verdict = guard.judge(query, client, reply);
    if (verdict === 'drop') return DROP;
    if (verdict !== 'send') {
      reply.hollow();
      if (verdict === 'bad-cookie') reply.rcode = Rcode.BADCOOKIE;
      else reply.isShort = true;
    }
    const limit = this.#bytesFor(client);
    const length = this.#finisher.finish(query, reply, recursionAvailable, limit, out, guard.options);
    this.#count(out);
    this.#settings.observer?.end(query, client, reply.rcode, out, length);
    return length;
  }

  #drop(): number {
    this.#settings.counters.bump(Counter.silenced);
    return DROP;
  }

  #bytesFor(client: Client): number {
    if (client.transport === 'tcp') return MESSAGE_BYTES_MAX;
    const { type, udpSize } = this.#query;
    return Math.min(udpSize, type === ANY ? ANY_UDP_BYTES_MAX : this.#guard.settings.udpBytes);
  }

  #count(out: Bytes): void {
    const { counters } = this.#settings;
    const { rcode, edeCode } = this.#reply;
    if (edeCode === STALE || edeCode === STALE_NXDOMAIN) counters.bump(Counter.stale);
    if (((out[2] as number) & 0x02) !== 0) counters.bump(Counter.truncated);
    if (rcode === NOERROR) counters.bump(answered);
    else if (rcode === Rcode.NXDOMAIN) counters.bump(Counter.absent);
    else if (rcode === Rcode.REFUSED) counters.bump(Counter.refused);
    else if (rcode === Rcode.SERVFAIL) counters.bump(Counter.failed);
    else if (rcode === Rcode.FORMERR) counters.bump(Counter.malformed);
    else if (rcode === Rcode.NOTIMP) counters.bump(Counter.unsupported);
    else if (rcode === Rcode.BADVERS) counters.bump(Counter.badVersion);
    else counters.bump(Counter.otherCode);
  }

  /** Our own mistake: this query gets SERVFAIL, and everything else goes on. */
  #apologise(bug: unknown, packet: Bytes, out: Bytes): number {
    this.#settings.counters.bump(Counter.bugs);
    this.#settings.counters.bump(Counter.failed);
    this.#settings.onBug(bug, packet);
    this.#reply.reset();
    this.#reply.rcode = Rcode.SERVFAIL;
    this.#query.read(packet, packet.length);
    return this.#finisher.finish(this.#query, this.#reply, false, UDP_BYTES_MAX, out);
  }
}

/** A number for what the answer is made of: the zone, and the RRset it begins with. Hardly ever 0. */
function sourceOf(zone: Image, { name }: Query, reply: Reply): number {
  const apex = name.hash[name.labels - zone.apexLabels] as number;
  if (reply.source !== 0) return (apex + reply.source) | 0; // What a pool is made into is not told apart.
  return reply.count === 0 ? apex : (apex + reply.blockAt(0)) | 0;
}
