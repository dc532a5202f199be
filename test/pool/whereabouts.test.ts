/**
 * The table of whereabouts: edges of ranges, families, several databases, and that it agrees with another
 * reader of the format for whatever is asked.
 */
import fc from 'fast-check';
import { type CountryResponse, Reader } from 'mmdb-lib';
import { describe, expect, test } from 'vitest';
import { ipText, parseIp } from '../../src/base/ip.ts';
import { placeCode } from '../../src/pool/place-codes.ts';
import { overlaid, Ranges } from '../../src/pool/ranges.ts';
import { Float, mmdb } from './mmdb.ts';
import { saidOf, tableOf } from './tables.ts';

const country = (code: string) => ({ country: { iso_code: code } });
const city = (code: string, part: string, latitude: number, longitude: number) => ({
  continent: { code: 'NA', names: { en: 'North America' } },
  country: { iso_code: code },
  location: { latitude: new Float(latitude), longitude: new Float(longitude), accuracy_radius: 5 },
  subdivisions: [{ iso_code: part, names: { en: 'X' } }],
});

describe('where an address is', () => {
  const table = tableOf([
    'country',
    mmdb([
      ['10.0.0.0/8', country('DE')],
      ['10.1.0.0/16', country('FR')],
      ['10.1.2.3/32', country('ES')],
      ['255.255.255.255/32', country('US')],
      ['2001:db8::/32', country('GB')],
      ['2001:db8:0:1::/64', country('IE')],
      ['2001:db8::5/128', country('IT')],
      ['ffff::/16', country('JP')],
      ['2003:0:0:1::/64', country('PT')],
    ]),
  ]);

  test.each([
    ['10.0.0.0', 'EU DE /16'],
    ['10.255.255.255', 'EU DE /9'],
    ['10.0.255.255', 'EU DE /16'],
    ['10.1.0.0', 'EU FR /23'],
    ['10.1.2.2', 'EU FR /32'],
    ['10.1.2.3', 'EU ES /32'],
    ['10.1.2.4', 'EU FR /30'],
    ['10.1.255.255', 'EU FR /17'],
    ['9.255.255.255', '/7'],
    ['11.0.0.0', '/8'],
    ['0.0.0.0', '/5'],
    ['255.255.255.254', '/32'],
    ['255.255.255.255', 'NA US /32'],
    ['2001:db8::5', 'EU IT /128'],
    ['2001:db8::4', 'EU GB /128'],
    ['2001:db8::6', 'EU GB /127'],
    ['2001:db8:0:1:ffff::', 'EU IE /64'],
    ['2001:db8:0:2::', 'EU GB /63'],
    ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'EU GB /33'],
    ['2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', '/29'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'AS JP /16'],
    ['2003::', '/64'],
    ['2003:0:0:1::', 'EU PT /64'],
    ['::', '/3'],
  ])('%s is in %s', (address, said) => expect(saidOf(table, address)).toBe(said));

  test('an IPv4 address in IPv6 clothes is the IPv4 address', () => {
    expect(saidOf(table, '::ffff:10.1.2.3')).toBe('EU ES /32');
    expect(saidOf(table, '::ffff:11.0.0.0')).toBe('/8');
  });

  test('it is in each of its places, and everywhere', () => {
    const isIn = (code: string): boolean => table.isIn(placeCode(code));
    table.find(parseIp('10.1.2.3') as Uint8Array);
    expect(['*', 'EU', 'ES'].every(isIn)).toBe(true);
    expect(['AF', 'DE', 'ES-CT'].some(isIn)).toBe(false);
    table.find(parseIp('11.0.0.0') as Uint8Array);
    expect(isIn('*')).toBe(true);
    expect(isIn('EU')).toBe(false);
  });
});

