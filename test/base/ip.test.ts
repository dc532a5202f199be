import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { ipText, parseIpv4, parseIpv6 } from '../../src/base/ip.ts';

describe('IPv4 text', () => {
  test.each([
    ['0.0.0.0', '00000000'],
    ['192.0.2.1', 'c0000201'],
    ['255.255.255.255', 'ffffffff'],
  ])('%s reads and writes', (text, hex) => {
    const bytes = parseIpv4(text);
    expect(bytes && toHex(bytes)).toBe(hex);
    expect(bytes && ipText(bytes)).toBe(text);
  });

  test.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.',
    '.1.2.3.4',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.0x4',
    '1..2.3',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '-1.2.3.4',
    '1.2.3.1000',
    '１.2.3.4',
    '1.2.3.ı',
  ])('%j is no address', (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });
});

describe('IPv6 text', () => {
  test.each([
    ['::', '::', '0'.repeat(32)],
    ['::1', '::1', `${'0'.repeat(31)}1`],
    ['1::', '1::', `0001${'0'.repeat(28)}`],
    ['2001:DB8::00ff', '2001:db8::ff', '20010db80000000000000000000000ff'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', '20010000000000010000000000000001'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['::192.0.2.1', '::c000:201', '000000000000000000000000c0000201'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201', '0064ff9b0000000000000000c0000201'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304', '00010002000300040005000601020304'],
  ])('%s is written %s (RFC 5952 §4)', (text, canonical, hex) => {
    const bytes = parseIpv6(text);
    expect(bytes && toHex(bytes)).toBe(hex);
    expect(bytes && ipText(bytes)).toBe(canonical);
  });

  test.each([
    '',
    ':',
    ':::',
    '1:',
    ':1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1::',
    '1::2::3',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3',
    '::1.2.3.4:1',
    '1.2.3.4',
    '::1%lo',
    '1:::2',
    '::1:',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7:8',
  ])('%j is no address', (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });
});

test('agrees with Node on what an address is, and its own text reads back', () => {
  const letters = fc.stringMatching(/^[0-9a-f:.]{0,20}$/);
  fc.assert(
    fc.property(letters, (text) => {
      expect(parseIpv4(text) !== undefined).toBe(isIPv4(text));
      expect(parseIpv6(text) !== undefined).toBe(isIPv6(text));
    }),
    { numRuns: 2000 },
  );
  const groups = fc.array(fc.constantFrom(0, 0, 0, 1, 0xff, 0xffff), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, (parts) => {
      const bytes = Uint8Array.from(parts.flatMap((part) => [part >> 8, part & 0xff]));
      expect(parseIpv6(ipText(bytes))).toEqual(bytes);
      expect(parseIpv6(parts.map((part) => part.toString(16)).join(':'))).toEqual(bytes);
    }),
  );
});
