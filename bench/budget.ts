/**
 * What has to be reached, with one core for the server, and whether a run has: each goal as a sentence with
 * the figure it is held against. A goal relative to a peer that was not measured is not told.
 */
import type { RateRow } from './dnsperf.ts';
import { FLOOD_CACHE_MB } from './flood.ts';
import { KEPT } from './load.ts';
import { BY_COUNTRY, PLAIN_FOR_CLIENT } from './pools.ts';
import { type Part, type Parts, rowOf } from './results.ts';
import { OURS } from './servers.ts';
import { SIGMAS_MAX } from './shares.ts';
import { TROUBLES } from './troubles.ts';
import { type Answered, CONDITIONS } from './weather.ts';

export interface Verdict {
  readonly goal: string;
  /** What was measured, in the words of the goal. */
  readonly found: string;
  readonly isMet: boolean;
}

const CPU_SHARES = {
  udp: { 'Knot DNS': 0.95, NSD: 1, 'C echo': 1.15 },
  cached: { Unbound: 0.9 },
  miss: { Unbound: 1 },
} as const;
const ANSWER_NS = 1_000;
const TCP_RATE = { 'Knot DNS': 1 } as const;
const START = { server: 'NSD', time: 1, memory: 0.5 } as const;
const START_KEPT_MS = 250;
const CHANGE_MS = 20;
const RELOAD_P99_MICROS = 5_000;
/** Of what was held when half of the names had come. */
const FLOOD_GROWTH = 1.1;
/** Of questions that get their answer in the client's time. */
const ANSWERED_SHARE = 0.999;
const HALF_DEAD_P95 = 1.3;
const SIEGE_P99 = 2;
const WEIGHTED_SHARE = 1.1;
const PLACED_SHARE = 1.25;
const CHECKS_CPU_PERCENT = 10;
const CHECKS_MB = 150;
const CHECKS_P99 = 1.1;
/** With an interval of a second and two failures to fall. */
const GONE_MS = 2_500;

const atMost = (goal: string, found: number, most: number, digits = 2): Verdict => ({
  goal,
  found: found.toFixed(digits),
  isMet: found <= most,
});

