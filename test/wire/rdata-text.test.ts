/**
 * RDATA between text and wire: every type against golden bytes, and what people are told about what they
 * wrote.
 */
import * as dnsPacket from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { Type, typeText } from '../../src/wire/codes.ts';
import { validRdata } from '../../src/wire/rdata.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { hex, parse, unhex, wireOf } from './rdata-fields.ts';
import { goldens } from './rdata-golden.ts';

describe('every type has its presentation form', () => {
  test.each(goldens)('$mnemonic $written', ({ type, written, wire, canonical }) => {
    expect(hex(wireOf(type, written))).toBe(hex(wire));
    expect(validRdata(type, wire)).toBe(true);
    expect(rdataText(type, wire)).toBe(canonical);
    expect(hex(wireOf(type, canonical))).toBe(hex(wire));
  });

  test('the golden file knows all types of the registry that are data', () => {
    const known = new Set(goldens.map((golden) => golden.type));
    const questions: number[] = [Type.IXFR, Type.AXFR, Type.MAILB, Type.MAILA, Type.ANY];
    const missing = Object.values(Type).filter((type) => !known.has(type) && !questions.includes(type));
    expect(missing.map(typeText)).toEqual([]);
  });

  test.each(goldens)('\\# for $mnemonic $written (RFC 3597 §5)', ({ type, wire }) => {
    expect(hex(wireOf(type, `\\# ${wire.length} ${hex(wire)}`))).toBe(hex(wire));
  });
});

describe('dns-packet writes the same bytes', () => {
  const cases: [type: dnsPacket.RecordType, value: unknown, written: string][] = [
    ['A', '192.0.2.1', '192.0.2.1'],
    ['AAAA', '2001:db8::1', '2001:db8::1'],
    ['NS', 'ns.example.net', 'ns.example.net.'],
    ['CNAME', 'www.example.net', 'www.example.net.'],
    ['PTR', 'www.example.net', 'www.example.net.'],
    ['DNAME', 'www.example.net', 'www.example.net.'],
    ['HINFO', { cpu: 'PC', os: 'Linux' }, 'PC Linux'],
    ['TXT', ['a', 'b c'], 'a "b c"'],
    ['MX', { preference: 10, exchange: 'mx.example.net' }, '10 mx.example.net.'],
    ['SRV', { priority: 1, weight: 2, port: 443, target: 'web.example.net' }, '1 2 443 web.example.net.'],
    ['RP', { mbox: 'a.example.net', txt: 'b.example.net' }, 'a.example.net. b.example.net.'],
    ['CAA', { flags: 0, tag: 'issue', value: 'ca.example.net' }, '0 issue "ca.example.net"'],
    ['DS', { keyTag: 60485, algorithm: 8, digestType: 9, digest: Buffer.from('abcd') }, '60485 8 9 61626364'],
    ['DNSKEY', { flags: 257, algorithm: 13, key: Buffer.from('abc') }, '257 3 13 YWJj'],
    [
      'SOA',
      {
        mname: 'ns.example.net',
        rname: 'host.example.net',
        serial: 7,
        refresh: 3600,
        retry: 900,
        expire: 604800,
        minimum: 60,
      },
      'ns.example.net. host.example.net. 7 1h 15m 1w 1m',
    ],
    [
      'NAPTR',
      {
        order: 1,
        preference: 2,
        flags: 'S',
        services: 'SIP+D2U',
        regexp: '',
        replacement: '_sip.example.net',
      },
      '1 2 "S" "SIP+D2U" "" _sip.example.net.',
    ],
    ['NSEC', { nextDomain: 'b.example.net', rrtypes: ['A', 'RRSIG', 'CAA'] }, 'b.example.net. CAA A RRSIG'],
    [
      'NSEC3',
      {
        algorithm: 1,
        flags: 1,
        iterations: 12,
        salt: Buffer.from('aabbccdd', 'hex'),
        nextDomain: Buffer.from('17f3df17b2b2adaef615257de4d2020b80ac6c7c', 'hex'),
        rrtypes: ['MX', 'RRSIG'],
      },
      '1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s MX RRSIG',
    ],
    [
      'RRSIG',
      {
        typeCovered: 'A',
        algorithm: 13,
        labels: 2,
        originalTTL: 3600,
        expiration: 1893456000,
        inception: 1890000000,
        keyTag: 42,
        signersName: 'example.net',
        signature: Buffer.from('sig'),
      },
      'A 13 2 3600 20300101000000 1890000000 42 example.net. c2ln',
    ],
    ['SSHFP', { algorithm: 4, hash: 2, fingerprint: '61'.repeat(32) }, `4 2 ${'61'.repeat(32)}`],
    ['TLSA', { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('abc') }, '3 1 1 616263'],
  ];

  test.each(cases)('%s %j', (type, value, written) => {
    const answer = { type, name: '.', data: value } as dnsPacket.Answer;
    const message = dnsPacket.encode({ type: 'response', answers: [answer] });
    const rdata = message.subarray(12 + 1 + 10); // header, root, fixed part of the record
    expect(hex(rdata)).toBe(hex(wireOf(Type[type as keyof typeof Type], written)));
  });
});