describe('what a database says', () => {
  test('one row for all of both families', () => {
    const everywhere = tableOf(['country', mmdb([['::/0', country('DE')]])]);
    expect(['1.2.3.4', '::1', 'ffff::'].map((address) => saidOf(everywhere, address))).toEqual(
      Array(3).fill('EU DE /0'),
    );
  });

  test('nothing of the other family', () => {
    const table = tableOf(['country', mmdb([['10.0.0.0/8', country('DE')]], { version: 4 })]);
    expect(saidOf(table, '10.0.0.1')).toBe('EU DE /8');
    expect(saidOf(table, '2001:db8::1')).toBe('/0');
  });

  test('IPv4 is not shown again where the tree leads to it from elsewhere', () => {
    const bytes = mmdb([['10.0.0.0/8', country('DE')]], { aliases: ['2002::/16', '::ffff:0:0/96'] });
    const table = tableOf(['country', bytes]);
    expect(saidOf(table, '10.0.0.1')).toBe('EU DE /8');
    expect(saidOf(table, '2002:a00:1::')).toBe('/0');
  });

  test('a city has subdivision and position; a country what a country has', () => {
    const bytes = mmdb([['192.0.2.0/24', city('US', 'CA', 37.77, -122.42)]]);
    expect(saidOf(tableOf(['city', bytes]), '192.0.2.1')).toBe('NA US US-CA 37.77,-122.42 /24');
    expect(saidOf(tableOf(['country', bytes]), '192.0.2.1')).toBe('NA US /24');
  });

  test.each([
    [{ country_code: 'DE' }, 'EU DE /24'],
    [{ country: 'DE', continent_code: 'EU' }, 'EU DE /24'],
    [{ country: 'Germany', country_code: 'DE' }, 'EU DE /24'],
    [{ country_code: 'SA' }, 'AS AS/SA /24'],
    [{ continent: { code: 'EU' } }, 'EU /24'],
    [{ country: { iso_code: 'de' } }, '/0'],
    [{ country: { iso_code: 7 } }, '/0'],
    [{ country: [country('DE')] }, '/0'],
    ['DE', '/0'],
  ])('%j means %s', (value, said) => {
    expect(saidOf(tableOf(['country', mmdb([['192.0.2.0/24', value]])]), '192.0.2.1')).toBe(said);
  });

  test.each([
    [{ autonomous_system_number: 64496, autonomous_system_organization: 'X' }, 'AS64496 /24'],
    [{ autonomous_system_number: 4_200_000_000 }, 'AS4200000000 /24'],
    [{ asn: 'AS64497' }, 'AS64497 /24'],
    [{ asn: 64498 }, 'AS64498 /24'],
    [{ asn: 'AS99999999999' }, '/0'],
  ])('%j means %s', (value, said) => {
    expect(saidOf(tableOf(['asn', mmdb([['192.0.2.0/24', value]])]), '192.0.2.1')).toBe(said);
  });

  test.each([
    [{ latitude: new Float(91), longitude: new Float(0) }],
    [{ latitude: new Float(Number.NaN), longitude: new Float(0) }],
    [{ latitude: new Float(1) }],
    [{ latitude: '1', longitude: '2' }],
  ])('no position where there is none: %j', (location) => {
    expect(saidOf(tableOf(['city', mmdb([['192.0.2.0/24', { location }]])]), '192.0.2.1')).toBe('/0');
  });

  test('several databases complete one another, the first before the next', () => {
    const table = tableOf(
      ['city', mmdb([['192.0.2.0/25', city('US', 'CA', 1, 2)]])],
      ['country', mmdb([['192.0.0.0/16', country('DE')]])],
      ['asn', mmdb([['192.0.2.64/26', { autonomous_system_number: 64496 }]])],
    );
    expect(saidOf(table, '192.0.2.1')).toBe('NA US US-CA 1,2 /26');
    expect(saidOf(table, '192.0.2.65')).toBe('NA US US-CA AS64496 1,2 /26');
    expect(saidOf(table, '192.0.2.129')).toBe('EU DE /25');
  });
});

test('ranges that coincide make no more ranges than there were', () => {
  const ranges = new Ranges(1);
  for (const [start, value] of [
    [0, 0],
    [10, 1],
    [20, 2],
  ] as const)
    ranges.add(Uint32Array.of(start), 0, value);
  const both = overlaid(ranges, ranges, (above, below) => 10 * above + below);
  expect([...(both?.starts ?? [])]).toEqual([0, 10, 20]);
  expect([...(both?.values ?? [])]).toEqual([0, 11, 22]);
});

const CODES = ['DE', 'FR', 'US', 'JP'];
const v4 = fc.tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 32 }));
const v6 = fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.integer({ min: 0, max: 128 }));
/** Addresses from few bytes, so that prefixes meet. */
const narrow = <T extends Uint8Array>(address: T): T =>
  address.map((byte) => [0, 1, 127, 255][byte & 3] as number) as T;
const prefixes = fc.array(fc.tuple(fc.oneof(v4, v6), fc.constantFrom(...CODES)), { maxLength: 20 });
const formats = fc.record({
  recordBits: fc.constantFrom(24, 28, 32),
  withPointers: fc.boolean(),
});

/** What the library makes of IPv6 addresses that are IPv4's in the tree is nothing that we are asked. */
const isOurs = (address: Uint8Array): boolean =>
  address.length === 4 || address.subarray(0, 12).some((b) => b !== 0);

describe('for any database and any address', () => {
  test('the table and the library agree, and all of the prefix found is in the same place', () => {
    fc.assert(
      fc.property(
        prefixes,
        formats,
        fc.array(fc.oneof(v4, v6), { minLength: 30, maxLength: 30 }),
        (given, format, asked) => {
          const entries = given.map(
            ([[address, bits], code]) => [`${ipText(narrow(address))}/${bits}`, country(code)] as const,
          );
          const bytes = mmdb(entries, format as object);
          const table = tableOf(['country', bytes]);
          const library = new Reader<CountryResponse>(bytes);
          const countryAt = (address: Uint8Array): number => {
            table.find(address);
            return table.country;
          };
          for (const [raw, bits] of asked) {
            const address = narrow(raw);
            if (!isOurs(address)) continue;
            const code = library.get(ipText(address))?.country?.iso_code;
            const found = countryAt(address);
            expect(found).toBe(code === undefined ? 0 : placeCode(code));
            const scope = table.bits;
            // Any other address with these first bits: the bits behind are those of another.
            const other = address.map((byte, i) => {
              const kept = Math.max(0, Math.min(8, scope - 8 * i));
              const mask = (0xff00 >> kept) & 0xff;
              return (byte & mask) | ((bits * 37 + i * 101) & ~mask & 0xff);
            });
            expect(countryAt(other)).toBe(found);
            expect(table.bits).toBe(scope);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
