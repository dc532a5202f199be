/**
 * Places as numbers that fit a small integer, so that telling whether a client is where a member of a pool
 * wants it to be is a comparison. Larger is closer: everywhere (0), continents, countries, subdivisions. In:
 * the codes of `geo=`, or of a database. Out: a number, 0 as well for what is unknown.
 *
 *   bits 26–27  how close: 0 everywhere, 1 continent, 2 country, 3 subdivision
 *   bits 16–25  the continent or country: two letters, each 0–25
 *   bits  0–15  the subdivision: up to three letters or digits, each 1–36; 0 for none
 */
import { CONTINENT_OF, CONTINENTS } from '../wire/pool-places.ts';

const LEVEL_SHIFT = 26;
const COUNTRY_SHIFT = 16;
export const PlaceLevel = { EVERYWHERE: 0, CONTINENT: 1, COUNTRY: 2, SUBDIVISION: 3 } as const;

export const placeLevel = (place: number): number => place >>> LEVEL_SHIFT;

const twoLetters = (code: string): number =>
  /^[A-Z]{2}$/.test(code) ? 26 * (code.charCodeAt(0) - 65) + code.charCodeAt(1) - 65 : -1;

function coded(level: number, code: string): number {
  const letters = twoLetters(code);
  return letters < 0 ? 0 : (level << LEVEL_SHIFT) | (letters << COUNTRY_SHIFT);
}

/** `EU` */
export const continentCode = (code: string): number =>
  CONTINENTS.has(code) ? coded(PlaceLevel.CONTINENT, code) : 0;

/** `DE` */
export const countryCode = (code: string): number => coded(PlaceLevel.COUNTRY, code);

/** `US` and `CA` */
export function subdivisionCode(country: string, part: string): number {
  const code = coded(PlaceLevel.SUBDIVISION, country);
  if (code === 0 || !/^[A-Z0-9]{1,3}$/.test(part)) return 0;
  return code | [...part].reduce((sum, letter) => 37 * sum + Number.parseInt(letter, 36) + 1, 0);
}

/** As `geo=` writes it, in upper case: `*`, `EU`, `US`, `US-CA`, `AS/SA`. */
export function placeCode(text: string): number {
  const [, country = '', part] = /^(?:[A-Z]{2}\/)?([A-Z]{2})(?:-(.+))?$/.exec(text) ?? [];
  if (part !== undefined) return subdivisionCode(country, part);
  return continentCode(text) || countryCode(country);
}

/** What `placeCode` reads. */
export function placeText(place: number): string {
  const level = placeLevel(place);
  if (level === PlaceLevel.EVERYWHERE) return '*';
  const letters = (place >>> COUNTRY_SHIFT) & 0x3ff;
  const code = String.fromCharCode(65 + Math.floor(letters / 26), 65 + (letters % 26));
  if (level === PlaceLevel.CONTINENT) return code;
  if (level === PlaceLevel.COUNTRY) return CONTINENTS.has(code) ? `${continentOf(code)}/${code}` : code;
  let part = '';
  for (let rest = place & 0xffff; rest > 0; rest = Math.floor(rest / 37)) {
    part = ((rest % 37) - 1).toString(36).toUpperCase() + part;
  }
  return `${code}-${part}`;
}

/** The continent that a country lies in, most of it at least; for databases that do not say. */
export const continentOf = (country: string): string => CONTINENT_OF.get(country) ?? '';
