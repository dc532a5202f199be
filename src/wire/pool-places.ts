/**
 * The codes of places that `geo=` takes: continents, countries of ISO 3166-1, their subdivisions in the form
 * of ISO 3166-2, and `*`. Four countries have the code of a continent: a bare code is the continent, and
 * those are written behind the continent that they lie in, as in `AS/SA` for Saudi Arabia.
 */

/**
 * The countries of ISO 3166-1 (alpha-2, read 2026-11), and XK for Kosovo, by the continent that they lie in,
 * most of them at least. As GeoNames and most databases have it: Russia and Cyprus in Europe, Georgia and
 * Türkiye in Asia.
 */
const COUNTRIES_OF: Readonly<Record<string, string>> = {
  AF:
    'AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR ' +
    'MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW',
  AN: 'AQ BV GS HM TF',
  AS:
    'AE AF AM AZ BD BH BN BT CC CN CX GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN ' +
    'MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE',
  EU:
    'AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU ' +
    'LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK',
  NA:
    'AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM ' +
    'PR SV SX TC TT US VC VG VI',
  OC: 'AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS',
  SA: 'AR BO BR CL CO EC FK GF GY PE PY SR UY VE',
};

export const CONTINENTS: ReadonlySet<string> = new Set(Object.keys(COUNTRIES_OF));
export const CONTINENT_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(COUNTRIES_OF).flatMap(([continent, countries]) =>
    countries.split(' ').map((country) => [country, continent] as const),
  ),
);

/** Of the longest code, `US-CAL`. */
export const PLACE_CHARS_MAX = 6;

/** Whether that is a code, in upper case. A subdivision is known by its form only (ISO 3166-2). */
export function isPlace(code: string): boolean {
  if (code === '*' || CONTINENTS.has(code) || CONTINENT_OF.has(code)) return true;
  const [, continent, country = '', part] =
    /^(?:([A-Z]{2})\/)?([A-Z]{2})(?:-([A-Z0-9]{1,3}))?$/.exec(code) ?? [];
  if (continent === undefined) return part !== undefined && CONTINENT_OF.has(country);
  return part === undefined && CONTINENTS.has(country) && CONTINENT_OF.get(country) === continent;
}
