/**
 * What the settings of a scenario mean to us. Those that have no bearing on what is asked or answered here
 * are let pass; those that are known to need what we do not have, and those that nobody told us of, say so,
 * and the scenario is skipped for that reason.
 */
import type { NameServer } from '../../src/resolver/delegation.ts';
import type { Minimisation } from '../../src/resolver/minimise.ts';
import { name } from '../sim/subject.ts';
import type { Setting } from './scenario.ts';

export interface Means {
  readonly rootHints: readonly NameServer[];
  readonly minimise: Minimisation;
  readonly useCaseRandomisation: boolean;
  readonly neverQuery: ReadonlySet<string>;
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
  'forward-zone': 'forward zones',
  'forward-addr': 'forward zones',
  'stub-host': 'stub zones',
  'auth-zone': 'zone transfers',
  rpz: 'response policy zones',
  'local-zone': 'local zones',
  'local-data': 'local zones',
};

export function meansOf(settings: readonly Setting[]): Means {
  const hints: string[] = [];
  const never = new Set<string>();
  const obstacles = new Set<string>();
  let [ipv4, ipv6, useCaseRandomisation] = [true, true, false];
  let minimise: Minimisation = 'off';
  let zone = '.';
  for (const { section, key, value, line } of settings) {
    const address = value.replace(/@\d+$/, '');
    if (key === 'name') zone = value;
    if (key === 'name' && section === 'stub-zone' && value !== '.') obstacles.add('needs stub zones');
    if (key === 'stub-zone' || key === 'server') zone = '.';
    if (key === 'stub-addr' && zone === '.') hints.push(address);
    else if (key === 'stub-addr') obstacles.add('needs stub zones');
    else if (key === 'do-ip4') ipv4 = isOn(value);
    else if (key === 'do-ip6') ipv6 = isOn(value);
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
    minimise,
    useCaseRandomisation,
    neverQuery: never,
    unrouted: (address) => (address.includes(':') ? !ipv6 : !ipv4),
    obstacles: [...obstacles],
  };
}
