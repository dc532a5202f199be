/**
 * A resolver as it can be posted to another thread: what one holds from its first day on. When that changes,
 * another one takes its place, its cache empty.
 */
import type { Counters } from '../base/counters.ts';
import { ANSWER_CACHE_SHARE } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Flattened } from '../pool/flattened.ts';
import type { Whereabouts } from '../pool/whereabouts.ts';
import type { NameServer } from '../resolver/delegation.ts';
import { parseHosts } from '../resolver/hosts.ts';
import { LOCAL_NAMES_DEFAULT } from '../resolver/local-names.ts';
import { Recursor, type RecursorSettings } from '../resolver/recursor.ts';
import { ownZones } from '../server/own-zones.ts';
import type { SocketUpstream } from '../transport/upstream.ts';
import type { Catalog } from '../zone/catalog.ts';
import type { Loadout } from './load.ts';
import type { Settings } from './settings.ts';

export interface WalkTerms
  extends Pick<
    RecursorSettings,
    | 'upstreamPort'
    | 'cacheBytes'
    | 'localNames'
    | 'clientMs'
    | 'minimise'
    | 'routes'
    | 'dns64'
    | 'clientSubnet'
    | 'freshness'
  > {
  readonly rootHints: readonly NameServer[];
  /** Read without complaints before. */
  readonly hostsText: string | undefined;
}

export function walkTerms(
  { recursion }: Settings,
  { rootHints, hostsText }: Pick<Loadout, 'rootHints' | 'hostsText'>,
): WalkTerms {
  const { upstreamPort, cacheBytes, localNames, clientMs, minimise } = recursion;
  const { freshness, routes, dns64, clientSubnet } = recursion;
  return {
    ...{ rootHints, hostsText, upstreamPort, clientMs, minimise, freshness, routes, clientSubnet },
    cacheBytes: Math.floor(cacheBytes * (1 - ANSWER_CACHE_SHARE)),
    localNames: localNames ?? LOCAL_NAMES_DEFAULT,
    dns64: dns64 && { prefix: dns64.prefix, exclude: dns64.exclude, ignore: dns64.ignore },
  };
}

interface Surroundings extends Pick<RecursorSettings, 'neverQuery' | 'onBug'> {
  readonly world: World;
  readonly upstream: SocketUpstream;
  readonly counters: Counters;
  readonly catalog: () => Catalog;
  /** The root zone, if there is a copy of it. */
  readonly rootCatalog: () => Catalog;
  /** Addresses of hosts that are members of pools of ours. */
  readonly hosts: () => Flattened | undefined;
  /** Where clients are. */
  readonly whereabouts: () => Whereabouts | undefined;
}

export function newRecursor({ hostsText, ...terms }: WalkTerms, around: Surroundings): Recursor {
  const { neverQuery, onBug, world, upstream, counters, catalog, rootCatalog } = around;
  const hosts = hostsText === undefined ? undefined : parseHosts(hostsText, 'hosts').hosts;
  const steering = {
    ...{ world, counters },
    get hosts() {
      return around.hosts();
    },
    get whereabouts() {
      return around.whereabouts();
    },
  };
  const localRoot = ownZones(rootCatalog, steering);
  const settings = { ...terms, hosts, localRoot, neverQuery, useCaseRandomisation: true, onBug };
  return new Recursor(settings, world, upstream, ownZones(catalog, steering), counters);
}
