import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { nameText } from '../../src/wire/name.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import { change } from '../../src/zone/change.ts';
import { complaintText } from '../../src/zone/complaint.ts';
import type { Image } from '../../src/zone/image.ts';
import { type Loaded, type LoadedZone, loadZones, type Served } from '../../src/zone/loader.ts';
import type { Keeping } from '../../src/zone/recall.ts';

const root = mkdtempSync(join(tmpdir(), 'cairn-loader-'));
afterAll(() => rmSync(root, { recursive: true }));

const servedBy = ({ zones }: Loaded): Served => ({
  catalog: new Catalog(zones.map(({ image }) => image)),
  origins: new Map(zones.map(({ image, origin }) => [image.apexText, origin])),
});

const soa = (serial: number): string =>
  `@ 60 IN SOA ns host ${serial} 3600 600 86400 60\n@ 60 IN NS ns.elsewhere.\n`;
const zone = (file: string, text: string, apex = 'a.test'): { apex: string; file: string; root: string } => {
  writeFileSync(join(root, file), text);
  return { apex, file: join(root, file), root };
};
const put = (file: string, text: string): void => writeFileSync(join(root, file), text);
const link = (file: string, text: string): void => {
  put(`${file}-behind`, text);
  rmSync(join(root, file));
  symlinkSync(join(root, `${file}-behind`), join(root, file));
};
const pipe = (file: string): void => {
  rmSync(join(root, file));
  execFileSync('mkfifo', [join(root, file)]);
};
const complaintsOf = ({ complaints }: Loaded): string[] =>
  complaints.map((c) => complaintText(c).replaceAll(root, ''));

test('zones become images, and every file read is told, included ones too', async () => {
  writeFileSync(join(root, 'part'), 'www 60 A 192.0.2.1\n');
  const loaded = await loadZones([zone('a', `${soa(1)}$INCLUDE part\n`), zone('b', soa(1), 'b.test.')]);
  expect(complaintsOf(loaded)).toEqual([]);
  expect(loaded.zones.map(({ image }) => image.apexText)).toEqual(['a.test.', 'b.test.']);
  expect(loaded.zones[0]?.image.recordCount).toBe(3);
  expect([...loaded.files].sort()).toEqual(['a', 'b', 'part'].map((file) => join(root, file)));
});

test('a zone is read again when a check that its pools have is not there any more', async () => {
  const text = `${soa(1)}www 60 POOL 192.0.2.1 check=web\nwww 60 POOL 192.0.2.2 check=pg,web\n`;
  const files = [zone('checked', text)];
  const keeping: Keeping = { folder: join(root, 'checked-images'), program: 'cairn 1' };
  const first = await loadZones(files, undefined, keeping, new Set(['web', 'pg', 'other']));
  expect(complaintsOf(first)).toEqual([]);
  const load = async (checks?: ReadonlySet<string>): Promise<unknown[]> => {
    const loaded = [
      await loadZones(files, servedBy(first), keeping, checks),
      await loadZones(files, undefined, keeping, checks),
    ];
    return loaded.map((each) => each.zones[0]?.from ?? complaintsOf(each));
  };
  expect(await load(new Set(['web', 'pg']))).toEqual(['served', 'kept']);
  expect(await load()).toEqual(['served', 'kept']);
  const told = '/checked:3: error: no check is called web: expected one that the settings have';
  const other = '/checked:4: error: no check is called web: expected one that the settings have';
  expect(await load(new Set(['pg', 'ping']))).toEqual([
    [told, other],
    [told, other],
  ]);
});

test('errors of all zones are told, and a zone with one has no image', async () => {
  const loaded = await loadZones([
    zone('a', `${soa(1)}www 60 A no\n`),
    zone('b', '', 'b.test'),
    zone('c', soa(1), 'c.test'),
  ]);
  expect(loaded.zones).toHaveLength(1);
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
  const served = servedBy(await loadZones([zone('a', soa(7))]));
  const loaded = await loadZones([zone('a', soa(6))], served);
  expect(loaded.zones).toHaveLength(1);
  expect(complaintsOf(loaded).join()).toContain('serial 6 is behind 7');
  expect(complaintsOf(await loadZones([zone('a', soa(7))], served))).toEqual([]);
});

test('another zone under the same serial is told and loaded all the same [RFC 1034 §4.3.5]', async () => {
  const served = servedBy(await loadZones([zone('a', soa(7))]));
  const loaded = await loadZones([zone('a', `${soa(7)}www 60 A 192.0.2.1\n`)], served);
  expect(loaded.zones).toHaveLength(1);
  expect(complaintsOf(loaded).join()).toContain('serial 7 is as served, but the zone is not');
});

