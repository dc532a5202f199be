/**
 * The keys of `recursion` in cairn.yaml that say how long what others said is true, and what it is worth
 * afterwards. In and out as in `schema`.
 */
import { z } from 'zod';
import {
  CACHE_LINGER_SECONDS,
  CACHE_NEGATIVE_SECONDS_MAX,
  CACHE_TTL_SECONDS_MAX,
  CLIENT_MS_MAX,
  MIN_TTL_SECONDS_MAX,
} from '../base/limits.ts';
import type { Freshness } from '../resolver/freshness.ts';
import { duration, expected, flag, table } from './schema-parts.ts';
import { DEFAULTS } from './settings.ts';

const stale = table({
  wait: duration(0, CLIENT_MS_MAX)
    .prefault(DEFAULTS.stale.wait)
    .meta({ description: 'How long a client waits for a fresh answer before it gets an expired one.' }),
  maxAge: duration(1_000, 1_000 * CACHE_LINGER_SECONDS)
    .prefault(DEFAULTS.stale.maxAge)
    .meta({ description: 'For how long after it expired an answer may be given.' }),
  ttl: duration(1_000, 3_600_000)
    .prefault(DEFAULTS.stale.ttl)
    .meta({ description: 'The TTL of an expired answer.' }),
});

export const freshnessKeys = {
  minTtl: duration(0, 1_000 * MIN_TTL_SECONDS_MAX)
    .prefault(DEFAULTS.minTtl)
    .meta({ description: 'Shorter TTLs are taken for this; a TTL of 0 stays 0.' }),
  maxTtl: duration(1_000, 1_000 * CACHE_TTL_SECONDS_MAX)
    .prefault(DEFAULTS.maxTtl)
    .meta({ description: 'Longer TTLs are taken for this.' }),
  maxNegativeTtl: duration(1_000, 1_000 * CACHE_NEGATIVE_SECONDS_MAX)
    .prefault(DEFAULTS.maxNegativeTtl)
    .meta({ description: 'The same for answers that there is nothing.' }),
  prefetch: flag
    .prefault(true)
    .meta({ description: 'Whether what is asked for in the last tenth of its TTL is asked for anew.' }),
  stale: z
    .union([stale, z.literal(false)], expected('a table of wait, maxAge and ttl, or false'))
    .prefault({})
    .meta({ description: 'Expired answers where no server answers (RFC 8767), or false for none.' }),
};

interface Told {
  readonly minTtl: number;
  readonly maxTtl: number;
  readonly maxNegativeTtl: number;
  readonly prefetch: boolean;
  readonly stale: z.output<typeof stale> | false;
}

export const freshnessFrom = ({ minTtl, maxTtl, maxNegativeTtl, prefetch, stale }: Told): Freshness => ({
  minTtl: seconds(minTtl),
  maxTtl: seconds(maxTtl),
  maxNegativeTtl: seconds(maxNegativeTtl),
  prefetch,
  stale:
    stale === false ? undefined : { waitMs: stale.wait, maxAgeMs: stale.maxAge, ttl: seconds(stale.ttl) },
});

const seconds = (ms: number): number => Math.floor(ms / 1_000);
