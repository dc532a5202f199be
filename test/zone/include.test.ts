import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INCLUDE_DEPTH_MAX, INCLUDES_MAX } from '../../src/base/limits.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { checkZone } from '../../src/zone/check.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { parseZone } from '../../src/zone/parser.ts';
import type { Records } from '../../src/zone/records.ts';
import { recordTexts } from '../support/records.ts';

const apex = nameFromText('example.') as Uint8Array;
let folder = '';
let root = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-include-'));
  root = join(folder, 'zones');
  mkdirSync(join(root, 'parts'), { recursive: true });
  mkdirSync(join(folder, 'zones-of-others'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const put = (path: string, text: string): void => writeFileSync(join(folder, path), text);

function parse(text: string): { records: Records; texts: string[]; complaints: string[] } {
  put('zones/a.zone', text);
  const complaints: Complaint[] = [];
  const records = parseZone({ apex, file: join(root, 'a.zone'), root }, complaints);
  const texts = complaints.map((complaint) => complaintText(complaint).replaceAll(folder, ''));
  return { records, texts: recordTexts(records), complaints: texts };
}

const only = (complaint: string): string[] => [`/zones/a.zone:1:10: error: expected ${complaint}`];

describe('$INCLUDE [RFC 1035 §5.1]', () => {
  test('takes files beside the one that names them, and remembers which a record is of', () => {
    put('zones/parts/one.inc', 'one 60 A 192.0.2.1\n$INCLUDE two.inc\n');
    put('zones/parts/two.inc', '\n\ntwo 60 A 192.0.2.2\n');
    const { records, texts, complaints } = parse('$INCLUDE parts/one.inc\nthree A 192.0.2.3\n');
    expect(complaints).toEqual([]);
    expect(texts).toEqual(
      ['one', 'two', 'three'].map((name, i) => `${name}.example. 60 IN A 192.0.2.${i + 1}`),
    );
    expect(records.files.map((file) => file.replace(folder, ''))).toEqual([
      '/zones/a.zone',
      '/zones/parts/one.inc',
      '/zones/parts/two.inc',
    ]);
    expect([...records.file.subarray(0, 3)]).toEqual([1, 2, 0]);
    expect([...records.line.subarray(0, 3)]).toEqual([1, 3, 2]);
  });

  test('a record again names the file of the first', () => {
    put('zones/parts/again.inc', '\na 60 A 192.0.2.1\n');
    const complaints: Complaint[] = [];
    checkZone(parse('$INCLUDE parts/again.inc\na A 192.0.2.1\n').records, complaints);
    const texts = complaints.map((complaint) => complaintText(complaint).replaceAll(folder, ''));
    expect(texts).toContain(
      '/zones/a.zone:2: warning: a.example. A is as in /zones/parts/again.inc:2: dropped',
    );
  });

  test('an absolute path may lie in the folder', () => {
    put('zones/parts/abs.inc', 'x 60 A 192.0.2.1\n');
    expect(parse(`$INCLUDE ${join(root, 'parts/abs.inc')}\n`).texts).toHaveLength(1);
  });

  test('a $TTL stays, the origin and the owner come back', () => {
    put('zones/parts/ttl.inc', '$TTL 77\n$ORIGIN sub\nb A 192.0.2.1\n');
    const { texts } = parse('$TTL 5\na A 192.0.2.1\n$INCLUDE parts/ttl.inc\n A 192.0.2.2\nc A 192.0.2.3\n');
    expect(texts).toEqual([
      'a.example. 5 IN A 192.0.2.1',
      'b.sub.example. 77 IN A 192.0.2.1',
      'a.example. 77 IN A 192.0.2.2',
      'c.example. 77 IN A 192.0.2.3',
    ]);
  });

  test('an included file begins without an owner before', () => {
    put('zones/parts/blank.inc', ' 60 A 192.0.2.1\n');
    const { complaints } = parse('a 60 A 192.0.2.1\n$INCLUDE parts/blank.inc\n');
    expect(complaints[0]).toMatch(/^\/zones\/parts\/blank.inc:1:2: error: expected an owner name/);
  });

  test.each([
    ['outside the folder', '../secret'],
    ['in a folder whose name only begins like it', '../zones-of-others/x'],
    ['an absolute path', '/etc/passwd'],
    ['a link that leads out', 'parts/link'],
    ['a file in a folder that is a link out', 'parts/others/x'],
  ])('%s is not read', (_, path) => {
    put('secret', 'root:hash\n');
    put('zones-of-others/x', 'root:hash\n');
    for (const [to, from] of [
      ['secret', 'link'],
      ['zones-of-others', 'others'],
    ] as const) {
      rmSync(join(root, 'parts', from), { force: true });
      symlinkSync(join(folder, to), join(root, 'parts', from));
    }
    const { texts, complaints } = parse(`$INCLUDE ${path}\n`);
    expect(texts).toEqual([]);
    expect(complaints).toEqual(only(`a file inside the folder /zones, found "${path}"`));
  });

  test('a link that stays inside is read', () => {
    put('zones/parts/real.inc', 'x 60 A 192.0.2.1\n');
    symlinkSync('real.inc', join(root, 'parts/alias.inc'));
    expect(parse('$INCLUDE parts/alias.inc\n').texts).toHaveLength(1);
  });

  test('a pipe is not waited for', () => {
    execFileSync('mkfifo', [join(root, 'parts/pipe')]);
    expect(parse('$INCLUDE parts/pipe\n').complaints).toEqual(only('a plain file, found "parts/pipe"'));
  });

  test('a file does not include itself, directly, around, or by another name', () => {
    symlinkSync('a.zone', join(root, 'me.zone'));
    put('zones/parts/back.inc', '$INCLUDE ../a.zone\n');
    for (const path of ['a.zone', 'me.zone']) {
      expect(parse(`$INCLUDE ${path}\n`).complaints).toEqual(
        only(`a file that is not being read already, found "${path}"`),
      );
    }
    expect(parse('$INCLUDE parts/back.inc\n').complaints[0]).toContain('not being read already');
  });

  test('depth is bounded', () => {
    for (let i = 0; i <= INCLUDE_DEPTH_MAX; i++) {
      put(`zones/parts/deep${i}`, `x${i} 60 A 192.0.2.1\n$INCLUDE deep${i + 1}\n`);
    }
    const { texts, complaints } = parse('$INCLUDE parts/deep0\n');
    expect(texts).toHaveLength(INCLUDE_DEPTH_MAX);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(`expected files included at most ${INCLUDE_DEPTH_MAX} deep`);
  });

  test('number is bounded', () => {
    put('zones/parts/empty', '');
    put('zones/parts/hundred', '$INCLUDE empty\n'.repeat(100));
    const { records, complaints } = parse('$INCLUDE parts/hundred\n'.repeat(INCLUDES_MAX / 100));
    expect(records.files).toHaveLength(INCLUDES_MAX + 1);
    expect(complaints[0]).toContain(`expected at most ${INCLUDES_MAX} files included in all`);
  });
});