export const BUDGETS: { readonly [Name in Part]?: (parts: Parts) => Verdict[] } = {
  micro: ({ micro }) =>
    micro
      ? [
          atMost(`at most ${ANSWER_NS} ns per query`, micro.nsPerQuery, ANSWER_NS, 0),
          atMost('no byte allocated', micro.bytesPerQuery, 0, 1),
        ]
      : [],
  'front-heap': (parts) =>
    parts['front-heap'] ? [atMost('no byte allocated', parts['front-heap'].bytesPerQuery, 0, 1)] : [],
  udp: ({ udp }) => cpuVerdicts(udp, CPU_SHARES.udp),
  cached: ({ cached }) => cpuVerdicts(cached, CPU_SHARES.cached),
  miss: ({ miss }) => cpuVerdicts(miss, CPU_SHARES.miss),
  tcp: ({ tcp }) =>
    against(tcp, TCP_RATE, (ours, theirs, peer, share) => {
      const found = ours.perSecond / theirs.perSecond;
      return [
        { goal: `at least ${share} × ${peer}'s rate`, found: found.toFixed(2), isMet: found >= share },
        nothingLost(ours),
      ];
    }),
  latency: ({ latency }) =>
    against(latency, TCP_RATE, (ours, theirs, peer) => [
      atMost(`p99 at half load at most ${peer}'s`, ours.atHalf.p99 / theirs.atHalf.p99, 1),
      atMost(`p99 at the same load at most ${peer}'s`, ours.atCommon.p99 / theirs.atCommon.p99, 1),
    ]),
  load: ({ load }) => {
    const kept = rowOf(load, KEPT);
    return [
      ...against(load, { [START.server]: START.time }, (ours, theirs, peer, share) => [
        atMost(`start at most ${share} × ${peer}'s time`, ours.startMs / theirs.startMs, share),
        atMost(
          `memory at most ${START.memory} × ${peer}'s`,
          ours.residentMb / theirs.residentMb,
          START.memory,
        ),
      ]),
      ...(kept
        ? [atMost(`from a kept image at most ${START_KEPT_MS} ms`, kept.startMs, START_KEPT_MS, 0)]
        : []),
    ];
  },
  change: ({ change }) =>
    change
      ? [
          atMost(`published at most ${CHANGE_MS} ms after the call`, change.medianMs, CHANGE_MS),
          atMost(`…the first of a process too`, change.firstMs, CHANGE_MS),
        ]
      : [],
  reload: ({ reload }) => {
    const ours = rowOf(reload, OURS);
    if (ours === undefined) return [];
    return [
      { goal: 'no query lost', found: String(ours.lost), isMet: ours.lost === 0 },
      atMost(`p99 at most ${RELOAD_P99_MICROS} µs`, ours.p99, RELOAD_P99_MICROS, 0),
    ];
  },
  flood: ({ flood }) => {
    const ours = rowOf(flood, OURS);
    if (ours === undefined) return [];
    const half = ours.residentMb[(ours.residentMb.length >> 1) - 1] ?? 0;
    const goal = `memory at the end at most ${FLOOD_GROWTH} × that after half`;
    return [
      atMost(goal, (ours.residentMb.at(-1) ?? 0) / half, FLOOD_GROWTH),
      atMost(`cache at most ${FLOOD_CACHE_MB} MB`, Math.max(...(ours.cacheMb ?? [])), FLOOD_CACHE_MB, 1),
    ];
  },
  troubles: ({ troubles }) => {
    const ends = rowOf(troubles, OURS)?.ends ?? [];
    const missed = TROUBLES.filter((_, i) => ends[i]?.isPassed === false).map(({ what }) => what);
    if (ends.length === 0) return [];
    return [
      { goal: 'each within its pass line', found: missed.join('; ') || 'all', isMet: missed.length === 0 },
    ];
  },
  weather: ({ weather }) => {
    const under = rowOf(weather, OURS)?.under;
    if (under === undefined) return [];
    const [well, half] = under as readonly [Answered, Answered];
    return [
      ...under.map((one, i) => answeredEnough(CONDITIONS[i]?.what ?? '', one)),
      atMost(
        `one of two dead: p95 at most ${HALF_DEAD_P95} × when well`,
        half.laterP95 / well.laterP95,
        HALF_DEAD_P95,
      ),
    ];
  },
  siege: ({ siege }) => {
    const ours = rowOf(siege, OURS);
    if (ours === undefined) return [];
    const { quiet, besieged } = ours;
    return [
      answeredEnough('besieged', besieged),
      atMost(`p99 at most ${SIEGE_P99} × when quiet`, besieged.p99 / quiet.p99, SIEGE_P99),
    ];
  },
  pools: ({ pools }) => {
    const cpuOf = (kind: string): number => rowOf(pools?.placed, kind)?.cpuMicros ?? Number.NaN;
    if (pools === undefined) return [];
    return [
      ...cpuVerdicts(pools.weighted, { gdnsd: WEIGHTED_SHARE }),
      atMost(
        `by country: CPU at most ${PLACED_SHARE} × a plain answer's, the client told in both`,
        cpuOf(BY_COUNTRY) / cpuOf(PLAIN_FOR_CLIENT),
        PLACED_SHARE,
      ),
      atMost(
        `100,000 draws: each member at most ${SIGMAS_MAX} standard deviations from its weight`,
        pools.sigmas,
        SIGMAS_MAX,
      ),
    ];
  },
  health: ({ health }) =>
    health
      ? [
          atMost(
            `checks take at most ${CHECKS_CPU_PERCENT} % of a core`,
            health.cpuPercent,
            CHECKS_CPU_PERCENT,
            1,
          ),
          atMost(`at most ${CHECKS_MB} MB more`, health.addedMb, CHECKS_MB, 0),
          atMost(`p99 at most ${CHECKS_P99} × without checks`, health.p99[0] / health.p99[1], CHECKS_P99),
          atMost('no query lost', health.lost + health.unanswered, 0, 0),
          atMost(`a member killed: gone within ${GONE_MS} ms`, Math.max(...health.goneMs), GONE_MS, 0),
        ]
      : [],
};

const answeredEnough = (what: string, { asked, answered }: Answered): Verdict => ({
  goal: `${what}: at least ${100 * ANSWERED_SHARE} % answered`,
  found: `${((100 * answered) / asked).toFixed(1)} %`,
  isMet: answered >= ANSWERED_SHARE * asked,
});

function cpuVerdicts(
  rows: readonly RateRow[] | undefined,
  shares: Readonly<Record<string, number>>,
): Verdict[] {
  const ours = rowOf(rows, OURS);
  const each = against(rows, shares, (own, theirs, peer, share) => [
    atMost(`CPU at most ${share} × ${peer}'s`, own.cpuMicros / theirs.cpuMicros, share),
  ]);
  return ours ? [...each, nothingLost(ours)] : each;
}

const nothingLost = ({ lost, failed }: RateRow): Verdict => ({
  goal: 'no query lost or failed',
  found: String(lost + failed),
  isMet: lost + failed === 0,
});

/** Ours beside each peer that was measured. */
function against<Row extends { readonly server: string }>(
  rows: readonly Row[] | undefined,
  shares: Readonly<Record<string, number>>,
  verdicts: (ours: Row, theirs: Row, peer: string, share: number) => Verdict[],
): Verdict[] {
  const ours = rowOf(rows, OURS);
  return Object.entries(shares).flatMap(([peer, share]) => {
    const theirs = rowOf(rows, peer);
    return ours && theirs ? verdicts(ours, theirs, peer, share) : [];
  });
}
