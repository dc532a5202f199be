/**
 * Hosts of pools that lead back to their pool, by aliases and pools of the zone itself: such a host would
 * never have an address. What leads through other zones is noticed when it is resolved (server/host-keeper).
 */
import { HOST_CIRCLE_NAMES_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { PoolKind, poolKind, poolSubjectAt } from '../wire/pool.ts';
import { subjectText } from '../wire/pool-record.ts';
import type { Inspection } from './inspection.ts';
import { isInZone } from './owner.ts';

/** Of the pool at `id`, its members are such rows; who is an address leads nowhere. */
export function checkCircles(zone: Inspection, id: number, members: readonly number[]): void {
  for (const row of members) {
    if (!leadsTo(zone, row, id)) continue;
    const host = subjectText(zone.records.rdata(row), 0);
    const text = `the host ${host} of the pool ${zone.text(id)} leads back to it, by aliases or pools`;
    zone.error(row, `${text}: expected a host with addresses of its own`);
  }
}

function leadsTo(zone: Inspection, row: number, wanted: number): boolean {
  const seen = new Set<number>();
  const ahead = [...targetOf(zone, row)];
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (id === wanted) return true;
    if (seen.has(id) || seen.size === HOST_CIRCLE_NAMES_MAX) continue;
    seen.add(id);
    for (const type of [Type.CNAME, Type.POOL]) {
      for (let at = zone.find(id, type); at >= 0 && at < zone.rows.start(id + 1); at++) {
        if (zone.rows.type(at) === type) ahead.push(...targetOf(zone, zone.rows.row(at)));
      }
    }
  }
  return false;
}

/** The name that a CNAME, a host or a use points at, if it has records here. */
function* targetOf({ records }: Inspection, row: number): Generator<number> {
  const { rdataBytes, rdataAt, apex } = records;
  let at = (rdataAt[row] as number) + 2;
  if (records.type[row] === Type.POOL) {
    const kind = poolKind(rdataBytes, at);
    if (kind !== PoolKind.HOST && kind !== PoolKind.USE) return;
    at = poolSubjectAt(at);
  }
  if (!isInZone(rdataBytes, at, apex)) return;
  const id = records.findName(rdataBytes, at);
  if (id >= 0) yield id;
}
