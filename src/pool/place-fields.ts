/**
 * What a value of a database says of a place, by the names that MaxMind, DB-IP, IPinfo and those who follow
 * them use. Of each kind of database it takes what that kind is asked for, and nothing else.
 */
import type { DatabaseValues } from './database-values.ts';
import { continentCode, continentOf, countryCode, subdivisionCode } from './place-codes.ts';
import { type Place, UNKNOWN } from './place-rows.ts';

export type DatabaseKind = 'country' | 'asn' | 'city';

export function placeFrom(values: DatabaseValues, at: number, kind: DatabaseKind): Place {
  if (kind === 'asn') return { ...UNKNOWN, asn: asnFrom(values, at) };
  const named = namesFrom(values, at, kind === 'city');
  return kind === 'city' ? { ...UNKNOWN, ...named, ...positionFrom(values, at) } : { ...UNKNOWN, ...named };
}

type Names = Pick<Place, 'continent' | 'country' | 'subdivision'>;

function namesFrom(values: DatabaseValues, at: number, withSubdivision: boolean): Names {
  const countryAt = values.member(at, 'country');
  const country =
    values.text(values.member(countryAt, 'iso_code')) ||
    values.text(values.member(at, 'country_code')) ||
    values.text(countryAt);
  const continent =
    values.text(values.member(values.member(at, 'continent'), 'code')) ||
    values.text(values.member(at, 'continent_code'));
  const part = withSubdivision
    ? values.text(values.member(values.first(values.member(at, 'subdivisions')), 'iso_code'))
    : '';
  return {
    continent: continentCode(continent) || continentCode(continentOf(country)),
    country: countryCode(country),
    subdivision: subdivisionCode(country, part),
  };
}

function positionFrom(values: DatabaseValues, at: number): Pick<Place, 'latitude' | 'longitude'> {
  const location = values.member(at, 'location');
  const from = location < 0 ? at : location;
  const latitude = values.number(values.member(from, 'latitude')) ?? Number.NaN;
  const longitude = values.number(values.member(from, 'longitude')) ?? Number.NaN;
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return UNKNOWN;
  return { latitude: Math.round(latitude * 1e5), longitude: Math.round(longitude * 1e5) };
}

/** A number, or `AS64496`. */
function asnFrom(values: DatabaseValues, at: number): number {
  const asnAt = values.member(at, 'asn');
  const said = values.number(values.member(at, 'autonomous_system_number')) ?? values.number(asnAt);
  const asn = said ?? Number(/^AS(\d{1,10})$/.exec(values.text(asnAt))?.[1] ?? 0);
  return asn < 2 ** 32 ? asn : 0;
}
