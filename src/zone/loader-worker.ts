/**
 * The worker's side of `zone/loader`: text → records → complaints → image, one zone after the other.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Class, classText } from '../wire/codes.ts';
import { checkZone, settle } from './check.ts';
import { compileZone } from './compile.ts';
import { type Complaint, hasErrors } from './complaint.ts';
import { Image } from './image.ts';
import type { LoadJob, LoadResult } from './loader.ts';
import { parseZone } from './parser.ts';
import { serialFault } from './serial.ts';

function load({ apex, file, root, served }: LoadJob): LoadResult {
  const complaints: Complaint[] = [];
  const records = parseZone({ apex, file, root }, complaints);
  const tree = checkZone(records, complaints);
  const { files } = records;
  if (records.klass !== Class.IN) {
    const text = `a zone of class ${classText(records.klass)} is not served: expected class IN`;
    complaints.push({ file, line: 0, column: 0, severity: 'error', text });
  }
  if (hasErrors(complaints)) return { image: undefined, complaints, files };
  settle(records);
  const image = compileZone(records, tree);
  const text = served && serialFault(new Image(image), new Image(served));
  if (text !== undefined) complaints.push({ file, line: 0, column: 0, severity: 'warning', text });
  return { image, complaints, files };
}

parentPort?.postMessage((workerData as readonly LoadJob[]).map(load));
