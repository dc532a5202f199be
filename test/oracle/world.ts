/**
 * Makes worlds: a few zones on one server, from a seed. Names come from a small alphabet, so that they
 * collide: wildcards meet data, delegations meet glue, aliases meet one another. All is legal enough that
 * every peer loads it; text is written with absolute names, one record a line.
 */
import { Chance } from '../support/chance.ts';
import { isBelow, type MadeRecord, recordLine } from './record.ts';
import { makeZone } from './zone.ts';

export interface World {
  readonly seed: number;
  readonly kind: WorldKind;
  /** By apex. */
  readonly zones: ReadonlyMap<string, readonly MadeRecord[]>;
}

/** Which zones stand side by side. */
const KINDS = {
  'one zone': ['test.'],
  'parent and child': ['test.', 'a.test.', 'b.a.test.'],
  'the root and what is below': ['.', 'a.', 'b.a.'],
  'strangers side by side': ['test.', 'other.', 'c.other.'],
  'reverse zones': ['2.0.192.in-addr.arpa.', '8.b.d.0.1.0.0.2.ip6.arpa.', 'test.'],
  'grandparent without parent': ['test.', 'b.a.test.', 'other.'],
} as const;

export type WorldKind = keyof typeof KINDS;
export const WORLD_KINDS = Object.keys(KINDS) as WorldKind[];

/** Worlds of one seed and the next are of different kinds. */
export function makeWorld(seed: number): World {
  const chance = new Chance(seed);
  const kind = WORLD_KINDS[seed % WORLD_KINDS.length] as WorldKind;
  const apexes: readonly string[] = KINDS[kind];
  const zones = new Map(apexes.map((apex) => [apex, makeZone(apex, apexes, chance)]));
  return { seed, kind, zones };
}

export const apexes = (world: World): string[] => [...world.zones.keys()];

export const zoneText = (world: World, apex: string): string =>
  `${(world.zones.get(apex) ?? []).map(recordLine).join('\n')}\n`;

export const allRecords = (world: World): MadeRecord[] => [...world.zones.values()].flat();

/** The apex of the zone that a name falls into: the longest that is a suffix. */
export function zoneOf(world: World, name: string): string | undefined {
  const candidates = apexes(world).filter((apex) => isBelow(name, apex));
  return candidates.sort((a, b) => b.length - a.length)[0];
}
