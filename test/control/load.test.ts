import { utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configure } from '../../src/control/config.ts';
import { readAll } from '../../src/control/load.ts';
import type { Settings } from '../../src/control/settings.ts';
import { Catalog } from '../../src/zone/catalog.ts';
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

test('without recursion for clients the root is known nevertheless, for hosts of pools', async () => {
  const { loadout } = await readAll({ ...settings, recursion: { ...settings.recursion, enabled: false } });
  expect(loadout?.rootHints).toHaveLength(13);
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

describe('a copy of the root zone [RFC 8806]', () => {
  const ROOT = '@ 86400 SOA a.root. host.root. 1 1800 900 604800 86400\n@ NS a.root.\na.root. A 192.0.2.1\n';
  const withRoot = () => ({
    ...settings,
    recursion: { ...settings.recursion, localRoot: files.path('root.copy') },
  });
  beforeEach(() =>
    files.write('root.copy', `$TTL 86400\n${ROOT}com. NS a.gtld.net.\na.gtld.net. A 192.0.2.2\n`),
  );

  test('is read beside the zones that are served, and is good as long as its SOA says', async () => {
    const modified = new Date('2026-01-02T03:04:05Z');
    utimesSync(files.path('root.copy'), modified, modified);
    const { loadout, complaints, watched } = await readAll(withRoot());
    expect(complaints).toEqual([]);
    expect(loadout?.catalog.images.map(({ apexText }) => apexText)).toEqual(['example.com.']);
    expect(loadout?.localRoot?.zone.image.recordCount).toBe(5);
    expect(loadout?.localRoot?.untilSeconds).toBe(modified.getTime() / 1_000 + 604_800);
    expect(watched.files).toContain(files.path('root.copy'));
  });

  test('that has not changed is taken over, and one that has comes whole', async () => {
    const { loadout: first } = await readAll(withRoot());
    const served = { catalog: new Catalog([]), origins: new Map(), rules: [], localRoot: first?.localRoot };
    const { loadout: same } = await readAll(withRoot(), served);
    expect(same?.localRoot?.zone.image).toBe(first?.localRoot?.zone.image);
    files.write('root.copy', `$TTL 86400\n${ROOT.replace(' 1 1800', ' 2 1800')}com. NS b.gtld.net.\n`);
    const { loadout: next } = await readAll(withRoot(), served);
    expect([next?.localRoot?.zone.image.serial, next?.localRoot?.zone.changes]).toEqual([2, []]);
  });

  test('with a mistake is refused with the rest', async () => {
    files.write('root.copy', 'com NS\n');
    const { loadout, complaints } = await readAll(withRoot());
    expect(loadout).toBeUndefined();
    expect(complaints.map(complaintText).join()).toContain('root.copy:1');
  });
});
