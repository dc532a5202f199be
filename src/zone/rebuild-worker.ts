/**
 * The worker's side of `zone/rebuild`: image → records → complaints → image.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { IMAGE_SLACK_CHANGED_BYTES_MIN } from '../base/limits.ts';
import { checkZone, settle } from './check.ts';
import { compileZone } from './compile.ts';
import { type Complaint, hasErrors } from './complaint.ts';
import { Image } from './image.ts';
import type { RebuildJob, RebuildResult } from './rebuild.ts';
import { thaw } from './thaw.ts';
import { giveWay } from './worker.ts';

function rebuilt({ buffer, end, changes }: RebuildJob): RebuildResult {
  const complaints: Complaint[] = [];
  const records = thaw(new Image(buffer, end), changes);
  const tree = checkZone(records, complaints);
  if (hasErrors(complaints)) return { image: undefined, complaints };
  const image = compileZone(records, tree, settle(records), IMAGE_SLACK_CHANGED_BYTES_MIN);
  return { image, complaints };
}

giveWay();
parentPort?.postMessage(rebuilt(workerData as RebuildJob));
