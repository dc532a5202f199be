/**
 * Kinds of field that are bytes without meaning here: hexadecimal, base64, base32, hardware addresses.
 */
import { type Bytes, toBase64, toHex } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { textOf } from './entry.ts';
import { type Kind, scanBytes, scanCounted, scanRest } from './kind.ts';
import { decimal } from './kinds-number.ts';

export const upperHex = (bytes: Bytes): string => toHex(bytes).toUpperCase();

export function fromHex(text: Bytes): Bytes | undefined {
  const bytes = Buffer.from(textOf(text), 'hex'); // It stops at the first pair that is none.
  return bytes.length * 2 === text.length ? bytes : undefined;
}

/** Canonical base64 only (RFC 4648 §3.5): what does not encode to the same text again is refused. */
export function fromBase64(text: Bytes): Bytes | undefined {
  const letters = textOf(text);
  const bytes = Buffer.from(letters, 'base64');
  return bytes.toString('base64') === letters ? bytes : undefined;
}

/** `meaning`, where it is of at least `least` bytes and at most 255 or `most`. */
export const sized =
  (meaning: (text: Bytes) => Bytes | undefined, least: number, most = 255) =>
  (text: Bytes): Bytes | undefined => {
    const bytes = meaning(text);
    return bytes !== undefined && bytes.length >= least && bytes.length <= most ? bytes : undefined;
  };

/** Everything to the end, in any number of runs of digits. */
const restHex = (least: number): Kind => {
  const meaning = sized(fromHex, least, MESSAGE_BYTES_MAX);
  return {
    scan: scanRest(least),
    print: (b, at, end) => upperHex(b.subarray(at, end)),
    parse: (entry) => entry.putBytes(entry.readRest('% in hexadecimal, two digits a byte', meaning)),
  };
};

export const hex = restHex(1);

/** A digest whose length follows from its type, the byte before it, where we know that type. */
const digest = (least: number, lengths: Readonly<Record<number, number>>): Kind => {
  const plain = restHex(least);
  return {
    ...plain,
    scan(b, at, end) {
      const wanted = lengths[b[at - 1] as number] ?? end - at;
      return end - at === wanted ? plain.scan(b, at, end) : -1;
    },
    parse(entry) {
      const start = entry.length;
      plain.parse(entry);
      const type = entry.out[start - 1] as number;
      const wanted = lengths[type] ?? entry.length - start;
      if (entry.length - start !== wanted) {
        entry.reject(`% of ${wanted} bytes, as type ${type} has, not ${entry.length - start}`);
      }
    },
  };
};

/** RFC 4034 §5.1.4, RFC 4509 §2.1, RFC 6605 §2; RFC 8078 §4 leaves type 0 open. */
export const dsDigest = digest(1, { 1: 20, 2: 32, 4: 48 });
/** RFC 4255 §3.1.2, RFC 6594 §4.1. */
export const sshFingerprint = digest(1, { 1: 20, 2: 32 });
/** RFC 8976 §2.2.4: never shorter than 12 bytes. */
export const zoneDigest = digest(12, { 1: 48, 2: 64 });

const restBase64 = (least: 0 | 1): Kind => {
  const meaning = sized(fromBase64, 1, MESSAGE_BYTES_MAX);
  return {
    scan: scanRest(least),
    print: (b, at, end) => toBase64(b.subarray(at, end)),
    parse(entry) {
      if (entry.more || least > 0) entry.putBytes(entry.readRest('% in base64', meaning));
    },
  };
};

export const base64 = restBase64(1);
/** RFC 4025 §2.6: no key at all, where the algorithm is 0. */
export const maybeBase64 = restBase64(0);

/** Two bytes of length; the text too has the length first, and nothing after a 0, as BIND prints TSIG. */
export const countedBase64: Kind = {
  scan(b, at, end) {
    const next = at + 2 + (((b[at] as number) << 8) | (b[at + 1] as number));
    return at + 2 <= end && next <= end ? next : -1;
  },
  print: (b, at, end) => (end - at === 2 ? '0' : `${end - at - 2} ${toBase64(b.subarray(at + 2, end))}`),
  parse(entry) {
    const length = entry.read('the length in bytes', (text) => decimal(text, MESSAGE_BYTES_MAX));
    entry.put(length, 2);
    if (length === undefined || length === 0) return;
    entry.putBytes(entry.read(`% of ${length} bytes in base64`, sized(fromBase64, length, length)));
  },
};

const readSalt = (text: Bytes): Bytes | undefined =>
  textOf(text) === '-' ? new Uint8Array(0) : sized(fromHex, 1)(text);

/** RFC 5155 §3.3: counted by a byte, a dash where it is empty. */
export const salt: Kind = {
  scan: scanCounted(0),
  print: (b, at, end) => (end - at === 1 ? '-' : upperHex(b.subarray(at + 1, end))),
  parse: (entry) =>
    entry.putCounted(entry.read('% in hexadecimal of at most 255 bytes, or - for none', readSalt)),
};

const BASE32_HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

function toBase32(bytes: Bytes): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32_HEX[(held >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + BASE32_HEX[(held << (5 - bits)) & 31] : text;
}

function fromBase32(text: Bytes): Bytes | undefined {
  const letters = textOf(text).toUpperCase();
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (const letter of letters) {
    const value = BASE32_HEX.indexOf(letter);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = held >> bits;
    }
  }
  return toBase32(bytes) === letters ? bytes : undefined;
}

/** RFC 5155 §3.3: base32 with the extended hex alphabet, no padding (RFC 4648 §7), counted by a byte. */
export const hash: Kind = {
  scan: scanCounted(1),
  print: (b, at, end) => toBase32(b.subarray(at + 1, end)),
  parse: (entry) => entry.putCounted(entry.read('% in base32hex of 1 to 255 bytes', sized(fromBase32, 1))),
};

/** RFC 7043 §3.2: pairs of digits with hyphens between. */
const hardwareAddress = (size: number): Kind => ({
  scan: scanBytes(size),
  print: (b, at, end) => toHex(b.subarray(at, end)).replace(/..(?=.)/g, '$&-'),
  parse: (entry) =>
    entry.putBytes(entry.read(`${size} bytes like 00-00-5e-00…`, sized(fromPairs, size, size))),
});

const fromPairs = (text: Bytes): Bytes | undefined =>
  /^..(-..)*$/.test(textOf(text)) ? fromHex(text.filter((byte) => byte !== 0x2d)) : undefined;

export const eui48 = hardwareAddress(6);
export const eui64 = hardwareAddress(8);
