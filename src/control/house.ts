/**
 * The server as one thing that can be given new settings and new zones while it answers: the pipeline of this
 * thread, and what other threads are told so that they answer as it does. A reload swaps references; a query
 * in hand ends with what it began with.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Identity } from '../answer/chaos.ts';
import { toHex } from '../base/bytes.ts';
import type { Counters } from '../base/counters.ts';
import type { Histograms } from '../base/histogram.ts';
import { ANSWER_CACHE_SHARE } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { LoadedPlaces } from '../pool/places-loader.ts';
import { RuleImage } from '../rules/image.ts';
import type { RuleTerms } from '../rules/rulebook.ts';
import { AnswerMemory } from '../server/answer-memory.ts';
import { AnswerReader } from '../server/answer-reader.ts';
import { Observer, SELF } from '../server/observer.ts';
import { Pipeline, type PipelineSettings } from '../server/pipeline.ts';
import { Tally } from '../server/tally.ts';
import { localAddresses } from '../transport/addresses.ts';
import type { Catalog } from '../zone/catalog.ts';
import type { Image, ImageVersion } from '../zone/image.ts';
import type { LoadedZone, Served } from '../zone/loader.ts';
import { rebuild } from '../zone/rebuild.ts';
import type { BugLog } from './bugs.ts';
import {
  type Changed,
  type FrontSettings,
  type PlacedImage,
  type PostedSighting,
  unpackSighting,
} from './front-letters.ts';
import { GuardPost } from './guard-post.ts';
import type { GuardTerms } from './guard-terms.ts';
import { HostPost } from './host-post.ts';
import type { LimitNote } from './limit-notes.ts';
import type { AllServed, Loadout } from './load.ts';
import type { Log } from './log.ts';
import type { RuleStanding } from './metrics.ts';
import { located } from './outpost.ts';
import type { HealthTerms } from './prober-letters.ts';
import { type ForProber, ownDoors } from './prober-thread.ts';
import { openQueryLog, type QueryLog } from './query-log.ts';
import type { ForResolver } from './resolver-thread.ts';
import { areSameRules, ruleTerms } from './rule-terms.ts';
import { prefixSet, type Settings } from './settings.ts';
import { VERSION } from './version.ts';
import { type WalkTerms, walkTerms } from './walk-terms.ts';
import { ZoneKeeper } from './zone-keeper.ts';

export interface Ground {
  readonly world: World;
  readonly counters: Counters;
  /** How long answers take, by `latencyRow`. */
  readonly latency: Histograms;
  readonly log: Log;
  readonly bugs: BugLog;
}

/** Decided when the doors are opened. */
const RESTART_KEYS = ['listen', 'threads', 'tcp', 'http', 'control', 'user', 'group'] as const;

export class House {
  readonly pipeline: Pipeline;
  /** Of this thread, and of those that are included; undefined where nobody is to count who asks for what. */
  readonly tally: Tally | undefined;
  readonly #ground: Ground;
  readonly #guardPost: GuardPost;
  /** The settings that the doors are opened with. */
  readonly #atStart: Settings;
  #settings: Settings;
  /** Not the zones: those change, and what was read would hold the memory of what they were. */
  #loadout: Omit<Loadout, 'catalog' | 'zones'>;
  #origins: Served['origins'];
  /** Zones change here, and are read anew while they cannot. */
  readonly zones: ZoneKeeper;
  readonly hosts: HostPost;
  #hostsTold: HostPost['table'];
  /** Undefined where recursion is off, and no host is a member of a pool. */
  #walk: WalkTerms | undefined;
  #rules: RuleTerms;
  #answers: ForResolver['answers'];
  #era = 1;
  #queryLog: QueryLog | undefined;
  #followers: Followers | undefined;

