/**
 * docs/LIMITS.md, C20: keys that a stranger makes up to fall into one place. Probes are counted, not timed.
 * What is keyed by strangers is keyed by a secret too, or looked up in a table whose longest run the operator
 * alone has made.
 */
import { describe, expect, test } from 'vitest';
import { COMPRESSION_PROBES_MAX, RATE_LIMIT_BUCKETS } from '../../src/base/limits.ts';
import { sipHash24 } from '../../src/base/siphash.ts';
import { RateLimit } from '../../src/server/rate-limit.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { LABELS_MAX, nameHash, nameKey } from '../../src/wire/name.ts';
import { MessageWriter } from '../../src/wire/writer.ts';
import type { Image } from '../../src/zone/image.ts';
import { catalog, name, SOA_AND_NS } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { Clock } from '../support/guarded.ts';

/** How many slots are looked at until one is empty, from each slot on; from `zone/image`'s own table. */
function runsOf({ buffer }: Image): number[] {
  const words = new Int32Array(buffer);
  const [at = 0, count = 0] = words.subarray(6, 8);
  const runs = new Array<number>(count).fill(1);
  for (let i = 2 * count - 1; i >= 0; i--) {
    const slot = i % count;
    if (words[at + slot] !== 0) runs[slot] = 1 + (runs[(slot + 1) % count] as number);
  }
  return runs;
}

describe('C20: names that collide', () => {
  const hosts = Array.from({ length: 30_000 }, (_, i) => `host${i} A 192.0.2.1\n`).join('');
  const [image] = catalog({ 'own.': `$TTL 60\n${SOA_AND_NS}\n${hosts}` }).images as [Image];
  const runs = runsOf(image);
  const longest = Math.max(...runs);
  const mask = runs.length - 1;

  test('meet no run of slots that is long, and the longest is of the operator’s making', () => {
    expect(runs.length).toBeGreaterThanOrEqual(2 * 30_000);
    expect(longest).toBeLessThanOrEqual(64);
  });

  test('so that one of many labels, each suffix of it aimed, costs no more than as many runs', () => {
    const chance = new Chance(20);
    const heads = runs.map((run) => run >= longest / 2);
    let bytes = name('own.');
    while (bytes.length + 6 <= 255) {
      const label = Uint8Array.from({ length: 4 }, (_, i) => (i === 0 ? 3 : 97 + chance.below(26)));
      const longer = Uint8Array.from([...label, ...bytes]);
      if (heads[nameHash(longer) & mask]) bytes = longer;
    }
    const asked = new HashedName();
    asked.set(bytes, 0);
    let probes = 0;
    for (let label = 0; label < asked.labels; label++)
      probes += runs[(asked.hash[label] as number) & mask] ?? 0;
    expect(probes).toBeGreaterThan((asked.labels - 1) * (longest / 2));
    expect(probes).toBeLessThanOrEqual(LABELS_MAX * longest);
  });
});

test('C20: prefixes that collide in one table of rates are spread in that of another server', () => {
  const rates = { responses: 50, nxdomains: 50, errors: 50, total: 500, windowMs: 15_000, slip: 2 };
  const clock = new Clock();
  const [known, other] = [1, 2].map(() => new Int32Array(new RateLimit(rates, clock).memory));
  const key = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
  const hash = new Int32Array(2);
  const setOf = (words: Int32Array | undefined): number => {
    sipHash24(words as Int32Array, 0, key, key.length, hash);
    return (hash[0] as number) & (RATE_LIMIT_BUCKETS / 4 - 1);
  };
  const there = new Set<number>();
  let found = 0;
  for (let i = 0; found < 1_000; i++) {
    [key[1], key[2], key[3]] = [i, i >> 8, i >> 16];
    if (setOf(known) % 1_024 !== 0) continue;
    found++;
    there.add(setOf(other));
  }
  // All of them in 64 sets of the first.
  expect(there.size).toBeGreaterThan(950);
});

test('C20: no name is a number to V8, which hashes those without a secret', () => {
  for (let length = 1; length <= 63; length++) {
    for (const digit of '0123456789') {
      const bytes = Buffer.concat([Buffer.of(length), Buffer.from(digit.repeat(length)), Buffer.of(0)]);
      expect(nameKey(bytes)).not.toMatch(/^\d+$/);
    }
  }
});

test('C20: names that collide are written in full, once enough of them are in the way', () => {
  const hosts = Array.from({ length: 40_000 }, (_, i) => name(`host${i}.`));
  const colliding = hosts.filter((each) => (nameHash(each) & 511) === 7).slice(0, 60);
  expect(colliding).toHaveLength(60);
  const writer = new MessageWriter();
  writer.begin(new Uint8Array(4_096), 12, 4_096, undefined);
  for (const each of colliding) writer.name(each, 0);
  const isCompressed = colliding.map((each) => {
    const before = writer.at;
    writer.name(each, 0);
    return writer.at - before === 2;
  });
  expect(isCompressed.filter(Boolean)).toHaveLength(COMPRESSION_PROBES_MAX + 1);
  expect(isCompressed.lastIndexOf(true)).toBe(COMPRESSION_PROBES_MAX);
});
