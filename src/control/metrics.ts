/**
 * Everything that is told at /metrics, gathered when it is asked for: the counters, added up over all threads
 * by whoever gives them, how long answers took, and how things stand. Nothing is kept between two scrapes.
 */
import { performance } from 'node:perf_hooks';
import type { CounterName } from '../base/counters.ts';
import type { HistogramRow } from '../base/histogram.ts';
import { METRIC_ZONES_MAX } from '../base/limits.ts';
import { CHECK_KINDS } from '../health/check.ts';
import { probeRow } from '../health/probe.ts';
import type { LoadedPlaces } from '../pool/places-loader.ts';
import { latencyRow, PATHS, TRANSPORTS } from '../server/observer.ts';
import { classText } from '../wire/codes.ts';
import { nameText } from '../wire/name.ts';
import type { Catalog } from '../zone/catalog.ts';
import { APEX } from '../zone/image.ts';
import { Exposition, type Labels } from './exposition.ts';
import type { HostStanding } from './host-post.ts';
import { counterMetrics } from './metric-names.ts';
import type { PoolStanding } from './pool-standings.ts';
import type { HealthStanding } from './prober-thread.ts';
import type { ResolverStanding } from './resolver-gauges.ts';
import { VERSION } from './version.ts';

export interface LastReload {
  readonly wallSeconds: number;
  readonly isTaken: boolean;
}

/** Of a list of rules. */
export interface RuleStanding {
  readonly list: string;
  readonly rules: number;
  readonly answers: number;
  readonly bytes: number;
}

/** How things stand now. */
export interface Standing {
  readonly catalog: Catalog;
  readonly resolver: ResolverStanding;
  readonly rules: readonly RuleStanding[];
  readonly hosts: HostStanding;
  readonly pools: readonly PoolStanding[];
  readonly places: LoadedPlaces | undefined;
  readonly health: HealthStanding & { readonly probeTime: (row: number) => HistogramRow };
  readonly tcpConnections: number;
  readonly frontThreads: number;
  readonly reload: LastReload | undefined;
}

export interface MetricSources {
  readonly counts: () => Readonly<Record<CounterName, number>>;
  readonly latency: (row: number) => HistogramRow;
  /** Undefined until zones are loaded and doors are open. */
  readonly standing: () => Standing | undefined;
  readonly isReady: () => boolean;
}

const COUNTERS = counterMetrics();

export function metricsText(sources: MetricSources): string {
  const page = new Exposition();
  const counts = sources.counts();
  for (const { name, help, label, members } of COUNTERS) {
    const values = members.map(([counter, value]): [Labels, number] => [
      label === undefined ? {} : { [label]: value },
      counts[counter],
    ]);
    page.several(name, 'counter', help, values);
  }
  const rows = PATHS.flatMap((path, p) =>
    TRANSPORTS.map((transport): [Labels, HistogramRow] => [
      { path, transport },
      sources.latency(latencyRow(p, transport === 'tcp')),
    ]),
  );
  page.histogram(
    'cairn_response_seconds',
    'Time from a message in hand to its response written, of sampled queries',
    rows,
  );
  page.single('cairn_ready', 'gauge', 'Whether queries are answered: 1 or 0', sources.isReady() ? 1 : 0);
  const standing = sources.standing();
  if (standing !== undefined) tellStanding(page, standing);
  tellProcess(page);
  return page.text;
}

function tellStanding(page: Exposition, { catalog, resolver, ...rest }: Standing): void {
  page.single('cairn_zones', 'gauge', 'Zones served', catalog.zoneCount);
  page.single('cairn_records', 'gauge', 'Records in them', catalog.recordCount);
  page.several(
    'cairn_zone_serial',
    'gauge',
    `Serial of the SOA, of the first ${METRIC_ZONES_MAX} zones`,
    catalog.images
      .slice(0, METRIC_ZONES_MAX)
      .map((image) => [
        { zone: nameText(image.bytes, image.nameAt(APEX)), class: classText(image.klass) },
        image.serial,
      ]),
  );
  tellResolver(page, resolver);
  tellRules(page, rest.rules);
  page.several(
    'cairn_pool_hosts',
    'gauge',
    'Hosts that are members of pools, by what is known of their addresses',
    Object.entries(rest.hosts).map(([state, count]): [Labels, number] => [{ state }, count]),
  );
  tellPools(page, rest.pools);
  tellPlaces(page, rest.places);
  if (rest.health.isAlive) tellHealth(page, rest.health);
  page.single('cairn_tcp_connections', 'gauge', 'TCP connections of clients', rest.tcpConnections);
  page.single('cairn_front_threads', 'gauge', 'Threads that read datagrams, alive', rest.frontThreads);
  const { reload } = rest;
  if (reload === undefined) return;
  page.single(
    'cairn_last_reload_timestamp_seconds',
    'gauge',
    'When it was last reloaded',
    reload.wallSeconds,
  );
  page.single(
    'cairn_last_reload_successful',
    'gauge',
    'Whether all of it was taken: 1, or nothing: 0',
    reload.isTaken ? 1 : 0,
  );
}

