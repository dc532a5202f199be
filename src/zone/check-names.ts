/**
 * Checks of one name at a time: what may stand beside what, and whether each RRset is one.
 */
import { u16 } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { Type, typeText } from '../wire/codes.ts';
import { nameLength } from '../wire/name.ts';
import { duplicatesIn } from './duplicates.ts';
import type { Inspection } from './inspection.ts';

/** RFC 4034 §2.5 and §3: these two, and RFC 2535's KEY, may stand beside a CNAME. */
export const BESIDE_CNAME: ReadonlySet<number> = new Set([Type.CNAME, Type.RRSIG, Type.NSEC, Type.KEY]);
/** Of which a name has one, and where that is said. */
const SINGLETONS: ReadonlyMap<number, string> = new Map([
  [Type.CNAME, 'RFC 2181 §10.1'],
  [Type.DNAME, 'RFC 6672 §2.4'],
  [Type.SOA, 'RFC 1035 §5.2'],
]);
/**
 * Header, type and class of the question, an empty OPT (RFC 6891 §6.1.2); the question's name comes on top.
 */
const RESPONSE_BYTES = 12 + 4 + 11;
/** Pointer to the owner, type, class, TTL, length. */
const RR_BYTES = 12;
/** A single record below this fits, whatever its owner. */
const RDATA_BYTES_SAFE = MESSAGE_BYTES_MAX - 512;

export function checkNames(zone: Inspection): void {
  const { rows, records } = zone;
  for (let id = 0; id < zone.owners; id++) {
    const from = rows.start(id);
    const end = rows.start(id + 1);
    if (end - from === 1 && u16(records.rdataBytes, rows.rdataAt(from)) < RDATA_BYTES_SAFE) continue;
    checkAlias(zone, id, from, end);
    for (let at = from; at < end; ) {
      const next = rows.rrsetEnd(at, end);
      checkRrset(zone, id, at, next);
      at = next;
    }
  }
}

/** RFC 1034 §3.6.2. */
function checkAlias(zone: Inspection, id: number, from: number, end: number): void {
  const alias = zone.find(id, Type.CNAME);
  if (alias < 0) return;
  const others = new Set<string>();
  for (let at = from; at < end; at++) {
    const type = zone.rows.type(at);
    if (!BESIDE_CNAME.has(type)) others.add(typeText(type));
  }
  if (others.size === 0) return;
  const text = `${zone.text(id)} has a CNAME and other data (${[...others].join(', ')})`;
  zone.error(zone.rows.row(alias), `${text}: expected the CNAME alone (RFC 1034 §3.6.2)`);
}

function checkRrset(zone: Inspection, id: number, from: number, end: number): void {
  const type = zone.rows.type(from);
  const rrset = `${zone.text(id)} ${typeText(type)}`;
  const duplicates = duplicatesIn(zone.records, zone.rows, from, end);
  for (const { row, first } of duplicates) {
    zone.warning(row, `${rrset} is as in ${zone.placeOf(first, row)}: dropped`);
  }
  const distinct = end - from - duplicates.length;
  const law = SINGLETONS.get(type);
  if (distinct > 1 && law !== undefined) {
    zone.error(zone.rows.row(end - 1), `${rrset} stands here ${distinct} times: expected one (${law})`);
  }
  if (type !== Type.RRSIG) checkTtls(zone, rrset, from, end);
  checkSize(zone, id, rrset, from, end);
}

/** RFC 2181 §5.2. RRSIGs have the TTLs of what they cover (RFC 4034 §3). */
function checkTtls(zone: Inspection, rrset: string, from: number, end: number): void {
  const first = zone.rows.ttl(from);
  let odd = -1;
  let lowest = first;
  for (let at = from + 1; at < end; at++) {
    const ttl = zone.rows.ttl(at);
    if (ttl !== first && odd < 0) odd = at;
    lowest = Math.min(lowest, ttl);
  }
  if (odd < 0) return;
  zone.warning(zone.rows.row(odd), `${rrset} has different TTLs: all become ${lowest} (RFC 2181 §5.2)`);
}

/** What no message can carry can never be answered. */
function checkSize(zone: Inspection, id: number, rrset: string, from: number, end: number): void {
  const { rows, records } = zone;
  let bytes = RESPONSE_BYTES + nameLength(records.nameBytes, records.nameAt[id]);
  for (let at = from; at < end; at++) bytes += RR_BYTES + u16(records.rdataBytes, rows.rdataAt(at));
  if (bytes <= MESSAGE_BYTES_MAX) return;
  const text = `${rrset} makes a response of ${bytes} bytes: expected at most ${MESSAGE_BYTES_MAX}`;
  zone.error(rows.row(end - 1), text);
}
