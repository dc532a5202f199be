/**
 * Rows of an RRset that say the same thing again (RFC 2181 §5): data equal byte for byte, but for the case of
 * names in it (RFC 4034 §6.2).
 */
import { type Bytes, u16 } from '../base/bytes.ts';
import { KINDS } from '../wire/kinds.ts';
import { FOLD } from '../wire/name.ts';
import { PoolKind, poolAttributesAt, poolKind } from '../wire/pool.ts';
import { layoutOf } from '../wire/rdata.ts';
import type { Records } from './records.ts';
import type { Rows } from './rows.ts';

export interface Duplicate {
  readonly row: number;
  readonly first: number;
}

/** Up to here each row is compared with each before. */
const PAIRS_MAX = 16;
const NONE: readonly Duplicate[] = [];

/** Of the RRset in positions `from`…`end`. */
export function duplicatesIn(records: Records, rows: Rows, from: number, end: number): readonly Duplicate[] {
  if (end - from <= PAIRS_MAX && !someLookAlike(records, rows, from, end)) return NONE;
  const found: Duplicate[] = [];
  const firsts = new Map<string, number>();
  for (let position = from; position < end; position++) {
    const row = rows.row(position);
    const key = canonicalKey(rows.type(position), records.rdata(row));
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, row);
    else found.push({ row, first });
  }
  return found;
}

function someLookAlike(records: Records, rows: Rows, from: number, end: number): boolean {
  for (let i = from + 1; i < end; i++) {
    for (let j = from; j < i; j++)
      if (lookAlike(records.rdataBytes, rows.rdataAt(i), rows.rdataAt(j))) return true;
  }
  return false;
}

/** Equal if all of it were a name: what is equal looks alike, what looks alike may differ. */
function lookAlike(bytes: Bytes, a: number, b: number): boolean {
  const length = u16(bytes, a);
  if (length !== u16(bytes, b)) return false;
  for (let i = 2; i < length + 2; i++) {
    if (FOLD[bytes[a + i] as number] !== FOLD[bytes[b + i] as number]) return false;
  }
  return true;
}

/** The same for the same data, whatever the case of names in it. */
function canonicalKey(type: number, rdata: Bytes): string {
  const canonical = rdata.slice();
  let at = 0;
  for (const kind of layoutOf(type)) {
    const next = KINDS[kind].scan(rdata, at, rdata.length);
    const nameEnd = kind.startsWith('name') ? next : kind === 'pool-record' ? memberEnd(rdata) : at;
    for (let i = at; i < nameEnd; i++) canonical[i] = FOLD[rdata[i] as number] as number;
    at = next;
  }
  return Buffer.from(canonical.buffer, canonical.byteOffset, canonical.length).toString('latin1');
}

/** Where the name of a pool's member ends; 0 where it has none. */
const memberEnd = (rdata: Bytes): number =>
  poolKind(rdata, 0) >= PoolKind.HOST ? poolAttributesAt(rdata, 0) : 0;
