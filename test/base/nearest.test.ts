import { expect, test } from 'vitest';
import { nearest } from '../../src/base/nearest.ts';

const KEYS = ['listen', 'zones', 'zone', 'recursion', 'hosts', 'identity', 'user', 'group', 'log', 'grace'];

test.each([
  ['lisen', 'listen'],
  ['Listen', 'listen'],
  ['recrusion', 'recursion'],
  ['zoen', 'zone'],
  ['host', 'hosts'],
  ['logs', 'log'],
  ['identiy', 'identity'],
])('%s was meant to be %s', (typed, meant) => {
  expect(nearest(typed, KEYS)).toBe(meant);
});

test.each(['forwarders', 'x', '', 'a'.repeat(10_000)])(
  'nothing is suggested for what is like no key',
  (typed) => {
    expect(nearest(typed, KEYS)).toBeUndefined();
  },
);
