/**
 * Tables for people: what each part measured, servers one below the other, ours first.
 */
import { BUDGETS } from './budget.ts';
import type { RateRow } from './dnsperf.ts';
import { FLOOD_CACHE_MB } from './flood.ts';
import { CHECKED_MEMBERS } from './health.ts';
import type { Pace } from './pace.ts';
import { PLAIN } from './pools.ts';
import { RELOAD_PER_SECOND } from './reload.ts';
import { type Part, type Parts, rowOf } from './results.ts';
import { OURS } from './servers.ts';
import { SIEGE_PER_SECOND } from './siege.ts';
import { ratio } from './statistics.ts';
import { TROUBLES } from './troubles.ts';
import { type Answered, CONDITIONS } from './weather.ts';

type Cell = string | number;

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Below it. */
  readonly notes?: readonly string[];
}

const TABLES: { readonly [Name in Part]: (rows: NonNullable<Parts[Name]>) => Table } = {
  micro: ({ nsPerQuery, bestNsPerQuery, bytesPerQuery, allocators }) => ({
    title: 'answer alone, 200,000 recorded queries over a zone of 100,000 names',
    head: ['', 'median ns', 'best ns', 'bytes allocated'],
    rows: [['per query', nsPerQuery, bestNsPerQuery, bytesPerQuery]],
    notes: allocators.map((who) => `allocates: ${who}`),
  }),
  'front-heap': ({ bytesPerQuery, queries, heapGrowthBytes, allocators }) => ({
    title: 'a front by the batch, over system calls that only copy',
    head: ['', 'bytes allocated per query', `heap grown after ${queries} queries`],
    rows: [['front', bytesPerQuery, `${heapGrowthBytes} bytes`]],
    notes: allocators.map((who) => `allocates: ${who}`),
  }),
  udp: (rows) => rates('zone of 100,000 names over UDP, dnsperf -c 8 -q 200', rows),
  tcp: (rows) => rates('the same over TCP, 100 connections, dnsperf -m tcp -c 100 -q 2000', rows),
  cached: (rows) => rates('resolving from the cache over UDP, 12,000 questions, dnsperf -c 8 -q 200', rows),
  miss: (rows) => rates('resolving names never asked before, one exchange each, dnsperf -q 500', rows),
  latency: (rows) => ({
    title: 'microseconds to the answer, queries at random moments',
    head: [
      '',
      'at half of',
      'p50',
      'p99',
      'p99.9',
      'lost',
      'at',
      'p50',
      'p99',
      'p99.9',
      'lost',
      'client p99',
    ],
    rows: rows.map(({ server, maxPerSecond, atHalf, commonPerSecond, atCommon }) => [
      ...[server, maxPerSecond, ...quantiles(atHalf), commonPerSecond, ...quantiles(atCommon)],
      Math.max(atHalf.lateP99, atCommon.lateP99),
    ]),
    notes: lateNotes(rows.flatMap(({ atHalf, atCommon }) => [atHalf, atCommon])),
  }),
  scale: (rows) => ({
    title: 'threads over UDP',
    head: ['', 'threads', 'answers/s', 'CPU µs/query', 'lost', ''],
    rows: rows.map((row) => [
      ...[row.server, row.threads, rate(row), row.cpuMicros.toFixed(2), row.lost],
      row.isShared ? 'the client shares a core' : '',
    ]),
  }),
  load: (rows) => ({
    title: '1,000,000 A records: start to first answer, memory two seconds later',
    head: ['', 'ms', 'CPU ms', 'MB', 'peak MB', 'time, ours to theirs', 'memory, ours to theirs'],
    rows: rows.map((row) => [
      ...[row.server, row.startMs, row.startCpuMs, row.residentMb, row.peakMb],
      ...[toOurs(rows, row, ({ startMs }) => startMs), toOurs(rows, row, ({ residentMb }) => residentMb)],
    ]),
  }),
  change: ({ records, firstMs, medianMs, worstMs, addedMb }) => ({
    title: `100 names of ${records} records changed, half of them new: from the call to published`,
    head: ['', 'first ms', 'median ms', 'worst ms', 'MB added by all'],
    rows: [['Cairn', ...[firstMs, medianMs, worstMs, addedMb].map((figure) => figure.toFixed(2))]],
  }),
  reload: (rows) => ({
    title: `1,000,000 records replaced under ${RELOAD_PER_SECOND} queries/s: microseconds to the answer`,
    head: ['', 'new zone served after ms', 'lost', 'p50', 'p99', 'p99.9', 'worst', 'p99 of the worst second'],
    rows: rows.map((row) => [
      ...[row.server, row.publishedMs.join(', '), row.lost, row.p50, row.p99, row.p999, row.max],
      row.worstSecondP99,
    ]),
    notes: lateNotes(rows),
  }),
  flood: (rows) => ({
    title: `random subdomains, each once, cache of ${FLOOD_CACHE_MB} MB: memory in MB after each tenth`,
    head: [
      '',
      'names',
      'answers/s',
      'lost',
      'failed',
      ...Array.from({ length: 10 }, (_, i) => `${i + 1}/10`),
    ],
    rows: rows.flatMap((row) => [
      [row.server, row.names, row.perSecond, row.lost, row.failed, ...row.residentMb],
      ...(row.cacheMb ? [['  its cache', '', '', '', '', ...row.cacheMb.map((mb) => mb.toFixed(1))]] : []),
    ]),
  }),
  troubles: (rows) => ({
    title: 'what goes wrong, and how far it is let go: packets at servers, and what the client gets',
    head: ['', 'pass line', ...rows.map(({ server }) => server)],
    rows: TROUBLES.map(({ what, passLine }, i) => [
      ...[what, passLine],
      ...rows.map(({ ends }) => `${ends[i]?.isPassed ? '' : '✗ '}${ends[i]?.told ?? ''}`),
    ]),
  }),
  weather: (rows) => ({
    title: 'new names, 50 a second: % answered within 5 s, p50/p95/p99 ms, p95 of all but the first 20',
    head: ['', ...rows.map(({ server }) => server)],
    rows: CONDITIONS.map(({ what }, i) => [what, ...rows.map(({ under }) => outlook(under[i]))]),
  }),
  siege: (rows) => ({
    title: `new names, while ${SIEGE_PER_SECOND} a second of a dead zone are asked for`,
    head: ['', 'quiet', 'besieged'],
    rows: rows.map(({ server, quiet, besieged }) => [server, outlook(quiet), outlook(besieged)]),
  }),
  pools: ({ weighted, placed, sigmas }) => ({
    title: 'chosen answers over UDP, 1,000 names of four members, dnsperf -c 8 -q 200',
    head: ['', 'answers/s', 'CPU µs/query', 'lost', 'failed', 'CPU, ours to theirs', 'to plain'],
    rows: [
      ...weighted.map((row) => [
        ...[`${row.server}: by weight`, rate(row), row.cpuMicros.toFixed(2), row.lost, row.failed],
        toOurs(weighted, row, ({ cpuMicros }) => cpuMicros),
      ]),
      ...placed.map((row) => [
        ...[`${OURS}: ${row.server}`, rate(row), row.cpuMicros.toFixed(2), row.lost, row.failed, ''],
        ratio(row.cpuMicros, rowOf(placed, PLAIN)?.cpuMicros ?? Number.NaN),
      ]),
    ],
    notes: [`100,000 draws: the worst member is ${sigmas.toFixed(2)} standard deviations from its weight`],
  }),
  health: ({ cpuPercent, addedMb, p99, lost, goneMs, unanswered }) => ({
    title: `${CHECKED_MEMBERS} members, each checked every 10 s; a member whose process is killed`,
    head: ['', 'CPU %', 'MB more', 'p99 µs', 'without', 'lost', 'gone after ms', 'lost meanwhile'],
    rows: [
      [
        ...['Cairn', cpuPercent.toFixed(1), addedMb, p99[0], p99[1], lost],
        ...[goneMs.map(Math.round).join(', '), unanswered],
      ],
    ],
  }),
};

