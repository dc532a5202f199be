/**
 * What `cairn serve` can be told, composed of what each room can be told. `schema.ts` makes it from
 * cairn.yaml and the flags; nobody below this floor reads a configuration. Plain values, so that two of them
 * can be compared. The defaults stand here, so that no file is needed.
 */
import { availableParallelism } from 'node:os';
import { assert } from '../base/assert.ts';
import {
  CACHE_BYTES_DEFAULT,
  CACHE_LINGER_SECONDS,
  CACHE_NEGATIVE_SECONDS_MAX,
  CACHE_TTL_SECONDS_MAX,
  CLIENT_MS_MAX,
  DRAIN_MS_MAX,
  FRONTS_MAX,
  RATE_LIMIT_PER_SECOND,
  RATE_LIMIT_SLIP,
  RATE_LIMIT_WINDOW_MS,
  STALE_TTL_SECONDS,
  STALE_WAIT_MS,
  TCP_CLIENTS_MAX,
  TCP_CLIENTS_PER_ADDRESS_MAX,
  TCP_IDLE_MS,
  UDP_BYTES_MAX,
} from '../base/limits.ts';
import { PrefixSet } from '../base/prefix.ts';
import type { Check, ProbeTerms } from '../health/check.ts';
import type { PlaceFile } from '../pool/places-loader.ts';
import type { ClientSubnetSettings } from '../resolver/client-subnet.ts';
import type { Dns64Settings } from '../resolver/dns64.ts';
import type { Freshness } from '../resolver/freshness.ts';
import type { Minimisation } from '../resolver/minimise.ts';
import type { Route } from '../resolver/routes.ts';
import type { RebindingTerms } from '../rules/rulebook.ts';
import type { RuleListSettings } from '../rules/settings.ts';
import type { RateLimitSettings } from '../server/rate-limit.ts';
import type { Listen } from '../transport/addresses.ts';
import type { TcpLimits } from '../transport/connection.ts';
import type { LogSettings } from './log.ts';

export interface Settings {
  /** Empty: port 53 of every local address. */
  readonly listen: readonly Listen[];
  /** Fronts; 0: the control thread answers datagrams too. */
  readonly threads: number;
  /** A folder whose `NAME.zone` files are zones. */
  readonly zones: string | undefined;
  /** Further zones, file by name. */
  readonly zone: Readonly<Record<string, string>>;
  /** Addresses and prefixes that may ask anything; undefined for everybody. */
  readonly allowQuery: readonly string[] | undefined;
  readonly recursion: RecursionSettings;
  /** From one start to the next: the folder of compiled zones, the file of what the resolver learned. */
  readonly cache: { readonly images: string | undefined; readonly learned: string | undefined };
  /** Health checks that pools name. */
  readonly checks: readonly Check[];
  readonly probes: ProbeTerms;
  /** The hosts file to serve to those who may recurse. */
  readonly hosts: string | false;
  /** Answers to the CH questions of RFC 4892, each a text or off. */
  readonly identity: {
    readonly version: string | false;
    readonly hostname: string | false;
    readonly id: string | false;
    /** What an NSID says of this server (RFC 5001). */
    readonly nsid: string | false;
  };
  /** Databases of where clients are; undefined for one of our own, where pools ask for it. */
  readonly places: readonly PlaceFile[] | undefined;
  readonly pools: PoolSettings;
  /** What goes over UDP at most, in bytes. */
  readonly udpSize: number;
  readonly rateLimit: RateLimitSettings & { readonly enabled: boolean; readonly exempt: readonly string[] };
  readonly cookies: CookieSettings;
  readonly tcp: Pick<TcpLimits, 'clientsMax' | 'clientsPerAddressMax' | 'idleMs'>;
  /** Whom to become once the doors are bound. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly log: LogSettings;
  /** Where counters and health are told over HTTP. */
  readonly http: { readonly listen: Listen | false };
  /** The Unix socket of `cairn ctl`; undefined for the usual one, where there is a place for it. */
  readonly control: {
    readonly socket: string | false | undefined;
    /** Whether it is counted who asks most, and for what. */
    readonly top: boolean;
  };
  /** Time to answer what is in hand when told to stop. */
  readonly graceMs: number;
}

