/**
 * The worker's side of `pool/places-loader`: each database is read, and laid below those before it.
 */
import { readFileSync, statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PLACE_FILE_BYTES_MAX } from '../base/limits.ts';
import type { Complaint } from '../zone/complaint.ts';
import { systemText } from '../zone/files.ts';
import { giveWay } from '../zone/worker.ts';
import { type AddressRanges, type Database, readDatabase } from './database.ts';
import { placeFrom } from './place-fields.ts';
import { PlaceRows } from './place-rows.ts';
import type { DatabaseAge, PlaceFile, PlaceOrder, PlaceReport } from './places-loader.ts';
import { overlaid } from './ranges.ts';
import { makeWhereabouts } from './whereabouts-builder.ts';

const KNOWN = { country: 'countries', asn: 'autonomous systems', city: 'cities' } as const;

const complaints: Complaint[] = [];
const rows = new PlaceRows();

function complain(file: string, text: string): undefined {
  complaints.push({ file, line: 0, column: 0, severity: 'error', text });
}

function read({ kind, file }: PlaceFile): Database | undefined {
  const what = `a database of ${KNOWN[kind]} that can be read`;
  const bytes = bytesOf(file);
  if (typeof bytes === 'string') return complain(file, `expected ${what} (${bytes})`);
  let isOfUse = false;
  const ranges = readDatabase(bytes, (values, at) => {
    const row = rows.add(placeFrom(values, at, kind));
    isOfUse ||= row !== 0;
    return row;
  });
  if (typeof ranges === 'string') return complain(file, `expected ${what}: ${ranges}`);
  if (!isOfUse) return complain(file, `expected ${what}: it knows none`);
  return ranges;
}

function bytesOf(file: string): Buffer | string {
  try {
    const stats = statSync(file);
    // A pipe would be waited for.
    if (!stats.isFile()) return 'it is no file';
    if (stats.size > PLACE_FILE_BYTES_MAX) return `it is larger than ${PLACE_FILE_BYTES_MAX} bytes`;
    return readFileSync(file);
  } catch (error) {
    return systemText(error);
  }
}

function below(
  above: AddressRanges | undefined,
  added: AddressRanges,
  file: string,
): AddressRanges | undefined {
  if (above === undefined) return added;
  const v4 = overlaid(above.v4, added.v4, rows.joined);
  const v6 = overlaid(above.v6, added.v6, rows.joined);
  if (v4 !== undefined && v6 !== undefined) return { v4, v6 };
  return complain(file, 'has too many ranges of addresses together with the databases before it');
}

const order = workerData as PlaceOrder;
if (!order.isStart) giveWay();
let all: AddressRanges | undefined;
const ages: DatabaseAge[] = [];
for (const each of order.files) {
  const ranges = read(each);
  if (ranges === undefined) continue;
  ages.push({ kind: each.kind, builtSeconds: ranges.builtSeconds });
  all = below(all, ranges, each.file);
}
const isWhole = complaints.length === 0 && all !== undefined;
const table = isWhole && all ? makeWhereabouts(all.v4, all.v6, rows) : undefined;
parentPort?.postMessage({ table, ages, complaints } satisfies PlaceReport);
