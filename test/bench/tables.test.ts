/** From rows to tables and verdicts. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BUDGETS } from '../../bench/budget.ts';
import { KEPT } from '../../bench/load.ts';
import type { Pace } from '../../bench/pace.ts';
import { BY_COUNTRY, PLAIN, PLAIN_FOR_CLIENT } from '../../bench/pools.ts';
import { readmeOf } from '../../bench/readme.ts';
import type { Parts, Results } from '../../bench/results.ts';
import { linesOf } from '../../bench/show.ts';
import { TROUBLES } from '../../bench/troubles.ts';
import { CONDITIONS } from '../../bench/weather.ts';

const rate = (server: string, cpuMicros: number, lost = 0, failed = 0) => ({
  ...{ server, perSecond: Math.round(800_000 / cpuMicros), lost, failed, cpuMicros },
});
const pace = (p99: number, lateP99 = 1): Pace => ({
  ...{ sent: 100_000, lost: 0, p50: 20, p99, p999: 2 * p99, max: 9_000, worstSecondP99: p99, lateP99 },
});
const latency = (server: string, p99: number, lateP99?: number) => ({
  ...{ server, maxPerSecond: 180_000, atHalf: pace(p99, lateP99) },
  ...{ commonPerSecond: 80_000, atCommon: pace(p99) },
});
const load = (server: string, startMs: number, residentMb: number) => ({
  ...{ server, startMs, startCpuMs: startMs, residentMb, peakMb: 2 * residentMb },
});

const PARTS: Parts = {
  micro: { nsPerQuery: 450, bestNsPerQuery: 431, bytesPerQuery: 0, allocators: [] },
  udp: [rate('Cairn', 4.5), rate('NSD', 5), rate('Knot DNS', 4.6, 3)],
  cached: [rate('Cairn', 5), rate('Unbound', 5)],
  latency: [latency('Cairn', 100), latency('Knot DNS', 80)],
  load: [load('Cairn', 800, 140), load(KEPT, 260, 140), load('NSD', 800, 290)],
};

const verdictsOf = (part: keyof typeof BUDGETS, parts: Parts = PARTS): string[] =>
  BUDGETS[part]?.(parts).map(({ goal, found, isMet }) => `${isMet ? 'met' : 'MISSED'} ${goal}: ${found}`) ??
  [];

describe('a budget', () => {
  test('is held against each peer that was measured, and no other', () => {
    expect(verdictsOf('udp')).toEqual([
      "MISSED CPU at most 0.95 × Knot DNS's: 0.98",
      "met CPU at most 1 × NSD's: 0.90",
      'met no query lost or failed: 0',
    ]);
    expect(verdictsOf('cached')).toContain("MISSED CPU at most 0.9 × Unbound's: 1.00");
    expect(verdictsOf('miss')).toEqual([]);
  });

  test('is missed by who loses queries, however fast it was', () => {
    for (const [lost, failed] of [
      [2, 0],
      [0, 2],
    ]) {
      const udp = [rate('Cairn', 1, lost, failed)];
      expect(verdictsOf('udp', { udp })).toEqual(['MISSED no query lost or failed: 2']);
    }
  });

  test('for starting counts a kept image apart', () => {
    expect(verdictsOf('load')).toEqual([
      "met start at most 1 × NSD's time: 1.00",
      "met memory at most 0.5 × NSD's: 0.48",
      'MISSED from a kept image at most 250 ms: 260',
    ]);
  });

  test('for floods looks at the second half', () => {
    const flood = (residentMb: number[], cacheMb: number[]) => ({
      flood: [{ ...rate('Cairn', 90), names: 100, residentMb, cacheMb }],
    });
    const verdicts = verdictsOf(
      'flood',
      flood([100, 150, 200, 230, 250, 260, 262, 263, 264, 276], [64, 64.1]),
    );
    expect(verdicts).toEqual([
      'MISSED memory at the end at most 1.1 × that after half: 1.10',
      'MISSED cache at most 64 MB: 64.1',
    ]);
    expect(verdictsOf('flood', flood(Array(10).fill(250), [64]))[0]).toMatch(/^met/);
  });
});

describe('a budget for bad days', () => {
  const answered = (asked: number, count: number, laterP95 = 10, p99 = 20) => ({
    ...{ asked, answered: count, p50: 2, p95: 10, p99, laterP95 },
  });

  test('names the troubles that went too far', () => {
    const ends = TROUBLES.map((_, i) => ({ told: '', isPassed: i !== 1 }));
    expect(verdictsOf('troubles', { troubles: [{ server: 'Cairn', ends }] })).toEqual([
      'MISSED each within its pass line: the same by ten names',
    ]);
  });

  test('is held to one in a thousand without answer, and to what is well', () => {
    const under = CONDITIONS.map((_, i) => answered(1_000, i === 2 ? 998 : 999, i === 1 ? 14 : 10));
    const verdicts = verdictsOf('weather', { weather: [{ server: 'Cairn', under }] });
    expect(verdicts.filter((line) => line.startsWith('MISSED'))).toEqual([
      'MISSED one of three alive: at least 99.9 % answered: 99.8 %',
      'MISSED one of two dead: p95 at most 1.3 × when well: 1.40',
    ]);
  });

  test('besieged, it may take twice as long', () => {
    const siege = [{ server: 'Cairn', quiet: answered(10, 10), besieged: answered(10, 10, 10, 41) }];
    expect(verdictsOf('siege', { siege })).toEqual([
      'met besieged: at least 99.9 % answered: 100.0 %',
      'MISSED p99 at most 2 × when quiet: 2.05',
    ]);
  });
});

describe('a budget for pools', () => {
  const weighted = [rate('Cairn', 6), rate('gdnsd', 5)];
  const placed = [rate(PLAIN, 5), rate(PLAIN_FOR_CLIENT, 5.2), rate(BY_COUNTRY, 6)];
  const health = {
    ...{ cpuPercent: 10.4, addedMb: 150, p99: [121, 110] as const, lost: 0 },
    ...{ goneMs: [1_200, 2_501], unanswered: 1 },
  };
  const parts: Parts = { pools: { weighted, placed, sigmas: 3.3 }, health };

  test('is held against gdnsd, and our plain answers to the same query', () => {
    expect(verdictsOf('pools', parts)).toEqual([
      "MISSED CPU at most 1.1 × gdnsd's: 1.20",
      'met no query lost or failed: 0',
      "met by country: CPU at most 1.25 × a plain answer's, the client told in both: 1.15",
      'MISSED 100,000 draws: each member at most 3.29 standard deviations from its weight: 3.30',
    ]);
  });

  test('of checks is held to the slowest death', () => {
    expect(verdictsOf('health', parts)).toEqual([
      'MISSED checks take at most 10 % of a core: 10.4',
      'met at most 150 MB more: 150',
      'met p99 at most 1.1 × without checks: 1.10',
      'MISSED no query lost: 1',
      'MISSED a member killed: gone within 2500 ms: 2501',
    ]);
  });

  test('has lines in the README', () => {
    const machine = { ...{ date: '', commit: '', cpu: '', cores: 2, memoryMb: 1 }, kernel: '', node: 'v1' };
    const page = readmeOf({ machine: { ...machine, busyBefore: 0 }, versions: {}, parts, unmeasured: [] });
    expect(page).toContain(
      '| 1,000 names of four members, by weight: CPU per query | 6.00 µs | 5.00 µs (1.20) |',
    );
    expect(page).toContain('| by country, client told: CPU per query | 6.00 µs |  |');
    expect(page).toContain(
      '| a member killed, checked every second: in no answer after at most | 2.50 s |  |',
    );
  });
});

describe('a table', () => {
  test('has a line for each server, and no throughput for who lost some', () => {
    expect(linesOf('udp', PARTS).slice(2, 6)).toEqual([
      '             answers/s   CPU µs/query   lost   failed   answers, ours to theirs   CPU, ours to theirs',
      '  Cairn         177778           4.50      0        0                      1.00                  1.00',
      '  NSD           160000           5.00      0        0                      1.11                  0.90',
      '  Knot DNS    (173913)           4.60      3        0                      1.02                  0.98',
    ]);
  });

  test('says when the client was as late as what it measured', () => {
    expect(linesOf('latency', PARTS).join()).not.toMatch('the client itself was late');
    const late = linesOf('latency', { latency: [latency('Cairn', 100, 51)] });
    expect(late.join()).toMatch('the client itself was late');
  });

  test('is not there for what was not measured', () => expect(linesOf('reload', PARTS)).toEqual([]));
});

describe('the README of bad days', () => {
  test('tells how many troubles were borne, and how many questions were answered', () => {
    const answered = { asked: 1_000, answered: 940, p50: 2, p95: 10, p99: 20, laterP95: 10 };
    const parts: Parts = {
      troubles: [{ server: 'Cairn', ends: [true, false].map((isPassed) => ({ told: '', isPassed })) }],
      siege: [{ server: 'Cairn', quiet: answered, besieged: answered }],
    };
    const machine = { ...{ date: '', commit: '', cpu: '', cores: 2, memoryMb: 1 }, kernel: '', node: 'v1' };
    const results = { machine: { ...machine, busyBefore: 0 }, versions: {}, parts, unmeasured: [] };
    expect(readmeOf(results)).toContain('| troubles that stay within our pass lines | 1 of 2 |');
    expect(readmeOf(results)).toContain('| new names while a dead zone is flooded: answered | 94.0 % |');
  });
});

describe('the README', () => {
  const machine = {
    ...{ date: '2026-11-21T00:38Z', commit: 'abc', cpu: 'AMD EPYC', cores: 2, memoryMb: 24_000 },
    ...{ kernel: '6.18.44-x', node: 'v24.21.0', busyBefore: 0 },
  };
  const results: Results = { machine, versions: { NSD: '4.6.1' }, parts: PARTS, unmeasured: [] };

  test('has what was measured, ratios in parentheses', () => {
    expect(readmeOf(results)).toBe(
      `\`npm run bench\` on 2026-11-21 at abc, beside NSD 4.6.1, in the same run;
2 cores (AMD EPYC), Linux 6.18.44, Node 24.21.0.

| | Cairn | NSD | Knot DNS |
|---|--:|--:|--:|
| UDP, 100,000 names: CPU per query | 4.50 µs | 5.00 µs (0.90) | 4.60 µs (0.98) |
| UDP: answers per second, one core | 178,000 | 160,000 (1.11) | lost some |
| p99 at half of its maximum | 100.0 µs |  | 80.0 µs (1.25) |
| p99 at the same load | 100.0 µs |  | 80.0 µs (1.25) |
| 1,000,000 records of text: start to first answer | 0.80 s | 0.80 s (1.00) |  |
| from a kept image | 0.26 s |  |  |
| memory with them | 140 MB | 290 MB (0.48) |  |

| | Cairn | Unbound |
|---|--:|--:|
| from the cache: CPU per query | 5.00 µs | 5.00 µs (1.00) |
| from the cache: answers per second, one core | 160,000 | 160,000 (1.00) |

Deciding and encoding an answer takes 0.45 µs, and allocates nothing.`,
    );
  });

  test('shows the latest run', () => {
    const latest = JSON.parse(readFileSync('bench/latest.json', 'utf8'));
    expect(readFileSync('README.md', 'utf8')).toContain(readmeOf(latest));
  });
});
