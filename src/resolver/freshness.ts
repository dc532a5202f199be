/**
 * How long what others said is true, and what it is worth afterwards: bounds for TTLs, when something is
 * asked for anew before its own runs out, and how long it is told when it has and nobody answers (RFC 8767).
 */
import { put32, u32 } from '../base/bytes.ts';
import {
  CACHE_LINGER_SECONDS,
  CACHE_NEGATIVE_SECONDS_MAX,
  CACHE_TTL_SECONDS_MAX,
  STALE_TTL_SECONDS,
  STALE_WAIT_MS,
} from '../base/limits.ts';
import { rdatasOf, rrsetTtl } from '../wire/rrset.ts';
import type { Finding } from './outcome.ts';

export interface Freshness {
  /** In seconds; what is true for one question only (TTL 0) stays so. */
  readonly minTtl: number;
  readonly maxTtl: number;
  /** Of what is not there. */
  readonly maxNegativeTtl: number;
  /** Whether what is asked for in the last tenth of its life is asked for anew. */
  readonly prefetch: boolean;
  /** Undefined where what has expired is told to nobody. */
  readonly stale: Staleness | undefined;
}

export interface Staleness {
  /** How long a client waits for what is true now. */
  readonly waitMs: number;
  /** For how long after it expired. */
  readonly maxAgeMs: number;
  /** With which TTL, in seconds. */
  readonly ttl: number;
}

export const FRESHNESS_DEFAULT: Freshness = {
  minTtl: 0,
  maxTtl: CACHE_TTL_SECONDS_MAX,
  maxNegativeTtl: CACHE_NEGATIVE_SECONDS_MAX,
  prefetch: true,
  stale: { waitMs: STALE_WAIT_MS, maxAgeMs: 1_000 * CACHE_LINGER_SECONDS, ttl: STALE_TTL_SECONDS },
};

/** Writes into a block how long it is true, as its TTL, and gives that; `told` is what its sender meant. */
export function bound(block: Uint8Array, told: number, minTtl: number, maxTtl: number): number {
  const ttl = told === 0 ? 0 : Math.min(Math.max(told, minTtl), maxTtl);
  put32(block, 4, ttl);
  return ttl;
}

/** The same of the SOA of a denial, which lives for the lesser of its TTL and its MINIMUM (RFC 2308 §5). */
export function boundDenial(block: Uint8Array, { minTtl, maxNegativeTtl }: Freshness): number {
  const rdata = rdatasOf(block)[0] as Uint8Array;
  const told = Math.min(rrsetTtl(block, 0), u32(rdata, rdata.length - 4));
  return bound(block, told, minTtl, maxNegativeTtl);
}

/** Whether it is in the last tenth of its life, and who asks for it now may ask for it again. */
export function isDue(finding: Finding): boolean {
  const rrsets =
    finding.kind === 'alias' ? finding.links : [...finding.outcome.answer, ...finding.outcome.authority];
  return rrsets.some(({ block, ttl }) => {
    const lifeSeconds = rrsetTtl(block, 0);
    return ttl < lifeSeconds && ttl <= Math.ceil(lifeSeconds / 10);
  });
}
