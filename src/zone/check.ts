/**
 * What is wrong with a zone as a whole, when each of its entries is right: errors keep it from being served,
 * warnings do not. A table of contents; each check is a pass over the records, linear in their number.
 */
import { checkApex } from './check-apex.ts';
import { checkCuts } from './check-cuts.ts';
import { checkNames } from './check-names.ts';
import { checkTargets } from './check-targets.ts';
import { type Complaint, hasErrors } from './complaint.ts';
import { Inspection } from './inspection.ts';
import type { Records } from './records.ts';
import { Report } from './report.ts';
import type { Tree } from './tree.ts';

export { serialOrder } from './serial.ts';
export { settle } from './settle.ts';

/** Gives how the names hang together, which who compiles them wants to know as well. */
export function checkZone(records: Records, complaints: Complaint[]): Tree {
  // What an error kept out of the records is not missing as well.
  const whole = !hasErrors(complaints);
  const report = new Report(complaints);
  const zone = new Inspection(records, report, whole);
  checkApex(zone);
  checkNames(zone);
  checkCuts(zone);
  checkTargets(zone);
  report.close(records.files[0] ?? '');
  return zone.tree;
}
