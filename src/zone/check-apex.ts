/**
 * Checks of the apex: the SOA is there, once, and makes sense, and so are name servers.
 */
import { u32 } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import type { Inspection } from './inspection.ts';

const APEX = 0;
/** RFC 2308 §5: values of one to three hours are found to work, and more than a day is problematic. */
const MINIMUM_SECONDS_MAX = 86_400;

export function checkApex(zone: Inspection): void {
  const { type, owner, count } = zone.records;
  for (let row = 0; row < count; row++) {
    if (type[row] !== Type.SOA || owner[row] === APEX) continue;
    const text = `SOA at ${zone.text(owner[row] as number)}: expected at the apex ${zone.apexText} only`;
    zone.error(row, `${text} (RFC 1034 §4.2.1)`);
  }
  const soa = zone.find(APEX, Type.SOA);
  if (soa >= 0) checkTimers(zone, zone.rows.row(soa));
  if (!zone.whole) return;
  if (soa < 0) zone.zoneError(`no SOA at the apex ${zone.apexText}: expected one (RFC 1034 §4.2.1)`);
  if (!zone.has(APEX, Type.NS)) {
    zone.zoneError(`no NS at the apex ${zone.apexText}: expected at least one (RFC 1034 §4.2.1)`);
  }
}

/** The relations of RFC 1912 §2.2, without which secondaries expire while the primary is well. */
function checkTimers(zone: Inspection, row: number): void {
  const rdata = zone.records.rdata(row);
  const [refresh, retry, expire, minimum] = [16, 12, 8, 4].map((end) => u32(rdata, rdata.length - end)) as [
    number,
    number,
    number,
    number,
  ];
  if (refresh === 0 || retry === 0) {
    zone.warning(row, 'SOA with a refresh or retry of 0: expected more, or secondaries ask without end');
  }
  if (retry > refresh) {
    zone.warning(
      row,
      `SOA with a retry of ${retry}: expected at most the refresh, ${refresh} (RFC 1912 §2.2)`,
    );
  }
  if (expire <= refresh + retry) {
    const text = `SOA with an expire of ${expire}: expected more than refresh and retry, ${refresh + retry}`;
    zone.warning(row, `${text} (RFC 1912 §2.2)`);
  }
  if (minimum > MINIMUM_SECONDS_MAX) {
    const text = `SOA with a minimum of ${minimum}: names that do not exist are remembered that long`;
    zone.warning(row, `${text}, expected at most ${MINIMUM_SECONDS_MAX} (RFC 2308 §5)`);
  }
}