test('where few names differ from what is served, it is changed; where many, it is replaced', async () => {
  const hosts = (count: number): string =>
    Array.from({ length: count }, (_, i) => `h${i} 60 A 192.0.2.1\n`).join('');
  const changes = ({ zones }: Loaded): string[] | undefined =>
    zones[0]?.changes.map((each) => nameText(each.name));
  const served = servedBy(await loadZones([zone('a', `${soa(7)}${hosts(200)}`)]));
  const [image] = served.catalog.images;
  const few = await loadZones([zone('a', `${soa(8)}${hosts(201)}`)], served);
  expect(few.zones[0]?.image).toBe(image);
  expect(changes(few)).toEqual(['a.test.', 'h200.a.test.']);
  const none = await loadZones([zone('a', `${soa(7)}${hosts(200)}; nothing new\n`)], served);
  expect(none.zones[0]?.image).toBe(image);
  expect([changes(none), none.complaints]).toEqual([[], []]);
  const many = await loadZones([zone('a', `${soa(8)}${hosts(220)}`)], served);
  expect(changes(many)).toEqual([]);
  expect(many.zones[0]?.image).not.toBe(image);
  expect(many.zones[0]?.image.recordCount).toBe(222);
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

/** With no origin, so that its text is read. */
const servedAs = (image: Image): Served => ({ catalog: new Catalog([image]), origins: new Map() });

test('what would fill the room behind an image comes as another image at once', async () => {
  const [{ image }] = (await loadZones([zone('a', soa(7))])).zones as [LoadedZone];
  const words = (image.buffer.byteLength >> 2) - image.end;
  const halfFull = filled(image, words - (words >> 1));
  const [loaded] = (await loadZones([zone('a', soa(8))], servedAs(halfFull))).zones as [LoadedZone];
  expect(loaded.changes).toEqual([]);
  expect(loaded.image.serial).toBe(8);
  expect(loaded.image.isCrowded()).toBe(false);
});

test('a zone that is as it was stays, and nothing is complained of, when there is no room', async () => {
  const [{ image }] = (await loadZones([zone('a', soa(7))])).zones as [LoadedZone];
  const full = filled(image, 0);
  const loaded = await loadZones([zone('a', soa(7))], servedAs(full));
  expect(complaintsOf(loaded)).toEqual([]);
  expect(loaded.zones[0]?.image).toBe(full);
});

test('a missing file is a complaint', async () => {
  const loaded = await loadZones([{ apex: 'a.test', file: join(root, 'missing'), root }]);
  expect(complaintsOf(loaded)).toHaveLength(1);
  expect(loaded.zones).toEqual([]);
});

describe('a zone whose files are as they were', () => {
  const from = ({ zones }: Loaded): string[] => zones.map((each) => each.from);
  const include = `${soa(1)}@ 60 IN NS ns\n$INCLUDE part\n`;
  let keeping: Keeping;
  let folders = 0;
  beforeEach(() => {
    keeping = { folder: join(root, `kept-${folders++}`), program: 'cairn 1' };
    rmSync(join(root, 'part'), { force: true });
    put('part', 'ns 60 A 192.0.2.1\n');
  });
  const keptFiles = (): string[] => readdirSync(keeping.folder);

  test('is not made again: what is served is taken over, and its warnings are told again', async () => {
    const zones = [zone('a', include), zone('b', soa(1), 'b.test')];
    const first = await loadZones(zones);
    expect(from(first)).toEqual(['text', 'text']);
    const second = await loadZones(zones, servedBy(first));
    expect(from(second)).toEqual(['served', 'served']);
    expect(second.complaints).toEqual(first.complaints);
    expect(second.files).toEqual(first.files);
    expect(second.zones[0]?.image).toBe(first.zones[0]?.image);
    writeFileSync(join(root, 'part'), 'ns 60 A 192.0.2.2\n');
    expect(from(await loadZones(zones, servedBy(second)))).toEqual(['text', 'served']);
  });

  test('is kept as it is now, though what is served is only changed in a few names', async () => {
    const hosts = Array.from({ length: 100 }, (_, i) => `h${i} 60 A 192.0.2.1\n`).join('');
    const first = await loadZones([zone('a', `${soa(1)}${hosts}`)], undefined, keeping);
    const zones = [zone('a', `${soa(2)}${hosts}`)];
    const second = await loadZones(zones, servedBy(first), keeping);
    expect(second.zones[0]?.changes).toHaveLength(1);
    const third = await loadZones(zones, undefined, keeping);
    expect([from(third), third.zones[0]?.image.serial]).toEqual([['kept'], 2]);
  });

  test('is taken from where it was kept, with its warnings', async () => {
    const zones = [zone('a', include.replace('60 IN SOA', 'IN SOA')), zone('b', soa(1), 'b.test')];
    const first = await loadZones(zones, undefined, keeping);
    expect(complaintsOf(first).join()).toContain('warning');
    const second = await loadZones(zones, undefined, keeping);
    expect(from(second)).toEqual(['kept', 'kept']);
    expect(second.complaints).toEqual(first.complaints);
    expect(second.files).toEqual(first.files);
    expect(second.zones[0]?.image.bytes).toEqual(first.zones[0]?.image.bytes);
  });

  test('comes in its place among others, whether kept or read', async () => {
    const zones = ['a', 'b', 'c', 'd'].map((name) => zone(name, soa(1), `${name}.test`));
    await loadZones(zones, undefined, keeping);
    for (const name of ['a', 'c']) put(name, soa(2));
    const loaded = await loadZones(zones, undefined, keeping);
    expect(from(loaded)).toEqual(['text', 'kept', 'text', 'kept']);
    expect(loaded.zones.map(({ image }) => image.apexText)).toEqual(zones.map(({ apex }) => `${apex}.`));
    expect(loaded.zones.map(({ image }) => image.serial)).toEqual([2, 1, 2, 1]);
    expect(keptFiles()).toHaveLength(4);
    expect(from(await loadZones(zones, undefined, keeping))).toEqual(['kept', 'kept', 'kept', 'kept']);
  });

  test.each([
    ['its own file is another', () => writeFileSync(join(root, 'a'), `${include}; as long\n`)],
    ['a file it includes is another, of the same length', () => put('part', 'ns 60 A 192.0.2.9\n')],
    ['a file it includes is gone', () => rmSync(join(root, 'part'))],
    ['a file it includes is now a link elsewhere', () => link('part', 'ns 60 A 192.0.2.1\n')],
    ['a file it includes is now a pipe', () => pipe('part')],
  ])('is made again when %s', async (_, change) => {
    const zones = [zone('a', include)];
    await loadZones(zones, undefined, keeping);
    change();
    const loaded = await loadZones(zones, undefined, keeping);
    expect(from(loaded).every((each) => each === 'text')).toBe(true);
  });

  test('is made again under another name, of another program, or with another root', async () => {
    const [a] = [zone('a', include)];
    await loadZones([a], undefined, keeping);
    const other = await loadZones([{ ...a, root: `${root}/.` }], undefined, keeping);
    expect(from(other)).toEqual(['text']);
    expect(from(await loadZones([{ ...a, apex: 'b.test' }], undefined, keeping))).toEqual(['text']);
    const next = await loadZones([{ ...a, apex: 'b.test' }], undefined, { ...keeping, program: 'cairn 2' });
    expect(from(next)).toEqual(['text']);
    expect(complaintsOf(next).join()).toContain('made anew: of another version');
  });

  test('is made again, and told once for all, where what was kept is damaged', async () => {
    const zones = [zone('a', soa(1)), zone('b', soa(1), 'b.test'), zone('c', soa(1), 'c.test')];
    const before = await loadZones(zones, undefined, keeping);
    for (const name of keptFiles()) {
      const bytes = readFileSync(join(keeping.folder, name));
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(join(keeping.folder, name), bytes);
    }
    const loaded = await loadZones(zones, undefined, keeping);
    expect(from(loaded)).toEqual(['text', 'text', 'text']);
    const added = complaintsOf(loaded).slice(0, loaded.complaints.length - before.complaints.length);
    expect(added).toHaveLength(1);
    expect(added[0]).toMatch(/\.image: warning: a kept image .* made anew: damaged; 2 more are like it$/);
    expect(from(await loadZones(zones, undefined, keeping))).toEqual(['kept', 'kept', 'kept']);
  });

  test('and is not served any more leaves nothing behind', async () => {
    const zones = [zone('a', soa(1)), zone('b', soa(1), 'b.test')];
    await loadZones(zones, undefined, keeping);
    expect(keptFiles()).toHaveLength(2);
    await loadZones(zones.slice(1), undefined, keeping);
    expect(keptFiles()).toHaveLength(1);
  });

  test('is loaded all the same where nothing can be kept, which is told with its place', async () => {
    keeping = { folder: join(root, 'a', 'below-a-file'), program: 'cairn 1' };
    const loaded = await loadZones([zone('a', soa(1))], undefined, keeping);
    expect(from(loaded)).toEqual(['text']);
    expect(complaintsOf(loaded)[0]).toMatch(
      /^\/a\/below-a-file: warning: no images are kept: expected .*ENOTDIR/,
    );
  });

  test('with an error is kept by nobody', async () => {
    await loadZones([zone('a', `${soa(1)}www 60 A no\n`)], undefined, keeping);
    expect(keptFiles()).toEqual([]);
  });
});
