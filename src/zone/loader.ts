/**
 * Zone files to images, off the answering threads: a worker parses, checks and compiles, hands back shared
 * memory and complaints, and ends, so that what loading needed goes back to the system. All zones or none:
 * who calls decides on `complaints`.
 */
import { nameFromText, nameText } from '../wire/name.ts';
import type { Catalog } from './catalog.ts';
import type { Complaint } from './complaint.ts';
import { Image, type ImageVersion } from './image.ts';
import type { Change } from './thaw.ts';
import { askWorker } from './worker.ts';

export interface ZoneFile {
  /** Text of the apex; a final dot is optional. */
  readonly apex: string;
  readonly file: string;
  /** The folder that $INCLUDE may not leave. */
  readonly root: string;
}

export interface Loaded {
  /** Of a zone that differs in few names from what is served: the served one. */
  readonly images: readonly Image[];
  /** What is to be changed of these. */
  readonly changes: ReadonlyMap<Image, readonly Change[]>;
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
  readonly served: ImageVersion | undefined;
}
export interface LoadResult {
  readonly image: SharedArrayBuffer | undefined;
  /** Instead of an image: what to change of the one served. */
  readonly changes: readonly Change[] | undefined;
  readonly complaints: readonly Complaint[];
  readonly files: readonly string[];
}

export async function loadZones(zones: readonly ZoneFile[], previous?: Catalog): Promise<Loaded> {
  const complaints: Complaint[] = [];
  const jobs = jobsFor(zones, previous, complaints);
  const changes = new Map<Image, readonly Change[]>();
  if (jobs.length === 0) return { images: [], changes, complaints, files: [] };
  const entry = new URL('./loader-worker.ts', import.meta.url);
  const results = await askWorker<readonly LoadResult[]>(entry, jobs);
  const served = servedZones(previous);
  const images = results.flatMap(({ image, changes: few }, i): Image[] => {
    if (image !== undefined) return [new Image(image)];
    const kept = served.get(nameText((jobs[i] as LoadJob).apex));
    if (few === undefined || kept === undefined) return [];
    changes.set(kept, few);
    return [kept];
  });
  return {
    images,
    changes,
    complaints: [...complaints, ...results.flatMap((result) => result.complaints)],
    files: [...new Set(results.flatMap((result) => result.files))],
  };
}

const servedZones = (catalog: Catalog | undefined): ReadonlyMap<string, Image> =>
  new Map(catalog?.images.map((image) => [image.apexText, image]));

function jobsFor(
  zones: readonly ZoneFile[],
  previous: Catalog | undefined,
  complaints: Complaint[],
): LoadJob[] {
  const served = servedZones(previous);
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
    const old = served.get(text);
    return [{ apex: name, file, root, served: old && { buffer: old.buffer, end: old.end } }];
  });
}