export interface RecursionSettings {
  readonly enabled: boolean;
  /** Addresses and prefixes that may. */
  readonly allow: readonly string[];
  /** A file of NS, A and AAAA records; undefined for the one that comes with the program. */
  readonly rootHints: string | undefined;
  /** A file of the root zone, to be asked in place of its servers; undefined for none. */
  readonly localRoot: string | undefined;
  readonly neverQuery: NeverQuery;
  readonly upstreamPort: number;
  /** Names answered here and never asked upstream; undefined for those that RFCs name. */
  readonly localNames: readonly string[] | undefined;
  readonly cacheBytes: number;
  readonly clientMs: number;
  readonly minimise: Minimisation;
  /** Forward and stub zones. */
  readonly routes: readonly Route[];
  /** Who is told of clients' networks. */
  readonly clientSubnet: ClientSubnetSettings | undefined;
  /** What is synthesised, and for whom. */
  readonly dns64: (Dns64Settings & { readonly clients: readonly string[] }) | undefined;
  /** What the operator says about names; the first list that has a rule wins. */
  readonly rules: readonly RuleListSettings[];
  /** Undefined where names of others may have any address. */
  readonly rebinding: RebindingTerms | undefined;
  readonly freshness: Freshness;
}

export interface PoolSettings {
  /** Addresses and prefixes of resolvers that may tell us of their clients' networks. */
  readonly subnetsFrom: readonly string[];
  /** Addresses and prefixes that may see POOL records. */
  readonly showTo: readonly string[];
  /** Where it is kept whom an operator holds; undefined where it ends with the process. */
  readonly state: string | undefined;
}

export interface CookieSettings {
  readonly enabled: boolean;
  /** In hex, at most two: the first makes cookies, both are taken. Undefined for ones of our own. */
  readonly secrets: readonly string[] | undefined;
  readonly requireOverLimit: boolean;
}

/** Addresses never asked as upstream; `own` are the local ones of the moment. */
export interface NeverQuery {
  readonly own: boolean;
  readonly prefixes: readonly string[];
}

/** Loopback, private (RFC 1918, RFC 4193, RFC 6598) and link-local networks. */
const NEIGHBOURS = [
  '127.0.0.0/8',
  '::1',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fe80::/10',
  'fc00::/7',
];

/**
 * What no host of others has: unspecified, loopback, private, shared and link-local addresses (RFC 1122
 * §3.2.1.3, RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291), also in IPv6 clothes: compatible, mapped
 * (which a `PrefixSet` undresses) and translated (RFC 6052 §2.1).
 */
export const PRIVATE_ADDRESSES = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.168.0.0/16', '255.255.255.255', '::/96', 'fc00::/7', 'fe80::/10', 'fec0::/10'],
  ...['64:ff9b::10.0.0.0/104', '64:ff9b::100.64.0.0/106', '64:ff9b::127.0.0.0/104'],
  ...['64:ff9b::169.254.0.0/112', '64:ff9b::172.16.0.0/108', '64:ff9b::192.168.0.0/112'],
];

/** The word in `neverQuery` that stands for this machine's own addresses. */
export const OWN = 'own';

/** A core is left for everything slow, where there is more than one. */
export const threadsDefault = (cores = availableParallelism()): number =>
  Math.min(Math.max(cores - 1, 1), FRONTS_MAX);

/** In the words of cairn.yaml. */
export const DEFAULTS = {
  listen: [],
  zone: {},
  allow: NEIGHBOURS,
  exempt: NEIGHBOURS,
  showPoolsTo: ['127.0.0.0/8', '::1'],
  perSecond: RATE_LIMIT_PER_SECOND,
  window: `${RATE_LIMIT_WINDOW_MS / 1_000}s`,
  slip: RATE_LIMIT_SLIP,
  udpSize: UDP_BYTES_MAX,
  neverQuery: [OWN, '127.0.0.0/8', '::1', '0.0.0.0/8', '::'],
  upstreamPort: 53,
  cacheBytes: `${CACHE_BYTES_DEFAULT / 2 ** 20}MB`,
  clientTimeout: `${CLIENT_MS_MAX / 1_000}s`,
  minTtl: '0s',
  maxTtl: `${CACHE_TTL_SECONDS_MAX / 3_600}h`,
  maxNegativeTtl: `${CACHE_NEGATIVE_SECONDS_MAX / 3_600}h`,
  stale: {
    wait: `${STALE_WAIT_MS}ms`,
    maxAge: `${CACHE_LINGER_SECONDS / 3_600}h`,
    ttl: `${STALE_TTL_SECONDS}s`,
  },
  version: 'cairn',
  tcpClients: TCP_CLIENTS_MAX,
  tcpClientsPerAddress: TCP_CLIENTS_PER_ADDRESS_MAX,
  tcpIdle: `${TCP_IDLE_MS / 1_000}s`,
  grace: `${DRAIN_MS_MAX / 1_000}s`,
} as const;

export const CONFIG_FILE_DEFAULT = '/etc/cairn/cairn.yaml';

/** For texts that the schema has seen. */
export function prefixSet(texts: readonly string[]): PrefixSet {
  const set = PrefixSet.parse(texts);
  assert(set instanceof PrefixSet, 'the schema lets only prefixes pass');
  return set;
}
