import { expect, test } from 'vitest';
import { durationText, parseDurationMs, parseSizeBytes } from '../../src/control/quantity.ts';

test.each([
  ['0ms', 0],
  ['500ms', 500],
  ['5s', 5_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['1d', 86_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  ['1B', 1],
  ['64KB', 65_536],
  ['64MB', 67_108_864],
  ['64 MiB', 67_108_864],
  ['64mb', 67_108_864],
  ['1GB', 1_073_741_824],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSizeBytes(text)).toBe(bytes);
});

test.each(['', '5', 's', '-5s', '5 s', '1.5s', '5sec', '1e3s', '99999999999s', '5MB'])(
  '%s is no duration',
  (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  },
);

test.each(['', '64', 'MB', '-1MB', '1.5MB', '64MBit', '5s', '64TB'])('%s is no size', (text) => {
  expect(parseSizeBytes(text)).toBeUndefined();
});

test.each([
  [3, '3ms'],
  [1_500, '1.5s'],
  [5_000, '5s'],
])('%d ms reads %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
