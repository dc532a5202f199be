/**
 * Kinds of field that are names or text: domain names, character-strings (RFC 1035 §3.3), text to the end.
 */
import type { Bytes } from '../base/bytes.ts';
import { quotedText, unescaped } from './entry.ts';
import { type Kind, type Scan, scanCounted, scanMany, scanRest } from './kind.ts';
import { LABEL_BYTES_MAX, NAME_BYTES_MAX, nameText, parseName } from './name.ts';

const scanName: Scan = (bytes, at, end) => {
  for (let i = at; i < end && i - at < NAME_BYTES_MAX; ) {
    const label = bytes[i] as number;
    if (label === 0) return i + 1;
    if (label > LABEL_BYTES_MAX) return -1;
    i += label + 1;
  }
  return -1;
};

export const name: Kind = {
  scan: scanName,
  print: (b, at) => nameText(b, at),
  parse(entry) {
    const field = entry.take('% (a domain name)');
    if (field === undefined) return;
    const { bytes } = field;
    // RFC 1035 §5.1: a free-standing @ denotes the origin; a quoted one is a label.
    const isOrigin = bytes.length === 1 && bytes[0] === 0x40 && !field.quoted;
    const parsed = isOrigin ? entry.origin : parseName(bytes, entry.origin);
    if (typeof parsed === 'string') entry.reject(parsed);
    else entry.putBytes(parsed);
  },
};

/** Zero or more names, to the end. */
export const names: Kind = {
  scan: scanMany(scanName, 0),
  print(b, at, end) {
    const texts: string[] = [];
    for (let i = at; i < end; i = scanName(b, i, end)) texts.push(nameText(b, i));
    return texts.join(' ');
  },
  parse(entry) {
    while (entry.more) name.parse(entry);
  },
};

/** A <character-string>: a byte of length and as many bytes. */
export const string: Kind = {
  scan: scanCounted(0),
  print: (b, at, end) => quotedText(b, at + 1, end),
  parse(entry) {
    const bytes = entry.read('% with escapes \\DDD up to 255', unescaped);
    const size = bytes?.length ?? 0;
    if (size <= 255) entry.putCounted(bytes);
    else entry.reject(`% of at most 255 bytes, not ${size}: split it into several strings "…" "…"`);
  },
};

/** One or more, to the end. */
export const strings: Kind = {
  scan: scanMany(string.scan, 1),
  print(b, at, end) {
    const texts: string[] = [];
    for (let i = at; i < end; i = string.scan(b, i, end)) {
      texts.push(quotedText(b, i + 1, string.scan(b, i, end)));
    }
    return texts.join(' ');
  },
  parse(entry) {
    do string.parse(entry);
    while (entry.more);
  },
};

/** Text to the end, without a count: longer than 255 bytes it may be. */
const restText = (least: 0 | 1): Kind => ({
  scan: scanRest(least),
  print: quotedText,
  parse(entry) {
    const bytes = entry.read('% in quotes with escapes \\DDD up to 255', unescaped);
    if (bytes !== undefined && bytes.length < least) entry.reject('% that is not empty');
    else entry.putBytes(bytes);
  },
});

export const text = restText(0);
export const filledText = restText(1);

const isTagByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);

/** RFC 8659 §4.1: letters and digits of ASCII, counted by a byte. */
export const tag: Kind = {
  scan(b, at, end) {
    const next = scanCounted(1)(b, at, end);
    for (let i = at + 1; i < next; i++) if (!isTagByte(b[i] as number)) return -1;
    return next;
  },
  print: (b, at, end) => String.fromCharCode(...b.subarray(at + 1, end)),
  parse: (entry) => entry.putCounted(entry.read('% of 1 to 255 letters and digits, such as issue', readTag)),
};

const readTag = (text: Bytes): Bytes | undefined =>
  text.length >= 1 && text.length <= 255 && text.every(isTagByte) ? text : undefined;
