/**
 * The worker's side of `zone/loader`: text → records → complaints → image, one zone after the other; or,
 * where little differs from the image that is served, what to change of it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { RELOAD_CHANGES_MAX, RELOAD_CHANGES_SHARE } from '../base/limits.ts';
import { Class, classText } from '../wire/codes.ts';
import { planChange } from './change.ts';
import { checkZone, settle } from './check.ts';
import { compileZone } from './compile.ts';
import { type Complaint, hasErrors } from './complaint.ts';
import { differences } from './differences.ts';
import { Image } from './image.ts';
import type { LoadJob, LoadResult } from './loader.ts';
import { parseZone } from './parser.ts';
import type { Records } from './records.ts';
import { groupRows, type Rows } from './rows.ts';
import { serialFault, serialIn } from './serial.ts';
import type { Change } from './thaw.ts';

function load({ apex, file, root, served }: LoadJob): LoadResult {
  const complaints: Complaint[] = [];
  const records = parseZone({ apex, file, root }, complaints);
  const tree = checkZone(records, complaints);
  const { files } = records;
  if (records.klass !== Class.IN) {
    const text = `a zone of class ${classText(records.klass)} is not served: expected class IN`;
    complaints.push({ file, line: 0, column: 0, severity: 'error', text });
  }
  if (hasErrors(complaints)) return { image: undefined, changes: undefined, complaints, files };
  settle(records);
  const rows = groupRows(records);
  const old = served && new Image(served.buffer, served.end);
  const changes = old && changesOf(old, records, rows);
  const text = old && serialFault(serialIn(records, rows), old.serial, changes?.length === 0);
  if (text !== undefined) complaints.push({ file, line: 0, column: 0, severity: 'warning', text });
  const image = changes ? undefined : compileZone(records, tree, rows);
  return { image, changes, complaints, files };
}

/** Undefined where a new image is called for. */
function changesOf(served: Image, records: Records, rows: Rows): readonly Change[] | undefined {
  const limit = Math.min(RELOAD_CHANGES_MAX, Math.ceil(records.nameCount / RELOAD_CHANGES_SHARE));
  const changes = differences(records, rows, served, limit);
  if (changes === undefined || changes.length === 0) return changes;
  const planned = planChange(served, changes);
  // What would be compiled anew soon is compiled now, when all that takes is in hand.
  return planned.kind === 'plan' && !planned.plan.isCrowding ? changes : undefined;
}

parentPort?.postMessage((workerData as readonly LoadJob[]).map(load));
