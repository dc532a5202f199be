import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { KEPT_ACCOUNT_BYTES_MAX } from '../../src/base/limits.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { compileZone } from '../../src/zone/compile.ts';
import { KeptImages, type Origin } from '../../src/zone/kept.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { growTree } from '../../src/zone/tree.ts';

const base = mkdtempSync(join(tmpdir(), 'cairn-kept-'));
afterAll(() => rmSync(base, { recursive: true }));

const apex = nameFromText('a.test') as Uint8Array;
const ZONE = '@ 60 IN SOA ns host 1 3600 600 86400 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.1\n';
const records = parseZoneText(apex, ZONE, []);
const image = compileZone(records, growTree(records));
const origin: Origin = {
  content: {
    root: '/r',
    realRoot: '/r',
    files: [{ path: '/r/a', real: '/r/a', size: 9, digest: 'x' }],
    checks: [],
  },
  complaints: [{ file: '/r/a', line: 1, column: 2, severity: 'warning', text: 'as before' }],
};
const HEADER_BYTES = 32;

let folder = '';
let kept: KeptImages;
let path = '';
let whole: Uint8Array;

beforeEach(() => {
  folder = mkdtempSync(join(base, 'folder-'));
  kept = new KeptImages(folder, 'cairn 1');
  kept.keep(apex, image, origin);
  path = kept.pathOf(apex);
  whole = new Uint8Array(readFileSync(path));
});

/** What a start would come to: an image, or why there is none. */
function outcome(): SharedArrayBuffer | string | undefined {
  const found = kept.find(apex);
  return typeof found === 'object' ? found.take() : found;
}

test('what is kept comes back: the image, what it was made of, what was complained of', () => {
  const found = kept.find(apex);
  expect(found).toMatchObject({ origin });
  expect(new Uint8Array(outcome() as SharedArrayBuffer)).toEqual(new Uint8Array(image));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toHaveLength(1);
  if (typeof found === 'object') found.drop();
});

test('of a zone that is not kept there is nothing', () => {
  expect(kept.find(nameFromText('b.test') as Uint8Array)).toBeUndefined();
});

describe('damage', () => {
  test('of any byte of the header and the account, and any run of the image', () => {
    const words = new Int32Array(whole.slice(0, HEADER_BYTES).buffer);
    const imageAt = HEADER_BYTES + (words[3] as number);
    const places = Array.from({ length: imageAt }, (_, at) => at);
    for (let at = imageAt; at < whole.length; at += 3) places.push(at);
    for (const at of places) {
      const damaged = whole.slice();
      damaged[at] = (damaged[at] as number) ^ 0x40;
      writeFileSync(path, damaged);
      expect(outcome(), `byte ${at}`).toBe('damaged');
    }
  });

  test('of length, at both ends', () => {
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      expect(outcome(), `${length} bytes`).toBe('damaged');
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.of(0)]));
    expect(outcome()).toBe('damaged');
  });

  test('of any kind: it is damaged, or it is what was kept', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(whole));
    const cut = fc.tuple(bytes, fc.nat(), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(cut, ([from, at, put]) => {
        const made = Uint8Array.from(from);
        made.set(put.subarray(0, made.length), at % Math.max(1, made.length - put.length));
        writeFileSync(path, made);
        const found = outcome();
        if (Buffer.compare(made, whole) === 0) expect(found).toBeInstanceOf(SharedArrayBuffer);
        else expect(found).toBe('damaged');
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('lengths that are not there are not made room for', () => {
    const words = new Int32Array(whole.slice(0, HEADER_BYTES).buffer);
    for (const [account, bytes] of [
      [0, 0x7fff_ffff],
      [KEPT_ACCOUNT_BYTES_MAX + 1, 0],
      [-1, 1],
      [whole.length, -HEADER_BYTES],
    ] as const) {
      words[3] = account;
      words[4] = bytes;
      words[7] = crc32(new Uint8Array(words.buffer, 0, HEADER_BYTES - 4));
      writeFileSync(path, new Uint8Array(words.buffer));
      expect(outcome()).toBe('damaged');
    }
  });
});

test('the other byte order is damage, another version is told as such', () => {
  writeFileSync(path, Buffer.from(whole.slice(0, HEADER_BYTES)).swap32());
  expect(outcome()).toBe('damaged');
  writeFileSync(path, whole);
  kept = new KeptImages(folder, 'cairn 2');
  expect(outcome()).toBe('of another version');
});

test('an account of another shape is not taken, whoever sealed it', () => {
  for (const shape of [{}, { content: {}, complaints: [] }, { content: { files: [] } }]) {
    kept.keep(apex, image, shape as unknown as Origin);
    expect(typeof outcome()).toBe('string');
  }
});

test('the file of another zone under this name is not taken', () => {
  kept.keep(nameFromText('b.test') as Uint8Array, image, origin);
  renameSync(kept.pathOf(nameFromText('b.test') as Uint8Array), path);
  expect(outcome()).toBe('of another zone');
});

describe('what others could have written is not believed', () => {
  test('a file that group or others may write', () => {
    for (const mode of [0o620, 0o602]) {
      chmodSync(path, mode);
      expect(outcome()).toBe('writable by others than its owner');
    }
  });

  test('a link, a pipe, a folder', () => {
    renameSync(path, join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), path);
    expect(outcome()).toContain('ELOOP');
    rmSync(path);
    execFileSync('mkfifo', ['-m', '600', path]);
    expect(outcome()).toBe('no plain file');
    rmSync(path);
    mkdirSync(path, 0o700);
    expect(outcome()).toBe('no plain file');
  });

  test('a folder that others may write to', () => {
    chmodSync(folder, 0o770);
    expect(() => new KeptImages(folder, 'cairn 1')).toThrow('others than its owner may write');
  });
});

test('a folder is made where there is none, and is a folder where there is something', () => {
  const made = new KeptImages(join(folder, 'new', 'er'), 'cairn 1');
  made.keep(apex, image, origin);
  expect(typeof made.find(apex)).toBe('object');
  expect(() => new KeptImages(path, 'cairn 1')).toThrow();
});

test('zones that are gone leave nothing, nor does a load that was cut off; what is not ours stays', () => {
  const other = nameFromText('b.test') as Uint8Array;
  kept.keep(other, image, origin);
  writeFileSync(`${path}.4711`, 'half');
  writeFileSync(join(folder, 'v24-compile-cache'), '');
  kept.keepOnly([other]);
  expect(readdirSync(folder).sort()).toEqual(
    [kept.pathOf(other).slice(folder.length + 1), 'v24-compile-cache'].sort(),
  );
});
