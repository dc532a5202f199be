/**
 * Places as numbers that fit a small integer, so that telling whether a client is where a member of a pool
 * wants it to be is a comparison. Larger is closer: everywhere (0), continents, countries, subdivisions. In:
 * the codes of `geo=`, or of a database. Out: a number, 0 as well for what is unknown.
 *
 *   bits 26–27  how close: 0 everywhere, 1 continent, 2 country, 3 subdivision
 *   bits 16–25  the continent or country: two letters, each 0–25
 *   bits  0–15  the subdivision: up to three letters or digits, each 1–36; 0 for none
 */
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
const continentCode = (code: string): number =>
  CONTINENTS.has(code) ? coded(PlaceLevel.CONTINENT, code) : 0;

/** `DE` */
const countryCode = (code: string): number => coded(PlaceLevel.COUNTRY, code);

/** `US` and `CA` */
function subdivisionCode(country: string, part: string): number {
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

const CONTINENTS: ReadonlySet<string> = new Set(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA']);
