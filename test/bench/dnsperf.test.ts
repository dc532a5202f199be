/** What is read from dnsperf, and what is made of several rounds. */
import { expect, test } from 'vitest';
import { middleRound, type RateRow, ratesOf } from '../../bench/dnsperf.ts';

const SAID = `Statistics:

  Queries sent:         61008
  Queries completed:    61000 (99.99%)
  Queries lost:         8 (0.01%)

  Response codes:       NOERROR 40000 (65.57%), NXDOMAIN 20000 (32.79%), SERVFAIL 900 (1.48%), NOTIMP 100 (0%)
  Average packet size:  request 38, response 91
  Run time (s):         2.500250
  Queries per second:   24397.560244
`;

test('rates are read, and answers that say neither yes nor no are counted', () => {
  expect(ratesOf(SAID)).toEqual({ perSecond: 24_398, lost: 8, failed: 1_000, completed: 61_000 });
});

test('where nothing was said, there is no figure', () => {
  expect(ratesOf('').perSecond).toBeNaN();
  expect(ratesOf('').completed).toBeNaN();
});

test('of several rounds the one in the middle by CPU is told, and what any of them lost', () => {
  const round = (cpuMicros: number, lost: number, failed: number): RateRow => ({
    ...{ server: 'Cairn', perSecond: 1_000 * cpuMicros, cpuMicros, lost, failed },
  });
  const middle = middleRound([round(9, 1, 0), round(4, 0, 2), round(5, 0, 0)]);
  expect(middle).toEqual({ server: 'Cairn', perSecond: 5_000, cpuMicros: 5, lost: 1, failed: 2 });
});
