/** Whom pools choose for, and for whom the answer holds (RFC 7871). */
import { describe, expect, test } from 'vitest';
import { EdnsOption } from '../../src/wire/codes.ts';
import { catalog, lines, SOA_AND_NS } from '../support/authority.ts';
import { type From, Guarded, prefixes } from '../support/guarded.ts';

const zones = catalog({
  'z.test': `$TTL 60
${SOA_AND_NS}near POOL 192.0.2.10 net=10.0.0.0/8
near POOL 192.0.2.11 net=10.64.0.0/10
near POOL 192.0.2.12 net=198.51.100.0/24
near POOL 192.0.2.13 net=2001:db8:1::/48
near POOL 192.0.2.14
near POOL 2001:db8::1
far POOL use=near
alias CNAME sticky
sticky POOL 192.0.2.1
sticky POOL 192.0.2.2
sticky POOL * sticky=client
any POOL 192.0.2.1
www A 192.0.2.1
`,
});
const RESOLVER = '198.51.100.53';
const subject = new Guarded(zones, () => ({ subnetsFrom: prefixes(RESOLVER) }));

/** The last address, and the scope told: what `dig +subnet` shows behind the slash. */
function asked(question: string, value: string | undefined, from: From = {}): [string, number | undefined] {
  const options = value === undefined ? [] : [[EdnsOption.SUBNET, value] as const];
  const message = subject.ask(question, { address: RESOLVER, options, ...from });
  if (message === undefined) throw new Error('silence');
  const told = subject.option(EdnsOption.SUBNET, message);
  const scope = told === undefined ? undefined : Number.parseInt(told.slice(6, 8), 16);
  return [lines(message).at(1)?.split(' ').at(-1) ?? '', scope];
}

const V4 = (bits: number, bytes: string): string => `0001 ${bits.toString(16).padStart(2, '0')} 00 ${bytes}`;

describe('for a network that a resolver tells of, where it may', () => {
  test.each([
    ['10.64.0.0/16', V4(16, '0a40'), '192.0.2.11', 10],
    ['10.1.0.0/16', V4(16, '0a01'), '192.0.2.10', 10],
    ['11.0.0.0/8', V4(8, '0b'), '192.0.2.14', 8],
    ['2001:db8:1::/48', '0002 30 00 20010db80001', '192.0.2.13', 48],
    ['::ffff:10.64.0.0/112', '0002 70 00 00000000000000000000ffff0a40', '192.0.2.11', 106],
    ['2001:db9::/32', '0002 20 00 20010db9', '192.0.2.14', 32],
  ])('%s', (_, value, address, scope) => {
    expect(asked('near.z.test.', value)).toEqual([address, scope]);
    expect(asked('far.z.test.', value)).toEqual([address, scope]);
  });

  test('a sticky pool goes by at most /24, behind an alias too', () => {
    expect(asked('sticky.z.test.', V4(32, '0a010203'))[1]).toBe(24);
    expect(asked('sticky.z.test.', V4(16, '0a01'))[1]).toBe(16);
    expect(asked('alias.z.test.', V4(32, '0a010203'))[1]).toBe(24);
  });

  test('what does not depend on it holds for all', () => {
    expect(asked('any.z.test.', V4(24, '0a0102'))).toEqual(['192.0.2.1', 0]);
    expect(asked('www.z.test.', V4(24, '0a0102'))).toEqual(['192.0.2.1', 0]);
  });
});

describe('for who asks', () => {
  test('without a network', () =>
    expect(asked('near.z.test.', undefined)).toEqual(['192.0.2.12', undefined]));

  test('for a client that hides: the resolver, as for all of its clients [§7.1.2]', () => {
    expect(asked('near.z.test.', V4(0, ''))).toEqual(['192.0.2.12', 0]);
  });

  test('where it may not tell: its word is not heard', () => {
    expect(asked('near.z.test.', V4(16, '0a40'), { address: '10.1.2.3' })).toEqual(['192.0.2.10', undefined]);
  });
});
