/**
 * Makes of checked records what is served: duplicate rows are dropped (their type becomes 0) and the TTLs of
 * an RRset become its lowest. The checks told of both. Gives the rows that are left.
 */
import { Type } from '../wire/codes.ts';
import { duplicatesIn } from './duplicates.ts';
import type { Records } from './records.ts';
import { groupRows, type Rows } from './rows.ts';

export function settle(records: Records): Rows {
  const rows = groupRows(records);
  let dropped = 0;
  for (let at = 0; at < rows.count; ) {
    const end = rows.rrsetEnd(at, rows.count);
    if (end - at > 1) dropped += settleRrset(records, rows, at, end);
    at = end;
  }
  return dropped === 0 ? rows : groupRows(records);
}

/** Gives how many rows were dropped. */
function settleRrset(records: Records, rows: Rows, from: number, end: number): number {
  // RFC 2181 §5.2; an RRSIG has the TTL of what it covers (RFC 4034 §3).
  if (rows.type(from) !== Type.RRSIG) {
    let lowest = rows.ttl(from);
    for (let at = from + 1; at < end; at++) lowest = Math.min(lowest, rows.ttl(at));
    for (let at = from; at < end; at++) records.ttl[rows.row(at)] = lowest;
  }
  const duplicates = duplicatesIn(records, rows, from, end);
  for (const { row } of duplicates) records.type[row] = 0;
  return duplicates.length;
}