  constructor(settings: Settings, loadout: Loadout, ground: Ground) {
    this.#ground = ground;
    this.#settings = settings;
    this.#atStart = settings;
    const { catalog, zones, ...others } = loadout;
    this.#loadout = others;
    this.#origins = originsOf(zones);
    this.hosts = new HostPost(ground.world, ground.log.logger);
    this.zones = new ZoneKeeper(catalog, {
      publish: (zones, changed) => this.#publish(zones, changed),
      ready: (coming) => this.#flattened(coming),
      rebuild,
      slots: this.hosts.slots,
      onBug: (bug) => ground.bugs.tell(bug),
    });
    this.hosts.complain();
    this.#hostsTold = this.hosts.table;
    this.#guardPost = new GuardPost(ground.world, ground.log.logger);
    this.#walk = this.#walkTerms();
    this.#rules = ruleTerms(settings, loadout);
    this.#answers = settings.recursion.enabled ? this.#newAnswers(this.#era) : undefined;
    this.#queryLog = this.#newQueryLog();
    this.tally = settings.control.top ? new Tally(ground.world) : undefined;
    this.pipeline = new Pipeline({
      ...this.#pipelineSettings(),
      catalog: this.catalog,
      recursion: this.#recursion(),
      observer: this.#newObserver(),
      tally: this.tally,
      world: ground.world,
      counters: ground.counters,
      onBug: (bug, packet) => ground.bugs.tell(bug, { packet: toHex(packet) }),
    });
  }

  get settings(): Settings {
    return this.#settings;
  }

  get catalog(): Catalog {
    return this.zones.catalog;
  }