describe('a fault names its place and what was expected', () => {
  const long = 'x'.repeat(256);
  test.each<[string, string, number, string]>([
    ['A', '', 0, 'an IPv4 address'],
    ['A', '192.0.2.256', 1, 'an IPv4 address'],
    ['A', '192.0.2.1 192.0.2.2', 11, 'nothing more in this entry'],
    ['AAAA', '192.0.2.1', 1, 'an IPv6 address'],
    ['MX', 'ten mx', 1, 'a preference number 0 to 65535'],
    ['MX', '10', 0, 'an exchange (a domain name)'],
    ['MX', '10 a..b', 4, 'a label of 1 to 63 bytes'],
    ['SRV', '1 2 65536 web', 5, 'a port number 0 to 65535'],
    ['SRV', '1 2 -1 web', 5, 'a port number 0 to 65535'],
    ['SOA', 'ns host 1 2h30 3 4 5', 11, 'a refresh time in seconds, or like 1h30m'],
    ['SOA', 'ns host 4294967296 2 3 4 5', 9, 'a serial number 0 to 4294967295'],
    ['TXT', '', 0, 'a text with escapes \\DDD up to 255'],
    ['TXT', 'a \\256', 3, 'a text with escapes \\DDD up to 255'],
    ['TXT', `ok ${long}`, 4, 'a text of at most 255 bytes, not 256: split it into several strings "…" "…"'],
    [
      'RRSIG',
      'A 13 2 60 20300230000000 1 1 . AA==',
      11,
      'an expiration time as YYYYMMDDHHmmSS, or in seconds since 1970',
    ],
    ['RRSIG', 'NOTYPE 13', 1, 'a record type'],
    ['DNSKEY', '257 3 NOTHING AA==', 7, 'an algorithm number 0 to 255, or a name such as ECDSAP256SHA256'],
    ['DNSKEY', '257 3 13 AA=', 10, 'a public key in base64'],
    ['DNSKEY', '257 3 13 AB==', 10, 'a public key in base64'],
    ['DNSKEY', '257 3 13', 0, 'a public key in base64'],
    ['DS', '1 13 2 ABCD', 8, 'a digest of 32 bytes, as type 2 has, not 2'],
    ['DS', '1 13 9 ABC', 8, 'a digest in hexadecimal, two digits a byte'],
    ['SSHFP', '1 1 AB', 5, 'a fingerprint of 20 bytes, as type 1 has, not 1'],
    ['NSEC3', '1 0 0 xyz', 7, 'a salt in hexadecimal of at most 255 bytes, or - for none'],
    ['NSEC3', '1 0 0 - W', 9, 'a next hashed owner in base32hex of 1 to 255 bytes'],
    ['NSEC', 'b A BOGUS', 5, 'a record type'],
    ['CAA', '0 is-sue x', 3, 'a tag of 1 to 255 letters and digits, such as issue'],
    ['URI', '1 1 ""', 5, 'a target that is not empty'],
    ['APL', '1:192.0.2.0/33', 1, 'an address prefix like 1:192.0.2.0/24 or !2:2001:db8::/32'],
    ['APL', '3:192.0.2.0/24', 1, 'an address prefix like 1:192.0.2.0/24 or !2:2001:db8::/32'],
    ['LOC', '91 N 0 E 0', 1, 'a latitude such as 51 30 12.748 N'],
    ['LOC', '90 0 1 N 0 E 0', 8, 'a latitude of at most 90 degrees'],
    ['LOC', '51 60 N 0 E 0', 4, 'a latitude such as 51 30 12.748 N'],
    ['LOC', '51 N', 0, 'a longitude such as 51 30 12.748 E'],
    ['LOC', '51 N 1 E 42849672.96', 10, 'an altitude of -100000.00m to 42849672.95m'],
    ['LOC', '51 N 1 E 0 90000000.01m', 12, 'a size of 0 to 90000000.00m'],
    ['EUI48', '00-00-5e-00-53', 1, '6 bytes like 00-00-5e-00…'],
    ['EUI48', '00:00:5e:00:53:2a', 1, '6 bytes like 00-00-5e-00…'],
    ['IPSECKEY', '10 1 2 2001:db8::1 AQ==', 8, 'an IPv4 address'],
    ['IPSECKEY', '10 4 2 . AQ==', 8, 'a gateway type 0 to 3 before this'],
    ['IPSECKEY', '10 0 2 gw AQ==', 8, 'a dot, as there is no gateway'],
    ['HIP', '2 20x AwEA', 3, 'a host identity tag in hexadecimal of 1 to 255 bytes'],
    ['OPT', '10', 1, '\\# and the length and bytes of the data (RFC 3597 §5)'],
    ['TYPE65280', 'abc', 1, '\\# and the length and bytes of the data (RFC 3597 §5)'],
    ['TYPE65280', '\\# 3 0102', 6, '3 bytes in hexadecimal'],
    ['TYPE65280', '\\# 65536 00', 4, 'the length of the data, 0 to 65535'],
    ['TYPE65280', '\\# 1', 0, '1 bytes in hexadecimal'],
    ['A', '\\# 3 010203', 6, 'well-formed A data'],
    ['CNAME', '\\# 2 c00c', 6, 'well-formed CNAME data'],
  ])('%s %s', (type, written, column, expected) => {
    const number = /^TYPE/.test(type) ? Number(type.slice(4)) : Type[type as keyof typeof Type];
    expect(parse(number, written)).toEqual({ column, expected });
  });

  test('data longer than a record can carry (RFC 1035 §3.2.1)', () => {
    const strings = Array.from({ length: 257 }, () => 'x'.repeat(255)).join(' ');
    expect(parse(Type.TXT, strings)).toMatchObject({
      expected: 'at most 65535 bytes of data (RFC 1035 §3.2.1)',
    });
    expect(parse(65280, `\\# 65535 ${'00'.repeat(65535)}`)).toHaveLength(65535);
  });
});

describe('names in RDATA', () => {
  test('a free-standing @ is the origin, a quoted one a label (RFC 1035 §5.1)', () => {
    expect(rdataText(Type.NS, wireOf(Type.NS, '@'))).toBe('example.com.');
    expect(rdataText(Type.NS, wireOf(Type.NS, '"@"'))).toBe('\\@.example.com.');
  });

  test('keep their case', () => {
    expect(rdataText(Type.MX, wireOf(Type.MX, '10 MaIl'))).toBe('10 MaIl.example.com.');
  });
});

test('text that is data no longer is told as bytes, not thrown', () => {
  expect(rdataText(Type.A, unhex('0102'))).toBe('\\# 2 0102');
  expect(rdataText(Type.MX, unhex('000a05'))).toBe('\\# 3 000A05');
});