function outlook(answered: Answered | undefined): string {
  if (answered === undefined) return '';
  const { asked, answered: count, p50, p95, p99, laterP95 } = answered;
  return `${((100 * count) / asked).toFixed(1)} %, ${p50}/${p95}/${p99}, ${laterP95}`;
}

const quantiles = ({ p50, p99, p999, lost }: Pace): Cell[] => [p50, p99, p999, lost];

/** A client that is itself as late as what it measures has measured nothing. */
const lateNotes = (paces: readonly Pace[]): string[] =>
  paces.some(({ lateP99, p99 }) => 2 * lateP99 > p99)
    ? ['the client itself was late, so a p99 here may be its own: the machine was busy']
    : [];

/** A server that loses queries has no throughput figure. */
const rate = ({ perSecond, lost, failed }: RateRow): Cell =>
  lost + failed > 0 ? `(${perSecond})` : perSecond;

function rates(title: string, rows: readonly RateRow[]): Table {
  return {
    title,
    head: [
      '',
      'answers/s',
      'CPU µs/query',
      'lost',
      'failed',
      'answers, ours to theirs',
      'CPU, ours to theirs',
    ],
    rows: rows.map((row) => [
      ...[row.server, rate(row), row.cpuMicros.toFixed(2), row.lost, row.failed],
      toOurs(rows, row, ({ perSecond }) => perSecond),
      toOurs(rows, row, ({ cpuMicros }) => cpuMicros),
    ]),
  };
}

function toOurs<Row extends { readonly server: string }>(
  rows: readonly Row[],
  theirs: Row,
  of: (row: Row) => number,
): string {
  const ours = rowOf(rows, OURS);
  return ours ? ratio(of(ours), of(theirs)) : '';
}

/** A part's table and its goals, as lines; none for a part that was not measured. */
export function linesOf<Name extends Part>(part: Name, parts: Parts): string[] {
  const rows = parts[part];
  if (rows === undefined) return [];
  const { title, head, rows: cells, notes = [] } = TABLES[part](rows);
  const goals = BUDGETS[part]?.(parts) ?? [];
  return [
    ...['', `${part}: ${title}`, ...aligned([head, ...cells])],
    ...notes.map((note) => `  ${note}`),
    ...goals.map(({ goal, found, isMet }) => `  ${isMet ? 'met   ' : 'MISSED'}  ${goal}: ${found}`),
  ];
}

/** The first column to the left, the others to the right. */
export function aligned(rows: readonly (readonly Cell[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => String(row[i] ?? '').length)));
  return rows.map((row) => {
    const cells = row.map((cell, i) => {
      const width = widths[i] ?? 0;
      return i === 0 ? String(cell).padEnd(width) : String(cell).padStart(width);
    });
    return `  ${cells.join('   ')}`.trimEnd();
  });
}
