/**
 * All that can be known without asking anybody, in the order in which it counts: our own zones, the hosts
 * file, local names, the cache, failures that are fresh; where nobody answers, what has expired. And what
 * replies add to it.
 */
import { IPV4_BYTES, IPV6_BYTES, ipText } from '../base/ip.ts';
import { STALE_RECHECK_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { Flag, type Message } from '../wire/message.ts';
import { equalNames, isWithin, labelCount, type Name, parentName, ROOT } from '../wire/name.ts';
import { rdatasOf, rrsetTtl } from '../wire/rrset.ts';
import { cnameFinding, dnameFinding } from './alias.ts';
import { Cache, Rank } from './cache.ts';
import { bounded, type Delegation, Delegations, type NameServer } from './delegation.ts';
import { Failures, failedBefore } from './failures.ts';
import { bound, type Freshness, type Staleness } from './freshness.ts';
import type { Hosts } from './hosts.ts';
import type { Source } from './journal.ts';
import type { LocalNames } from './local-names.ts';
import type { Minimisation } from './minimise.ts';
import { Outages } from './outages.ts';
import { type AnswerRrset, answered, denied, ended, type Finding, type Outcome } from './outcome.ts';
import { type OwnZones, ownFinding } from './own-zones.ts';
import { packed, unpack } from './packing.ts';
import { type Referral, withGlue } from './referral.ts';
import type { Denier, Scrubbed } from './scrub.ts';
import type { Servers } from './servers.ts';
import type { Shelf } from './shelf.ts';
import type { Asked } from './wish.ts';

export interface KnowledgeSettings {
  readonly rootHints: readonly NameServer[];
  readonly localRoot?: OwnZones;
  readonly neverQuery: { has(address: string): boolean };
  readonly cacheBytes: number;
  readonly localNames: LocalNames;
  readonly hosts: Hosts | undefined;
  readonly minimise: Minimisation;
  readonly freshness: Freshness;
}

/** RFC 4035 §4.2: the parent has the DS. */
const above = (name: Name, type: number): Name => (type === Type.DS ? parentName(name) : name);

/** Whether nobody further down than the root is known. */
const isRoots = (closest: Delegation | undefined): boolean =>
  closest === undefined || closest.cut.length === 1;

const isRootNs = ({ name, type }: Asked): boolean => name.length === 1 && type === Type.NS;

export class Knowledge {
  readonly servers: Servers;
  readonly hints: Delegation;
  readonly cache: Cache;
  readonly failures: Failures;
  readonly outages: Outages;
  readonly minimise: Minimisation;
  readonly #delegations: Delegations;
  readonly #settings: KnowledgeSettings;
  readonly #ownZones: OwnZones;
  readonly #world: World;

  constructor(settings: KnowledgeSettings, ownZones: OwnZones, servers: Servers, world: World) {
    this.#settings = settings;
    this.#ownZones = ownZones;
    this.#world = world;
    this.servers = servers;
    this.minimise = settings.minimise;
    this.hints = { cut: ROOT, servers: settings.rootHints, expiresMs: Number.POSITIVE_INFINITY };
    // Each its own share: a flood of failures, or of delegations, evicts no answer.
    this.cache = new Cache(settings.cacheBytes * 0.75, world);
    this.#delegations = new Delegations(settings.cacheBytes * 0.15, world);
    this.failures = new Failures(settings.cacheBytes * 0.1, world);
    this.outages = new Outages(world);
  }

  /** Whether it is for us to answer, or to say whom to ask. */
  isOurs(asked: Asked): boolean {
    const isOwn = this.#ownZones.ask(asked.name, asked.type).kind !== 'outside';
    return isOwn || this.#local(asked) !== undefined;
  }

  /**
   * Whether nobody outside has a say in it: what our zones hold or delegate, and the hosts file. All that is
   * below the root is delegated by a root zone of ours (RFC 8806), and still said by others.
   */
  isHome({ name, type }: Asked): boolean {
    const own = this.#ownZones.ask(name, type);
    if (own.kind === 'delegation') return labelCount(own.cut) > 1;
    return own.kind === 'answer' || this.#settings.hosts?.find(name, type) !== undefined;
  }

  #local({ name, type }: Asked): Outcome | undefined {
    return this.#settings.hosts?.find(name, type) ?? this.#settings.localNames.find(name, type);
  }

  /** Where `find` has it from. */
  sourceOf({ name, type }: Asked): Source {
    const own = this.#ownZones.ask(name, type);
    if (own.kind === 'answer') return 'own zone';
    if (own.kind === 'outside' && this.#settings.hosts?.find(name, type) !== undefined) return 'hosts file';
    if (own.kind === 'outside' && this.#settings.localNames.find(name, type) !== undefined)
      return 'local names';
    return this.failures.find(name, type) === undefined ? 'cache' : 'failed before';
  }

  find(asked: Asked): Finding | undefined {
    return this.held(asked) ?? this.failure(asked);
  }

  /** What was true until not long ago, for who gets no answer else (RFC 8767 §4). */
  expired({ name, type }: Asked, { maxAgeMs, ttl }: Staleness): Finding | undefined {
    const own = this.#ownZones.ask(name, type);
    return this.cache.findExpired(name, type, own.kind === 'delegation' ? own.cut : ROOT, maxAgeMs, ttl);
  }

  /** RFC 8767 §5: whether it was tried not long ago, in vain, so that nobody need wait for it again. */
  failedLately(asked: Asked): boolean {
    return (
      this.failures.isRecent(asked.name, asked.type, STALE_RECHECK_MS) ||
      (this.outages.areThere && this.outages.isOut(this.#cutFor(asked), asked.type))
    );
  }

  failure(asked: Asked): Finding | undefined {
    const failure = this.failures.find(asked.name, asked.type);
    if (failure !== undefined) return ended(failure);
    const why = this.outages.areThere ? this.outages.obstacle(this.#cutFor(asked), asked.type) : undefined;
    return why === undefined ? undefined : ended(failedBefore(why));
  }

  #cutFor(asked: Asked): Name {
    return (this.closest(asked) ?? this.hints).cut;
  }

  /** Without failures. */
  held(asked: Asked): Finding | undefined {
    const { name, type } = asked;
    const own = this.#ownZones.ask(name, type);
    if (own.kind === 'answer') return ownFinding(own.outcome, type);
    if (own.kind === 'outside') {
      const local = this.#local(asked);
      if (local !== undefined) return ended(local);
    }
    // RFC 9609 §2: to be primed is to know the root's servers, not just the answer that names them.
    if (!isRootNs(asked) || this.#delegations.at(ROOT) !== undefined) {
      // Whoever denies or renames what is above a zone of ours does not speak for it (LIMITS C10).
      const cached = this.cache.find(name, type, own.kind === 'delegation' ? own.cut : ROOT);
      if (cached !== undefined) return cached;
    }
    return own.kind === 'delegation' ? undefined : this.#toldByRoot(asked);
  }

  /** What the root would say, where its zone is here and it is the one to ask (RFC 8806). */
  #toldByRoot({ name, type }: Asked): Finding | undefined {
    const { localRoot } = this.#settings;
    if (localRoot === undefined || !isRoots(this.#delegations.closest(above(name, type)))) return undefined;
    const told = localRoot.ask(name, type);
    return told.kind === 'answer' ? ended(told.outcome) : undefined;
  }

  #referredByRoot({ name, type }: Asked): Delegation | undefined {
    const told = this.#settings.localRoot?.ask(name, type);
    if (told?.kind !== 'delegation') return undefined;
    const expiresMs = this.#world.nowMs() + 1000 * this.#settings.freshness.maxTtl;
    return { cut: told.cut, servers: told.servers, expiresMs };
  }

  /** Whether the servers of the zone said that the name is there, with records, as an alias, or empty. */
  exists({ name, type }: Asked, zone: Name): boolean {
    const known = this.cache.find(name, type, zone);
    if (known?.kind === 'end') return known.outcome.rcode === Rcode.NOERROR;
    return known?.links.every(({ owner }) => equalNames(owner, name)) === true;
  }

  /** Where to start asking; undefined where nothing is known, not even the root. */
  closest(asked: Asked): Delegation | undefined {
    const { name, type } = asked;
    const cached = this.#delegations.closest(above(name, type));
    const own = this.#ownZones.ask(name, type);
    if (own.kind !== 'delegation') return isRoots(cached) ? (this.#referredByRoot(asked) ?? cached) : cached;
    const isDeeper =
      cached !== undefined && cached.cut.length > own.cut.length && isWithin(cached.cut, own.cut);
    // Our own zones are asked every time, so that what they delegate holds until they say otherwise.
    return isDeeper ? cached : { cut: own.cut, servers: own.servers, expiresMs: Number.POSITIVE_INFINITY };
  }

  mayAsk(address: string): boolean {
    // `::ffff:127.0.0.1` is 127.0.0.1 in disguise (RFC 4291 §2.5.5.2), and no server has such an address.
    return !address.startsWith('::ffff:') && !this.#settings.neverQuery.has(address);
  }

  /** The server's addresses of one type that its own zone gives; undefined where that has to be found out. */
  addresses(server: Name, type: number): readonly string[] | undefined {
    const finding = this.find({ name: server, type });
    return finding && addressesIn(finding);
  }

  /** `above` is whose server referred us. */
  learnReferral({ cut, servers, ttl }: Referral, above: Delegation): Delegation {
    const seconds = Math.min(ttl, this.#settings.freshness.maxTtl);
    return this.#delegations.keep(cut, bounded(servers, this.#world), seconds, above);
  }

  /**
   * RFC 9520 §3.2: a dead zone's failure is not the name's. Neither is what a limit of ours ended: there its
   * asker decides.
   */
  learnFailure({ name, type }: Asked, zone: Name, { limited, ede }: Outcome): void {
    if (limited === 'moment') return;
    this.outages.failed(zone, type, ede);
    const isName = limited === undefined && !this.outages.isOut(zone, type);
    if (isName) this.failures.keep(name, type, ede);
  }

  /** Keeps what an answer, an alias or a denial says, and who said it; gives what it comes to. */
  learn(asked: Asked, message: Message, scrubbed: Scrubbed, from: string): Finding {
    const rank = (message.flags & Flag.AA) !== 0 ? Rank.AUTHORITATIVE : Rank.CLAIMED;
    const { name, type } = asked;
    this.failures.forgive(name, type);
    const { minTtl, maxTtl } = this.#settings.freshness;
    const { rrsets, link, soa } = scrubbed;
    if (rrsets.length > 0) {
      const answer = rrsets.map((block) => ({
        owner: name,
        block,
        ttl: bound(block, rrsetTtl(block, 0), minTtl, maxTtl),
      }));
      this.cache.keepData(name, type, rrsets, rank, from);
      if (isRootNs(asked)) this.#learnRoot(message);
      return ended(answered(answer));
    }
    if (link !== undefined) {
      const ttl = bound(link.block, rrsetTtl(link.block, 0), minTtl, maxTtl);
      this.cache.keepData(link.owner, link.type, [link.block], rank, from);
      if (link.type === Type.CNAME) return cnameFinding(name, link.block, ttl);
      return dnameFinding(name, link.owner, link.block, ttl);
    }
    const denier = soa && this.#negativeSoa(soa);
    const exists = message.rcode !== Rcode.NXDOMAIN;
    if (denier !== undefined) this.cache.keepDenial(name, exists ? type : 'whole name', denier, rank, from);
    return ended(denied(message.rcode, denier));
  }

  /** RFC 2308 §5: a denial lives for the lesser of the SOA's TTL and its MINIMUM. */
  #negativeSoa({ owner, block }: Denier): AnswerRrset {
    const { minTtl, maxNegativeTtl } = this.#settings.freshness;
    const rdata = rdatasOf(block)[0] as Uint8Array;
    const minimum = new DataView(rdata.buffer, rdata.byteOffset + rdata.length - 4).getUint32(0);
    const told = Math.min(rrsetTtl(block, 0), minimum);
    return { owner, block, ttl: bound(block, told, minTtl, maxNegativeTtl) };
  }

  /**
   * RFC 9609 §3: the primed set takes the place of the hints, for as long as it says. Addresses may be
   * missing from the reply (§4.2); where they all are, and the hints do not have them either, the set is of
   * no use.
   */
  #learnRoot({ answer, additional }: Message): void {
    const ns = answer.filter(({ type, owner }) => type === Type.NS && owner.length === 1);
    const primed = withGlue(ROOT, ns, additional, ROOT);
    const servers = primed.servers.map((server) =>
      server.addresses.length > 0 ? server : (this.#hinted(server.name) ?? server),
    );
    if (servers.every(({ addresses }) => addresses.length === 0)) return;
    this.learnReferral({ ...primed, servers }, this.hints);
  }

  #hinted(name: Name): NameServer | undefined {
    return this.hints.servers.find((server) => equalNames(server.name, name));
  }

  /** What others told, as bytes that can be kept; failures are soon forgotten anyway. */
  *packed(): Generator<Uint8Array, void, void> {
    for (const [which, shelf] of this.#kept.entries()) yield* packed(shelf, which);
  }

  /** Takes such bytes, so long after they were packed; says how many facts there were. */
  unpack(bytes: Uint8Array, awayMs: number): number {
    return unpack(bytes, this.#kept, awayMs);
  }

  get #kept(): readonly Shelf[] {
    return [this.#delegations.shelf, this.cache.shelf];
  }

  /** Everything, or what is known of such names; how servers behave is nothing that is known of names. */
  forget(isDoomed?: (name: Name) => boolean): void {
    this.cache.clear(isDoomed);
    this.failures.clear(isDoomed);
    this.outages.clear();
    this.#delegations.clear(isDoomed);
    if (isDoomed === undefined) this.servers.clear();
  }
}

/** RFC 2181 §10.3: a server's name is no alias, so what an alias leads to is nobody's address. */
export function addressesIn(finding: Finding): string[] {
  if (finding.kind === 'alias' || finding.outcome.rcode !== Rcode.NOERROR) return [];
  return finding.outcome.answer
    .flatMap(({ block }) => rdatasOf(block))
    .filter(({ length }) => length === IPV4_BYTES || length === IPV6_BYTES)
    .map(ipText);
}
