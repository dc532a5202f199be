/**
 * Fuzzing, bounded: so many inputs for each target from a fixed seed, and every input that ever broke a
 * promise. More, and with another seed: `npm run fuzz -- --help`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { settle } from '../../src/control/config.ts';
import { readConfigText } from '../../src/control/config-text.ts';
import { Chance } from '../support/chance.ts';
import { damageConfig, damagePacket, damageText } from './mutate.ts';
import { configs, queries, responses, zones } from './seeds.ts';
import { attack, TARGET_NAMES, TARGETS, type Target, type TargetName } from './targets.ts';

const CORPUS = 'test/fuzz/corpus';
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const COUNTS: Record<TargetName, number> = {
  message: 50_000,
  name: 50_000,
  zone: 12_000,
  query: 100_000,
  pipeline: 30_000,
  rules: 4_000,
  config: 1_500,
};

const told = (input: Uint8Array): string => Buffer.from(input).toString('hex');

describe.each(TARGET_NAMES)('%s', (name) => {
  test(`keeps its promises for ${COUNTS[name]} inputs from seed ${SEED}`, () => {
    const crash = attack(TARGETS[name], new Chance(SEED), COUNTS[name]);
    expect(crash && `${told(crash.input)}: ${String(crash.error)}`).toBe(undefined);
  });
});

describe('what once broke a promise breaks it no more', () => {
  test.each(readdirSync(CORPUS))('%s', (file) => {
    const [target = ''] = file.split('-');
    expect(TARGET_NAMES).toContain(target);
    TARGETS[target as TargetName].check(new Uint8Array(readFileSync(`${CORPUS}/${file}`)));
  });
});

test('what is damaged as a configuration is sound, and has every key', () => {
  for (const config of configs) {
    const { settings, complaints } = settle(
      readConfigText('cairn.yaml', Buffer.from(config).toString()),
      '.',
      {},
    );
    expect([complaints, settings === undefined]).toEqual([[], false]);
  }
  const keys = Object.keys(parse(Buffer.from(configs.at(-1) ?? []).toString()));
  const [, table = ''] = readFileSync('docs/CONFIGURATION.md', 'utf8').split(
    /^## (?:Every key|Forwarding)$/m,
  );
  const documented = [...table.matchAll(/^\| `([a-zA-Z]+)/gm)].map(([, key]) => key);
  expect(new Set(keys)).toEqual(new Set(documented));
});

describe('the attack', () => {
  test('has something to damage', () => {
    expect(Math.min(queries.length, responses.length)).toBeGreaterThan(300);
    expect(zones.length).toBeGreaterThan(30);
    expect(configs.length).toBeGreaterThan(2);
  });

  test.each([
    ['packets', damagePacket, queries],
    ['texts', damageText, zones],
    ['configurations', damageConfig, configs],
  ] as const)('is the same for the same seed, and damages %s', (_, damage, sound) => {
    const damaged = (seed: number): string[] => {
      const chance = new Chance(seed);
      return chance.times(200, () => told(damage(chance.pick(sound), chance)));
    };
    expect(damaged(3)).toEqual(damaged(3));
    const whole = new Set(sound.map(told));
    expect(damaged(3).filter((bytes) => whole.has(bytes)).length).toBeLessThan(20);
  });

  test('finds a planted fault, and keeps the input', () => {
    const fragile: Target = {
      make: (chance) => chance.bytes(3),
      check: (input) => {
        if (input[1] === 7) throw new Error('seven');
      },
    };
    const crash = attack(fragile, new Chance(1), 10_000);
    expect(crash?.input[1]).toBe(7);
    expect(String(crash?.error)).toContain('seven');
  });
});
