/**
 * Service parameters: RFC 9460 with the failures of its appendix D.3, RFC 9461 for dohpath. What is
 * well-formed stands in test/golden/rdata.
 */
import { describe, expect, test } from 'vitest';
import { Type } from '../../src/wire/codes.ts';
import { validRdata } from '../../src/wire/rdata.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { hex, parse, parseAll, unhex, wireOf } from './rdata-fields.ts';

const PARAMETER = 'a parameter such as alpn="h2" or key65400="text"';
const KEYS = 'different keys, none of them mandatory, with commas between';
const PATH = 'a path template with the variable dns, such as /dns-query{?dns}';

describe('written wrongly', () => {
  test.each<[string, number, string]>([
    // RFC 9460 appendix D.3
    ['1 foo.example.com. key123=abc key123=def', 31, 'key123 only once'],
    ['1 foo.example.com. mandatory', 20, KEYS],
    ['1 foo.example.com. alpn', 20, 'protocol names of 1 to 255 bytes with commas between'],
    ['1 foo.example.com. port', 20, 'a port number 0 to 65535'],
    ['1 foo.example.com. ipv4hint', 20, 'IPv4 addresses with commas between'],
    ['1 foo.example.com. ipv6hint', 20, 'IPv6 addresses with commas between'],
    ['1 foo.example.com. no-default-alpn=abc', 20, 'no value'],
    ['1 foo.example.com. mandatory=key123', 0, 'the parameter key123, which another one needs'],
    ['1 foo.example.com. mandatory=mandatory', 20, KEYS],
    ['1 foo.example.com. mandatory=key123,key123 key123=abc', 20, KEYS],
    // and more
    ['1 . no-default-alpn', 0, 'the parameter alpn, which another one needs'],
    ['1 . mandatory=alpn,port alpn=h2', 0, 'the parameter port, which another one needs'],
    ['1 . alpn=h2,', 5, 'protocol names of 1 to 255 bytes with commas between'],
    ['1 . port=65536', 5, 'a port number 0 to 65535'],
    ['1 . ipv4hint=192.0.2.1,', 5, 'IPv4 addresses with commas between'],
    ['1 . ipv4hint=2001:db8::1', 5, 'IPv4 addresses with commas between'],
    ['1 . ech=@', 5, 'an ECH configuration list in base64'],
    ['1 . dohpath=/dns-query', 5, PATH],
    ['1 . dohpath=dns-query{?dns}', 5, PATH],
    ['1 . dohpath=/{?dnss}', 5, PATH],
    ['1 . dohpath=/\\200{?dns}', 5, PATH],
    ['1 . key03=a', 5, PARAMETER],
    ['1 . key65536=a', 5, PARAMETER],
    ['1 . KEY667=a', 5, PARAMETER],
    ['1 . nonsense=a', 5, PARAMETER],
    ['1 . =a', 5, 'KEY=VALUE without blanks'],
    ['1 . alnp=h2', 5, `${PARAMETER} (did you mean alpn?)`],
    ['1 . "alpn=h2"', 5, PARAMETER],
    ['1 . alpn="h2"h3', 5, 'alpn="…" with one pair of quotes around the value'],
    ['1 . key667=a\\256', 5, 'an escape \\DDD up to 255'],
    ['1 . key3=\\000', 5, 'a port number 0 to 65535'],
    ['1 . key1=h2 alpn=h2', 5, 'protocol names of 1 to 255 bytes with commas between'],
    ['1 . key3=\\000\\053 port=53', 19, 'port only once'],
    ['1', 0, 'a target (a domain name)'],
  ])('%s', (written, column, expected) => {
    expect(parse(Type.SVCB, written)).toEqual({ column, expected });
  });
});

test('all that is wrong with a list is told, in its order', () => {
  expect(parseAll(Type.SVCB, '1 . prot=853 alpn="h2" port=x alpn=h3 ipv4hint=::1')).toEqual([
    { column: 5, expected: `${PARAMETER} (did you mean port?)` },
    { column: 24, expected: 'a port number 0 to 65535' },
    { column: 31, expected: 'alpn only once' },
    { column: 39, expected: 'IPv4 addresses with commas between' },
  ]);
});

describe('malformed on the wire', () => {
  const alpn = '0001' + '0003' + '026832';
  test.each<[string, string]>([
    ['keys that do not rise (§2.2)', '00030002003500010003026832'],
    ['a key twice', alpn + alpn],
    ['a value that crosses the end', '000300030035'],
    ['half a key', '00'],
    ['an empty mandatory list (§8)', '00000000'],
    ['mandatory in its own list', `000000020000${alpn}`],
    ['a mandatory list that does not rise', `0000000400030001${alpn}000300020035`],
    ['a mandatory key that is not there', `000000020003${alpn}`],
    ['a mandatory key behind the last', `0000000200ff${alpn}`],
    ['an empty protocol name (§7.1.1)', '0001000100'],
    ['a protocol name that crosses the value', '00010002026832'],
    ['no-default-alpn with a value', `${alpn}0002000100`],
    ['no-default-alpn without alpn (§7.1.1)', '00020000'],
    ['a port of one byte', '0003000135'],
    ['hints of five bytes', '000400050102030405'],
    ['no hints', '00040000'],
    ['half an IPv6 hint', '000600080000000000000000'],
    ['an empty ECH list', '00050000'],
    ['a path without the variable (RFC 9461 §5)', '00070002' + '2f61'],
  ])('%s', (_name, params) => {
    expect(validRdata(Type.HTTPS, unhex(`000100${params}`))).toBe(false);
  });

  test('a long mandatory list is checked in one pass', () => {
    const keys = Array.from({ length: 8_000 }, (_, i) => i + 10);
    const number = (n: number): number[] => [n >> 8, n & 0xff];
    const list = keys.flatMap(number);
    const params = keys.flatMap((key) => [...number(key), 0, 0]);
    const rdata = Uint8Array.from([0, 1, 0, 0, 0, ...number(list.length), ...list, ...params]);
    expect(validRdata(Type.SVCB, rdata)).toBe(true);
    rdata[rdata.length - 3] = (rdata[rdata.length - 3] as number) + 1;
    expect(validRdata(Type.SVCB, rdata)).toBe(false);
  });
});

test('an alias may carry parameters, which its readers ignore (§2.4.2)', () => {
  const wire = wireOf(Type.HTTPS, '0 alias alpn=h2');
  expect(rdataText(Type.HTTPS, wire)).toBe('0 alias.example.com. alpn="h2"');
});

test.each([
  ['alpn=h2', 'alpn="h2"'],
  ['alpn="h2"', 'alpn="h2"'],
  ['key1=\\002h2', 'alpn="h2"'],
  ['key65400=""', 'key65400'],
  ['key65400="a b"', 'key65400="a b"'],
  ['key65400=a\\ b\\"', 'key65400="a b\\""'],
  ['alpn=h2 no-default-alpn=""', 'alpn="h2" no-default-alpn'],
  ['dohpath="/q{?a,dns*,b}"', 'dohpath="/q{?a,dns*,b}"'],
  ['dohpath=/ü{dns:9}', 'dohpath="/\\195\\188{dns:9}"'],
])('%s is printed %s', (written, printed) => {
  const wire = wireOf(Type.SVCB, `1 . ${written}`);
  expect(rdataText(Type.SVCB, wire)).toBe(`1 . ${printed}`);
  expect(hex(wireOf(Type.SVCB, `1 . ${printed}`))).toBe(hex(wire));
});
