import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nameText } from '../../src/wire/name.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { change } from '../../src/zone/change.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import type { Image } from '../../src/zone/image.ts';
import { type Loaded, loadZones } from '../../src/zone/loader.ts';

const root = mkdtempSync(join(tmpdir(), 'cairn-loader-'));
afterAll(() => rmSync(root, { recursive: true }));

const soa = (serial: number): string =>
  `@ 60 IN SOA ns host ${serial} 3600 600 86400 60\n@ 60 IN NS ns.elsewhere.\n`;
const zone = (file: string, text: string, apex = 'a.test'): { apex: string; file: string; root: string } => {
  writeFileSync(join(root, file), text);
  return { apex, file: join(root, file), root };
};
const complaintsOf = ({ complaints }: Loaded): string[] =>
  complaints.map((c) => complaintText(c).replaceAll(root, ''));

test('zones become images, and every file read is told, included ones too', async () => {
  writeFileSync(join(root, 'part'), 'www 60 A 192.0.2.1\n');
  const loaded = await loadZones([zone('a', `${soa(1)}$INCLUDE part\n`), zone('b', soa(1), 'b.test.')]);
  expect(complaintsOf(loaded)).toEqual([]);
  expect(loaded.images.map((image) => image.apexText)).toEqual(['a.test.', 'b.test.']);
  expect(loaded.images[0]?.recordCount).toBe(3);
  expect([...loaded.files].sort()).toEqual(['a', 'b', 'part'].map((file) => join(root, file)));
});

test('errors of all zones are told, and a zone with one has no image', async () => {
  const loaded = await loadZones([
    zone('a', `${soa(1)}www 60 A no\n`),
    zone('b', '', 'b.test'),
    zone('c', soa(1), 'c.test'),
  ]);
  expect(loaded.images).toHaveLength(1);
  const files = loaded.complaints.filter((c) => c.severity === 'error').map((c) => c.file);
  expect(new Set(files)).toEqual(new Set([join(root, 'a'), join(root, 'b')]));
});

test('a name that is none, and a zone given twice, are complaints', async () => {
  const loaded = await loadZones([
    zone('a', soa(1)),
    zone('b', soa(1), 'A.test.'),
    zone('c', soa(1), 'a..b'),
  ]);
  expect(complaintsOf(loaded)).toHaveLength(2);
});

test('a class that is not served is a complaint', async () => {
  const loaded = await loadZones([zone('a', soa(1).replaceAll(' IN ', ' CH '))]);
  expect(complaintsOf(loaded).join()).toContain('class CH');
});

test('a serial that goes back is told and loaded all the same [RFC 1982 §3.2]', async () => {
  const served = new Catalog((await loadZones([zone('a', soa(7))])).images);
  const loaded = await loadZones([zone('a', soa(6))], served);
  expect(loaded.images).toHaveLength(1);
  expect(complaintsOf(loaded).join()).toContain('serial 6 is behind 7');
  expect(complaintsOf(await loadZones([zone('a', soa(7))], served))).toEqual([]);
});

test('another zone under the same serial is told and loaded all the same [RFC 1034 §4.3.5]', async () => {
  const served = new Catalog((await loadZones([zone('a', soa(7))])).images);
  const loaded = await loadZones([zone('a', `${soa(7)}www 60 A 192.0.2.1\n`)], served);
  expect(loaded.images).toHaveLength(1);
  expect(complaintsOf(loaded).join()).toContain('serial 7 is as served, but the zone is not');
});

test('where few names differ from what is served, it is changed; where many, it is replaced', async () => {
  const hosts = (count: number): string =>
    Array.from({ length: count }, (_, i) => `h${i} 60 A 192.0.2.1\n`).join('');
  const served = new Catalog((await loadZones([zone('a', `${soa(7)}${hosts(200)}`)])).images);
  const few = await loadZones([zone('a', `${soa(8)}${hosts(201)}`)], served);
  expect(few.images).toEqual(served.images);
  const [changes] = few.changes.values();
  expect(changes?.map((each) => nameText(each.name))).toEqual(['a.test.', 'h200.a.test.']);
  expect(
    (await loadZones([zone('a', `${soa(7)}${hosts(200)}`)], served)).changes.get(served.images[0] as Image),
  ).toEqual([]);
  const many = await loadZones([zone('a', `${soa(8)}${hosts(220)}`)], served);
  expect(many.changes.size).toBe(0);
  expect(many.images[0]?.recordCount).toBe(222);
});

/** Full but for so many words, by changes that say nothing. */
function filled(image: Image, wordsLeft: number): Image {
  const wordsFree = (): number => (image.buffer.byteLength >> 2) - image.end;
  while (wordsFree() > wordsLeft) {
    const verdict = change(image, []);
    if (verdict.kind !== 'changed') break;
    ({ image } = verdict);
  }
  expect(wordsFree()).toBe(wordsLeft);
  return image;
}

test('what would fill the room behind an image comes as another image at once', async () => {
  const [image] = (await loadZones([zone('a', soa(7))])).images as [Image];
  const words = (image.buffer.byteLength >> 2) - image.end;
  const halfFull = new Catalog([filled(image, words - (words >> 1))]);
  const loaded = await loadZones([zone('a', soa(8))], halfFull);
  expect(loaded.changes.size).toBe(0);
  expect(loaded.images[0]?.serial).toBe(8);
  expect(loaded.images[0]?.isCrowded()).toBe(false);
});

test('a zone that is as it was stays as it is, and nothing is complained of, when there is no room', async () => {
  const [image] = (await loadZones([zone('a', soa(7))])).images as [Image];
  const full = filled(image, 0);
  const loaded = await loadZones([zone('a', soa(7))], new Catalog([full]));
  expect(complaintsOf(loaded)).toEqual([]);
  expect(loaded.images[0]).toBe(full);
});

test('a missing file is a complaint', async () => {
  const loaded = await loadZones([{ apex: 'a.test', file: join(root, 'missing'), root }]);
  expect(complaintsOf(loaded)).toHaveLength(1);
  expect(loaded.images).toEqual([]);
});
