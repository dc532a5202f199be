/**
 * The worker's side of `zone/loader`: text → records → complaints → image, one zone after the other. What is
 * served or kept already, and of the same content, is not made again.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Class, classText } from '../wire/codes.ts';
import { checkZone, settle } from './check.ts';
import { compileZone } from './compile.ts';
import { type Complaint, hasErrors } from './complaint.ts';
import { isAsRead } from './content.ts';
import { systemText, ZoneFiles } from './files.ts';
import { Image } from './image.ts';
import { KeptImages } from './kept.ts';
import type { LoadJob, LoadOrder, LoadResult, Made } from './loader.ts';
import { parseZone } from './parser.ts';
import { serialFault } from './serial.ts';

class Load {
  readonly #kept: KeptImages | undefined;
  /** What was wrong with kept images: for each kind the first file, and how many more. */
  readonly #faults = new Map<string, { readonly file: string; more: number }>();

  constructor({ jobs, keeping }: LoadOrder) {
    if (keeping === undefined) return;
    try {
      this.#kept = new KeptImages(keeping.folder, keeping.program);
      this.#kept.keepOnly(jobs.map(({ apex }) => apex));
    } catch (error) {
      const text = `no images are kept: expected a folder that they can be written to (${systemText(error)})`;
      this.#fault(keeping.folder, text);
    }
  }

  /** About kept images; those about zones come with them. */
  get complaints(): Complaint[] {
    return [...this.#faults].map(([text, { file, more }]) =>
      warning(file, more === 0 ? text : `${text}; ${more} more are like it`),
    );
  }

  load(job: LoadJob): LoadResult {
    const { served } = job;
    if (served && isAsRead(served.origin.content, job)) return resultOf({ ...served, from: 'served' });
    const found = this.#kept && this.#find(job, this.#kept);
    const result = found ? resultOf(found) : readText(job);
    const { made } = result;
    if (made === undefined) return result;
    if (made.from === 'text') this.#keep(job, made);
    const text = served && serialFault(new Image(made.image), new Image(served.image));
    if (text === undefined) return result;
    return { ...result, complaints: [...result.complaints, warning(job.file, text)] };
  }

  #find(job: LoadJob, images: KeptImages): Made | undefined {
    const kept = images.find(job.apex);
    if (kept === undefined) return undefined;
    if (typeof kept === 'string') return this.#distrust(job, images, kept);
    if (!isAsRead(kept.origin.content, job)) {
      kept.drop();
      return undefined;
    }
    const image = kept.take();
    if (typeof image === 'string') return this.#distrust(job, images, image);
    return { image, origin: kept.origin, from: 'kept' };
  }

  #distrust({ apex }: LoadJob, images: KeptImages, why: string): undefined {
    this.#fault(images.pathOf(apex), `a kept image that cannot be used is made anew: ${why}`);
  }

  #keep({ apex }: LoadJob, { image, origin }: Made): void {
    try {
      this.#kept?.keep(apex, image, origin);
    } catch (error) {
      this.#fault(this.#kept?.pathOf(apex) ?? '', `an image cannot be kept: ${systemText(error)}`);
    }
  }

  #fault(file: string, text: string): void {
    const first = this.#faults.get(text);
    if (first) first.more++;
    else this.#faults.set(text, { file, more: 0 });
  }
}

function resultOf(made: Made): LoadResult {
  const { content, complaints } = made.origin;
  return { made, complaints, files: content.files.map(({ path }) => path) };
}

function readText({ apex, file, root }: LoadJob): LoadResult {
  const complaints: Complaint[] = [];
  const sources = new ZoneFiles(root);
  const records = parseZone({ apex, file, root }, complaints, sources);
  checkZone(records, complaints);
  const { files } = records;
  if (records.klass !== Class.IN) {
    const text = `a zone of class ${classText(records.klass)} is not served: expected class IN`;
    complaints.push({ ...warning(file, text), severity: 'error' });
  }
  if (hasErrors(complaints)) return { made: undefined, complaints, files };
  settle(records);
  const origin = { content: sources.content, complaints };
  return { made: { image: compileZone(records), origin, from: 'text' }, complaints, files };
}

const warning = (file: string, text: string): Complaint => ({
  ...{ file, line: 0, column: 0, severity: 'warning', text },
});

const order = workerData as LoadOrder;
const load = new Load(order);
const results = order.jobs.map((job) => load.load(job));
parentPort?.postMessage({ results, complaints: load.complaints });
