/**
 * `answer` alone: a pipeline over the zone, fed a recorded batch of packets, no socket anywhere. Prints one
 * line of JSON: nanoseconds per query (median round) and bytes allocated per query, with the functions that
 * allocate, by V8's sampling heap profiler. Run by run.ts in a process of its own: node bench/micro.ts
 * ZONEFILE APEX QUERIES
 */
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { dirname } from 'node:path';
import { Counters } from '../src/base/counters.ts';
import { Histograms } from '../src/base/histogram.ts';
import { RATE_LIMIT_WINDOW_MS } from '../src/base/limits.ts';
import { PrefixSet } from '../src/base/prefix.ts';
import { realWorld } from '../src/base/world.ts';
import { CookieSecrets } from '../src/server/cookie-secrets.ts';
import { Cookies } from '../src/server/cookies.ts';
import { type GuardSettings, OPEN_DOOR } from '../src/server/guard.ts';
import { LATENCY_ROWS, Observer } from '../src/server/observer.ts';
import { Pipeline } from '../src/server/pipeline.ts';
import { RateLimit } from '../src/server/rate-limit.ts';
import type { Client } from '../src/transport/door.ts';
import { typeFromText } from '../src/wire/codes.ts';
import { writeQuery } from '../src/wire/message.ts';
import { nameFromText } from '../src/wire/name.ts';
import { Catalog } from '../src/zone/catalog.ts';
import { complaintText } from '../src/zone/complaint.ts';
import { loadZones } from '../src/zone/loader.ts';

const WARM_ROUNDS = 5;
const ROUNDS = 15;
const SAMPLE_BYTES = 256;

export interface MicroRow {
  readonly nsPerQuery: number;
  readonly bestNsPerQuery: number;
  readonly bytesPerQuery: number;
  /** Who allocates, most first; empty when nobody does. */
  readonly allocators: readonly string[];
}

/** As by default: cookies, and a rate limit that lets a client on loopback pass. */
const GUARD: GuardSettings = {
  ...OPEN_DOOR,
  cookies: new Cookies(realWorld, CookieSecrets.drawn(realWorld)),
  limit: new RateLimit(
    { responses: 10_000, nxdomains: 10_000, errors: 10_000, windowMs: RATE_LIMIT_WINDOW_MS, slip: 2 },
    realWorld,
  ),
  exempt: PrefixSet.parse(['127.0.0.0/8']) as PrefixSet,
};

async function pipelineOver(file: string, apex: string): Promise<Pipeline> {
  const { zones, complaints } = await loadZones([{ apex, file, root: dirname(file) }]);
  if (zones.length !== 1) throw new Error(complaints.map(complaintText).join('\n'));
  return new Pipeline({
    catalog: new Catalog(zones.map(({ image }) => image)),
    recursor: undefined,
    mayRecurse: PrefixSet.parse([]) as PrefixSet,
    chaos: { version: undefined, hostname: undefined, id: undefined },
    guard: GUARD,
    counters: new Counters(),
    // As in a server that is watched: this, too, has to cost nothing.
    observer: new Observer(realWorld, new Histograms(LATENCY_ROWS), undefined),
    onBug: (bug) => {
      throw bug;
    },
  });
}

function packetsOf(file: string): Uint8Array[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line, id) => {
      const [owner = '', type = ''] = line.split(' ');
      const spelled = nameFromText(owner) as Uint8Array;
      return writeQuery({
        id: id & 0xffff,
        spelled,
        type: typeFromText(type) ?? 0,
        class: 1,
        recursionDesired: false,
      });
    });
}

/** One pass over the batch; what comes out is added up, so that nothing can be left undone. */
function pass(pipeline: Pipeline, packets: readonly Uint8Array[], client: Client, out: Uint8Array): number {
  let bytes = 0;
  for (let i = 0; i < packets.length; i++) {
    const packet = packets[i] as Uint8Array;
    bytes += pipeline.answer(packet, packet.length, client, out, noSend);
  }
  return bytes;
}
const noSend = (): void => undefined;

function rounds(run: () => void, count: number, queries: number): number[] {
  return Array.from({ length: count }, () => {
    const began = performance.now();
    run();
    return (1e6 * (performance.now() - began)) / queries;
  }).sort((a, b) => a - b);
}

/** Bytes by function name, garbage included: what a run allocates, not what it keeps. */
async function allocations(run: () => void): Promise<Map<string, number>> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLE_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  run();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  const bytes = new Map<string, number>();
  const visit = (node: typeof profile.head): void => {
    const { functionName, url, lineNumber } = node.callFrame;
    const place = `${functionName || '(top)'} ${url.replace(/^.*\/(src|bench)\//, '$1/')}:${lineNumber + 1}`;
    // The profiler allocates too, when it starts and stops.
    if (node.selfSize > 0 && url !== 'node:inspector')
      bytes.set(place, (bytes.get(place) ?? 0) + node.selfSize);
    node.children.forEach(visit);
  };
  visit(profile.head);
  return bytes;
}

const [file = '', apex = '', queries = ''] = process.argv.slice(2);
const pipeline = await pipelineOver(file, apex);
const packets = packetsOf(queries);
const client: Client = { transport: 'udp', address: Uint8Array.of(127, 0, 0, 1), port: 5353 };
const out = new Uint8Array(65_535);
const run = (): void => {
  if (pass(pipeline, packets, client, out) === 0) throw new Error('nothing was answered');
};
rounds(run, WARM_ROUNDS, packets.length);
const times = rounds(run, ROUNDS, packets.length);
const allocated = await allocations(run);
const perQuery = (bytes: number): number => Math.round((10 * bytes) / packets.length) / 10;
const row: MicroRow = {
  nsPerQuery: Math.round(times[times.length >> 1] as number),
  bestNsPerQuery: Math.round(times[0] as number),
  bytesPerQuery: perQuery([...allocated.values()].reduce((sum, bytes) => sum + bytes, 0)),
  allocators: [...allocated]
    .filter(([, bytes]) => perQuery(bytes) > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8)
    .map(([place, bytes]) => `${place} ${perQuery(bytes)} B`),
};
console.log(JSON.stringify(row));
