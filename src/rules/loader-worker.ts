/**
 * The worker's side of `rules/loader`: each list is read, and compiled if it is not as it was.
 */
import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { RULE_FILE_BYTES_MAX } from '../base/limits.ts';
import type { Complaint } from '../zone/complaint.ts';
import { systemText } from '../zone/files.ts';
import { giveWay } from '../zone/worker.ts';
import { compileList } from './compile.ts';
import type { RuleOrder, RuleReport } from './loader.ts';
import type { RuleListSettings } from './settings.ts';

type Result = RuleReport['results'][number];

const complaints: Complaint[] = [];

function load({ settings, served }: RuleOrder['lists'][number]): Result {
  const text = textOf(settings);
  if (text === undefined) return { image: undefined, digest: '' };
  const { format, answer, ttlSeconds } = settings;
  const digest = hash('sha256', text, 'base64') + JSON.stringify({ format, answer, ttlSeconds });
  if (digest === served) return { image: undefined, digest };
  const image = compileList(settings, text, complaints);
  return { image, digest: image === undefined ? '' : digest };
}

/** Undefined, and a complaint, where there is none that can be read. */
function textOf({ file, text }: RuleListSettings): Uint8Array | undefined {
  if (file === undefined) return Buffer.from(text);
  try {
    const stats = statSync(file);
    // A pipe would be waited for.
    if (!stats.isFile()) throw new Error('it is none');
    if (stats.size > RULE_FILE_BYTES_MAX) throw new Error(`larger than ${RULE_FILE_BYTES_MAX} bytes`);
    return readFileSync(file);
  } catch (error) {
    const text = `expected a file of rules that can be read (${systemText(error)})`;
    complaints.push({ file, line: 0, column: 0, severity: 'error', text });
    return undefined;
  }
}

const order = workerData as RuleOrder;
if (!order.isStart) giveWay();
const results = order.lists.map(load);
parentPort?.postMessage({ results, complaints } satisfies RuleReport);
