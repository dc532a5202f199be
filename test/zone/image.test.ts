import { describe, expect, test } from 'vitest';
import { Type } from '../../src/wire/codes.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { APEX, IMAGE_MAGIC, Image, NODE_WORDS, NONE, NodeFlag } from '../../src/zone/image.ts';
import { Finding, locate, lookup, Place } from '../../src/zone/lookup.ts';
import { catalog, image, name, SOA_AND_NS } from '../support/authority.ts';

const zone = image(
  'z.test.',
  `$TTL 60
${SOA_AND_NS}
www A 192.0.2.1
a.b.c TXT x
*.wild A 192.0.2.2
sub NS ns.sub
ns.sub A 192.0.2.3
deep.ns.sub TXT y
d DNAME elsewhere.
x.d.not TXT z
`,
);

const hashed = (text: string): HashedName => {
  const h = new HashedName();
  h.set(name(text), 0);
  return h;
};

const find = (text: string): number => zone.find(hashed(text), 0);

describe('an image', () => {
  test('opens with its header, and reads the same from a copy', () => {
    expect(new Int32Array(zone.buffer)[0]).toBe(IMAGE_MAGIC);
    const copy = new SharedArrayBuffer(zone.buffer.byteLength);
    new Uint8Array(copy).set(zone.bytes);
    expect(new Image(copy)).toMatchObject({ recordCount: 10, serial: 1, negativeTtl: 60, apexLabels: 2 });
  });

  test('has a node for every name and every empty non-terminal', () => {
    const names = [
      'z',
      'www.z',
      'a.b.c.z',
      'b.c.z',
      'c.z',
      'wild.z',
      '*.wild.z',
      'sub.z',
      'ns.sub.z',
      'not.z',
      'd.not.z',
    ];
    for (const n of names) expect(find(`${n}.test.`), n).not.toBe(NONE);
    for (const n of ['x.z', 'www.www.z', 'test']) expect(find(`${n}.test.`), n).toBe(NONE);
    expect([zone.apexText, zone.nameAt(find('z.test.'))]).toEqual(['z.test.', zone.nameAt(APEX)]);
  });

  test('tells the first slot of a hash, and can be touched there wherever it leads', () => {
    const names = ['z.test.', 'www.z.test.', 'a.b.c.z.test.', 'ns.sub.z.test.'];
    const first = names.filter((n) => zone.slot(hashed(n).hash[0] as number) === find(n));
    expect(first.length).toBeGreaterThan(names.length / 2); // The others stand one or two slots further.
    const absent = zone.slot(hashed('x.y.z.test.').hash[0] as number);
    for (const node of [absent, NONE, ...names.map(find)]) expect(() => zone.touch(node)).not.toThrow();
  });

  test('keeps what one query reads together: node, name, RRsets', () => {
    const node = find('www.z.test.');
    expect(zone.nameAt(node)).toBe(4 * (node + NODE_WORDS));
    expect(zone.firstRrset(node)).toBe(zone.nameAt(node) + name('www.z.test.').length);
    expect(zone.rrset(node, Type.A)).toBe(zone.firstRrset(node));
  });

  test('knows at a name what is below it', () => {
    expect(zone.flags(find('sub.z.test.'))).toBe(NodeFlag.CUT);
    expect(zone.flags(find('d.z.test.'))).toBe(NodeFlag.DNAME);
    const encloser = find('wild.z.test.');
    expect(zone.wildcard(encloser)).toBe(find('*.wild.z.test.'));
    expect(zone.wildcard(find('www.z.test.'))).toBe(NONE);
  });
});

describe('a place', () => {
  test.each([
    ['sub.z.test.', 'sub.z.test.', true, 'sub.z.test.'],
    ['deep.ns.sub.z.test.', 'deep.ns.sub.z.test.', true, 'sub.z.test.'],
    ['a.deep.ns.sub.z.test.', 'deep.ns.sub.z.test.', false, 'sub.z.test.'],
    ['www.z.test.', 'www.z.test.', true, undefined],
    ['x.d.z.test.', 'd.z.test.', false, undefined],
  ])('of %s is at %s', (owner, encloser, isExact, above) => {
    const hider = above === undefined ? NONE : find(above);
    expect(locate(zone, hashed(owner), new Place())).toEqual({ node: find(encloser), isExact, above: hider });
  });
});

describe('a finding', () => {
  test.each([
    ['www.z.test.', 1, 'data'],
    ['www.z.test.', 28, 'nodata'],
    ['b.c.z.test.', 1, 'nodata'],
    ['x.c.z.test.', 1, 'nxdomain'],
    ['q.wild.z.test.', 1, 'data'],
    ['wild.z.test.', 1, 'nodata'],
    ['sub.z.test.', 43, 'nodata'],
    ['sub.z.test.', 1, 'referral'],
    ['x.ns.sub.z.test.', 43, 'referral'],
    ['d.z.test.', 39, 'data'],
    ['x.d.z.test.', 1, 'redirect'],
  ])('%s %i is %s', (owner, type, kind) => {
    expect(lookup(zone, hashed(owner), type, new Finding()).kind).toBe(kind);
  });
});

describe('a catalog', () => {
  const zones = catalog({ 'a.': SOA_AND_NS, 'b.a.': SOA_AND_NS, '.': SOA_AND_NS });

  test.each([
    ['x.b.a.', 2],
    ['b.a.', 2],
    ['xb.a.', 1],
    ['a.', 1],
    ['x.', 0],
    ['.', 0],
  ])('finds for %s the zone with the longest suffix, of %i labels [RFC 1034 §4.3.2]', (owner, labels) => {
    expect(zones.find(hashed(owner))?.apexLabels).toBe(labels);
  });

  test('finds nothing where nothing is', () => {
    expect(catalog({ 'a.': SOA_AND_NS }).find(hashed('b.'))).toBeUndefined();
    expect(catalog({}).find(hashed('.'))).toBeUndefined();
  });
});
