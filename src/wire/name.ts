/**
 * Names: wire bytes, lower-cased, with the root's zero at the end; from socket to socket they are nothing
 * else. Labels hold any byte (RFC 2181 §11). Only ASCII letters fold (RFC 4343 §3). Text exists at the edges:
 * zone files, logs, tools. The hash of a name is built from the root leftwards, so the hashes of all its
 * suffixes fall out of one pass.
 */
import { type Bytes, copy, copyOf } from '../base/bytes.ts';
import type { Reader } from './reader.ts';

/** An owned, absolute name: lower-case wire bytes, 1 to 255 of them. */
export type Name = Uint8Array;

export const NAME_BYTES_MAX = 255;
export const LABEL_BYTES_MAX = 63;
/** 127 labels of one byte and the root fill 255 bytes. */
export const LABELS_MAX = 127;
/** Each pointer goes strictly backwards, so a name of 127 labels needs no more than as many. */
const POINTERS_MAX = 127;

export const ROOT: Name = new Uint8Array(1);

/** A table and not `toLowerCase`, which would fold bytes above 127 too. */
export const FOLD = Uint8Array.from({ length: 256 }, (_, b) => (b >= 0x41 && b <= 0x5a ? b + 0x20 : b));

/** Bytes of the uncompressed name at `at`, its root included. */
export function nameLength(bytes: Bytes, at = 0): number {
  let end = at;
  for (let label = bytes[end] as number; label !== 0; label = bytes[end] as number) end += label + 1;
  return end - at + 1;
}

export function labelCount(bytes: Bytes, at = 0): number {
  let count = 0;
  for (let i = at, label = bytes[i] as number; label !== 0; label = bytes[i] as number) {
    i += label + 1;
    count++;
  }
  return count;
}

/** Writes the offset of each label, relative to `at`, and gives their number. `out` holds at least 127. */
export function labelOffsets(bytes: Bytes, at: number, out: Uint8Array): number {
  let count = 0;
  for (let i = at, label = bytes[i] as number; label !== 0; label = bytes[i] as number) {
    out[count++] = i - at;
    i += label + 1;
  }
  return count;
}

const HASH_SEED = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/** The hash of the root, from which every name's grows. */
export const ROOT_HASH = HASH_SEED;

/** The hash of `label` put in front of a name whose hash is `suffix`. Folds case. */
export function extendHash(suffix: number, bytes: Bytes, labelAt: number): number {
  const end = labelAt + 1 + (bytes[labelAt] as number);
  let h = Math.imul(suffix ^ (end - labelAt), HASH_PRIME);
  for (let i = labelAt + 1; i < end; i++) {
    h = Math.imul(h ^ (FOLD[bytes[i] as number] as number), HASH_PRIME);
  }
  return h ^ (h >>> 15);
}

const offsetsScratch = new Uint8Array(LABELS_MAX + 1);

export function nameHash(bytes: Bytes, at = 0): number {
  let h = ROOT_HASH;
  for (let i = labelOffsets(bytes, at, offsetsScratch) - 1; i >= 0; i--) {
    h = extendHash(h, bytes, at + (offsetsScratch[i] as number));
  }
  return h;
}

/** Compares two uncompressed names wherever they lie, without regard to case. */
export function sameName(a: Bytes, aAt: number, b: Bytes, bAt: number): boolean {
  const length = nameLength(a, aAt);
  for (let i = 0; i < length; i++) {
    if (FOLD[a[aAt + i] as number] !== FOLD[b[bAt + i] as number]) return false;
  }
  return true;
}

export const equalNames = (a: Name, b: Name): boolean => a.length === b.length && sameName(a, 0, b, 0);

/** An owned, lower-cased copy of the uncompressed name at `at`. */
export function ownName(bytes: Bytes, at = 0): Name {
  const name = copyOf(bytes, at, at + nameLength(bytes, at));
  for (let i = 0; i < name.length; i++) name[i] = FOLD[name[i] as number] as number;
  return name;
}

/** Whether a name is in lower case. No length of a label is a letter. */
export function isFolded(name: Bytes): boolean {
  for (let i = 0; i < name.length; i++) if (FOLD[name[i] as number] !== name[i]) return false;
  return true;
}

/** The name less its first label; the root is its own parent. */
export const parentName = (name: Name): Name =>
  name[0] === 0 ? ROOT : name.subarray((name[0] as number) + 1);

/** Whether `name` is `ancestor` or lies below it. */
export const isWithin = (name: Name, ancestor: Name): boolean => endsWith(name, name.length, ancestor);

/** The same of the first `length` bytes of `name`. */
function endsWith(name: Bytes, length: number, ancestor: Name): boolean {
  const from = length - ancestor.length;
  let at = 0;
  while (at < from) at += (name[at] as number) + 1;
  return at === from && sameName(name, at, ancestor, 0);
}

const keyScratch = Buffer.allocUnsafeSlow(NAME_BYTES_MAX);

/** A key for maps: one char per byte, so different bytes are always different keys. */
export function nameKey(name: Name): string {
  const { length } = name;
  // A view of it would be an object more than a name needs; of RDATA, which may be longer, it is cheaper.
  if (length > NAME_BYTES_MAX) return Buffer.from(name.buffer, name.byteOffset, length).toString('latin1');
  copy(name, 0, keyScratch, 0, length);
  return keyScratch.toString('latin1', 0, length);
}

const readScratch = new Uint8Array(NAME_BYTES_MAX);

/**
 * Reads a possibly compressed name (RFC 1035 §4.1.4) and leaves the cursor behind it. Pointers go strictly
 * backwards and are bounded; label types 01 and 10 are malformed. Case is kept: `ownName` folds it.
 * A malformed name fails the reader and is the root.
 */
