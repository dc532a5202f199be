/**
 * What of a pool's attributes comes to nothing, or to something else than can be meant: warnings all.
 */
import { u8, u16 } from '../base/bytes.ts';
import { nameText } from '../wire/name.ts';
import { attributeLength, findAttribute, PoolKey } from '../wire/pool.ts';
import type { Pool } from './check-pools.ts';
import type { Inspection } from './inspection.ts';

/** RFC 2782: `_service._protocol`, where somebody will ask for SRV. */
const SERVICE = /^_[^.]+\._(tcp|udp)\./;
/** Say something of members that are down, which none is without a check. */
const OF_CHECKS = [
  [PoolKey.ALL_DOWN, 'all-down'],
  [PoolKey.EJECT_AT_MOST, 'eject-at-most'],
  [PoolKey.WARM_UP, 'warm-up'],
] as const;
const PLACES = [PoolKey.GEO, PoolKey.NET, PoolKey.ASN];
const EVERYWHERE = 0x2a;

/** `used` has the members, if they are known. */
export function checkSteering(zone: Inspection, pool: Pool, used: Pool | undefined): void {
  if (used === undefined) return;
  checkOptions(zone, pool, used);
  checkPort(zone, pool, used);
  if (pool !== used || pool.members.length === 0) return;
  checkWeights(zone, pool);
  checkPlaces(zone, pool);
}

/** Where the value lies in the RDATA of that row, or 0. */
function find(zone: Inspection, row: number, key: number): number {
  const rdata = zone.records.rdata(row);
  return findAttribute(rdata, 0, rdata.length, key);
}

const has = (zone: Inspection, row: number, key: number): boolean => find(zone, row, key) !== 0;

function checkOptions(zone: Inspection, pool: Pool, used: Pool): void {
  const [row] = pool.options;
  if (row === undefined || used.members.length === 0) return;
  const text = `the pool ${zone.text(pool.id)} has`;
  const answersAt = find(zone, row, PoolKey.ANSWERS);
  const answers = answersAt === 0 ? 0 : u8(zone.records.rdata(row), answersAt);
  if (answers > used.members.length) {
    const told = `${text} answers=${answers} and ${used.members.length} members`;
    zone.warning(row, `${told}: expected no more answers than members`);
  }
  if (used.members.some((member) => has(zone, member, PoolKey.CHECK))) return;
  for (const [key, word] of OF_CHECKS) {
    if (!has(zone, row, key)) continue;
    zone.warning(row, `${text} ${word} and no member with a check: expected one, or nobody is ever down`);
  }
}

function checkPort(zone: Inspection, pool: Pool, used: Pool): void {
  const { records } = zone;
  const rows = [...pool.uses, ...used.members];
  if (rows.length === 0 || !SERVICE.test(nameText(records.name(pool.id)))) return;
  if (rows.some((row) => has(zone, row, PoolKey.PORT))) return;
  const text = `the pool ${zone.text(pool.id)} has no port, and so no SRV records`;
  zone.warning(rows[0] as number, `${text}: expected port= at its members (RFC 2782)`);
}

function checkWeights(zone: Inspection, { id, members }: Pool): void {
  const isZero = (row: number): boolean => {
    const at = find(zone, row, PoolKey.WEIGHT);
    return at !== 0 && u16(zone.records.rdata(row), at) === 0;
  };
  if (!members.every(isZero)) return;
  const text = `all members of the pool ${zone.text(id)} have the weight 0`;
  zone.warning(
    members[0] as number,
    `${text}: expected one that has more, as 0 is for when all others are gone`,
  );
}

function checkPlaces(zone: Inspection, { id, members }: Pool): void {
  const near = members.filter((row) => has(zone, row, PoolKey.NEAR));
  const [only] = near;
  if (only !== undefined && near.length === 1) {
    const text = `one member of the pool ${zone.text(id)} has near=`;
    zone.warning(only, `${text}: expected others to compare distances with`);
  }
  const isBound = (row: number): boolean => PLACES.some((key) => has(zone, row, key));
  // Whoever has a place has a distance.
  const isOpen = (row: number): boolean =>
    !isBound(row) || has(zone, row, PoolKey.NEAR) || isEverywhere(zone, row);
  if (members.some(isOpen)) return;
  const text = `every member of the pool ${zone.text(id)} is for some place, and any serves who is elsewhere`;
  zone.warning(members[0] as number, `${text}: expected a member with geo=* or without a place`);
}

/** `*` is the first of the list. */
function isEverywhere(zone: Inspection, row: number): boolean {
  const rdata = zone.records.rdata(row);
  const at = find(zone, row, PoolKey.GEO);
  return at !== 0 && attributeLength(rdata, at) >= 2 && u8(rdata, at + 1) === EVERYWHERE;
}
