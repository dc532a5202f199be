/**
 * RFC 7871 as an authoritative server has to keep it: whose option is read, which ones are none, and what the
 * response says. What a choice makes of it is in test/answer.
 */
import { describe, expect, test } from 'vitest';
import { EdnsOption, Rcode } from '../../src/wire/codes.ts';
import { Query } from '../../src/wire/query.ts';
import { catalog, SOA_AND_NS } from '../support/authority.ts';
import { Guarded, hex, prefixes } from '../support/guarded.ts';

const zones = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\nwww A 192.0.2.1\n` });
const RESOLVER = '192.0.2.53';
const subject = new Guarded(zones, () => ({ subnetsFrom: prefixes(RESOLVER, '2001:db8:53::/48') }));
const FAMILY_AND_BITS = '0001 18 00';

function asked(value: string, address = RESOLVER, question = 'www.own.') {
  const message = subject.ask(question, { address, options: [[EdnsOption.SUBNET, value]] });
  return { rcode: message?.rcode, told: subject.option(EdnsOption.SUBNET, message) };
}

describe('from a resolver that may tell', () => {
  test.each([
    ['an IPv4 network', `${FAMILY_AND_BITS} c63364`],
    ['an IPv6 network', '0002 38 00 20010db8000100'],
    ['a whole IPv4 address', '0001 20 00 c6336407'],
    ['a whole IPv6 address', `0002 80 00 20010db8${'00'.repeat(11)}01`],
    ['bits that fill no byte', '0001 15 00 c63360'],
    ['one bit', '0001 01 00 80'],
  ])('%s comes back, and that the answer holds for everybody [§7.2.1]', (_, value) => {
    expect(asked(value)).toEqual({ rcode: Rcode.NOERROR, told: value.replaceAll(' ', '') });
  });

  test('whatever the answer is [§7.2.1]', () => {
    const value = `${FAMILY_AND_BITS} c63364`;
    const told = value.replaceAll(' ', '');
    expect(asked(value, RESOLVER, 'gone.own.')).toEqual({ rcode: Rcode.NXDOMAIN, told });
    expect(asked(value, RESOLVER, 'www.theirs.')).toEqual({ rcode: Rcode.REFUSED, told });
    expect(asked(value, '2001:db8:53::1')).toEqual({ rcode: Rcode.NOERROR, told });
  });

  test('nothing is told where nothing was [§7.2.1]', () => {
    expect(subject.option(EdnsOption.SUBNET, subject.ask('www.own.', { address: RESOLVER }))).toBeUndefined();
  });

  test.each([
    ['too short', '0001 18'],
    ['empty', ''],
    ['of no family', '0000 00 00'],
    ['of another family', '0003 18 00 c63364'],
    ['with more bits than an IPv4 address', '0001 21 00 c633640700'],
    ['with more bits than an IPv6 address', `0002 81 00 ${'20'.repeat(17)}`],
    ['with a scope [§6]', '0001 18 18 c63364'],
    ['with too few bytes [§6]', '0001 18 00 c633'],
    ['with too many bytes [§6]', '0001 18 00 c6336400'],
    ['with bits beyond its length [§6]', '0001 17 00 c63365'],
    ['with an address of no bits', '0001 00 00 c6'],
  ])('an option %s is FORMERR, and is not repeated [§7.2.1]', (_, value) => {
    expect(asked(value)).toEqual({ rcode: Rcode.FORMERR, told: undefined });
  });

  test('a client that hides is told so again [§7.1.2]', () => {
    expect(asked('0001 00 00')).toEqual({ rcode: Rcode.NOERROR, told: '00010000' });
    expect(asked('0002 00 00')).toEqual({ rcode: Rcode.NOERROR, told: '00020000' });
  });

  test('the first of two counts', () => {
    const options = [`${FAMILY_AND_BITS} c63364`, '0001 18 00 c0'].map(
      (each) => [EdnsOption.SUBNET, each] as const,
    );
    const message = subject.ask('www.own.', { address: RESOLVER, options });
    expect(message?.rcode).toBe(Rcode.NOERROR);
    expect(subject.option(EdnsOption.SUBNET, message)).toBe('00011800c63364');
  });
});

describe('from anybody else', () => {
  test.each(['198.51.100.7', '2001:db8:54::1'])(
    '%s is answered as by who knows nothing of it [§7.2.1, §11]',
    (address) => {
      expect(asked(`${FAMILY_AND_BITS} c63364`, address)).toEqual({ rcode: Rcode.NOERROR, told: undefined });
      expect(asked('0001 18', address)).toEqual({ rcode: Rcode.NOERROR, told: undefined });
    },
  );

  test('where nobody may tell, nobody does', () => {
    const closed = new Guarded(zones, () => ({}));
    const options = [[EdnsOption.SUBNET, `${FAMILY_AND_BITS} c63364`]] as const;
    const message = closed.ask('www.own.', { address: RESOLVER, options });
    expect(closed.option(EdnsOption.SUBNET, message)).toBeUndefined();
  });
});

test.each([
  [`${FAMILY_AND_BITS} c63364`, 'c6336400', 24],
  ['0001 00 00', '00000000', 0],
  ['0002 38 00 20010db8000100', '20010db8000100000000000000000000', 56],
])('%s is an address, and how much of it is told', (value, address, bits) => {
  const query = new Query();
  const packet = subject.query('www.own.', { options: [[EdnsOption.SUBNET, value]] });
  expect(query.read(packet, packet.length)).toBe(Rcode.NOERROR);
  expect([hex(query.subnetAddress), query.subnetBits, query.hidesSubnet]).toEqual([
    address,
    bits,
    bits === 0,
  ]);
});
