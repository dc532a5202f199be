/**
 * Where IPv4 prefixes lie behind a NAT64 (RFC 6052 §2.4 has the addresses of 192.0.2.33).
 */
import { expect, test } from 'vitest';
import { translated } from '../../src/resolver/dns64.ts';

test.each([
  ['2001:db8::/32', '2001:db8:c000:200::/56'],
  ['2001:db8:100::/40', '2001:db8:1c0:2::/64'],
  ['2001:db8:122::/48', '2001:db8:122:c000:2::/80'],
  ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:200::/88'],
  ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2::/96'],
  ['2001:db8:122:344::/96', '2001:db8:122:344::c000:200/120'],
])('192.0.2.0/24 behind %s is %s', (nat64, ipv6) => {
  expect(translated(nat64, ['192.0.2.0/24', '2001:db8::/32'])).toEqual([ipv6]);
});

test('an address is a prefix of all its bits, and all of IPv4 is the prefix itself', () => {
  expect(translated('64:ff9b::/96', ['10.0.0.1', '0.0.0.0/0'])).toEqual([
    '64:ff9b::a00:1/128',
    '64:ff9b::/96',
  ]);
  expect(translated('2001:db8:1:1::/64', ['0.0.0.0/0'])).toEqual(['2001:db8:1:1::/64']);
});
