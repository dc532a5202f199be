/**
 * The whole pipeline of a front over a zone file, the guard as by default, watched as in a server that is
 * watched: what `micro` and `front-heap` ask without a socket.
 */
import { dirname } from 'node:path';
import { Counters } from '../src/base/counters.ts';
import { Histograms } from '../src/base/histogram.ts';
import { RATE_LIMIT_WINDOW_MS } from '../src/base/limits.ts';
import { PrefixSet } from '../src/base/prefix.ts';
import { realWorld } from '../src/base/world.ts';
import { planned } from '../src/pool/plan-builder.ts';
import { CookieSecrets } from '../src/server/cookie-secrets.ts';
import { Cookies } from '../src/server/cookies.ts';
import { type GuardSettings, OPEN_DOOR } from '../src/server/guard.ts';
import { LATENCY_ROWS, Observer } from '../src/server/observer.ts';
import { Pipeline } from '../src/server/pipeline.ts';
import { RateLimit } from '../src/server/rate-limit.ts';
import { Catalog } from '../src/zone/catalog.ts';
import { complaintText } from '../src/zone/complaint.ts';
import { loadZones } from '../src/zone/loader.ts';

const RATES = { responses: 10_000, nxdomains: 10_000, errors: 10_000, total: 100_000 };

/** As by default: cookies, and a rate limit that lets a client on loopback pass. */
const GUARD: GuardSettings = {
  ...OPEN_DOOR,
  cookies: new Cookies(realWorld, CookieSecrets.drawn(realWorld)),
  limit: new RateLimit({ ...RATES, windowMs: RATE_LIMIT_WINDOW_MS, slip: 2 }, realWorld),
  exempt: PrefixSet.parse(['127.0.0.0/8']) as PrefixSet,
};

export async function pipelineOver(file: string, apex: string): Promise<Pipeline> {
  const { zones, complaints } = await loadZones([{ apex, file, root: dirname(file) }]);
  if (zones.length !== 1) throw new Error(complaints.map(complaintText).join('\n'));
  return new Pipeline({
    catalog: new Catalog(zones.map(({ image }) => planned(image, undefined))),
    recursion: undefined,
    mayRecurse: PrefixSet.parse([]) as PrefixSet,
    chaos: { version: undefined, hostname: undefined, id: undefined },
    guard: GUARD,
    world: realWorld,
    counters: new Counters(),
    observer: new Observer(realWorld, new Histograms(LATENCY_ROWS), undefined),
    onBug: (bug) => {
      throw bug;
    },
  });
}
