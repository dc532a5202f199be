/**
 * Zone files to images, off the answering threads: a worker parses, checks and compiles, hands back shared
 * memory and complaints, and ends, so that what loading needed goes back to the system. All zones or none:
 * who calls decides on `complaints`.
 */
import { Worker } from 'node:worker_threads';
import { nameFromText, nameText } from '../wire/name.ts';
import type { Catalog } from './catalog.ts';
import type { Complaint } from './complaint.ts';
import { Image } from './image.ts';

export interface ZoneFile {
  /** Text of the apex; a final dot is optional. */
  readonly apex: string;
  readonly file: string;
  /** The folder that $INCLUDE may not leave. */
  readonly root: string;
}

export interface Loaded {
  readonly images: readonly Image[];
  readonly complaints: readonly Complaint[];
  /** Every file read, included ones too. */
  readonly files: readonly string[];
}

/** What the worker is given for each zone, and what it gives back. */
export interface LoadJob {
  readonly apex: Uint8Array;
  readonly file: string;
  readonly root: string;
  /** The image being served, whose secondaries are to follow. */
  readonly served: SharedArrayBuffer | undefined;
}
export interface LoadResult {
  readonly image: SharedArrayBuffer | undefined;
  readonly complaints: readonly Complaint[];
  readonly files: readonly string[];
}

export async function loadZones(zones: readonly ZoneFile[], previous?: Catalog): Promise<Loaded> {
  const complaints: Complaint[] = [];
  const jobs = jobsFor(zones, previous, complaints);
  if (jobs.length === 0) return { images: [], complaints, files: [] };
  const results = await runWorker(jobs);
  const images = results.flatMap(({ image }) => (image === undefined ? [] : [new Image(image)]));
  return {
    images,
    complaints: [...complaints, ...results.flatMap((result) => result.complaints)],
    files: [...new Set(results.flatMap((result) => result.files))],
  };
}

function jobsFor(
  zones: readonly ZoneFile[],
  previous: Catalog | undefined,
  complaints: Complaint[],
): LoadJob[] {
  const served = new Map(previous?.images.map((image) => [image.apexText, image.buffer]));
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
    return [{ apex: name, file, root, served: served.get(text) }];
  });
}

function runWorker(jobs: readonly LoadJob[]): Promise<readonly LoadResult[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./loader-worker.ts', import.meta.url), { workerData: jobs });
    let results: readonly LoadResult[] | undefined;
    worker.on('message', (message: readonly LoadResult[]) => {
      results = message;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (results !== undefined) resolve(results);
      else reject(new Error(`the loader ended without a result, with code ${code}`));
    });
  });
}
