import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HashedName } from '../../src/wire/hashed-name.ts';
import {
  equalNames,
  isWithin,
  type Name,
  nameFromText,
  nameHash,
  nameKey,
  nameText,
  ownName,
  parentName,
  parseName,
  ROOT,
  readName,
} from '../../src/wire/name.ts';
import { Reader } from '../../src/wire/reader.ts';

const name = (text: string): Name => nameFromText(text) ?? expect.fail(`no name: ${text}`);
/** Any name: labels of any bytes, 255 in all. */
const anyName = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 8 })
  .map((labels) => Uint8Array.from([...labels.flatMap((l) => [l.length, ...l]), 0]))
  .filter((n) => n.length <= 255);

describe('text of names', () => {
  test.each([
    ['.', '.'],
    ['www.Example.COM.', 'www.example.com.'],
    ['a\\.b.c.', 'a\\.b.c.'],
    ['\\065bc.', 'abc.'],
    ['\\000\\255.', '\\000\\255.'],
    ['a\\ b.', 'a\\032b.'],
    ['\\"\\(\\)\\;\\@\\$\\\\.', '\\"\\(\\)\\;\\@\\$\\\\.'],
    ['bücher.', 'b\\195\\188cher.'],
    ['xn--bcher-kva.', 'xn--bcher-kva.'],
    ['*.a.', '*.a.'],
  ])('%s is written %s [RFC 1035 §5.1, RFC 4343 §2.1]', (text, expected) => {
    expect(nameText(name(text))).toBe(expected);
  });

  test.each([
    ['', 'a label of 1 to 63 bytes'],
    ['..', 'a label of 1 to 63 bytes'],
    ['a..b', 'a label of 1 to 63 bytes'],
    ['.a', 'a label of 1 to 63 bytes'],
    [`${'a'.repeat(64)}.`, 'a label of 1 to 63 bytes'],
    [`${`${'a'.repeat(63)}.`.repeat(4)}`, 'a name of at most 255 bytes'],
    ['\\256.', 'an escape \\DDD up to 255'],
    ['\\12.', 'an escape \\DDD up to 255'],
    ['a\\', 'an escape \\DDD up to 255'],
  ])('%j is none: expected %s', (text, expected) => {
    expect(parseName(Buffer.from(text), ROOT)).toBe(expected);
  });

  test('a relative name is completed with the origin, case kept', () => {
    expect(nameText(parseName(Buffer.from('WWW'), name('example.com.')) as Name)).toBe('WWW.example.com.');
  });

  test('any name survives its text', () => {
    fc.assert(fc.property(anyName, (n) => equalNames(parseName(Buffer.from(nameText(n)), ROOT) as Name, n)));
  });

  test('255 bytes are a name', () => {
    const longest = `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(61)}.`;
    expect(name(longest)).toHaveLength(255);
  });
});

describe('equality and hashing', () => {
  test('only ASCII letters fold [RFC 4343 §3]', () => {
    expect(equalNames(ownName(Uint8Array.of(1, 0xc4, 0)), ownName(Uint8Array.of(1, 0xe4, 0)))).toBe(false);
    expect(equalNames(name('A.'), name('a.'))).toBe(true);
    expect(equalNames(name('[.'), name('{.'))).toBe(false);
  });

  test('a dot in a label is not a dot between labels', () => {
    expect(nameKey(name('a\\.b.'))).not.toBe(nameKey(name('a.b.')));
  });

  test('names that differ in case alone hash alike, and each suffix as the name it is', () => {
    const hashed = new HashedName();
    fc.assert(
      fc.property(anyName, (n) => {
        hashed.set(n, 0);
        const suffixes = Array.from({ length: hashed.labels + 1 }, (_, i) => nameHash(n, hashed.labelAt[i]));
        return suffixes.every((h, i) => h === hashed.hash[i]) && nameHash(ownName(n)) === nameHash(n);
      }),
    );
  });
});

describe('the tree of names', () => {
  test.each([
    ['a.b.', 'b.', true],
    ['b.', 'b.', true],
    ['ab.', 'b.', false],
    ['b.', 'a.b.', false],
    ['a.b.', '.', true],
    ['x\\.b.', 'b.', false],
  ])('%s within %s: %s', (n, ancestor, expected) => {
    expect(isWithin(name(n), name(ancestor))).toBe(expected);
  });

  test('the parent of the root is the root', () => {
    expect(parentName(ROOT)).toEqual(ROOT);
    expect(nameText(parentName(name('a.b.')))).toBe('b.');
  });
});

describe('names in messages [RFC 1035 §4.1.4]', () => {
  const header = new Uint8Array(12);
  const read = (bytes: number[], at: number): { text: string; ok: boolean; at: number } => {
    const reader = new Reader(Uint8Array.from([...header, ...bytes]), at);
    const n = readName(reader);
    return { text: nameText(n), ok: reader.ok, at: reader.at };
  };

  test('a pointer leads back, and the cursor stands behind it', () => {
    expect(read([1, 0x61, 0, 1, 0x62, 0xc0, 12], 15)).toEqual({ text: 'b.a.', ok: true, at: 19 });
  });

  test.each([
    ['to itself', [0xc0, 12], 12],
    ['forward', [0xc0, 14, 0], 12],
    ['into the header', [0xc0, 0], 12],
    ['to a name that runs into it', [1, 0x61, 0xc0, 12], 12],
    ['to a pointer back to it', [0xc0, 14, 0xc0, 12], 14],
    ['cut short', [0xc0], 12],
  ])('a pointer %s is malformed', (_, bytes, at) => {
    expect(read(bytes, at).ok).toBe(false);
  });

  test('a chain of pointers as long as a name can be is read', () => {
    const bytes = [1, 0x61, 0];
    for (let i = 0; i < 126; i++)
      bytes.push(
        0xc0 | ((12 + (i === 0 ? 0 : 3 + 2 * (i - 1))) >> 8),
        (12 + (i === 0 ? 0 : 3 + 2 * (i - 1))) & 0xff,
      );
    expect(read(bytes, 12 + bytes.length - 2)).toMatchObject({ text: 'a.', ok: true });
  });

  test('any bytes are read without a throw, to at most 255 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), (bytes, at) => {
        const reader = new Reader(bytes, at);
        return readName(reader).length <= 255;
      }),
    );
  });
});
