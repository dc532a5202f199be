/**
 * RDATA as people write it: zone-file fields to wire, wire to text that reads back to the same bytes and
 * looks as dig and BIND print it. Walks the row of `rdata`; any type takes and, where it has no text of its
 * own, gives the form `\# 4 0A000001` of RFC 3597 §5.
 */
import type { Bytes } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { typeText } from './codes.ts';
import { Entry, type RdataFault, type TextField } from './entry.ts';
import { KINDS } from './kinds.ts';
import { fromHex, sized, upperHex } from './kinds-binary.ts';
import { decimal } from './kinds-number.ts';
import type { Name } from './name.ts';
import { fieldNamesOf, layoutOf, validRdata } from './rdata.ts';

export type { RdataFault, TextField } from './entry.ts';

/** Presentation form to wire, or all that is wrong; `origin` completes relative names. */
export function parseRdata(
  type: number,
  fields: readonly TextField[],
  origin: Name,
): Uint8Array | readonly RdataFault[] {
  const entry = new Entry(fields, origin);
  if (isGeneric(fields[0])) {
    parseGeneric(type, entry);
  } else {
    const names = fieldNamesOf(type);
    layoutOf(type).forEach((kind, i) => {
      entry.what = names[i] as string;
      KINDS[kind].parse(entry);
    });
  }
  if (entry.more) {
    entry.take('');
    entry.reject('nothing more in this entry');
  }
  return entry.isFaulty ? entry.faults : entry.out.slice(0, entry.length);
}

/** `\#`, unquoted. */
const isGeneric = (field: TextField | undefined): boolean =>
  field !== undefined &&
  !field.quoted &&
  field.bytes.length === 2 &&
  field.bytes[0] === 0x5c &&
  field.bytes[1] === 0x23;

/** RFC 3597 §5: `\#`, the length in decimal, the bytes in hexadecimal; held to the row of the type. */
function parseGeneric(type: number, entry: Entry): void {
  entry.take('\\#');
  const length = entry.read(`the length of the data, 0 to ${MESSAGE_BYTES_MAX}`, (text) =>
    decimal(text, MESSAGE_BYTES_MAX),
  );
  if (length === undefined) return;
  const meaning = sized(fromHex, length, length);
  const bytes =
    entry.more || length > 0 ? entry.readRest(`${length} bytes in hexadecimal`, meaning) : NOTHING;
  if (bytes === undefined || validRdata(type, bytes)) entry.putBytes(bytes);
  else entry.reject(`well-formed ${typeText(type)} data`);
}

const NOTHING = new Uint8Array(0);

/** Presentation form on one line, names absolute. What the row forbids or has no text for comes as `\#`. */
export function rdataText(type: number, rdata: Uint8Array): string {
  if (!validRdata(type, rdata)) return genericText(rdata);
  const texts: string[] = [];
  let at = 0;
  for (const kind of layoutOf(type)) {
    const next = KINDS[kind].scan(rdata, at, rdata.length);
    const text = KINDS[kind].print(rdata, at, next);
    if (text === undefined) return genericText(rdata);
    if (text !== '') texts.push(text);
    at = next;
  }
  return texts.join(' ');
}

const genericText = (rdata: Bytes): string =>
  rdata.length === 0 ? '\\# 0' : `\\# ${rdata.length} ${upperHex(rdata)}`;