function tellResolver(page: Exposition, resolver: ResolverStanding): void {
  const { cacheEntries, cacheBytes, answerEntries, answerBytes, resolutions } = resolver;
  page.single(
    'cairn_cache_entries',
    'gauge',
    'RRsets and absences that the resolver remembers',
    cacheEntries,
  );
  page.single('cairn_cache_bytes', 'gauge', 'Memory they take', cacheBytes);
  page.single('cairn_answer_cache_entries', 'gauge', 'Answers that all threads can give', answerEntries);
  page.single('cairn_answer_cache_bytes', 'gauge', 'Memory they take', answerBytes);
  page.single('cairn_resolutions_in_flight', 'gauge', 'Names being looked for at other servers', resolutions);
}

function tellRules(page: Exposition, rules: readonly RuleStanding[]): void {
  const tell = (name: string, type: string, help: string, of: (list: RuleStanding) => number): void =>
    page.several(
      name,
      type,
      help,
      rules.map((each) => [{ list: each.list }, of(each)]),
    );
  tell('cairn_rules', 'gauge', 'Rules about names and addresses, by list', ({ rules: count }) => count);
  tell('cairn_rule_bytes', 'gauge', 'Memory they take', ({ bytes }) => bytes);
  tell('cairn_rule_answers_total', 'counter', 'Queries answered otherwise by them', ({ answers }) => answers);
}

function tellPools(page: Exposition, pools: readonly PoolStanding[]): void {
  if (pools.length === 0) return;
  page.several(
    'cairn_pool_members',
    'gauge',
    'Members of pools, by how they stand',
    pools.flatMap(({ pool, members }) =>
      Object.entries(members).map(([state, count]): [Labels, number] => [{ pool, state }, count]),
    ),
  );
  const tell = (name: string, type: string, help: string, of: (each: PoolStanding) => number): void =>
    page.several(
      name,
      type,
      help,
      pools.map((each) => [{ pool: each.pool }, of(each)]),
    );
  const name = 'cairn_pool';
  tell(`${name}_changes_total`, 'counter', 'Times that a member went in or out', (each) => each.changes);
  const choices = 'Choices made while nobody of the pool was up';
  tell(`${name}_choices_down_total`, 'counter', choices, (each) => each.choicesDown);
  tell(`${name}_down`, 'gauge', 'Pools of which nobody is up', (each) => each.down);
  tell(`${name}_last_good`, 'gauge', 'Those of them that tell who was up last', (each) => each.lastGood);
}

function tellPlaces(page: Exposition, places: LoadedPlaces | undefined): void {
  page.several(
    'cairn_places_built_timestamp_seconds',
    'gauge',
    'When the databases of where clients are were made',
    (places?.ages ?? []).map(({ kind, builtSeconds }) => [{ database: kind }, builtSeconds]),
  );
  const bytes = places?.table.byteLength ?? 0;
  page.single('cairn_places_bytes', 'gauge', 'Memory that what they tell takes', bytes);
}

function tellHealth(page: Exposition, { checks, load, held, probeTime }: Standing['health']): void {
  page.several(
    'cairn_targets',
    'gauge',
    'Addresses that are checked, by check and how they stand',
    checks.flatMap(({ check, up, down, pending }) =>
      Object.entries({ up, down, pending }).map(([state, count]) => [{ check, state }, count] as const),
    ),
  );
  page.single('cairn_probes_in_flight', 'gauge', 'Health probes under way', load.underway);
  page.single('cairn_probes_late', 'gauge', 'Health probes that are due and wait for room', load.late);
  page.single('cairn_pool_members_held', 'gauge', 'Members that an operator drains or forces', held);
  const rows = CHECK_KINDS.map((kind): [Labels, HistogramRow] => [{ kind }, probeTime(probeRow(kind))]);
  const used = rows.filter(([, { counts }]) => counts.some((count) => count > 0));
  page.histogram('cairn_probe_seconds', 'How long health probes took, by kind', used);
}

function tellProcess(page: Exposition): void {
  page.several('cairn_build_info', 'gauge', 'Which Cairn, on which Node', [
    [{ version: VERSION, node: process.version }, 1],
  ]);
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  const { active, idle } = performance.eventLoopUtilization();
  page.single('cairn_uptime_seconds', 'gauge', 'Time since the process began', process.uptime());
  page.single(
    'process_cpu_seconds_total',
    'counter',
    'Processor time used, all threads',
    (cpu.user + cpu.system) / 1e6,
  );
  page.single('process_resident_memory_bytes', 'gauge', 'Memory in use', memory.rss);
  page.single('cairn_heap_bytes', 'gauge', 'Of that, objects of the main thread', memory.heapUsed);
  page.single(
    'cairn_shared_bytes',
    'gauge',
    'Of that, zone images, and counters and buffers of the main thread',
    memory.arrayBuffers,
  );
  page.several('cairn_event_loop_seconds_total', 'counter', 'Time of the main thread, by what it did', [
    [{ state: 'active' }, active / 1e3],
    [{ state: 'idle' }, idle / 1e3],
  ]);
}
