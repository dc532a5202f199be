/**
 * The first thousand of the runs in CI, those that found something once, and that a run is its seed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { play } from './play.ts';
import { proveSeed, proveSeeds } from './proof.ts';

describe('the resolver in a simulated internet', () => {
  proveSeeds(1, 1_000);

  test('does not fall back to what a seed found before', async () => {
    const text = readFileSync(join(import.meta.dirname, 'seeds.txt'), 'utf8');
    const seeds = text.split('\n').flatMap((line) => /^\d+/.exec(line)?.[0] ?? []);
    for (const seed of seeds) await proveSeed(Number(seed));
  });

  test('does the same again, byte for byte, with the same seed', async () => {
    for (const seed of [3, 17, 42, 99, 1_234]) {
      const first = await play(seed);
      expect((await play(seed)).hash, `seed ${seed}`).toBe(first.hash);
      expect((await play(seed + 1)).hash).not.toBe(first.hash);
    }
  });

  test('meets enough to be judged by', async () => {
    const reports = [];
    for (let seed = 1; seed <= 40; seed++) reports.push(await play(seed));
    const lines = reports.flatMap(({ log }) => log);
    const seen = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
    const wanted = [
      / tcp /,
      /without EDNS/,
      /forged \(turned down\)/,
      /NXDOMAIN AA/,
      /TC/,
      /REFUSED/,
      /: silent/,
    ];
    for (const pattern of [
      ...wanted,
      /moves to/,
      /taken out/,
      /dies/,
      /weather/,
      /stands still/,
      /no route/,
    ]) {
      expect(seen(pattern), `${pattern}`).toBeGreaterThan(5);
    }
  });
});
