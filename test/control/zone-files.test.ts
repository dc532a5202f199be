import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listZoneFiles } from '../../src/control/zone-files.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-zones-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('each NAME.zone of the folder is the zone NAME, and root.zone the root', async () => {
  for (const file of ['example.com.zone', 'root.zone', '2.0.192.in-addr.arpa.zone'])
    writeFileSync(join(folder, file), '');
  const complaints: Complaint[] = [];
  const zones = await listZoneFiles({ zones: folder, zone: {} }, complaints);
  expect(complaints).toEqual([]);
  expect(zones).toEqual([
    { apex: '2.0.192.in-addr.arpa', file: join(folder, '2.0.192.in-addr.arpa.zone'), root: folder },
    { apex: 'example.com', file: join(folder, 'example.com.zone'), root: folder },
    { apex: '.', file: join(folder, 'root.zone'), root: folder },
  ]);
});

test('hidden files, folders and other files are no zones; links to files are', async () => {
  for (const file of ['.hidden.zone', 'common.inc', 'a.zone~', 'real']) writeFileSync(join(folder, file), '');
  mkdirSync(join(folder, 'folder.zone'));
  symlinkSync('real', join(folder, 'linked.zone'));
  symlinkSync('nowhere', join(folder, 'dangling.zone'));
  const zones = await listZoneFiles({ zones: folder, zone: {} }, []);
  expect(zones.map(({ apex }) => apex)).toEqual(['dangling', 'linked']);
});

test('zones named one by one come with their own folder', async () => {
  const zones = await listZoneFiles({ zones: undefined, zone: { 'a.example': 'some/where/a' } }, []);
  expect(zones).toEqual([{ apex: 'a.example', file: 'some/where/a', root: 'some/where' }]);
});

test('a folder that is not there is a complaint', async () => {
  const complaints: Complaint[] = [];
  await listZoneFiles({ zones: join(folder, 'none'), zone: {} }, complaints);
  expect(complaints.map(complaintText)).toEqual([
    `${folder}/none: error: expected a folder of zone files that can be read ` +
      '(ENOENT: no such file or directory)',
  ]);
});
