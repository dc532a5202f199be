/**
 * Tables of whereabouts from databases as tests write them.
 */
import { parseIp } from '../../src/base/ip.ts';
import { readDatabase } from '../../src/pool/database.ts';
import { placeText } from '../../src/pool/place-codes.ts';
import { type DatabaseKind, placeFrom } from '../../src/pool/place-fields.ts';
import { PlaceRows } from '../../src/pool/place-rows.ts';
import { overlaid, type Ranges } from '../../src/pool/ranges.ts';
import { NOWHERE, Whereabouts } from '../../src/pool/whereabouts.ts';
import { makeWhereabouts } from '../../src/pool/whereabouts-builder.ts';

type Databases = readonly (readonly [DatabaseKind, Buffer])[];

export const tableOf = (...databases: Databases): Whereabouts => new Whereabouts(tableMemory(...databases));

export function tableMemory(...databases: Databases): SharedArrayBuffer {
  const rows = new PlaceRows();
  let all: { v4: Ranges; v6: Ranges } | undefined;
  for (const [kind, bytes] of databases) {
    const ranges = readDatabase(bytes, (values, at) => rows.add(placeFrom(values, at, kind)));
    if (typeof ranges === 'string') throw new Error(ranges);
    const under = ranges;
    all = all
      ? {
          v4: overlaid(all.v4, under.v4, rows.joined) as Ranges,
          v6: overlaid(all.v6, under.v6, rows.joined) as Ranges,
        }
      : under;
  }
  if (all === undefined) throw new Error('there is no database');
  return makeWhereabouts(all.v4, all.v6, rows);
}

/** All that is known of an address, in words: `EU DE DE-BY AS64496 48.1,11.5 /24`. */
export function saidOf(table: Whereabouts, address: string): string {
  table.find(parseIp(address) as Uint8Array);
  const { continent, country, subdivision, asn, latitude, longitude, bits } = table;
  const places = [continent, country, subdivision].filter((place) => place !== 0).map(placeText);
  const system = asn === 0 ? [] : [`AS${asn >>> 0}`];
  const position = latitude === NOWHERE ? [] : [`${latitude / 1e5},${longitude / 1e5}`];
  return [...places, ...system, ...position, `/${bits}`].join(' ');
}
