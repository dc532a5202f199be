/**
 * The worker's side of `zone/loader`: text → records → complaints → image, one zone after the other; or,
 * where little differs from the image that is served, what to change of it. What is served or kept already,
 * and of the same content, is not made again.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { RELOAD_CHANGES_MAX, RELOAD_CHANGES_SHARE } from '../base/limits.ts';
import { Class, classText } from '../wire/codes.ts';
import { planChange } from './change.ts';
import { checkZone, settle } from './check.ts';
import { checksIn } from './check-pools.ts';
import { compileZone } from './compile.ts';
import { type Complaint, hasErrors } from './complaint.ts';
import { isAsRead } from './content.ts';
import { differences } from './differences.ts';
import { ZoneFiles } from './files.ts';
import { Image } from './image.ts';
import type { LoadJob, LoadOrder, LoadReport, LoadResult, Made } from './loader.ts';
import { parseZone } from './parser.ts';
import { Recall } from './recall.ts';
import type { Records } from './records.ts';
import type { Rows } from './rows.ts';
import { serialFault, serialIn } from './serial.ts';
import type { Change } from './thaw.ts';
import { giveWay } from './worker.ts';

class Load {
  readonly #recall: Recall | undefined;
  readonly #isSought: boolean;

  constructor({ keeping, apexes, isSought }: LoadOrder) {
    this.#recall = keeping && new Recall(keeping, apexes);
    this.#isSought = isSought;
  }

  /** About kept images; those about zones come with them. */
  get complaints(): readonly Complaint[] {
    return this.#recall?.complaints ?? [];
  }

  load(job: LoadJob): LoadResult {
    const { served } = job;
    if (served?.origin && isAsRead(served.origin.content, job)) {
      return resultOf({ image: undefined, changes: [], origin: served.origin, from: 'served' });
    }
    const found = this.#isSought ? undefined : this.#recall?.find(job);
    if (found === undefined) return this.#read(job);
    const fault = served && serialFault(new Image(found.image).serial, imageOf(served).serial, false);
    return resultOf({ ...found, changes: [], from: 'kept' }, warnings(job, fault));
  }

  #read(job: LoadJob): LoadResult {
    const { apex, file, root, checks, served } = job;
    const complaints: Complaint[] = [];
    const sources = new ZoneFiles(root);
    const records = parseZone({ apex, file, root }, complaints, sources);
    const tree = checkZone(records, complaints, checks);
    if (records.klass !== Class.IN) {
      const text = `a zone of class ${classText(records.klass)} is not served: expected class IN`;
      complaints.push({ ...warning(file, text), severity: 'error' });
    }
    if (hasErrors(complaints)) return { made: undefined, complaints, files: records.files };
    const rows = settle(records);
    const old = served && imageOf(served);
    const changes = old && changesOf(old, records, rows);
    const fault = old && serialFault(serialIn(records, rows), old.serial, changes?.length === 0);
    const origin = { content: { ...sources.content, checks: checksIn(records) }, complaints };
    const image = changes && !this.#recall?.isPossible ? undefined : compileZone(records, tree, rows);
    if (image) this.#recall?.keep(apex, image, origin);
    const made = {
      image: changes ? undefined : image,
      changes: changes ?? [],
      origin,
      from: 'text',
    } as const;
    return resultOf(made, warnings(job, fault));
  }
}

const imageOf = ({ buffer, end }: NonNullable<LoadJob['served']>): Image => new Image(buffer, end);

function resultOf(made: Made, more: readonly Complaint[] = []): LoadResult {
  const { content, complaints } = made.origin;
  return { made, complaints: [...complaints, ...more], files: content.files.map(({ path }) => path) };
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

const warning = (file: string, text: string): Complaint => ({
  ...{ file, line: 0, column: 0, severity: 'warning', text },
});

const warnings = ({ file }: LoadJob, text: string | undefined): Complaint[] =>
  text === undefined ? [] : [warning(file, text)];

const order = workerData as LoadOrder;
if (order.jobs.some(({ served }) => served !== undefined)) giveWay();
const load = new Load(order);
const results = order.jobs.map((job) => load.load(job));
parentPort?.postMessage({ results, complaints: load.complaints } satisfies LoadReport);
