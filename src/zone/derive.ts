/**
 * The names that a zone's pools need beside their own. A member that is an address answers, as the target of
 * SRV and HTTPS, by a name derived from it: `192-0-2-10.addr.example.com.`, an ordinary record that is added
 * before the zone is checked and compiled, and found like any other. In: records with pools; out: the same,
 * with the names that were derived.
 */
import { type Bytes, equalBytes, u16 } from '../base/bytes.ts';
import { IPV4_BYTES } from '../base/ip.ts';
import { Type } from '../wire/codes.ts';
import { NAME_BYTES_MAX, type Name, nameText } from '../wire/name.ts';
import { PoolKind, poolAttributesAt, poolKind, poolSubjectAt } from '../wire/pool.ts';
import { isInZone } from './owner.ts';
import type { Records } from './records.ts';
import type { Report } from './report.ts';

const LABEL_ABOVE = Buffer.from('\x04addr', 'latin1');

/** Whether derived names would lie right below that one. */
export const isAboveDerived = (name: Name, apex: Name): boolean =>
  equalBytes(name, Buffer.concat([LABEL_ABOVE, apex]));

/** Of an address member in the zone of that apex; undefined where the name would be too long. */
export function derivedName(address: Bytes, apex: Name): Name | undefined {
  const label =
    address.length === IPV4_BYTES
      ? address.join('-')
      : Array.from({ length: 8 }, (_, i) => u16(address, 2 * i).toString(16)).join('-');
  const name = Buffer.concat([Uint8Array.of(label.length), Buffer.from(label), LABEL_ABOVE, apex]);
  return name.length <= NAME_BYTES_MAX ? name : undefined;
}

/** A view of the address of that row's member; undefined where it is none. */
function memberAddress(records: Records, row: number): Bytes | undefined {
  const rdata = records.rdata(row);
  const kind = poolKind(rdata, 0);
  if (kind !== PoolKind.IPV4 && kind !== PoolKind.IPV6) return undefined;
  return rdata.subarray(poolSubjectAt(0), poolAttributesAt(rdata, 0));
}

/** What is to be the one record of a derived name. */
interface Derived {
  readonly address: Bytes;
  /** Of a member that it is derived from. */
  readonly row: number;
  ttl: number;
}

export function deriveNames(records: Records, report: Report): void {
  const ttls = poolTtls(records);
  if (ttls.size === 0) return;
  const { count, nameCount } = records;
  const found = new Map<number, Derived>();
  for (let row = 0; row < count; row++) {
    if (records.type[row] !== Type.POOL) continue;
    const address = memberAddress(records, row);
    const name = address && derivedName(address, records.apex);
    if (address === undefined) continue;
    if (name === undefined) {
      const text = 'a member that is an address has a name of its own below the apex';
      complain(records, row, `${text}: expected an apex that leaves room for it`, report);
      continue;
    }
    const id = records.intern(name, 0);
    if (records.derived.has(id)) continue;
    const ttl = ttls.get(records.owner[row] as number) as number;
    const other = found.get(id);
    if (other === undefined) found.set(id, { address, row, ttl });
    else other.ttl = Math.min(other.ttl, ttl);
  }
  const taken = new Set<number>();
  for (let row = 0; row < count; row++) {
    const id = records.owner[row] as number;
    // Only names that were there before have records.
    const derived = id < nameCount ? found.get(id) : undefined;
    if (derived === undefined) continue;
    complainOfTaken(records, row, derived, report);
    taken.add(id);
  }
  for (const id of taken) found.delete(id);
  for (const [id, { address, row, ttl }] of found) {
    const type = address.length === IPV4_BYTES ? Type.A : Type.AAAA;
    records.add(id, type, ttl, address, records.line[row] as number, records.file[row] as number);
    records.derived.add(id);
  }
}

/** By owner: the lowest of its records, which all of them are to have (RFC 2181 §5.2). */
function poolTtls({ type, owner, ttl, count }: Records): ReadonlyMap<number, number> {
  const ttls = new Map<number, number>();
  for (let row = 0; row < count; row++) {
    if (type[row] !== Type.POOL) continue;
    const id = owner[row] as number;
    ttls.set(id, Math.min(ttls.get(id) ?? Number.POSITIVE_INFINITY, ttl[row] as number));
  }
  return ttls;
}

function complainOfTaken(records: Records, row: number, derived: Derived, report: Report): void {
  const name = nameText(records.name(records.owner[row] as number));
  const file = records.files[records.file[derived.row] as number];
  const text = `${name} is derived from the pool member at ${file}:${records.line[derived.row]}`;
  complain(records, row, `${text}: expected no record of that name`, report);
}

function complain(records: Records, row: number, text: string, report: Report): void {
  const file = records.files[records.file[row] as number] as string;
  report.error(file, records.line[row] as number, 0, text);
}

/** For who has read only some names of a zone: gives ids to those that pools among them need to be there. */
export function internNeeded(records: Records): void {
  for (let row = 0; row < records.count; row++) {
    if (records.type[row] !== Type.POOL) continue;
    const address = memberAddress(records, row);
    const name = address === undefined ? usedPool(records, row) : derivedName(address, records.apex);
    if (name !== undefined) records.intern(name, 0);
  }
}

/** A view of the name of the pool that the row's record uses, if that is of this zone. */
function usedPool(records: Records, row: number): Bytes | undefined {
  const rdata = records.rdata(row);
  if (poolKind(rdata, 0) !== PoolKind.USE || !isInZone(rdata, poolSubjectAt(0), records.apex))
    return undefined;
  return rdata.subarray(poolSubjectAt(0), poolAttributesAt(rdata, 0));
}
