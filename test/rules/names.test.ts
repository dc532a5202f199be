import { describe, expect, test } from 'vitest';
import { COMPLAINTS_MAX } from '../../src/base/limits.ts';
import { type Name, nameFromText, nameHash } from '../../src/wire/name.ts';
import { compiled, lineFor } from './lists.ts';

describe('lists of domains', () => {
  const text = [
    '# a list',
    'ads.example        # with a word about it',
    '\t*.below.example \r',
    '.dotted.example.',
    '||adblock.example^',
    '! a comment of Adblock',
    '; and one of others',
    '[Adblock Plus 2.0]',
    '',
    'Upper.Example',
    'under_score.example',
    'xn--bcher-kva.example',
    'tld',
  ].join('\n');

  test.each([
    ['ads.example', 2],
    ['www.ads.example', 2],
    ['a.b.c.ads.example', 2],
    ['bads.example', 0],
    ['example', 0],
    ['below.example', 0],
    ['x.below.example', 3],
    ['dotted.example', 4],
    ['x.dotted.example', 4],
    ['adblock.example', 5],
    ['UPPER.EXAMPLE', 10],
    ['upper.example', 10],
    ['_x.under_score.example', 11],
    ['xn--bcher-kva.example', 12],
    ['any.tld', 13],
    ['.', 0],
  ])('%s: line %i', (name, line) => {
    const { image, complaints } = compiled('domains', text);
    expect(complaints).toEqual([]);
    expect(lineFor(image, name)).toBe(line);
  });

  test('of a name and one above it the nearest is meant, of equal ones the first', () => {
    const { image } = compiled('domains', 'example\nads.example\nads.example\n*.ads.example');
    expect(['example', 'ads.example', 'x.ads.example'].map((name) => lineFor(image, name))).toEqual([
      1, 2, 2,
    ]);
  });

  test('a byte order mark is no part of the first name, and the last line needs no end', () => {
    const { image, complaints } = compiled('domains', '\ufeffads.example\r\nlast.example');
    expect(complaints).toEqual([]);
    expect(['ads.example', 'last.example'].map((name) => lineFor(image, name))).toEqual([1, 2]);
  });

  test('what is no name is told with its place, all of it, and nothing is taken', () => {
    const long = 'a'.repeat(64);
    const wrong = `good.example\n192.0.2.1\n  two words\nbücher.example\na..b\n${long}\n.\n*.\nhttp://x/\n`;
    const { image, complaints } = compiled('domains', wrong);
    expect(image).toBeUndefined();
    const name = 'expected a domain name of labels of 1 to 63 letters, digits, hyphens and underscores';
    expect(complaints).toEqual([
      expect.stringMatching(/^ads.txt:2:1: error: expected a name and not an address .*, found "192.0.2.1"$/),
      `ads.txt:3:3: error: ${name}, found "two words"`,
      `ads.txt:4:1: error: ${name}, found "bücher.example"`,
      `ads.txt:5:1: error: ${name}, found "a..b"`,
      `ads.txt:6:1: error: ${name}, found "${long.slice(0, 60)}…"`,
      `ads.txt:7:2: error: ${name}, found ""`,
      `ads.txt:8:3: error: ${name}, found ""`,
      `ads.txt:9:1: error: ${name}, found "http://x/"`,
    ]);
  });

  test('complaints are bounded, and the rest is counted', () => {
    const { complaints } = compiled('domains', '?\n'.repeat(COMPLAINTS_MAX + 5));
    expect(complaints).toHaveLength(COMPLAINTS_MAX + 1);
    expect(complaints.at(-1)).toContain('5 more errors');
  });

  test('rules of Adblock that say more than a name are left out, and told once for each kind', () => {
    const text =
      '||a.example^\n@@||b.example^\n||c.example^$third-party\n||d.example^$popup\nx.example##.ad\n';
    const { image, complaints } = compiled(
      'domains',
      `${text}/banner[0-9]/\n|https://e.example/\n||f*.example^`,
    );
    expect(complaints).toEqual([
      'ads.txt:2: warning: left out: exceptions (@@): expected them in a list of their own, before this one',
      'ads.txt:3: warning: left out, 2 times from here on: rules with options ($)',
      'ads.txt:5: warning: left out: rules about parts of a page (##)',
      'ads.txt:6: warning: left out: regular expressions',
      'ads.txt:7: warning: left out, 2 times from here on: rules about parts of an address',
    ]);
    expect(['a.example', 'b.example', 'c.example'].map((name) => lineFor(image, name))).toEqual([1, 0, 0]);
  });
});

describe('hosts files', () => {
  test('names of lines that lead nowhere, each alone', () => {
    const text = [
      '127.0.0.1 localhost localhost.localdomain',
      '255.255.255.255 broadcasthost',
      '::1 localhost ip6-localhost',
      'fe80::1%lo0 localhost',
      'ff02::1 ip6-allnodes',
      '0.0.0.0 0.0.0.0',
      '0.0.0.0 a.example b.example # two',
      '127.0.0.1\tc.example',
      ':: d.example',
    ].join('\r\n');
    const { image, complaints } = compiled('hosts', text);
    expect(complaints).toEqual([]);
    expect(image?.rules).toBe(4);
    const names = ['a.example', 'b.example', 'x.a.example', 'c.example', 'd.example', 'localhost'];
    expect(names.map((name) => lineFor(image, name))).toEqual([7, 7, 0, 8, 9, 0]);
  });

  test('lines that lead elsewhere, or nowhere at all, are told', () => {
    const { image, complaints } = compiled(
      'hosts',
      '192.0.2.1 nas.example\n2001:db8::1 x.y\n0.0.0.0\nads.example',
    );
    expect(image).toBeUndefined();
    const where = (line: string) =>
      complaints.filter((text) => text.startsWith(`ads.txt:${line}: error: expected `));
    for (const line of ['1:1', '2:1', '3:1', '4:1']) expect(where(line)).toHaveLength(1);
    expect(complaints[0]).toContain('the key hosts');
  });
});

test('names that were chosen to collide are refused [LIMITS C20]', () => {
  const count = 3_000;
  const colliding: string[] = [];
  for (let i = 0; colliding.length < count; i++) {
    const text = `${i.toString(36)}.example`;
    if ((nameHash(nameFromText(text) as Name) >>> 0) % (2 * count + 1) < 100) colliding.push(text);
  }
  const { image, complaints } = compiled('domains', colliding.join('\n'));
  expect(image).toBeUndefined();
  expect(complaints).toEqual([expect.stringContaining('too many of them collide')]);
});

test('a name takes some 40 bytes, so that a million are less than 64 MB', () => {
  const count = 100_000;
  const lines = Array.from({ length: count }, (_, i) => `a${i}.tracker${i % 977}.example`);
  const { image } = compiled('domains', lines.join('\n'));
  expect(image?.rules).toBe(count);
  expect(image?.buffer.byteLength).toBeLessThan((count / 1e6) * 64 * 2 ** 20);
  for (const i of [0, 1, count / 2, count - 1]) expect(lineFor(image, `www.${lines[i]}`)).toBe(i + 1);
  expect(lineFor(image, `a${count}.tracker0.example`)).toBe(0);
});
