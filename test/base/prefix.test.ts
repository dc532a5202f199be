import { expect, test } from 'vitest';
import { PREFIX_MEMO_MAX } from '../../src/base/limits.ts';
import { PrefixSet } from '../../src/base/prefix.ts';

function set(...texts: string[]): PrefixSet {
  const parsed = PrefixSet.parse(texts);
  if (!(parsed instanceof PrefixSet)) throw new Error(JSON.stringify(parsed));
  return parsed;
}

test.each([
  // prefix, inside, outside
  [
    '10.0.0.0/8',
    ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3', '::ffff:a01:203'],
    ['9.255.255.255', '11.0.0.0'],
  ],
  ['192.0.2.1', ['192.0.2.1'], ['192.0.2.0', '192.0.2.2']],
  ['192.0.2.1/32', ['192.0.2.1'], ['192.0.2.2']],
  ['192.0.2.77/24', ['192.0.2.0', '192.0.2.255'], ['192.0.3.0']],
  ['128.0.0.0/1', ['128.0.0.0', '255.255.255.255'], ['127.255.255.255', '8000::']],
  ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], ['::', '::1', '2001:db8::1']],
  ['::/0', ['::', 'ffff:ffff::1'], ['1.2.3.4', '::ffff:1.2.3.4']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1', '::']],
  ['fe80::/10', ['fe80::1', 'fe80::1%eth0', 'febf::1'], ['fec0::1', 'fe7f::1']],
  ['fe80::1%eth0/64', ['fe80::2%eth1'], ['fe80:0:0:1::']],
  ['2001:db8:8000::/33', ['2001:db8:8000::', '2001:DB8:FFFF::1'], ['2001:db8:7fff::', '2001:db9::']],
  ['::ffff:10.0.0.0/104', ['10.200.0.1', '::ffff:10.0.0.1'], ['11.0.0.1', '::ffff:11.0.0.1']],
  ['::ffff:192.0.2.1', ['192.0.2.1'], ['192.0.2.2']],
] as const)('%s holds its own and nothing else', (prefix, inside, outside) => {
  const prefixes = set(prefix);
  expect(inside.filter((address) => !prefixes.has(address))).toEqual([]);
  expect(outside.filter((address) => prefixes.has(address))).toEqual([]);
});

test('prefixes may nest, touch, repeat and come in any order', () => {
  const prefixes = set(
    '10.1.0.0/16',
    '192.168.0.0/16',
    '10.0.0.0/8',
    '10.0.0.0/8',
    '172.16.0.0/12',
    '10.2.3.4',
    '::1',
  );
  for (const address of ['10.1.2.3', '10.9.9.9', '10.2.3.4', '172.31.0.1', '192.168.255.255', '::1'])
    expect(prefixes.has(address), address).toBe(true);
  for (const address of ['9.9.9.9', '11.0.0.0', '172.32.0.0', '192.167.255.255', '192.169.0.0'])
    expect(prefixes.has(address), address).toBe(false);
});

test('an empty set holds nothing, and a text that is no address is in no set', () => {
  expect(set().has('127.0.0.1')).toBe(false);
  for (const text of ['', 'localhost', '1.2.3', '1.2.3.4/32', '%eth0', ':::'])
    expect(set('0.0.0.0/0', '::/0').has(text), text).toBe(false);
});

test('addresses as bytes are found as their text is', () => {
  const prefixes = set('10.0.0.0/8', '2001:db8::/32');
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1];
  expect(prefixes.hasBytes(Uint8Array.of(10, 0, 0, 1))).toBe(true);
  expect(prefixes.hasBytes(Uint8Array.of(11, 0, 0, 1))).toBe(false);
  expect(prefixes.hasBytes(Uint8Array.from(mapped))).toBe(true);
  expect(prefixes.hasBytes(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))).toBe(true);
  expect(prefixes.hasBytes(new Uint8Array(16))).toBe(false);
});

test('everything wrong with a list is told, with what was expected', () => {
  const bad = PrefixSet.parse([
    '10.0.0.0/8',
    '10.0.0.0/33',
    'fe80::/129',
    'private',
    '1.2.3.4/8/8',
    '::1/',
    '',
  ]);
  expect(bad).toEqual([
    { text: '10.0.0.0/33', expected: 'a prefix length from 0 to 32' },
    { text: 'fe80::/129', expected: 'a prefix length from 0 to 128' },
    { text: 'private', expected: expect.stringContaining('an address or a prefix') },
    { text: '1.2.3.4/8/8', expected: expect.stringContaining('an address or a prefix') },
    { text: '::1/', expected: 'a prefix length from 0 to 128' },
    { text: '', expected: expect.stringContaining('an address or a prefix') },
  ]);
});

test('answers stay right when more clients ask than are remembered', () => {
  const prefixes = set('10.0.0.0/8');
  for (let i = 0; i < PREFIX_MEMO_MAX * 2; i++) {
    const rest = `${i >> 8}.${i & 255}.1`;
    if (!prefixes.has(`10.${rest}`) || prefixes.has(`11.${rest}`)) expect.fail(rest);
  }
  expect(prefixes.has('10.0.0.1')).toBe(true);
});
