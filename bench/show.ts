/**
 * Tables for people: what was measured, beside the peers, and against the budget this stage of the project
 * has.
 */
import type { LoadRow } from './load.ts';
import type { MicroRow } from './micro.ts';
import type { UdpRow } from './udp.ts';

/** What has to be reached with one core, from text. CPU per query over UDP: shares of what others need. */
export const BUDGET = {
  answerNs: 1_000,
  answerBytes: 0,
  cpuShares: { 'Knot DNS': 0.95, NSD: 1, 'C echo': 1.15 } as Readonly<Record<string, number>>,
  startMs: 1_500,
  residentMb: 200,
} as const;

const verdict = (isMet: boolean): string => (isMet ? 'met' : 'MISSED');

function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of cells) {
    const [first = '', ...rest] = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    console.log(`  ${[first, ...rest].join('   ')}`);
  }
}

export function showMicro(row: MicroRow): MicroRow {
  table(
    'answer alone, 200,000 recorded queries over a zone of 100,000 names',
    ['', 'median', 'best', 'budget', ''],
    [
      [
        'ns per query',
        row.nsPerQuery,
        row.bestNsPerQuery,
        BUDGET.answerNs,
        verdict(row.nsPerQuery <= BUDGET.answerNs),
      ],
      [
        'bytes per query',
        row.bytesPerQuery,
        '',
        BUDGET.answerBytes,
        verdict(row.bytesPerQuery <= BUDGET.answerBytes),
      ],
    ],
  );
  for (const allocator of row.allocators) console.log(`    allocates: ${allocator}`);
  return row;
}

const ratio = (ours: number, theirs: number): string => (ours / theirs).toFixed(2);

export function showUdp(rows: UdpRow[]): UdpRow[] {
  const [ours] = rows as [UdpRow];
  table(
    'over UDP, one core, dnsperf -c 8 -q 200 on the other',
    ['', 'answers/s', 'CPU µs/query', 'lost', 'answers, ours to theirs', 'CPU, ours to theirs'],
    rows.map((row) => [
      row.server,
      // A server that loses queries has no throughput figure.
      row.lost > 0 ? `(${row.perSecond})` : row.perSecond,
      row.cpuMicros.toFixed(2),
      row.lost,
      ratio(ours.perSecond, row.perSecond),
      ratio(ours.cpuMicros, row.cpuMicros),
    ]),
  );
  for (const { server, cpuMicros } of rows) {
    const share = BUDGET.cpuShares[server];
    if (share === undefined) continue;
    const isMet = ours.cpuMicros <= share * cpuMicros && ours.lost === 0;
    console.log(`  budget: CPU at most ${share.toFixed(2)} of ${server}'s, ${verdict(isMet)}`);
  }
  return rows;
}

export function showLoad(rows: LoadRow[]): LoadRow[] {
  const [ours] = rows as [LoadRow];
  table(
    '1,000,000 A records: start to first answer, memory two seconds later',
    ['', 'ms', 'CPU ms', 'MB', 'peak MB', 'time, ours to theirs', 'memory, ours to theirs'],
    rows.map((row) => [
      row.server,
      row.startMs,
      row.startCpuMs,
      row.residentMb,
      row.peakMb,
      ratio(ours.startMs, row.startMs),
      ratio(ours.residentMb, row.residentMb),
    ]),
  );
  const isMet = ours.startMs <= BUDGET.startMs && ours.residentMb <= BUDGET.residentMb;
  console.log(`  budget: ${BUDGET.startMs} ms and ${BUDGET.residentMb} MB, ${verdict(isMet)}`);
  return rows;
}
