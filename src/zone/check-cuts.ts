/**
 * Checks around zone cuts and DNAMEs: what lies below them is of another zone (RFC 1034 §4.2.1) or does not
 * exist (RFC 6672 §2.4), except for the addresses of name servers.
 */
import { u8 } from '../base/bytes.ts';
import { Type, typeText } from '../wire/codes.ts';
import { eachTarget } from './check-targets.ts';
import { NodeFlag } from './image.ts';
import type { Inspection } from './inspection.ts';
import { OPEN } from './tree.ts';

const APEX = 0;
/** The parent's own records at a cut (RFC 4035 §2.2 to §2.4). */
const AT_CUT: ReadonlySet<number> = new Set([Type.NS, Type.DS, Type.NSEC, Type.RRSIG]);
const ADDRESSES: ReadonlySet<number> = new Set([Type.A, Type.AAAA]);
/** Hashed owners lie right below the apex, even if that has a DNAME (RFC 5155 §3). */
const BELOW_DNAME: ReadonlySet<number> = new Set([Type.NSEC3, Type.RRSIG]);

export function checkCuts(zone: Inspection): void {
  if (!zone.hasCuts) return;
  const { tree, rows } = zone;
  const servers = nameServers(zone);
  for (let id = 0; id < zone.owners; id++) {
    const above = tree.above[id] as number;
    const end = rows.start(id + 1);
    // Of derived names the pools' check tells.
    if (above === OPEN || end === rows.start(id) || zone.records.derived.has(id)) continue;
    const redirected = id !== above && (u8(tree.flags, above) & NodeFlag.DNAME) !== 0;
    for (let at = rows.start(id); at < end; at = rows.rrsetEnd(at, end)) {
      if (redirected) checkRedirected(zone, id, above, at);
      else checkHidden(zone, id, above, at, servers);
    }
  }
}

/** 1 for each name that an NS of the zone points at: its addresses are glue. */
function nameServers(zone: Inspection): Uint8Array {
  const servers = new Uint8Array(zone.records.nameCount);
  eachTarget(
    zone,
    (type) => type === Type.NS,
    (_row, _at, id) => {
      if (id >= 0) servers[id] = 1;
    },
  );
  return servers;
}

function checkRedirected(zone: Inspection, id: number, dname: number, at: number): void {
  const type = zone.rows.type(at);
  if (dname === APEX && BELOW_DNAME.has(type)) return;
  const text = `${zone.text(id)} ${typeText(type)} is below the DNAME at ${zone.text(dname)}`;
  zone.error(zone.rows.row(at), `${text}: expected no data there (RFC 6672 §2.4)`);
}

function checkHidden(zone: Inspection, id: number, cut: number, at: number, servers: Uint8Array): void {
  const type = zone.rows.type(at);
  if (id === cut && AT_CUT.has(type)) return;
  const isAddress = ADDRESSES.has(type);
  if (isAddress && servers[id] === 1) return;
  const place = id === cut ? 'at' : 'below';
  const text = `${zone.text(id)} ${typeText(type)} is ${place} the zone cut at ${zone.text(cut)}`;
  const wrong = isAddress ? 'but no name server is called so: needless glue' : 'and is never answered here';
  zone.warning(zone.rows.row(at), `${text}, ${wrong} (RFC 1034 §4.2.1)`);
}
