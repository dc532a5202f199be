/**
 * Worlds as a peer sees them: the zones of a world taken away, grown together, or stripped, so that our own
 * answers in them foretell the peer's.
 */
import type { Question } from './question.ts';
import { isBelow, type MadeRecord, under } from './record.ts';
import { apexes, type World, zoneOf } from './world.ts';

type Zones = Iterable<readonly [apex: string, records: readonly MadeRecord[]]>;

const withZones = (world: World, zones: Zones): World => ({ ...world, zones: new Map(zones) });

/** The zone that answers: DS at an apex is the parent's (RFC 4035 §3.1.4.1), if the parent is served. */
export function answeringZone(world: World, name: string, type: string): string | undefined {
  const zone = zoneOf(world, name);
  if (type !== 'DS' || zone !== name || name === '.') return zone;
  const above = apexes(world).filter((apex) => apex !== name && isBelow(name, apex));
  return above.sort((a, b) => b.length - a.length)[0] ?? zone;
}

/** Nothing but the zone that answers first; undefined where there is nothing else. */
export function alone(world: World, { name, type }: Question): World | undefined {
  const zone = answeringZone(world, name, type);
  if (zone === undefined || world.zones.size === 1) return undefined;
  return withZones(world, [[zone, world.zones.get(zone) ?? []]]);
}

/** All but one zone. */
export const without = (world: World, zone: string): World =>
  withZones(
    world,
    [...world.zones].filter(([apex]) => apex !== zone),
  );

/** Each zone with the names that other zones have below its apex, as empty non-terminals. */
export function asOneTree(world: World): World | undefined {
  if (world.zones.size === 1) return undefined;
  const grown = [...world.zones].map(([apex, records]) => {
    const others = [...world.zones].filter(([other]) => other !== apex).flatMap(([, theirs]) => theirs);
    const owners = new Set(others.map(({ owner }) => owner).filter((owner) => isBelow(owner, apex)));
    for (const { owner } of records) owners.delete(owner);
    const planted = [...owners].map((owner) => filler(under('planted', owner)));
    return [apex, [...records, ...planted]] as const;
  });
  return withZones(world, grown);
}

/** Aliases become data of a type that nobody asks for. */
export const withoutCnames = (world: World): World =>
  withZones(
    world,
    [...world.zones].map(
      ([apex, records]) => [apex, records.map((r) => (r.type === 'CNAME' ? filler(r.owner) : r))] as const,
    ),
  );

const filler = (owner: string): MadeRecord => ({ owner, ttl: 0, type: 'TYPE65281', rdata: '\\# 0' });
