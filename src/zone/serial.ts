/**
 * Serial numbers, which turn over (RFC 1982), and by which secondaries tell that there is something new.
 */
import { u32 } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import type { Records } from './records.ts';
import type { Rows } from './rows.ts';

const APEX_ID = 0;

/**
 * Above 0 where `a` is newer, below 0 where it is older, 0 where they are the same. Of two that are 2^31
 * apart RFC 1982 §3.2 says nothing: each is taken for older than the other, for no secondary is sure to
 * follow.
 */
export const serialOrder = (a: number, b: number): number => (a - b) | 0;

/** Of checked records. */
export function serialIn(records: Records, rows: Rows): number {
  let at = rows.start(APEX_ID);
  while (rows.type(at) !== Type.SOA) at++;
  const rdata = records.rdata(rows.row(at));
  return u32(rdata, rdata.length - 20);
}

/** Why secondaries will not follow from what is served to what comes next; undefined where they will. */
export function serialFault(next: number, served: number, isSame: boolean): string | undefined {
  const order = serialOrder(next, served);
  if (order < 0) return `serial ${next} is behind ${served}, which is served: secondaries will not follow`;
  if (order > 0 || isSame) return undefined;
  return `serial ${next} is as served, but the zone is not: secondaries will not notice`;
}
