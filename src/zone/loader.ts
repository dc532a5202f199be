/**
 * Zone files to images, off the answering threads: a worker parses, checks and compiles, hands back shared
 * memory and complaints, and ends, so that what loading needed goes back to the system. A zone whose files
 * are as they were is not made again: its image is the one that is served, or one kept on disk. All zones or
 * none: who calls decides on `complaints`.
 */
import { Worker } from 'node:worker_threads';
import { nameFromText, nameText } from '../wire/name.ts';
import type { Complaint } from './complaint.ts';
import { Image } from './image.ts';
import type { Origin } from './kept.ts';

export interface ZoneFile {
  /** Text of the apex; a final dot is optional. */
  readonly apex: string;
  readonly file: string;
  /** The folder that $INCLUDE may not leave. */
  readonly root: string;
}

/** Where images are kept from one start to the next. */
export interface Keeping {
  readonly folder: string;
  /** Which Cairn, in a word: another one might make something else of the same zone. */
  readonly program: string;
}

export interface LoadedZone {
  readonly image: Image;
  readonly origin: Origin;
  readonly from: Made['from'];
}

export interface Loaded {
  readonly zones: readonly LoadedZone[];
  readonly complaints: readonly Complaint[];
  /** Every file read, included ones too. */
  readonly files: readonly string[];
}

/** What the worker is given, and what it gives back. */
export interface LoadOrder {
  readonly jobs: readonly LoadJob[];
  readonly keeping: Keeping | undefined;
}
export interface LoadJob {
  readonly apex: Uint8Array;
  readonly file: string;
  readonly root: string;
  /** What is being served, whose secondaries are to follow. */
  readonly served: Omit<Made, 'from'> | undefined;
}
export interface Made {
  readonly image: SharedArrayBuffer;
  readonly origin: Origin;
  readonly from: 'served' | 'kept' | 'text';
}
export interface LoadResult {
  readonly made: Made | undefined;
  readonly complaints: readonly Complaint[];
  readonly files: readonly string[];
}
interface LoadReport {
  readonly results: readonly LoadResult[];
  /** About kept images. */
  readonly complaints: readonly Complaint[];
}

export async function loadZones(
  zones: readonly ZoneFile[],
  served: readonly LoadedZone[] = [],
  keeping?: Keeping,
): Promise<Loaded> {
  const complaints: Complaint[] = [];
  const before = new Map(served.map((zone) => [zone.image.apexText, zone]));
  const jobs = jobsFor(zones, before, complaints);
  if (jobs.length === 0) return { zones: [], complaints, files: [] };
  const report = await runWorker({ jobs, keeping });
  const { results } = report;
  const loaded = ({ image: buffer, origin, from }: Made): LoadedZone => {
    const image = new Image(buffer);
    // The same memory, and so the same image.
    const known = from === 'served' ? before.get(image.apexText)?.image : undefined;
    return { image: known ?? image, origin, from };
  };
  return {
    zones: results.flatMap(({ made }) => (made === undefined ? [] : [loaded(made)])),
    complaints: [...complaints, ...report.complaints, ...results.flatMap((result) => result.complaints)],
    files: [...new Set(results.flatMap((result) => result.files))],
  };
}

function jobsFor(
  zones: readonly ZoneFile[],
  before: ReadonlyMap<string, LoadedZone>,
  complaints: Complaint[],
): LoadJob[] {
  const fileOf = new Map<string, string>();
  const complain = (file: string, text: string): void => {
    complaints.push({ file, line: 0, column: 0, severity: 'error', text });
  };
  return zones.flatMap(({ apex, file, root }): LoadJob[] => {
    const name = nameFromText(apex);
    if (name === undefined) {
      complain(file, `"${apex}" is no zone's name: expected labels of 1 to 63 bytes, 255 in all`);
      return [];
    }
    const text = nameText(name);
    const other = fileOf.get(text);
    if (other !== undefined) {
      complain(file, `the zone ${text} is given by ${other} already: expected one file for each zone`);
      return [];
    }
    fileOf.set(text, file);
    const served = before.get(text);
    const made = served && { image: served.image.buffer, origin: served.origin };
    return [{ apex: name, file, root, served: made }];
  });
}

function runWorker(order: LoadOrder): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./loader-worker.ts', import.meta.url), { workerData: order });
    let report: LoadReport | undefined;
    worker.on('message', (message: LoadReport) => {
      report = message;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (report !== undefined) resolve(report);
      else reject(new Error(`the loader ended without a result, with code ${code}`));
    });
  });
}