  /** Zones and rules, and what they were read from. */
  get served(): AllServed {
    const { rules, localRoot, places } = this.#loadout;
    return { catalog: this.catalog, origins: this.#origins, rules, localRoot, places };
  }

  /** Of each list, what it has and what it has done. */
  get ruleStandings(): readonly RuleStanding[] {
    return this.#rules.lists.map(({ name, image }) => {
      const { rules, answers } = new RuleImage(image);
      return { list: name, rules, answers, bytes: image.byteLength };
    });
  }

  /** What is known of where clients are; undefined where nothing is. */
  get places(): LoadedPlaces | undefined {
    return this.#loadout.places;
  }

  /**
   * Takes effect with the next query, zones that bring hosts to pools a little later: until then nothing else
   * changes. Gives the keys whose change has to wait for a restart.
   */
  async apply(settings: Settings, { catalog, zones, ...loadout }: Loadout): Promise<string[]> {
    const before = this.#settings;
    this.#settings = settings;
    this.#loadout = loadout;
    this.#origins = originsOf(zones);
    this.#ground.log.reconfigure(settings.log);
    this.#adjustAnswers(before, catalog);
    await this.zones.adopt(catalog, new Map(zones.map(({ image, changes }) => [image, changes])));
    this.pipeline.reconfigure({ ...this.#pipelineSettings(), recursion: this.#recursion() });
    if (!isDeepStrictEqual(settings.log.queries, before.log.queries)) this.#logQueriesAnew();
    const late = RESTART_KEYS.filter((key) => !isDeepStrictEqual(settings[key], before[key]));
    return settings.pools.state === before.pools.state ? late : [...late, 'pools.state'];
  }

  /** Who are told everything now, and then every change. */
  follow(followers: Followers): void {
    this.#followers = followers;
    followers.all(this.forThreads());
  }

  /** What other threads need to answer as this one does, and to find out what it does not know. */
  forThreads(): ForThreads {
    const images = this.catalog.images.map(versionOf);
    const [settings, answers, walk] = [this.#frontSettings(), this.#answers, this.#walk];
    const learnedFile = this.#settings.cache.learned;
    const localRoot = this.#localRoot();
    return {
      settings,
      images,
      answers,
      walk,
      neverQuery: neverQuery(this.#settings),
      learnedFile,
      localRoot,
      rules: this.#rules,
      health: this.#healthTerms(),
      whereabouts: this.#loadout.places?.table,
      hosts: this.hosts.table?.memory,
      stop: false,
    };
  }

  /** The machine has other addresses than before. */
  noteAddresses(): void {
    this.pipeline.reconfigure({ guard: this.#guardPost.settings(this.#guardTerms()) });
    const health = this.#healthTerms();
    this.#followers?.all({ settings: this.#frontSettings(), neverQuery: neverQuery(this.#settings), health });
  }

  /** Another thread limits somebody. */
  noteLimited(note: LimitNote): void {
    this.#guardPost.hear(note);
  }

  /**
   * Asks itself something that needs no zone: an answer of any kind shows that the walk through the house
   * works.
   */
  answersItself(): boolean {
    const out = new Uint8Array(SELF_QUERY.length + 512);
    const length = this.pipeline.answer(SELF_QUERY.slice(), SELF_QUERY.length, SELF, out, () => {});
    return length >= SELF_QUERY.length && ((out[2] as number) & 0x80) !== 0;
  }

  /** Files that were moved away are written anew. */
  reopenLogs(): void {
    this.#queryLog?.reopen();
  }

  /** Of queries that other threads answered. */
  logSightings(posted: readonly PostedSighting[]): void {
    for (const each of posted) this.#queryLog?.take(unpackSighting(each));
  }

  close(): Promise<void> {
    return this.#queryLog?.close() ?? Promise.resolve();
  }

  /**
   * What was kept may contradict the zones or the rules of now: an alias that others told of may lead to one
   * of ours. Or it was found out in another way than from now on. Then it is another era.
   */
  #adjustAnswers(before: Settings, coming: Catalog): void {
    const walk = this.#walkTerms();
    const isWalkNew = !isDeepStrictEqual(walk, this.#walk);
    const rules = ruleTerms(this.#settings, this.#loadout);
    const isNew = isWalkNew || !areSameRules(rules, this.#rules) || apexes(coming) !== apexes(this.catalog);
    this.#walk = walk;
    this.#rules = rules;
    if (!isNew) return;
    const era = this.#era + 1;
    this.#era = era;
    if (!this.#settings.recursion.enabled) this.#answers = undefined;
    else if (this.#answers && before.recursion.cacheBytes === this.#settings.recursion.cacheBytes)
      this.#answers = { ...this.#answers, era };
    else this.#answers = this.#newAnswers(era);
  }

  #newAnswers(era: number): ForResolver['answers'] {
    const bytes = Math.floor(this.#settings.recursion.cacheBytes * ANSWER_CACHE_SHARE);
    return { memory: AnswerMemory.make(bytes, this.#ground.world), era };
  }

  #recursion(): PipelineSettings['recursion'] {
    const { world } = this.#ground;
    const answers = this.#answers;
    return answers && { answers: new AnswerReader(answers.memory, answers.era, () => world.nowMs()) };
  }

  #localRoot(): ForResolver['localRoot'] {
    const { localRoot } = this.#loadout;
    if (localRoot === undefined) return undefined;
    const { zone, untilSeconds } = localRoot;
    return { image: versionOf(zone.image), untilSeconds };
  }

  /** To all who answer from zones; of one zone that changed, that one. */
  #publish(catalog: Catalog, image: PlacedImage | undefined): void {
    this.hosts.complain();
    const { table } = this.hosts;
    const isFirst = table !== this.#hostsTold;
    if (isFirst) {
      // From the first host on there is a table, and a resolver that fills it.
      this.#hostsTold = table;
      this.#walk ??= this.#walkTerms();
      this.pipeline.reconfigure({ hosts: table });
    }
    this.pipeline.publish(catalog);
    this.#followers?.all(image === undefined || isFirst ? this.forThreads() : { image });
  }

  /**
   * Nobody is to be told that the addresses of a new host are not known yet. The resolver thread looks for
   * them in the zones that come, where hosts may have their names; others answer from those served as yet.
   */
  async #flattened(coming: Catalog): Promise<void> {
    if (this.#followers === undefined || !this.hosts.awaits(coming.images, this.catalog.images)) return;
    this.#walk ??= this.#walkTerms();
    this.#followers.ahead({ ...this.forThreads(), images: coming.images.map(versionOf) });
    await this.hosts.found(coming.images, this.catalog.images);
  }

  #walkTerms(): WalkTerms | undefined {
    const isWanted = this.#settings.recursion.enabled || this.hosts.table !== undefined;
    return isWanted ? walkTerms(this.#settings, this.#loadout) : undefined;
  }

  #logQueriesAnew(): void {
    const old = this.#queryLog?.close();
    this.#queryLog = this.#newQueryLog(old);
    this.pipeline.reconfigure({ observer: this.#newObserver() });
  }

  #newQueryLog(after?: Promise<void>): QueryLog | undefined {
    const { queries } = this.#settings.log;
    if (queries === false) return undefined;
    const { world, counters, log } = this.#ground;
    const identity = this.#settings.identity.id || undefined;
    const speaker = { identity, version: `cairn ${VERSION}` };
    return openQueryLog(queries, { world, counters, logger: log.logger, speaker }, after);
  }

  #newObserver(): Observer | undefined {
    const { world, latency } = this.#ground;
    const timed = this.#settings.http.listen === false ? undefined : latency;
    return timed || this.#queryLog ? new Observer(world, timed, this.#queryLog) : undefined;
  }

  #guardTerms(): GuardTerms {
    const { listen, tcp } = this.#atStart;
    return this.#guardPost.terms(this.#settings, listen, tcp.idleMs);
  }

  #healthTerms(): HealthTerms {
    const { checks, probes } = this.#settings;
    const { listen, http } = this.#atStart;
    return { checks, probes, doors: ownDoors(listen, http.listen) };
  }

  #identity(): Identity {
    const { version, hostname, id } = this.#settings.identity;
    return { version: version || undefined, hostname: hostname || undefined, id: id || undefined };
  }

  #frontSettings(): FrontSettings {
    const { recursion, log, http } = this.#settings;
    const { allow, dns64 } = recursion;
    const watching = {
      isTimed: http.listen !== false,
      logEvery: log.queries === false ? undefined : log.queries.every,
    };
    const ipv6Only = dns64?.clients;
    const { showTo: showPoolsTo } = this.#settings.pools;
    return { allow, ipv6Only, showPoolsTo, chaos: this.#identity(), watching, guard: this.#guardTerms() };
  }

  #pipelineSettings(): Pick<
    PipelineSettings,
    'mayRecurse' | 'ipv6Only' | 'showPoolsTo' | 'chaos' | 'guard' | 'whereabouts' | 'hosts'
  > {
    const { allow, dns64 } = this.#settings.recursion;
    return {
      ...located(this.#loadout.places?.table),
      hosts: this.hosts.table,
      mayRecurse: prefixSet(allow),
      ipv6Only: dns64 && prefixSet(dns64.clients),
      showPoolsTo: prefixSet(this.#settings.pools.showTo),
      chaos: this.#identity(),
      guard: this.#guardPost.settings(this.#guardTerms()),
    };
  }
}

/** What all threads are told together. */
export type ForThreads = ForResolver & ForProber;

export interface Followers {
  readonly all: (published: Changed<ForThreads>) => void;
  /** For the resolver thread alone, before all are told the same. */
  readonly ahead: (published: ForThreads) => void;
}

const originsOf = (zones: readonly LoadedZone[]): Served['origins'] =>
  new Map(zones.map(({ image, origin }) => [image.apexText, origin]));

const versionOf = ({ buffer, end, plan }: Image): ImageVersion => ({ buffer, end, plan });

/** `own` are the addresses of the moment, without the scope, which a name server's address never has. */
function neverQuery({ recursion }: Settings): readonly string[] {
  const { own, prefixes } = recursion.neverQuery;
  return own ? [...prefixes, ...localAddresses()] : prefixes;
}

const apexes = ({ images }: Catalog): string =>
  images
    .map(({ klass, apexText }) => `${klass} ${apexText}`)
    .sort()
    .join();

/** `id.server. CH TXT` (RFC 4892). */
const SELF_QUERY = Uint8Array.of(
  ...[0x6d, 0x65, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...Buffer.from('\x02id\x06server\x00', 'latin1'),
  ...[0, 16, 0, 3],
);
