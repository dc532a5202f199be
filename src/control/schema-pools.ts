/**
 * The form of `places` and `pools` in cairn.yaml: databases that tell where clients are, whose word is taken
 * for where theirs are, and who may see the records of pools. In and out as in `schema`.
 */
import { z } from 'zod';
import type { PlaceFile } from '../pool/places-loader.ts';
import { expected, list, PREFIX, prefix, table, text } from './schema-parts.ts';
import { DEFAULTS, type Settings } from './settings.ts';

const database = (of: string) =>
  text('the name of a file')
    .optional()
    .meta({ description: `A database of ${of}, in MaxMind's format.` });

const files = table({
  city: database('cities'),
  country: database('countries'),
  asn: database('autonomous systems'),
}).transform((named): Settings['places'] => {
  const kinds = ['city', 'country', 'asn'] as const; // Who knows most comes first.
  const given = kinds.flatMap((kind): PlaceFile[] => (named[kind] ? [{ kind, file: named[kind] }] : []));
  return given.length > 0 ? given : undefined;
});

export const places = z
  .union(
    [z.literal(false).transform((): Settings['places'] => []), files],
    expected('a table of country, asn and city, or false for none'),
  )
  .prefault({})
  .meta({ description: 'Where clients are, for pools that choose by it.' });

export const pools = table({
  subnetsFrom: list(prefix(PREFIX), 'addresses and prefixes')
    .prefault([])
    .meta({ description: 'Resolvers whose word is taken for where their clients are (RFC 7871).' }),
  showTo: list(prefix(PREFIX), 'addresses and prefixes')
    .prefault([...DEFAULTS.showPoolsTo])
    .meta({ description: 'Clients that may see the POOL records themselves.' }),
  state: text('the name of a file').optional().meta({
    description: 'A file for members that "cairn ctl pool" drains or forces, kept over restarts.',
  }),
}).transform(({ subnetsFrom, showTo, state }) => ({ subnetsFrom, showTo, state }));
