/**
 * What a run of the bench leaves: the rows of each part, by whom and on what they were measured. The form of
 * latest.json.
 */
import type { ScaleRow } from './authoritative.ts';
import type { ChangeRow } from './change.ts';
import type { TroubleRow } from './contest.ts';
import type { RateRow } from './dnsperf.ts';
import type { FloodRow } from './flood.ts';
import type { FrontHeapRow } from './front-heap.ts';
import type { HealthRow } from './health.ts';
import type { LatencyRow } from './latency.ts';
import type { LoadRow } from './load.ts';
import type { Machine } from './machine.ts';
import type { MicroRow } from './micro.ts';
import type { PoolsRows } from './pools.ts';
import type { ReloadRow } from './reload.ts';
import type { SiegeRow } from './siege.ts';
import type { WeatherRow } from './weather.ts';

export interface Results {
  readonly machine: Machine;
  /** By the name of the server. */
  readonly versions: Readonly<Record<string, string>>;
  readonly parts: Parts;
  readonly unmeasured: readonly string[];
}

/** In the order in which they are measured. */
export const PARTS = [
  ...(['micro', 'front-heap', 'udp', 'tcp', 'cached', 'miss', 'latency', 'scale', 'load'] as const),
  ...(['change', 'reload', 'flood', 'troubles', 'weather', 'siege', 'pools', 'health'] as const),
] as const;
export type Part = (typeof PARTS)[number];

export interface Parts {
  readonly micro?: MicroRow | undefined;
  readonly 'front-heap'?: FrontHeapRow | undefined;
  readonly udp?: readonly RateRow[] | undefined;
  readonly tcp?: readonly RateRow[] | undefined;
  readonly cached?: readonly RateRow[] | undefined;
  readonly miss?: readonly RateRow[] | undefined;
  readonly latency?: readonly LatencyRow[] | undefined;
  readonly scale?: readonly ScaleRow[] | undefined;
  readonly load?: readonly LoadRow[] | undefined;
  readonly change?: ChangeRow | undefined;
  readonly reload?: readonly ReloadRow[] | undefined;
  readonly flood?: readonly FloodRow[] | undefined;
  readonly troubles?: readonly TroubleRow[] | undefined;
  readonly weather?: readonly WeatherRow[] | undefined;
  readonly siege?: readonly SiegeRow[] | undefined;
  readonly pools?: PoolsRows | undefined;
  readonly health?: HealthRow | undefined;
}

/** A row of one server among those of a part; undefined where it was not measured. */
export const rowOf = <Row extends { readonly server: string }>(
  rows: readonly Row[] | undefined,
  server: string,
): Row | undefined => rows?.find((row) => row.server === server);
