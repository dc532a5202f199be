import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure } from '../../src/control/config.ts';
import { readAll } from '../../src/control/load.ts';
import type { Settings } from '../../src/control/settings.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import { folderOf, zoneText } from '../operation/server.ts';

let files: ReturnType<typeof folderOf>;
let settings: Settings;
beforeEach(async () => {
  files = folderOf({
    'example.com.zone': `${zoneText('192.0.2.1')}$INCLUDE more.inc\n`,
    'more.inc': 'x A 192.0.2.2\n',
  });
  const configured = await configure({ zones: files.path('') }, '/none');
  if (configured.settings === undefined) throw new Error('the flags are valid');
  settings = configured.settings;
});
afterEach(() => files.remove());

test('zones, root hints and hosts are read, and what to watch is known', async () => {
  files.write('hosts', '192.0.2.1 printer\n');
  const { loadout, complaints, watched, prints } = await readAll({ ...settings, hosts: files.path('hosts') });
  expect(complaints).toEqual([]);
  expect(loadout?.catalog.recordCount).toBe(5);
  expect(loadout?.rootHints).toHaveLength(13);
  expect(loadout?.hostsText).toContain(' ');
  expect(watched).toEqual({
    folder: files.path(''),
    files: [files.path('example.com.zone'), files.path('more.inc')],
    anyName: false,
  });
  for (const file of watched.files) expect(prints.has(file)).toBe(true);
});

test('the root hints of the IANA have both addresses of thirteen servers', async () => {
  const { loadout } = await readAll(settings);
  expect(loadout?.rootHints.map(({ addresses }) => addresses.length)).toEqual(Array(13).fill(2));
});

test('without recursion there is nothing to begin with', async () => {
  const { loadout } = await readAll({ ...settings, recursion: { ...settings.recursion, enabled: false } });
  expect(loadout?.rootHints).toEqual([]);
});

test('all complaints of all files are told, and nothing is taken', async () => {
  files.write('hosts', 'nonsense\n');
  files.write('hints', 'www A 192.0.2.1\n');
  files.write('example.com.zone', 'www A x\n');
  const { loadout, complaints, watched } = await readAll({
    ...settings,
    hosts: files.path('hosts'),
    recursion: { ...settings.recursion, rootHints: files.path('hints') },
  });
  expect(loadout).toBeUndefined();
  expect(watched.anyName).toBe(true);
  const told = complaints.map((complaint) => complaintText(complaint).replace(files.path(''), ''));
  for (const file of ['hosts:1', 'hints', 'example.com.zone:1']) {
    expect(told.filter((text) => text.replace('/', '').startsWith(file))).not.toEqual([]);
  }
});
