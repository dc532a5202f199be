/**
 * What the settings of a scenario mean to us. Those that have no bearing on what is asked or answered here
 * are let pass; those that are known to need what we do not have, and those that nobody told us of, say so,
 * and the scenario is skipped for that reason.
 */
import type { NameServer } from '../../src/resolver/delegation.ts';
import type { Minimisation } from '../../src/resolver/minimise.ts';
import type { Route } from '../../src/resolver/routes.ts';
import { name } from '../sim/subject.ts';
import type { Setting } from './scenario.ts';

export interface Means {
  readonly rootHints: readonly NameServer[];
  /** Forward zones, and stub zones but for the root, whose are the hints. */
  readonly routes: readonly Route[];
  readonly minimise: Minimisation;
  readonly useCaseRandomisation: boolean;
  readonly neverQuery: ReadonlySet<string>;
  readonly servesStale: boolean;
  readonly prefetch: boolean;
  /** Addresses of a family that the system has no route to. */
  readonly unrouted: (address: string) => boolean;
  /** Why it cannot be played. */
  readonly obstacles: readonly string[];
}

const isOn = (value: string): boolean => /^(yes|on|true|1)$/i.test(value);

/** They are about speed, logs, threads, or about what we always do. */
const WITHOUT_BEARING = new RegExp(
  `^(${[
    'server',
    'stub-zone',
    'forward-zone',
    'name',
    'stub-prime',
    'stub-first',
    'target-fetch-policy',
    'module-config',
    'num-threads',
    'verbosity',
    'access-control',
    'identity',
    'version',
    'log-.*',
    'val-.*',
    'harden-(glue|referral-path|algo-downgrade|dnssec-stripped|large-queries|short-bufsize|unverified-glue)',
    'minimal-responses',
    'rrset-roundrobin',
    'fake-sha1',
    'fake-dsa',
    'trust-anchor-signaling',
    'outbound-msg-retry',
    'outgoing-.*',
    'infra-.*',
    'msg-.*',
    'rrset-cache-.*',
    'key-cache-.*',
    'neg-cache-.*',
    'so-.*',
    'edns-buffer-size',
    'max-udp-size',
    'ede',
    'ede-serve-expired',
    'serve-expired-(client-timeout|reply-ttl|ttl|ttl-reset)',
    'do-tcp',
    'do-udp',
    'root-key-sentinel',
    'aggressive-nsec',
    'iter-scrub-.*',
    'features',
    'feature-list',
    'prefer-ip6',
    'prefer-ip4',
    'unknown-server-time-limit',
    'do-not-query-localhost',
    'unwanted-reply-threshold',
    'use-syslog',
  ].join('|')})$`,
);

const NEEDS: { readonly [key: string]: string } = {
  'trust-anchor': 'DNSSEC validation',
  'trust-anchor-file': 'DNSSEC validation',
  'trusted-keys-file': 'DNSSEC validation',
  'auto-trust-anchor-file': 'DNSSEC validation',
  'dlv-anchor': 'DNSSEC validation',
  'auth-zone': 'zone transfers',
  rpz: 'response policy zones',
  'local-zone': 'local zones',
  'local-data': 'local zones',
};

/** As far as it has been read. */
interface Zone {
  readonly how: 'forward' | 'stub';
  apex: string;
  /** Addresses and names. */
  readonly servers: string[];
  first: boolean;
}

function routeOf({ how, apex, servers, first }: Zone): Route {
  const isAddress = (text: string): boolean => /^[\d.]+$|:/.test(text);
  const named = servers
    .filter((text) => !isAddress(text))
    .map((text) => ({ name: name(text), addresses: [] }));
  const known = { name: name(apex), addresses: servers.filter(isAddress) };
  return { how, apex: name(apex), servers: [known, ...named], via: 'udp', first };
}

export function meansOf(settings: readonly Setting[]): Means {
  const hints: string[] = [];
  const zones: Zone[] = [];
  const never = new Set<string>();
  const obstacles = new Set<string>();
  let [ipv4, ipv6, useCaseRandomisation, servesStale, prefetch] = [true, true, false, false, false];
  let minimise: Minimisation = 'off';
  let zone: Zone | undefined;
  for (const { key, value, line } of settings) {
    const address = value.replace(/@\d+$/, '');
    if (key === 'server') zone = undefined;
    if (key === 'stub-zone' || key === 'forward-zone') {
      zone = { how: key === 'stub-zone' ? 'stub' : 'forward', apex: '.', servers: [], first: false };
      zones.push(zone);
    }
    if (key === 'name' && zone !== undefined) zone.apex = value;
    if (key === 'stub-addr' && zone?.apex === '.') hints.push(address);
    else if (/^(stub|forward)-addr$/.test(key)) zone?.servers.push(address);
    else if (/^(stub|forward)-host$/.test(key)) zone?.servers.push(value);
    else if (key === 'forward-first' && zone !== undefined) zone.first = isOn(value);
    else if (key === 'do-ip4') ipv4 = isOn(value);
    else if (key === 'do-ip6') ipv6 = isOn(value);
    else if (key === 'serve-expired') servesStale = isOn(value);
    else if (key === 'prefetch') prefetch = isOn(value);
    else if (key === 'use-caps-for-id') useCaseRandomisation = isOn(value);
    else if (key === 'do-not-query-address') never.add(value);
    else if (/^(qname-minimisation|query-minimi[sz]ation)$/.test(key))
      minimise = isOn(value) ? 'relaxed' : 'off';
    else if (key === 'qname-minimisation-strict') minimise = isOn(value) ? 'strict' : minimise;
    else if (NEEDS[key] !== undefined) obstacles.add(`needs ${NEEDS[key]}`);
    else if (!WITHOUT_BEARING.test(key)) obstacles.add(`line ${line} sets ${key}, which is not known here`);
  }
  return {
    rootHints: hints.map((address, i) => ({ name: name(`hint${i + 1}.invalid`), addresses: [address] })),
    routes: zones.filter(({ how, apex }) => how === 'forward' || apex !== '.').map(routeOf),
    minimise,
    useCaseRandomisation,
    neverQuery: never,
    servesStale,
    prefetch,
    unrouted: (address) => (address.includes(':') ? !ipv6 : !ipv4),
    obstacles: [...obstacles],
  };
}
