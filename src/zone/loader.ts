/**
 * Zone files to images, off the answering threads: a worker parses, checks and compiles, hands back shared
 * memory and complaints, and ends, so that what loading needed goes back to the system. A zone whose files
 * are as they were is not made again: its image is the one that is served, or one kept on disk, which a start
 * takes without a worker. And one that differs in few names from what is served stays, to be changed. All
 * zones or none: who calls decides on `complaints`.
 */
import { setImmediate } from 'node:timers/promises';
import { nameFromText, nameText } from '../wire/name.ts';
import type { Catalog } from './catalog.ts';
import type { Complaint } from './complaint.ts';
import { Image, type ImageVersion } from './image.ts';
import type { Origin } from './kept.ts';
import type { Keeping, Recall } from './recall.ts';
import type { Change } from './thaw.ts';
import { askWorker } from './worker.ts';

export interface ZoneFile {
  /** Text of the apex; a final dot is optional. */
  readonly apex: string;
  readonly file: string;
  /** The folder that $INCLUDE may not leave. */
  readonly root: string;
}

/** What is answered from, and by the text of each apex what it was read from. */
export interface Served {
  readonly catalog: Catalog;
  readonly origins: ReadonlyMap<string, Origin>;
}

export interface LoadedZone {
  readonly image: Image;
  /** To be made of the image, which is then the one that is served. */
  readonly changes: readonly Change[];
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
  /** Of all zones that there will be. */
  readonly apexes: readonly Uint8Array[];
  readonly keeping: Keeping | undefined;
  /** Whether kept images of these zones were looked for already. */
  readonly isSought: boolean;
}
export interface LoadJob {
  readonly apex: Uint8Array;
  readonly file: string;
  readonly root: string;
  /** By name, those that members of pools can have; undefined where they are not known. */
  readonly checks: ReadonlySet<string> | undefined;
  /** What is being served, whose secondaries are to follow. */
  readonly served: (ImageVersion & { readonly origin: Origin | undefined }) | undefined;
}
export interface Made {
  /** Undefined where the one that is served stays. */
  readonly image: SharedArrayBuffer | undefined;
  readonly changes: readonly Change[];
  readonly origin: Origin;
  readonly from: 'served' | 'kept' | 'text';
}
export interface LoadResult {
  readonly made: Made | undefined;
  readonly complaints: readonly Complaint[];
  readonly files: readonly string[];
}
export interface LoadReport {
  /** One for each job. */
  readonly results: readonly LoadResult[];
  /** About kept images. */
  readonly complaints: readonly Complaint[];
}

/** `checks` are the names of health checks that the settings have. */
export async function loadZones(
  zones: readonly ZoneFile[],
  served?: Served,
  keeping?: Keeping,
  checks?: ReadonlySet<string>,
): Promise<Loaded> {
  const complaints: Complaint[] = [];
  const before = new Map(served?.catalog.images.map((image) => [image.apexText, image]));
  const jobs = jobsFor(zones, before, served?.origins, complaints).map((job) => ({ ...job, checks }));
  const { results, complaints: further } = await resultsOf(jobs, served === undefined, keeping);
  const loaded = results.flatMap(({ made }, i): LoadedZone[] => {
    const buffer = made?.image;
    const image = buffer ? new Image(buffer) : before.get(nameText((jobs[i] as LoadJob).apex));
    return made === undefined || image === undefined ? [] : [{ ...made, image }];
  });
  return {
    zones: loaded,
    complaints: [...complaints, ...further, ...results.flatMap((result) => result.complaints)],
    files: [...new Set(results.flatMap((result) => result.files))],
  };
}

/** Before anybody is answered nobody waits for this thread, and a worker is a fifth of a start. */
async function resultsOf(
  jobs: readonly LoadJob[],
  isStart: boolean,
  keeping: Keeping | undefined,
): Promise<LoadReport> {
  const apexes = jobs.map(({ apex }) => apex);
  if (!isStart || keeping === undefined || jobs.length === 0) {
    return askLoader({ jobs, apexes, keeping, isSought: false });
  }
  const { Recall } = await import('./recall.ts');
  const recall = new Recall(keeping, apexes);
  const found: (LoadResult | undefined)[] = [];
  for (const job of jobs) {
    found.push(recalled(recall, job));
    await setImmediate(); // A signal is heard between two zones.
  }
  const missing = jobs.filter((_, i) => found[i] === undefined);
  const order = { jobs: missing, apexes, keeping: recall.isPossible ? keeping : undefined, isSought: true };
  const made = await askLoader(order);
  const rest = made.results.values();
  return {
    results: found.map((result) => result ?? (rest.next().value as LoadResult)),
    complaints: [...recall.complaints, ...made.complaints],
  };
}

function recalled(recall: Recall, job: LoadJob): LoadResult | undefined {
  const found = recall.find(job);
  if (found === undefined) return undefined;
  const { content, complaints } = found.origin;
  const files = content.files.map(({ path }) => path);
  return { made: { ...found, changes: [], from: 'kept' }, complaints, files };
}

async function askLoader(order: LoadOrder): Promise<LoadReport> {
  if (order.jobs.length === 0) return { results: [], complaints: [] };
  return askWorker(new URL('./loader-worker.ts', import.meta.url), order);
}

function jobsFor(
  zones: readonly ZoneFile[],
  before: ReadonlyMap<string, Image>,
  origins: Served['origins'] | undefined,
  complaints: Complaint[],
): Omit<LoadJob, 'checks'>[] {
  const fileOf = new Map<string, string>();
  const complain = (file: string, text: string): void => {
    complaints.push({ file, line: 0, column: 0, severity: 'error', text });
  };
  return zones.flatMap(({ apex, file, root }): Omit<LoadJob, 'checks'>[] => {
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
    const old = before.get(text);
    const served = old && { buffer: old.buffer, end: old.end, origin: origins?.get(text) };
    return [{ apex: name, file, root, served }];
  });
}
