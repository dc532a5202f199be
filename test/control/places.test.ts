/**
 * Databases of places as the settings name them: read, watched, complained of, kept while they are as they
 * were, and the one that is there without any settings.
 */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settle } from '../../src/control/config.ts';
import { readConfigText } from '../../src/control/config-text.ts';
import { readAll } from '../../src/control/load.ts';
import type { Settings } from '../../src/control/settings.ts';
import { Whereabouts } from '../../src/pool/whereabouts.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import { folderOf, zoneText } from '../operation/server.ts';
import { Float, mmdb } from '../pool/mmdb.ts';
import { saidOf } from '../pool/tables.ts';

const countries = (code: string) => mmdb([['192.0.2.0/24', { country: { iso_code: code } }]]);

let files: ReturnType<typeof folderOf>;
beforeEach(() => {
  files = folderOf({ 'example.com.zone': zoneText('192.0.2.1') });
  writeFileSync(files.path('country.mmdb'), countries('DE'));
  writeFileSync(files.path('asn.mmdb'), mmdb([['192.0.2.0/25', { autonomous_system_number: 64496 }]]));
});
afterEach(() => files.remove());

const BOTH = 'places: { country: country.mmdb, asn: asn.mmdb }';

function configured(yaml: string) {
  const text = readConfigText('cairn.yaml', `zones: .\nrecursion: { enabled: false }\n${yaml}\n`);
  return settle(text, files.path(''), {});
}
const settings = (yaml = BOTH): Settings => configured(yaml).settings as Settings;
const texts = (complaints: Parameters<typeof complaintText>[0][]): string[] =>
  complaints.map((each) => complaintText(each).replaceAll(files.path(''), ''));

const pools = (lines: string): void => {
  files.write('example.com.zone', `${zoneText('192.0.2.1')}${lines}`);
};

describe('databases that the settings name', () => {
  test('are read into one table, and watched', async () => {
    const { loadout, complaints, watched } = await readAll(settings());
    expect(complaints).toEqual([]);
    expect(watched.files).toEqual(
      expect.arrayContaining([files.path('country.mmdb'), files.path('asn.mmdb')]),
    );
    const table = new Whereabouts(loadout?.places?.table as SharedArrayBuffer);
    expect(saidOf(table, '192.0.2.1')).toBe('EU DE AS64496 /25');
    expect(loadout?.places?.ages).toEqual([
      { kind: 'country', builtSeconds: 1_780_000_000 },
      { kind: 'asn', builtSeconds: 1_780_000_000 },
    ]);
  });

  test('stay as they are until a file or what is wanted of it changes', async () => {
    const served = { origins: new Map(), ...(await readAll(settings())).loadout! };
    const tableNow = async (yaml = BOTH) => (await readAll(settings(yaml), served)).loadout?.places?.table;
    expect(await tableNow()).toBe(served.places?.table);
    expect(await tableNow('places: { country: country.mmdb }')).not.toBe(served.places?.table);
    writeFileSync(files.path('country.mmdb'), countries('FR'));
    const table = new Whereabouts((await tableNow()) as SharedArrayBuffer);
    expect(saidOf(table, '192.0.2.1')).toBe('EU FR AS64496 /25');
  });

  test('that are damaged, gone, or of another kind are all told, and nothing is taken', async () => {
    writeFileSync(files.path('country.mmdb'), countries('DE').subarray(0, -30));
    const { loadout, complaints, watched } = await readAll(
      settings('places: { country: country.mmdb, city: gone.mmdb, asn: . }'),
    );
    expect(loadout).toBeUndefined();
    expect(watched.files).toContain(files.path('gone.mmdb'));
    expect(texts([...complaints])).toEqual([
      expect.stringMatching(/^\/gone\.mmdb: error: expected a database of cities that can be read \(ENOENT/),
      expect.stringMatching(
        /^\/country\.mmdb: error: .* that can be read: a value lies outside of the file$/,
      ),
      ': error: expected a database of autonomous systems that can be read (it is no file)',
    ]);
    const { complaints: others } = await readAll(settings('places: { asn: country.mmdb.copy }'));
    expect(others).toHaveLength(1);
    writeFileSync(files.path('country.mmdb'), countries('DE'));
    const { complaints: mistaken } = await readAll(settings('places: { asn: country.mmdb }'));
    expect(texts([...mistaken])).toEqual([
      '/country.mmdb: error: expected a database of autonomous systems that can be read: it knows none',
    ]);
  });
});

describe('where none is named', () => {
  test('nothing is read unless pools ask for it', async () => {
    expect((await readAll(settings(''))).loadout?.places).toBeUndefined();
    pools('near POOL 192.0.2.1 weight=1 net=10.0.0.0/8\nnear POOL 192.0.2.2 geo=*\n');
    expect(await readAll(settings(''))).toMatchObject({ complaints: [], loadout: { places: undefined } });
  });

  test('pools that ask for countries have the database that comes along', async () => {
    pools('near POOL 192.0.2.1 geo=EU\nnear POOL 192.0.2.2\n');
    const { loadout, complaints } = await readAll(settings(''));
    expect(complaints).toEqual([]);
    const table = new Whereabouts(loadout?.places?.table as SharedArrayBuffer);
    expect(saidOf(table, '193.0.6.139')).toMatch(/^EU NL /);
    expect(saidOf(table, '2001:67c:2e8::1')).toMatch(/^EU NL /);
    expect((await readAll(settings('places: false'))).loadout?.places).toBeUndefined();
  });

  test.each([
    ['asn=64496', 'asn', ''],
    ['near=52.5,13.4', 'city', ' near=1,2'],
    ['geo=US-CA', 'city', ''],
  ])('%s asks for a database of another kind, and a warning says so', async (place, kind, more) => {
    pools(`near POOL 192.0.2.1 ${place}\nnear POOL 192.0.2.2${more}\nnear POOL 192.0.2.3\n`);
    const { loadout, complaints } = await readAll(settings(''));
    expect(loadout).toBeDefined();
    expect(texts([...complaints])).toEqual([
      expect.stringContaining(`settings: warning: places.${kind} is not set`),
    ]);
  });

  test('one of cities serves for countries too', async () => {
    const city = {
      country: { iso_code: 'US' },
      location: { latitude: new Float(1), longitude: new Float(2) },
    };
    writeFileSync(files.path('city.mmdb'), mmdb([['192.0.2.0/24', city]]));
    pools('near POOL 192.0.2.1 geo=AS/SA near=1,2\nnear POOL 192.0.2.2 near=3,4\n');
    expect((await readAll(settings('places: { city: city.mmdb }'))).complaints).toEqual([]);
  });
});

test.each([
  ['places: yes', 'places: expected a table of country, asn and city, or false for none, found "yes"'],
  ['places: { city: 7 }', 'places.city: expected the name of a file, found 7'],
  ['places: { town: x }', 'places.town: no such key; expected one of city, country, asn'],
  ['pools: { subnetsFrom: [x] }', 'pools.subnetsFrom[0]: expected an address or a prefix'],
  ['pools: { showTo: 192.0.2.1 }', 'pools.showTo: expected a list of addresses and prefixes'],
])('%s is told where it stands', (yaml, complaint) => {
  const [first, ...others] = texts([...configured(yaml).complaints]);
  expect(others).toEqual([]);
  expect(first).toContain(complaint);
});