export function readName(reader: Reader): Uint8Array {
  const length = readNameTo(readScratch, 0, reader);
  return length === 1 ? ROOT : readScratch.slice(0, length);
}

/** Leaves the cursor behind a name that `readName` would read, and fails the reader where it would. */
export function skipName(reader: Reader): void {
  readNameTo(readScratch, 0, reader);
}

/** The same; says whether it is `ancestor` or lies below it. */
export function skipNameWithin(reader: Reader, ancestor: Name): boolean {
  const length = readNameTo(readScratch, 0, reader);
  return endsWith(readScratch, length, ancestor);
}

/** Writes it to `out`, where 255 bytes are free from `outAt` on, and gives its length. */
export function readNameTo(out: Bytes, outAt: number, reader: Reader): number {
  const { bytes } = reader;
  let length = 0;
  let at = reader.at;
  let end = reader.end;
  let resumeAt = -1;
  for (let pointers = 0; ; ) {
    if (at >= end) break;
    const label = bytes[at] as number;
    if (label === 0) {
      reader.at = resumeAt < 0 ? at + 1 : resumeAt;
      out[outAt + length] = 0;
      return length + 1;
    }
    if (label >= 0xc0) {
      if (at + 2 > end || ++pointers > POINTERS_MAX) break;
      const target = ((label & 0x3f) << 8) | (bytes[at + 1] as number);
      if (target >= at || target < 12) break;
      if (resumeAt < 0) resumeAt = at + 2;
      end = at; // Only what came before this pointer can be its target.
      at = target;
      continue;
    }
    if (label > LABEL_BYTES_MAX || at + 1 + label > end) break;
    if (length + 1 + label + 1 > NAME_BYTES_MAX) break;
    for (let i = 0; i <= label; i++) out[outAt + length + i] = bytes[at + i] as number;
    length += label + 1;
    at += label + 1;
  }
  reader.fail();
  out[outAt] = 0;
  return 1;
}

/** RFC 1035 §5.1 specials, and what a reader of text would trip over. */
const MUST_ESCAPE = new Set([...'."\\;()@$'].map((c) => c.charCodeAt(0)));

function labelText(bytes: Bytes, at: number, length: number): string {
  let text = '';
  for (let i = at; i < at + length; i++) {
    const byte = bytes[i] as number;
    if (byte <= 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, '0')}`;
    else text += (MUST_ESCAPE.has(byte) ? '\\' : '') + String.fromCharCode(byte);
  }
  return text;
}

/** Master-file text with a final dot and the escapes of RFC 1035 §5.1 and RFC 4343 §2.1. */
export function nameText(bytes: Bytes, at = 0): string {
  if (bytes[at] === 0) return '.';
  let text = '';
  for (let i = at, label = bytes[i] as number; label !== 0; label = bytes[i] as number) {
    text += `${labelText(bytes, i + 1, label)}.`;
    i += label + 1;
  }
  return text;
}

/** Why a text is no name; the words finish the sentence "expected …". */
export type NameFault =
  | 'a label of 1 to 63 bytes'
  | 'a name of at most 255 bytes'
  | 'an escape \\DDD up to 255';

/**
 * Master-file bytes to wire, case kept. A name without a final dot is completed with `origin`. U-labels pass
 * untouched: their UTF-8 bytes are the label's bytes.
 */
export function parseName(text: Bytes, origin: Name): Uint8Array | NameFault {
  if (text.length === 1 && text[0] === 0x2e) return ROOT;
  const out = new Uint8Array(NAME_BYTES_MAX + 1);
  let labelAt = 0;
  let at = 1;
  let i = 0;
  let absolute = false;
  while (i < text.length) {
    let byte = text[i++] as number;
    if (byte === 0x2e) {
      const length = at - labelAt - 1;
      if (length < 1 || length > LABEL_BYTES_MAX) return 'a label of 1 to 63 bytes';
      out[labelAt] = length;
      labelAt = at++;
      absolute = i === text.length;
    } else {
      if (byte === 0x5c) {
        const escaped = readEscape(text, i);
        if (escaped === undefined) return 'an escape \\DDD up to 255';
        byte = escaped.byte;
        i = escaped.next;
      }
      out[at++] = byte;
    }
    if (at > NAME_BYTES_MAX) return 'a name of at most 255 bytes';
  }
  if (absolute) return out.slice(0, labelAt + 1);
  const length = at - labelAt - 1;
  if (length < 1 || length > LABEL_BYTES_MAX) return 'a label of 1 to 63 bytes';
  out[labelAt] = length;
  if (at + origin.length > NAME_BYTES_MAX) return 'a name of at most 255 bytes';
  out.set(origin, at);
  return out.slice(0, at + origin.length);
}

/** `\DDD` or `\X` after the backslash, by RFC 1035 §5.1; undefined when it is neither. */
export function readEscape(text: Bytes, at: number): { byte: number; next: number } | undefined {
  const first = text[at];
  if (first === undefined) return undefined;
  const isDigit = (b: number | undefined): boolean => b !== undefined && b >= 0x30 && b <= 0x39;
  if (!isDigit(first)) return { byte: first, next: at + 1 };
  if (!isDigit(text[at + 1]) || !isDigit(text[at + 2])) return undefined;
  const byte = (first - 0x30) * 100 + ((text[at + 1] ?? 0) - 0x30) * 10 + ((text[at + 2] ?? 0) - 0x30);
  return byte > 255 ? undefined : { byte, next: at + 3 };
}

/**
 * An absolute, lower-cased name from text that tools, tests and configuration give; undefined when it is
 * none.
 */
export function nameFromText(text: string): Name | undefined {
  const parsed = parseName(Buffer.from(text), ROOT);
  return typeof parsed === 'string' ? undefined : ownName(parsed);
}
