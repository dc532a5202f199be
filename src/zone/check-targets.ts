/**
 * Checks of the names that NS, MX and SRV point at, where those are of the zone itself and we can tell what
 * will be found there: an address, and no alias.
 */
import { u8 } from '../base/bytes.ts';
import { Type, typeText } from '../wire/codes.ts';
import { nameText } from '../wire/name.ts';
import { targetOffset } from '../wire/rdata.ts';
import { NodeFlag } from './image.ts';
import type { Inspection } from './inspection.ts';
import { isInZone } from './owner.ts';
import { OPEN } from './tree.ts';

/** Why none of these may point at an alias. */
const LAWS: ReadonlyMap<number, string> = new Map([
  [Type.NS, 'RFC 2181 §10.3'],
  [Type.MX, 'RFC 2181 §10.3'],
  [Type.SRV, 'RFC 2782'],
]);

/**
 * Calls for each row that points into the zone: with the place of the name in `rdataBytes`, and its id or -1.
 */
export function eachTarget(
  { records }: Inspection,
  isWanted: (type: number) => boolean,
  visit: (row: number, at: number, id: number) => void,
): void {
  const { rdataBytes, rdataAt, type, count, apex } = records;
  for (let row = 0; row < count; row++) {
    if (!isWanted(type[row] as number)) continue;
    const at = (rdataAt[row] as number) + 2 + targetOffset(type[row] as number);
    if (isInZone(rdataBytes, at, apex)) visit(row, at, records.findName(rdataBytes, at));
  }
}

export function checkTargets(zone: Inspection): void {
  eachTarget(
    zone,
    (type) => LAWS.has(type),
    (row, at, id) => checkTarget(zone, row, at, id),
  );
}

function checkTarget(zone: Inspection, row: number, at: number, id: number): void {
  const { rdataBytes, owner: owners, type: types } = zone.records;
  const owner = owners[row] as number;
  const type = types[row] as number;
  const cover = zone.cover(owner);
  const isRoot = u8(rdataBytes, at) === 0; // "." is nobody: RFC 7505 §3, RFC 2782.
  if (isRoot || (cover !== OPEN && cover !== owner)) return;
  const found = findTarget(zone, id, at);
  const text = `${zone.text(owner)} ${typeText(type)} points at ${nameText(rdataBytes, at)}`;
  switch (found.kind) {
    case 'alias':
      zone.warning(row, `${text}, an alias: expected a name with addresses (${LAWS.get(type)})`);
      return;
    case 'below a cut':
      if (type !== Type.NS || found.cut !== owner || hasAddress(zone, id) || !zone.whole) return;
      zone.warning(row, `${text}, which has no address here: expected glue, A or AAAA (RFC 1034 §4.2.1)`);
      return;
    case 'nothing':
      if (zone.whole) zone.warning(row, `${text}, which does not exist`);
      return;
    case 'name':
      if (zone.whole && !hasAddress(zone, found.id)) zone.warning(row, `${text}, which has no address`);
      if (type === Type.NS && zone.has(found.id, Type.POOL))
        zone.warning(row, `${text}, a pool: expected addresses that stay (RFC 1034 §4.2.1)`);
  }
}

/** What a question for a name of the zone comes to. */
type Found =
  | { readonly kind: 'name'; readonly id: number }
  | { readonly kind: 'below a cut'; readonly cut: number }
  | { readonly kind: 'alias' | 'nothing' };

/** Of the name at `at` in `rdataBytes`, whose id that is, or -1. */
export const findTarget = (zone: Inspection, id: number, at: number): Found =>
  id >= 0 ? seatOf(zone, id) : stand(zone, at);

const hasAddress = (zone: Inspection, id: number): boolean =>
  zone.has(id, Type.A) || zone.has(id, Type.AAAA) || zone.has(id, Type.POOL);

const isAlias = (zone: Inspection, id: number): boolean =>
  zone.has(id, Type.CNAME) || (zone.has(id, Type.POOL) && (u8(zone.tree.flags, id) & NodeFlag.ALIAS) !== 0);

function seatOf(zone: Inspection, id: number): Found {
  const cover = zone.cover(id);
  if (cover !== OPEN) {
    const isCut = (u8(zone.tree.flags, cover) & NodeFlag.CUT) !== 0;
    return isCut ? { kind: 'below a cut', cut: cover } : { kind: 'alias' };
  }
  return isAlias(zone, id) ? { kind: 'alias' } : { kind: 'name', id };
}

/** Of a name that is not there: what its closest encloser makes of it (RFC 4592 §3.3.1). */
function stand(zone: Inspection, at: number): Found {
  const { tree, records } = zone; // The tree first: it adds empty non-terminals, and this may be one.
  const { rdataBytes } = records;
  let encloser = records.findName(rdataBytes, at);
  if (encloser >= 0) return seatOf(zone, encloser);
  for (let encloserAt = at; encloser < 0; ) {
    encloserAt += u8(rdataBytes, encloserAt) + 1;
    encloser = records.findName(rdataBytes, encloserAt);
  }
  const found = seatOf(zone, encloser);
  if (found.kind === 'below a cut') return found;
  if (zone.cover(encloser) !== OPEN || zone.has(encloser, Type.DNAME)) return { kind: 'alias' };
  const wildcard = tree.wildcard[encloser] as number;
  return wildcard < 0 ? { kind: 'nothing' } : seatOf(zone, wildcard);
}
