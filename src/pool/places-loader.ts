/**
 * Databases of places to one table (pool/whereabouts), off the answering threads: a worker reads and compiles
 * them, hands back shared memory and complaints, and ends. When no file has changed the table stays. Who
 * calls decides on the complaints.
 */
import { stat } from 'node:fs/promises';
import type { Complaint } from '../zone/complaint.ts';
import { askWorker } from '../zone/worker.ts';
import type { DatabaseKind } from './place-fields.ts';

export interface PlaceFile {
  readonly kind: DatabaseKind;
  readonly file: string;
}

/** A database in the table, and when it was made, in seconds since 1970. */
export interface DatabaseAge {
  readonly kind: DatabaseKind;
  readonly builtSeconds: number;
}

export interface LoadedPlaces {
  readonly table: SharedArrayBuffer;
  readonly ages: readonly DatabaseAge[];
  /** Tells the files it was made of, and their state, from all others. */
  readonly print: string;
}

/** What the worker is given, and what it gives back. */
export interface PlaceOrder {
  readonly files: readonly PlaceFile[];
  readonly isStart: boolean;
}
export interface PlaceReport {
  /** Undefined where there is an error among the complaints. */
  readonly table: SharedArrayBuffer | undefined;
  readonly ages: readonly DatabaseAge[];
  readonly complaints: readonly Complaint[];
}

/** What the first file knows of an address comes before what others do. */
export async function loadPlaces(
  files: readonly PlaceFile[],
  served: LoadedPlaces | undefined,
  isStart: boolean,
): Promise<{ places: LoadedPlaces | undefined; complaints: readonly Complaint[] }> {
  if (files.length === 0) return { places: undefined, complaints: [] };
  // Before they are read: what changes meanwhile is then another.
  const print = (await Promise.all(files.map(printOf))).join();
  if (print === served?.print) return { places: served, complaints: [] };
  const order: PlaceOrder = { files, isStart };
  const worker = new URL('./places-loader-worker.ts', import.meta.url);
  const { table, ages, complaints } = await askWorker<PlaceReport>(worker, order);
  return { places: table && { table, ages, print }, complaints };
}

const printOf = ({ kind, file }: PlaceFile): Promise<string> =>
  stat(file, { bigint: true }).then(
    ({ dev, ino, size, ctimeNs }) => `${kind}:${file}:${dev}:${ino}:${size}:${ctimeNs}`,
    () => '',
  );
