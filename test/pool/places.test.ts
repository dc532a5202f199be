/**
 * Places as numbers, and how far they are from one another.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metresBetween } from '../../src/pool/distance.ts';
import {
  continentCode,
  continentOf,
  countryCode,
  PlaceLevel,
  placeCode,
  placeLevel,
  placeText,
  subdivisionCode,
} from '../../src/pool/place-codes.ts';
import { isPlace } from '../../src/wire/pool-places.ts';

describe('codes of places', () => {
  test.each([
    '*',
    'EU',
    'US',
    'US-CA',
    'GB-ENG',
    'FR-01',
    'RU-7',
    'AS',
    'AS/SA',
    'AS/AF',
    'AF/NA',
    'OC/AS',
    'SA-01',
  ])('%s is itself again', (text) => {
    expect(placeText(placeCode(text))).toBe(text);
  });

  test('each level is another number, the closer the larger', () => {
    const codes = ['*', 'EU', 'ZW', 'AF-Z'].map(placeCode);
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
    expect(codes.map(placeLevel)).toEqual([
      PlaceLevel.EVERYWHERE,
      PlaceLevel.CONTINENT,
      PlaceLevel.COUNTRY,
      PlaceLevel.SUBDIVISION,
    ]);
  });

  test('a country whose code is a continent too is the one that databases mean', () => {
    expect(placeCode('AS/SA')).toBe(countryCode('SA'));
    expect(placeCode('SA')).toBe(continentCode('SA'));
  });

  test('what is no code is nowhere', () => {
    const none = [continentCode('DE'), countryCode('D'), countryCode('d1'), subdivisionCode('US', 'CALI')];
    expect(none).toEqual([0, 0, 0, 0]);
    expect(subdivisionCode('', 'CA')).toBe(0);
  });

  test('every country that `geo=` takes has a continent, and no other', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const pairs = letters.flatMap((a) => letters.map((b) => a + b));
    const taken = (code: string): boolean => isPlace(`${code}-1`);
    expect(pairs.filter((code) => taken(code) !== (continentOf(code) !== ''))).toEqual([]);
  });

  test('no two places are one number', () => {
    const place = fc.stringMatching(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/);
    fc.assert(
      fc.property(place, place, (a, b) => {
        expect(placeCode(a) === placeCode(b)).toBe(a === b);
      }),
    );
  });
});

const position = fc.tuple(
  fc.integer({ min: -9_000_000, max: 9_000_000 }),
  fc.integer({ min: -18_000_000, max: 18_000_000 }),
);
const far = (a: readonly [number, number], b: readonly [number, number]): number =>
  metresBetween(a[0], a[1], b[0], b[1]);

describe('the way between two places', () => {
  test.each([
    ['Berlin to Paris', [5_252_000, 1_340_500], [4_885_660, 235_220], 877],
    ['over the date line', [0, 17_900_000], [0, -17_900_000], 222],
    ['from pole to pole', [9_000_000, 0], [-9_000_000, 5_000_000], 20_015],
    ['to the other side', [0, 0], [0, 18_000_000], 20_015],
    ['a street', [4_885_660, 235_220], [4_885_670, 235_220], 0],
  ] as const)('%s', (_, a, b, km) => expect(Math.round(far(a, b) / 1_000)).toBe(km));

  test('is nothing to itself, the same back, no longer than half around, and no shortcut is longer', () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        expect(far(a, a)).toBe(0);
        expect(far(a, b)).toBe(far(b, a));
        expect(far(a, b)).toBeLessThanOrEqual(20_015_200);
        expect(far(a, c)).toBeLessThanOrEqual(far(a, b) + far(b, c) + 2);
      }),
    );
  });
});
