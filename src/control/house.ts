/**
 * The server as one thing that can be given new settings and new zones while it answers: pipeline, resolver,
 * and what both look at. A reload swaps references; a query in hand ends with what it began with.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Identity } from '../answer/chaos.ts';
import { toHex } from '../base/bytes.ts';
import type { Counters } from '../base/counters.ts';
import type { Histograms } from '../base/histogram.ts';
import type { PrefixSet } from '../base/prefix.ts';
import type { World } from '../base/world.ts';
import { LOCAL_NAMES_DEFAULT } from '../resolver/local-names.ts';
import { Recursor } from '../resolver/recursor.ts';
import { Observer, SELF } from '../server/observer.ts';
import { ownZones } from '../server/own-zones.ts';
import { Pipeline, type PipelineSettings } from '../server/pipeline.ts';
import { localAddresses } from '../transport/addresses.ts';
import { socketUpstream } from '../transport/upstream.ts';
import type { BugLog } from './bugs.ts';
import { type FrontSettings, type PostedSighting, unpackSighting } from './front-letters.ts';
import { GuardPost } from './guard-post.ts';
import type { GuardTerms } from './guard-terms.ts';
import { keepHeapSmall } from './heap.ts';
import type { LimitNote } from './limit-notes.ts';
import type { Loadout } from './load.ts';
import type { Log } from './log.ts';
import type { Standing } from './metrics.ts';
import { openQueryLog, type QueryLog } from './query-log.ts';
import { prefixSet, type Settings } from './settings.ts';
import { VERSION } from './version.ts';

export interface Ground {
  readonly world: World;
  readonly counters: Counters;
  /** How long answers take, by `latencyRow`. */
  readonly latency: Histograms;
  readonly log: Log;
  readonly bugs: BugLog;
}

interface ForFronts {
  readonly settings: FrontSettings;
  readonly images: SharedArrayBuffer[];
  readonly stop: false;
}

/** Decided when the doors are opened. */
const RESTART_KEYS = ['listen', 'threads', 'tcp', 'http', 'user', 'group'] as const;

export class House {
  readonly pipeline: Pipeline;
  readonly #ground: Ground;
  readonly #upstream: ReturnType<typeof socketUpstream>;
  readonly #guardPost: GuardPost;
  /** The settings that the doors are opened with. */
  readonly #atStart: Settings;
  #settings: Settings;
  #loadout: Loadout;
  #neverQuery: PrefixSet;
  #recursor: Recursor | undefined;
  #queryLog: QueryLog | undefined;
  #follower: ((published: Partial<ForFronts>) => void) | undefined;

  constructor(settings: Settings, loadout: Loadout, ground: Ground) {
    this.#ground = ground;
    this.#settings = settings;
    this.#atStart = settings;
    this.#loadout = loadout;
    this.#neverQuery = neverQuery(settings);
    this.#guardPost = new GuardPost(ground.world, ground.log.logger);
    this.#upstream = socketUpstream(ground.world, ground.counters);
    this.#recursor = this.#newRecursor();
    this.#queryLog = this.#newQueryLog();
    this.pipeline = new Pipeline({
      ...this.#pipelineSettings(),
      recursor: this.#recursor,
      observer: this.#newObserver(),
      counters: ground.counters,
      onBug: (bug, packet) => ground.bugs.tell(bug, { packet: toHex(packet) }),
    });
  }

  get catalog(): Loadout['catalog'] {
    return this.#loadout.catalog;
  }

  get zones(): Loadout['zones'] {
    return this.#loadout.zones;
  }

