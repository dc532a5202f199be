/**
 * All that can be known without asking anybody, in the order in which it counts: our own zones, the hosts
 * file, local names, the cache, failures that are fresh; where nobody answers, what has expired. And what
 * replies add to it.
 */
import { STALE_RECHECK_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { Flag, type Message } from '../wire/message.ts';
import { isWithin, labelCount, type Name, parentName, ROOT } from '../wire/name.ts';
import { rrsetTtl } from '../wire/rrset.ts';
import { cnameFinding, dnameFinding } from './alias.ts';
import { Cache, Rank } from './cache.ts';
import { type ClientSubnetSettings, ClientSubnets, type Subnet, subnetKey } from './client-subnet.ts';
import type { Crowds } from './crowds.ts';
import { bounded, type Delegation, Delegations, type NameServer, type Place } from './delegation.ts';
import { Failures, failedBefore } from './failures.ts';
import { bound, boundDenial, type Freshness, type Staleness } from './freshness.ts';
import type { Hosts } from './hosts.ts';
import type { Source } from './journal.ts';
import type { LocalNames } from './local-names.ts';
import type { Minimisation } from './minimise.ts';
import { Outages } from './outages.ts';
import { addressesIn, answered, denied, ended, type Finding, type Outcome } from './outcome.ts';
import { type OwnFinding, type OwnZones, ownFinding } from './own-zones.ts';
import { packed, shelvesOf, unpack } from './packing.ts';
import { primedBy, type Referral } from './referral.ts';
import { RootCopy } from './root-copy.ts';
import { placeOf, type Route, Routes, stubOf } from './routes.ts';
import type { Scrubbed } from './scrub.ts';
import type { Servers } from './servers.ts';
import type { Asked } from './wish.ts';

export interface KnowledgeSettings {
  readonly rootHints: readonly NameServer[];
  readonly localRoot?: OwnZones;
  readonly neverQuery: { has(address: string): boolean };
  readonly cacheBytes: number;
  readonly localNames: LocalNames;
  readonly hosts: Hosts | undefined;
  readonly minimise: Minimisation;
  /** Whom to ask for some names, if not whoever is delegated to. */
  readonly routes?: readonly Route[];
  /** Absent where nobody is told of clients' networks. */
  readonly clientSubnet?: ClientSubnetSettings | undefined;
  readonly freshness: Freshness;
}

/** RFC 4035 §4.2: the parent has the DS. */
const above = (name: Name, type: number): Name => (type === Type.DS ? parentName(name) : name);

/** Whether nobody further down than the root is known. */
const isRoots = (closest: Delegation | undefined): boolean =>
  closest === undefined || closest.cut.length === 1;

/**
 * Who denies or renames what is above a zone of ours, or one with servers of its own, does not speak for it
 * (LIMITS C10).
 */
function topOf(own: OwnFinding, route: Route | undefined): Name {
  const cut = own.kind === 'delegation' ? own.cut : ROOT;
  return route !== undefined && route.apex.length > cut.length ? route.apex : cut;
}

const isRootNs = ({ name, type }: Asked): boolean => name.length === 1 && type === Type.NS;

export class Knowledge {
  readonly servers: Servers;
  readonly crowds: Crowds;
  readonly hints: Delegation;
  readonly cache: Cache;
  readonly delegations: Delegations;
  readonly failures: Failures;
  readonly outages: Outages;
  readonly minimise: Minimisation;
  readonly routes: Routes;
  readonly subnets: ClientSubnets | undefined;
  readonly #settings: KnowledgeSettings;
  readonly #ownZones: OwnZones;
  readonly #rootCopy: RootCopy | undefined;
  readonly #world: World;

  constructor(
    settings: KnowledgeSettings,
    ownZones: OwnZones,
    servers: Servers,
    crowds: Crowds,
    world: World,
  ) {
    this.#settings = settings;
    this.#ownZones = ownZones;
    this.#world = world;
    this.servers = servers;
    this.crowds = crowds;
    this.minimise = settings.minimise;
    this.routes = new Routes(settings.routes ?? []);
    this.hints = { cut: ROOT, servers: settings.rootHints, expiresMs: Number.POSITIVE_INFINITY };
    // Each its own share: a flood of failures, or of delegations, evicts no answer.
    const tailored = settings.clientSubnet === undefined ? 0 : 0.25;
    this.cache = new Cache(settings.cacheBytes * (0.75 - tailored), world);
    this.delegations = new Delegations(
      settings.cacheBytes * 0.1,
      settings.freshness.stale?.maxAgeMs ?? 0,
      world,
    );
    this.failures = new Failures(settings.cacheBytes * 0.1, world);
    this.outages = new Outages(world);
    this.#rootCopy = settings.localRoot && new RootCopy(settings.localRoot, settings.freshness, world);
    this.subnets =
      settings.clientSubnet &&
      new ClientSubnets(settings.clientSubnet, settings.cacheBytes * tailored, world);
  }

  /** Whether what is found for one holds for the other, who asks the same, of perhaps another network. */
  isForBoth(one: Asked, other: Asked): boolean {
    if (this.subnets?.covers(one.name) !== true || one.subnet === other.subnet) return true;
    return one.subnet !== undefined && other.subnet !== undefined
      ? subnetKey(one.subnet) === subnetKey(other.subnet)
      : false;
  }

  /** Whether it is for us to answer, or to say whom to ask. */
  isOurs(asked: Asked): boolean {
    const isOwn = this.#ownZones.ask(asked.name, asked.type).kind !== 'outside';
    return isOwn || this.#local(asked, this.routes.of(asked)) !== undefined;
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

  #local({ name, type }: Asked, route: Route | undefined): Outcome | undefined {
    const { hosts, localNames } = this.#settings;
    return hosts?.find(name, type) ?? localNames.find(name, type, route?.apex.length);
  }

  /** Where `find` has it from. */
  sourceOf(asked: Asked): Source {
    const { name, type } = asked;
    const own = this.#ownZones.ask(name, type);
    if (own.kind === 'answer') return { from: 'own zone' };
    if (own.kind === 'outside' && this.#settings.hosts?.find(name, type) !== undefined)
      return { from: 'hosts file' };
    if (own.kind === 'outside' && this.#local(asked, this.routes.of(asked)) !== undefined)
      return { from: 'local names' };
    if (this.subnets?.find(asked) !== undefined) return { from: 'cache' };
    const standing = this.cache.standingOf(name, type);
    if (standing !== undefined) return { from: 'cache', standing };
    return { from: this.held(asked) === undefined ? 'failed before' : 'local root' };
  }

  find(asked: Asked): Finding | undefined {
    return this.held(asked) ?? this.failure(asked);
  }

  /** What was true until not long ago, for who gets no answer else (RFC 8767 §4). */
  expired(asked: Asked, { maxAgeMs, ttl }: Staleness): Finding | undefined {
    const { name, type } = asked;
    const top = topOf(this.#ownZones.ask(name, type), this.routes.of(asked));
    return this.cache.findExpired(name, type, top, maxAgeMs, ttl);
  }

  /** RFC 8767 §5: whether it was tried not long ago, in vain, so that nobody need wait for it again. */
  failedLately(asked: Asked): boolean {
    return (
      this.failures.isRecent(asked.name, asked.type, STALE_RECHECK_MS) ||
      (this.outages.areThere && this.outages.isOut(this.#placeFor(asked), asked.type))
    );
  }

  failure(asked: Asked): Finding | undefined {
    const failure = this.failures.find(asked.name, asked.type);
    if (failure !== undefined) return ended(failure);
    const why = this.outages.areThere ? this.#obstacle(asked) : undefined;
    return why === undefined ? undefined : ended(failedBefore(why));
  }

  #obstacle(asked: Asked): string | undefined {
    const place = this.#placeFor(asked);
    const why = this.outages.obstacle(place, asked.type);
    const lapsed = why === undefined ? undefined : this.lapsed(asked, place);
    return lapsed === undefined ? why : this.outages.obstacle(lapsed, asked.type);
  }

  /**
   * Whom the servers of `place`, who do not answer, have delegated to until not long ago, where what has
   * expired may be used (RFC 8767 §4). What its servers hand down does not outlive the walk.
   */
  lapsed(asked: Asked, { cut, route }: Place): Delegation | undefined {
    if (route?.how === 'forward') return undefined;
    const lapsed = this.delegations.lapsed(above(asked.name, asked.type), cut);
    const isOnTheWay =
      lapsed !== undefined && this.routes.isOneWay({ name: lapsed.cut, type: Type.NS }, asked);
    return isOnTheWay ? lapsed : undefined;
  }

  #placeFor(asked: Asked): Place {
    return this.closest(asked) ?? this.hints;
  }

  /** Without failures. */
  held(asked: Asked): Finding | undefined {
    const { name, type } = asked;
    const own = this.#ownZones.ask(name, type);
    if (own.kind === 'answer') return ownFinding(own.outcomeFor(asked.network), type);
    const route = this.routes.of(asked);
    if (own.kind === 'outside') {
      const local = this.#local(asked, route);
      if (local !== undefined) return ended(local);
    }
    const tailored = this.subnets?.find(asked);
    if (tailored !== undefined) return tailored;
    // RFC 9609 §2: to be primed is to know the root's servers, not just the answer that names them.
    if (!isRootNs(asked) || !this.mayPrime || this.delegations.at(ROOT) !== undefined) {
      const cached = this.cache.find(name, type, topOf(own, route));
      if (cached !== undefined) return cached;
    }
    const isRoutes = own.kind === 'delegation' || (route !== undefined && route.how !== 'iterate');
    return isRoutes ? undefined : this.#toldByRoot(asked);
  }

  /** What the root would say, where its zone is here and it is the one to ask (RFC 8806). */
  #toldByRoot(asked: Asked): Finding | undefined {
    const { name, type } = asked;
    if (this.#rootCopy === undefined || !isRoots(this.delegations.closest(above(name, type))))
      return undefined;
    return this.#rootCopy.answer(asked);
  }

  /** Whether it was said that the name is there, with records, as an alias, or empty. */
  exists({ name, type }: Asked): boolean {
    return this.cache.exists(name, type);
  }

  /** Whether the root's servers are asked for themselves, and not somebody in their place. */
  get mayPrime(): boolean {
    return (this.routes.of({ name: ROOT, type: Type.NS })?.how ?? 'iterate') === 'iterate';
  }

  /**
   * Where to start asking; undefined where nothing is known, not even the root. `unforwarded`: as if nobody
   * resolved for us.
   */
  closest(asked: Asked, unforwarded = false): Delegation | undefined {
    const { name, type } = asked;
    const own = this.#ownZones.ask(name, type);
    const rule = this.routes.of(asked);
    const isRuled = own.kind !== 'delegation' || (rule?.apex.length ?? 0) >= own.cut.length;
    const route = isRuled ? rule : undefined;
    if (route?.how === 'forward' && !unforwarded) return placeOf(route);
    const cached = this.#delegated(asked, route);
    // Its servers are the operator's to name, and never the parent's; below, they delegate themselves.
    if (route?.how === 'stub') {
      return cached !== undefined && cached.cut.length > route.apex.length ? cached : placeOf(route);
    }
    if (own.kind !== 'delegation')
      return isRoots(cached) ? (this.#rootCopy?.referral(asked) ?? cached) : cached;
    const isDeeper =
      cached !== undefined && cached.cut.length > own.cut.length && isWithin(cached.cut, own.cut);
    // Our own zones are asked every time, so that what they delegate holds until they say otherwise.
    return isDeeper ? cached : { cut: own.cut, servers: own.servers, expiresMs: Number.POSITIVE_INFINITY };
  }

  /** The deepest cut that is known, but for what the servers of other stub zones delegated. */
  #delegated({ name, type }: Asked, route: Route | undefined): Delegation | undefined {
    let known = this.delegations.closest(above(name, type));
    while (known !== undefined) {
      const stub = stubOf(this.routes.of({ name: known.cut, type: Type.NS }));
      if (stub === undefined || stub === route) return known;
      known = this.delegations.closest(parentName(stub.apex));
    }
    return undefined;
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

  /** `above` is whose server referred us on the way to `asked`. */
  learnReferral(referral: Referral, above: Delegation, asked?: Asked): Delegation {
    const { cut, servers, ttl } = referral;
    const chosen = bounded(servers, this.#world);
    const seconds = Math.min(ttl, this.#settings.freshness.maxTtl);
    const atCut = { name: cut, type: Type.NS };
    const stub = stubOf(this.routes.of(atCut));
    if (stub === undefined || stub === this.routes.of(asked ?? atCut))
      return this.delegations.keep(cut, chosen, seconds, above);
    return { cut, servers: chosen, expiresMs: above.expiresMs };
  }

  /**
   * RFC 9520 §3.2: a dead zone's failure is not the name's. Neither is what a limit of ours ended: there its
   * asker decides. `isEnd`: there is nobody else to ask for the name.
   */
  learnFailure({ name, type }: Asked, place: Place, { limited, ede }: Outcome, isEnd = true): void {
    if (limited === 'moment') return;
    this.outages.failed(place, type, ede);
    const isName = isEnd && limited === undefined && !this.outages.isOut(place, type);
    if (isName) this.failures.keep(name, type, ede);
  }

  /**
   * Keeps what an answer, an alias or a denial says, and who said it; gives what it comes to. It was heard on
   * the way to `wanted`.
   */
  learn(asked: Asked, message: Message, scrubbed: Scrubbed, from: string, wanted = asked): Finding {
    const { name, type } = asked;
    const owner = scrubbed.link?.owner ?? name;
    const isKept = this.routes.isOneWay({ name: owner, type }, wanted);
    const rank = (message.flags & Flag.AA) !== 0 ? Rank.AUTHORITATIVE : Rank.CLAIMED;
    this.failures.forgive(name, type);
    const { minTtl, maxTtl } = this.#settings.freshness;
    const { rrsets, link, soa, scope } = scrubbed;
    const isForAll = isKept && scope === undefined;
    if (rrsets.length > 0) {
      const answer = rrsets.map((block) => ({
        owner: name,
        block,
        ttl: bound(block, rrsetTtl(block, 0), minTtl, maxTtl),
      }));
      if (isForAll) this.cache.keepData(name, type, rrsets, rank, from);
      if (isRootNs(asked) && this.mayPrime) this.#learnRoot(message);
      return this.#tailored(asked, scope, ended(answered(answer)));
    }
    if (link !== undefined) {
      const ttl = bound(link.block, rrsetTtl(link.block, 0), minTtl, maxTtl);
      if (isForAll) this.cache.keepData(link.owner, link.type, [link.block], rank, from);
      const isCname = link.type === Type.CNAME;
      const finding = isCname
        ? cnameFinding(name, link.block, ttl)
        : dnameFinding(name, link.owner, link.block, ttl);
      return this.#tailored(asked, scope, finding);
    }
    // RFC 7871 §7.4: an absence holds for everybody.
    const denier = soa && { ...soa, ttl: boundDenial(soa.block, this.#settings.freshness) };
    const exists = message.rcode !== Rcode.NXDOMAIN;
    if (denier !== undefined && isKept)
      this.cache.keepDenial(name, exists ? type : 'whole name', denier, rank, from);
    return ended(denied(message.rcode, denier));
  }

  /** Keeps the finding for those for whom it is, if that is not everybody. */
  #tailored(asked: Asked, scope: Subnet | undefined, finding: Finding): Finding {
    if (scope !== undefined) this.subnets?.keep(asked, scope, finding);
    return finding;
  }

  /** RFC 9609 §3: the primed set takes the place of the hints, for as long as it says. */
  #learnRoot(message: Message): void {
    const primed = primedBy(message, this.hints.servers);
    if (primed !== undefined) this.learnReferral(primed, this.hints);
  }

  /** What others told, as bytes that can be kept; failures are soon forgotten anyway. */
  packed(): Generator<Uint8Array, void, void> {
    return packed(shelvesOf(this.delegations, this.cache));
  }

  /** Takes such bytes, so long after they were packed; says how many facts there were. */
  unpack(bytes: Uint8Array, awayMs: number): number {
    this.delegations.readAnew();
    return unpack(bytes, shelvesOf(this.delegations, this.cache), awayMs);
  }

  /** Everything, or what is known of such names; how servers behave is nothing that is known of names. */
  forget(isDoomed?: (name: Name) => boolean): void {
    this.cache.clear(isDoomed);
    this.failures.clear(isDoomed);
    this.outages.clear();
    this.delegations.clear(isDoomed);
    this.subnets?.clear(isDoomed);
    if (isDoomed === undefined) this.servers.clear();
  }
}
