/**
 * What is wrong with a zone as a whole, when each of its entries is right: errors keep it from being served,
 * warnings do not. A table of contents; each check is a pass over the records, linear in their number. Before
 * them come the names that pools need.
 */
import { checkApex } from './check-apex.ts';
import { checkCuts } from './check-cuts.ts';
import { checkNames } from './check-names.ts';
import { checkPools } from './check-pools.ts';
import { checkTargets } from './check-targets.ts';
import { type Complaint, hasErrors } from './complaint.ts';
import { deriveNames } from './derive.ts';
import { Inspection } from './inspection.ts';
import type { Records } from './records.ts';
import { Report } from './report.ts';
import type { Tree } from './tree.ts';

export { serialOrder } from './serial.ts';
export { settle } from './settle.ts';

/**
 * Gives how the names hang together, which who compiles them wants to know as well. `checks` are the health
 * checks that members of pools can have; undefined where they are not known.
 */
export function checkZone(records: Records, complaints: Complaint[], checks?: ReadonlySet<string>): Tree {
  // What an error kept out of the records is not missing as well.
  const whole = !hasErrors(complaints);
  const report = new Report(complaints);
  deriveNames(records, report);
  const zone = new Inspection(records, report, whole);
  checkApex(zone);
  checkNames(zone);
  checkCuts(zone);
  checkTargets(zone);
  checkPools(zone, checks);
  report.close(records.files[0] ?? '');
  return zone.tree;
}