  /** Takes effect with the next query. Gives the keys whose change has to wait for a restart. */
  apply(settings: Settings, loadout: Loadout): string[] {
    const before = { settings: this.#settings, loadout: this.#loadout };
    this.#settings = settings;
    this.#loadout = loadout;
    this.#neverQuery = neverQuery(settings);
    this.#ground.log.reconfigure(settings.log);
    const isWalkNew = !isDeepStrictEqual(walkSettings(before), walkSettings({ settings, loadout }));
    if (isWalkNew) this.#recursor = this.#newRecursor();
    this.pipeline.reconfigure({
      ...this.#pipelineSettings(),
      ...(isWalkNew ? { recursor: this.#recursor } : {}),
    });
    if (!isDeepStrictEqual(settings.log.queries, before.settings.log.queries)) this.#logQueriesAnew();
    this.pipeline.publish(loadout.catalog);
    this.#follower?.(this.forFronts());
    return RESTART_KEYS.filter((key) => !isDeepStrictEqual(settings[key], before.settings[key]));
  }

  /** Who is told everything now, and then every change. */
  follow(follower: (published: Partial<ForFronts>) => void): void {
    this.#follower = follower;
    follower(this.forFronts());
  }

  /** What other threads need to answer as this one does. */
  forFronts(): ForFronts {
    const images = this.catalog.images.map(({ buffer }) => buffer);
    return { settings: this.#frontSettings(), images, stop: false };
  }

  /** The machine has other addresses than before. */
  noteAddresses(): void {
    this.#neverQuery = neverQuery(this.#settings);
    this.pipeline.reconfigure({ guard: this.#guardPost.settings(this.#guardTerms()) });
    this.#follower?.({ settings: this.#frontSettings() });
  }

  /** A front limits somebody. */
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

  standing(): Pick<Standing, 'catalog' | 'cache' | 'resolutions'> {
    return {
      catalog: this.catalog,
      cache: this.#recursor?.cacheSize ?? { entries: 0, bytes: 0 },
      resolutions: this.#recursor?.inFlight ?? 0,
    };
  }

  async close(): Promise<void> {
    this.#upstream.close();
    await this.#queryLog?.close();
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

  #identity(): Identity {
    const { version, hostname, id } = this.#settings.identity;
    return { version: version || undefined, hostname: hostname || undefined, id: id || undefined };
  }

  #frontSettings(): FrontSettings {
    const { recursion, log, http } = this.#settings;
    const { allow, enabled: offersRecursion } = recursion;
    const watching = {
      isTimed: http.listen !== false,
      logEvery: log.queries === false ? undefined : log.queries.every,
    };
    return { offersRecursion, allow, chaos: this.#identity(), watching, guard: this.#guardTerms() };
  }

  #pipelineSettings(): Pick<PipelineSettings, 'catalog' | 'mayRecurse' | 'chaos' | 'guard'> {
    return {
      catalog: this.#loadout.catalog,
      mayRecurse: prefixSet(this.#settings.recursion.allow),
      chaos: this.#identity(),
      guard: this.#guardPost.settings(this.#guardTerms()),
    };
  }

  #newRecursor(): Recursor | undefined {
    const { recursion } = this.#settings;
    if (!recursion.enabled) return undefined;
    keepHeapSmall();
    const { world, counters, bugs } = this.#ground;
    return new Recursor(
      {
        rootHints: this.#loadout.rootHints,
        neverQuery: { has: (address) => this.#neverQuery.has(address) },
        upstreamPort: recursion.upstreamPort,
        cacheBytes: recursion.cacheBytes,
        localNames: recursion.localNames ?? LOCAL_NAMES_DEFAULT,
        hosts: this.#loadout.hosts,
        clientMs: recursion.clientMs,
        useCaseRandomisation: true,
        onBug: (bug) => bugs.tell(bug),
      },
      world,
      this.#upstream,
      ownZones(() => this.#loadout.catalog),
      counters,
    );
  }
}

/** `own` are the addresses of the moment, without the scope, which a name server's address never has. */
function neverQuery({ recursion }: Settings): PrefixSet {
  const { own, prefixes } = recursion.neverQuery;
  return prefixSet(own ? [...prefixes, ...localAddresses()] : prefixes);
}

/**
 * What a resolver holds from its first day on: when that changes, another one takes its place, its cache
 * empty.
 */
function walkSettings({ settings, loadout }: { settings: Settings; loadout: Loadout }): object {
  const { allow: _, neverQuery: __, ...walk } = settings.recursion;
  return { ...walk, rootHints: loadout.rootHints, hosts: loadout.hostsText };
}

/** `id.server. CH TXT` (RFC 4892). */
const SELF_QUERY = Uint8Array.of(
  ...[0x6d, 0x65, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...Buffer.from('\x02id\x06server\x00', 'latin1'),
  ...[0, 16, 0, 3],
);
