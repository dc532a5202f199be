/**
 * The guard as it can be posted to another thread: plain values, and the memory that all threads share, so
 * that a client has one account and one cookie however it is answered. Every thread makes its guard here.
 */
import type { World } from '../base/world.ts';
import { CookieSecrets } from '../server/cookie-secrets.ts';
import { Cookies } from '../server/cookies.ts';
import type { GuardSettings } from '../server/guard.ts';
import { RateLimit, type RateLimitSettings } from '../server/rate-limit.ts';
import { prefixSet } from './settings.ts';

export interface GuardTerms {
  /** Undefined for everybody. */
  readonly allowQuery: readonly string[] | undefined;
  /** Where we listen. */
  readonly own: readonly { readonly port: number; readonly addresses: readonly string[] }[];
  readonly limit: { readonly rates: RateLimitSettings; readonly table: SharedArrayBuffer } | undefined;
  readonly exempt: readonly string[];
  readonly secrets: SharedArrayBuffer | undefined;
  readonly requireOverLimit: boolean;
  /** Empty for none. */
  readonly nsid: string;
  readonly subnetsFrom: readonly string[];
  readonly idleMs: number;
  readonly udpBytes: number;
}

export function guardSettings(
  terms: GuardTerms,
  world: World,
  onLimited: GuardSettings['onLimited'],
): GuardSettings {
  const { allowQuery, own, limit, exempt, secrets, requireOverLimit, nsid, subnetsFrom, idleMs, udpBytes } =
    terms;
  return {
    allowQuery: allowQuery && prefixSet(allowQuery),
    own: own.map(({ port, addresses }) => ({ port, addresses: prefixSet(addresses) })),
    limit: limit && new RateLimit(limit.rates, world, limit.table),
    exempt: prefixSet(exempt),
    cookies: secrets && new Cookies(world, new CookieSecrets(secrets)),
    requireOverLimit,
    nsid: Buffer.from(nsid),
    subnetsFrom: subnetsFrom.length > 0 ? prefixSet(subnetsFrom) : undefined,
    idleMs,
    udpBytes,
    onLimited,
  };
}
