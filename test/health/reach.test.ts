import { expect, test } from 'vitest';
import { ipText, parseIp } from '../../src/base/ip.ts';
import { refusesProbes } from '../../src/health/reach.ts';

const own = [{ address: '10.0.0.53', port: 53 }];
const asConfigured = refusesProbes({ allow: undefined }, own);

test.each([
  ['127.0.0.1', /loopback/],
  ['127.1.2.3', /loopback/],
  ['::1', /loopback/],
  ['::ffff:127.0.0.1', /loopback/],
  ['::ffff:7f00:1', /loopback/],
  ['0.0.0.0', /unspecified/],
  ['0.1.2.3', /unspecified/],
  ['::', /unspecified/],
  ['169.254.169.254', /link-local/],
  ['::ffff:169.254.169.254', /link-local/],
  ['fe80::1', /link-local/],
  ['224.0.0.251', /multicast/],
  ['240.0.0.1', /reserved/],
  ['255.255.255.255', /reserved/],
  ['ff02::1', /multicast/],
  ['100.100.100.200', /metadata/],
  ['fd00:ec2::254', /metadata/],
  ['::127.0.0.1', /clothes/],
  ['64:ff9b::127.0.0.1', /clothes/],
  ['64:ff9b::a9fe:a9fe', /clothes/],
  ['64:ff9b::ef01:1', /clothes/],
  ['2002:7f00:1::1', /clothes/],
  ['2002:a9fe:a9fe::1', /clothes/],
])('%s is not probed unless the operator says so', (address, why) => {
  expect(asConfigured({ address, port: 80 })).toMatch(why);
  const allowed = refusesProbes({ allow: [`${address}`] }, own);
  expect(allowed({ address, port: 80 })).toBeUndefined();
});

test.each([
  '10.0.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '203.0.113.7',
  'fd00::1',
  '2001:db8::1',
  '64:ff9b::c000:201',
  '::ffff:203.0.113.7',
])('%s is', (address) => {
  expect(asConfigured({ address, port: 80 })).toBeUndefined();
});

test('our own doors are not probed, what else is there is', () => {
  expect(asConfigured({ address: '10.0.0.53', port: 53 })).toMatch(/door/);
  expect(asConfigured({ address: '::ffff:10.0.0.53', port: 53 })).toMatch(/door/);
  expect(asConfigured({ address: '10.0.0.53', port: 80 })).toBeUndefined();
});

test('with a list, nothing but what is in it is probed', () => {
  const refuses = refusesProbes({ allow: ['127.0.0.0/8', '2001:db8::/32'] }, own);
  expect(refuses({ address: '127.9.9.9', port: 1 })).toBeUndefined();
  expect(refuses({ address: '10.0.0.1', port: 1 })).toMatch(/probes\.allow/);
  expect(refuses({ address: '2001:db9::', port: 1 })).toMatch(/probes\.allow/);
});

test.each(['127.1', '2130706433', '0x7f000001', '017700000001', 'localhost', ''])(
  '%s is no address at all, so nobody reads it otherwise than we do',
  (address) => {
    expect(asConfigured({ address, port: 80 })).toBe('no address');
  },
);

test('texts that we write are read back', () => {
  expect(ipText(parseIp('::ffff:7f00:1') as Uint8Array)).toBe('::ffff:127.0.0.1');
});
