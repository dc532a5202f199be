/**
 * Files that are no databases of places, or damaged ones: each is told in words, nothing throws, nothing goes
 * on for ever.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDatabase } from '../../src/pool/database.ts';
import { placeFrom } from '../../src/pool/place-fields.ts';
import { mmdb } from './mmdb.ts';

const read = (bytes: Buffer) =>
  readDatabase(bytes, (values, at) => (placeFrom(values, at, 'city').country === 0 ? 0 : 1));

const whole = mmdb([
  ['10.0.0.0/8', { country: { iso_code: 'DE' }, subdivisions: [{ iso_code: 'BY' }] }],
  ['2001:db8::/32', { country: { iso_code: 'FR' }, location: { latitude: 1 } }],
]);

/** With another number at a key of the metadata, which has a byte of its own there. */
function claiming(key: string, ...value: number[]): Buffer {
  const bytes = Buffer.from(whole);
  const at = bytes.lastIndexOf(key) + key.length;
  bytes.set(value, at);
  return bytes;
}

describe('what is no database', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'it does not end as one in the format of MaxMind'],
    ['text', Buffer.from('hello\n'.repeat(100)), 'it does not end as one in the format of MaxMind'],
    ['half of one', whole.subarray(0, whole.length / 2), 'it does not end as one in the format of MaxMind'],
    ['one without its end', whole.subarray(0, -10), 'a value lies outside of the file'],
    [
      'one of another version',
      claiming('binary_format_major_version', 0xc1, 3),
      'it has another version of the format than 2',
    ],
    ['one of another protocol', claiming('ip_version', 0xc1, 5), 'its tree is neither of IPv4 nor of IPv6'],
    ['odd records', claiming('record_size', 0xc1, 25), 'its records have neither 24, 28 nor 32 bits'],
    ['more nodes than bytes', claiming('node_count', 0xc1, 255), 'its tree is longer than the file'],
    ['no nodes', claiming('node_count', 0xc1, 0), 'its tree is longer than the file'],
  ])('%s', (_, bytes, fault) => expect(read(bytes)).toBe(fault));

  test('a tree that leads back into itself', () => {
    const bytes = Buffer.from(whole);
    bytes.writeUIntBE(0, 3, 3); // The right side of the first node.
    expect(read(bytes)).toBe('its tree leads back into itself');
    bytes.writeUIntBE(0, 0, 3);
    expect(read(bytes)).toBe('its tree leads back into itself');
  });

  test('a tree that leads outside of the file', () => {
    const bytes = Buffer.from(whole);
    bytes.writeUIntBE(0xff_ffff, 3, 3);
    expect(read(bytes)).toBe('its tree leads outside of the file');
  });
});

describe('values', () => {
  const valueAt = (bytes: Buffer): number => bytes.indexOf(Buffer.alloc(16)) + 16;

  test('a pointer that leads to another', () => {
    const bytes = mmdb([['10.0.0.0/8', 'a text that gives room']]);
    bytes.set([0x20, 0], valueAt(bytes));
    expect(read(bytes)).toBe('a pointer leads to another');
  });

  test('maps in maps without end', () => {
    const bytes = mmdb([['10.0.0.0/8', { country: 'x'.repeat(200) }]]);
    // A map of one, whose key is an array of one, that of an array of one…
    bytes.fill(Buffer.from([1, 4]), valueAt(bytes) + 1, valueAt(bytes) + 100);
    expect(read(bytes)).toBe('its values nest too deeply');
  });

  test('a map that is longer than the file', () => {
    const bytes = mmdb([['10.0.0.0/8', { country: 'x'.repeat(200) }]]);
    bytes.set([0xff, 0xff, 0xff, 0xff], valueAt(bytes));
    expect(read(bytes)).toBe('a value lies outside of the file');
  });
});

test('whatever is damaged, it is read or told', () => {
  const damages = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damages, fc.nat(whole.length), (changes, end) => {
      const bytes = Buffer.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      for (const damaged of [bytes, bytes.subarray(0, end)]) {
        const ranges = read(damaged);
        if (typeof ranges !== 'string') expect(ranges.v4.count).toBeGreaterThan(0);
      }
    }),
    { numRuns: 2_000 },
  );
});
