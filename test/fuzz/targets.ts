/**
 * What is attacked, and what each promises of any bytes whatever. A check throws where a promise is broken;
 * what it says depends on the input alone, so that an input is all one has to keep.
 */
import type { Chance } from '../support/chance.ts';
import { checkConfig } from './check-config.ts';
import { checkPipeline } from './check-pipeline.ts';
import { checkRules } from './check-rules.ts';
import { checkMessage, checkName, checkQuery } from './check-wire.ts';
import { checkZoneText } from './check-zone.ts';
import { damageConfig, damagePacket, damageText, longName, resized } from './mutate.ts';
import { configs, largeQueries, lists, queries, responses, zones } from './seeds.ts';

export interface Target {
  /** An input, broken in most cases. */
  readonly make: (chance: Chance) => Uint8Array;
  readonly check: (input: Uint8Array) => void;
}

const large = largeQueries();

export const TARGETS = {
  message: {
    make: (chance) => damagePacket(chance.pick(chance.percent(70) ? responses : queries), chance),
    check: checkMessage,
  },
  name: {
    // The offset that is read at, then a message.
    make: (chance) => {
      if (chance.percent(20)) return Uint8Array.of(0, ...longName(chance));
      const packet = damagePacket(chance.pick(responses), chance);
      return Uint8Array.of(chance.below(256), ...packet.subarray(0, 300));
    },
    check: checkName,
  },
  zone: { make: (chance) => damageText(chance.pick(zones), chance), check: checkZoneText },
  query: { make: (chance) => damagePacket(chance.pick(queries), chance), check: checkQuery },
  pipeline: {
    make: (chance) => {
      if (chance.percent(10)) return resized(chance.pick(large), chance);
      return damagePacket(chance.pick(chance.percent(95) ? queries : responses), chance);
    },
    check: checkPipeline,
  },
  rules: { make: (chance) => damageText(chance.pick(lists), chance), check: checkRules },
  config: { make: (chance) => damageConfig(chance.pick(configs), chance), check: checkConfig },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof TARGETS;
export const TARGET_NAMES = Object.keys(TARGETS) as TargetName[];

export interface Crash {
  readonly input: Uint8Array;
  readonly error: unknown;
}

/** Runs a target on `count` inputs; the first that breaks a promise, if any. */
export function attack(target: Target, chance: Chance, count: number): Crash | undefined {
  for (let i = 0; i < count; i++) {
    const input = target.make(chance);
    try {
      target.check(input);
    } catch (error) {
      return { input, error };
    }
  }
  return undefined;
}
