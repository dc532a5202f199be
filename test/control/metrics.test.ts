import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Counter, type CounterName, Counters, counterMeaning } from '../../src/base/counters.ts';
import { Histograms } from '../../src/base/histogram.ts';
import { Exposition } from '../../src/control/exposition.ts';
import { counterMetrics } from '../../src/control/metric-names.ts';
import { type MetricSources, metricsText, type Standing } from '../../src/control/metrics.ts';
import { LATENCY_ROWS, latencyRow, Path } from '../../src/server/observer.ts';
import { catalog } from '../support/authority.ts';
import { parseScrape, valueIn } from './scrape.ts';

const counters = new Counters();
const latency = new Histograms(LATENCY_ROWS);
const zones = catalog({ 'a"b.example': '@ 60 SOA ns host 42 1 1 1 1\n@ 60 NS ns\nns 60 A 192.0.2.1\n' });
const standing: Standing = {
  catalog: zones,
  resolver: { cacheEntries: 3, cacheBytes: 2_048, answerEntries: 4, answerBytes: 512, resolutions: 2 },
  rules: [{ list: 'ads', rules: 12, answers: 7, bytes: 456 }],
  hosts: { known: 3, stale: 0, failed: 1, pending: 0 },
  pools: [
    {
      ...{ pool: 'www.z.test.', count: 1, changes: 4, choicesDown: 5, down: 1, lastGood: 1 },
      members: {
        ...{ unchecked: 0, up: 1, warming: 0, spared: 0 },
        ...{ pending: 0, down: 2, drained: 0, forced: 0 },
      },
    },
  ],
  places: {
    table: new SharedArrayBuffer(512),
    ages: [{ kind: 'country', builtSeconds: 1_780_000_000 }],
    print: '',
  },
  health: {
    isAlive: true,
    load: { awaited: 0, late: 4, underway: 2 },
    checks: [{ check: 'web', down: 1, pending: 2, up: 3 }],
    held: 1,
    probeTime: () => ({ counts: [1], sumUs: 1 }),
  },
  tcpConnections: 1,
  frontThreads: 3,
  reload: { wallSeconds: 1_700_000_000, isTaken: false },
};
const sources: MetricSources = {
  counts: () => counters.record(),
  latency: (row) => latency.row(row),
  standing: () => standing,
  isReady: () => true,
};

test('every counter is in exactly one metric, and those alone in theirs have their meaning for help', () => {
  const all = counterMetrics().flatMap(({ members }) => members.map(([counter]) => counter));
  expect(all.sort()).toEqual((Object.keys(Counter) as CounterName[]).sort());
  const scraped = parseScrape(metricsText(sources));
  expect(scraped.get('cairn_udp_received_total')).toMatchObject({
    type: 'counter',
    help: counterMeaning('udpReceived'),
  });
});

test('what is bumped is seen, under its label where it has one', () => {
  counters.bump(Counter.queries);
  counters.bump(Counter.refused);
  counters.bump(Counter.tcpClosedIdle);
  const scraped = parseScrape(metricsText(sources));
  expect(valueIn(scraped, 'cairn_queries_total')).toBe(1);
  expect(valueIn(scraped, 'cairn_responses_total{rcode="REFUSED"}')).toBe(1);
  expect(valueIn(scraped, 'cairn_responses_total{rcode="SERVFAIL"}')).toBe(0);
  expect(valueIn(scraped, 'cairn_tcp_closed_total{reason="idle"}')).toBe(1);
});

test('buckets are in seconds, and each has all that is at most its bound', () => {
  latency.observe(latencyRow(Path.CACHED, true), 3);
  latency.observe(latencyRow(Path.CACHED, true), 1_000);
  latency.observe(latencyRow(Path.CACHED, true), 60e6);
  const scraped = parseScrape(metricsText(sources));
  const bucket = (le: string): number =>
    valueIn(scraped, `cairn_response_seconds_bucket{path="cached",transport="tcp",le="${le}"}`);
  expect(['0.000002', '0.000004', '0.000512', '0.001024', '8.388608', '+Inf'].map(bucket)).toEqual([
    0, 1, 1, 2, 2, 3,
  ]);
  expect(valueIn(scraped, 'cairn_response_seconds_count{path="cached",transport="tcp"}')).toBe(3);
  expect(valueIn(scraped, 'cairn_response_seconds_sum{path="cached",transport="tcp"}')).toBeCloseTo(
    60.001003,
  );
});

test('how things stand is told once they stand', () => {
  const scraped = parseScrape(metricsText(sources));
  const serial = 'cairn_zone_serial{zone="a\\\\\\"b.example.",class="IN"}';
  const names = [
    serial,
    'cairn_zones',
    'cairn_records',
    'cairn_cache_bytes',
    'cairn_front_threads',
    'cairn_last_reload_successful',
    'cairn_rules{list="ads"}',
    'cairn_rule_answers_total{list="ads"}',
    'cairn_rule_bytes{list="ads"}',
    'cairn_places_built_timestamp_seconds{database="country"}',
    'cairn_places_bytes',
  ];
  expect(names.map((name) => valueIn(scraped, name))).toEqual([
    ...[42, 1, 3, 2_048, 3, 0, 12, 7, 456],
    ...[1_780_000_000, 512],
  ]);
  const before = parseScrape(metricsText({ ...sources, standing: () => undefined, isReady: () => false }));
  expect(before.has('cairn_zones')).toBe(false);
  expect(valueIn(before, 'cairn_ready')).toBe(0);
});

test('what a label or a help says cannot break its line', () => {
  const page = new Exposition();
  page.several('x', 'gauge', 'a\nb\\', [[{ l: 'q"\\\nz' }, 1]]);
  expect(page.text).toBe('# HELP x a\\nb\\\\\n# TYPE x gauge\nx{l="q\\"\\\\\\nz"} 1\n');
});

test('docs/OPERATING.md has every metric with its type, and no other', () => {
  const manual = readFileSync(new URL('../../docs/OPERATING.md', import.meta.url), 'utf8');
  const documented = [...manual.matchAll(/^\| `((?:cairn|process)_\w+)(?:\{[^}]*\})?` \| (\w+) \|/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const told = [...parseScrape(metricsText(sources))].map(([name, { type }]) => `${name} ${type}`);
  expect(documented.sort()).toEqual(told.sort());
});
