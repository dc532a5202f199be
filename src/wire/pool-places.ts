/**
 * The codes of places that `geo=` takes: continents, countries of ISO 3166-1, their subdivisions in the form
 * of ISO 3166-2, and `*`. Four countries have the code of a continent: a bare code is the continent, and
 * those are written behind the continent that they lie in, as in `AS/SA` for Saudi Arabia.
 */

/** Antarctica is one, and has the country AQ. */
const CONTINENTS = new Set(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA']);

/** ISO 3166-1 alpha-2, read 2026-11; and XK for Kosovo, which databases of places use. */
const COUNTRIES = new Set(
  `
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
  `.match(/[A-Z]{2}/g),
);

/** Whose code alone is that of a continent. */
const AMBIGUOUS = new Set(['AS/AF', 'OC/AS', 'AF/NA', 'AS/SA']);

/** Of the longest code, `US-CAL`. */
export const PLACE_CHARS_MAX = 6;

/** Whether that is a code, in upper case. A subdivision is known by its form only (ISO 3166-2). */
export function isPlace(code: string): boolean {
  if (code === '*' || CONTINENTS.has(code) || COUNTRIES.has(code) || AMBIGUOUS.has(code)) return true;
  return /^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(code) && COUNTRIES.has(code.slice(0, 2));
}
