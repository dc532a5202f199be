/**
 * Places on Earth (RFC 1876): `51 30 12.748 N 0 7 39.611 W 0.00m 1m 10000m 10m`. 16 bytes: version 0; size
 * and two precisions, each a digit and a power of ten in centimetres; latitude and longitude in thousandths
 * of a second around 2^31; altitude in centimetres above 100 km below the sea.
 */
import { type Bytes, u32 } from '../base/bytes.ts';
import { type Entry, textOf } from './entry.ts';
import type { Kind } from './kind.ts';

const LOC_BYTES = 16;
const EQUATOR = 2 ** 31;
const SEA_LEVEL_CM = 10_000_000;
const DEGREE = 3_600_000;

/** RFC 1876 §2: two decimal digits; a zero digit only as a whole zero, so that one size has one form. */
const isSize = (byte: number): boolean =>
  byte === 0 || (byte >> 4 >= 1 && byte >> 4 <= 9 && (byte & 0xf) <= 9);

function scan(b: Bytes, at: number, end: number): number {
  if (at + LOC_BYTES > end || b[at] !== 0) return -1;
  for (let i = at + 1; i < at + 4; i++) if (!isSize(b[i] as number)) return -1;
  if (Math.abs(u32(b, at + 4) - EQUATOR) > 90 * DEGREE) return -1;
  if (Math.abs(u32(b, at + 8) - EQUATOR) > 180 * DEGREE) return -1;
  return at + LOC_BYTES;
}

function angleText(value: number, positive: string, negative: string): string {
  const size = Math.abs(value - EQUATOR);
  const degrees = Math.floor(size / DEGREE);
  const minutes = Math.floor((size % DEGREE) / 60_000);
  const seconds = ((size % 60_000) / 1000).toFixed(3);
  return `${degrees} ${minutes} ${seconds} ${value < EQUATOR ? negative : positive}`;
}

/** As BIND: whole metres without a fraction, less in centimetres. */
function sizeText(byte: number): string {
  const cm = (byte >> 4) * 10 ** (byte & 0xf);
  return cm >= 100 ? `${cm / 100}m` : `${(cm / 100).toFixed(2)}m`;
}

function print(b: Bytes, at: number): string {
  const latitude = angleText(u32(b, at + 4), 'N', 'S');
  const longitude = angleText(u32(b, at + 8), 'E', 'W');
  const altitude = ((u32(b, at + 12) - SEA_LEVEL_CM) / 100).toFixed(2);
  const sizes = [1, 2, 3].map((i) => sizeText(b[at + i] as number)).join(' ');
  return `${latitude} ${longitude} ${altitude}m ${sizes}`;
}

/** Degrees, then minutes and seconds if given, then the hemisphere. */
function takeAngle(entry: Entry, what: string, limit: number, letters: string): number {
  const expected = `a ${what} such as 51 30 12.748 ${letters[0]}`;
  const parts: number[] = [];
  for (;;) {
    const field = entry.take(expected);
    if (field === undefined) return 0;
    const text = textOf(field.bytes);
    const sign = text.length === 1 ? letters.indexOf(text.toUpperCase()) : -1;
    if (sign >= 0 && parts.length > 0) {
      const [degrees = 0, minutes = 0, seconds = 0] = parts;
      const size = degrees * DEGREE + minutes * 60_000 + Math.round(seconds * 1000);
      if (size > limit * DEGREE) entry.reject(`a ${what} of at most ${limit} degrees`);
      return sign === 0 ? EQUATOR + size : EQUATOR - size;
    }
    const pattern = parts.length < 2 ? /^\d{1,3}$/ : /^\d{1,2}(\.\d{1,3})?$/;
    const bound = parts.length === 0 ? limit + 1 : 60;
    if (parts.length > 2 || !pattern.test(text) || Number(text) >= bound) {
      entry.reject(expected);
      return 0;
    }
    parts.push(Number(text));
  }
}

/** Centimetres of `-24.5m`. */
function centimetres(text: Bytes): number | undefined {
  const match = /^(-?)(\d{1,8})(?:\.(\d{0,2}))?m?$/i.exec(textOf(text));
  if (match === null) return undefined;
  const size = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'));
  return match[1] === '-' ? -size : size;
}

function readAltitude(text: Bytes): number | undefined {
  const altitude = (centimetres(text) ?? Number.NaN) + SEA_LEVEL_CM;
  return altitude >= 0 && altitude < 2 ** 32 ? altitude : undefined;
}

/** The size byte: a distance loses all but its first digit. */
function readSize(text: Bytes): number | undefined {
  const cm = centimetres(text) ?? -1;
  if (cm < 0 || cm > 9e9) return undefined;
  const power = cm === 0 ? 0 : `${cm}`.length - 1;
  return (Math.floor(cm / 10 ** power) << 4) | power;
}

const takeSize = (entry: Entry, what: string, otherwise: number): number | undefined =>
  entry.more ? entry.read(`a ${what} of 0 to 90000000.00m`, readSize) : otherwise;

function parse(entry: Entry): void {
  const latitude = takeAngle(entry, 'latitude', 90, 'NS');
  const longitude = takeAngle(entry, 'longitude', 180, 'EW');
  const altitude = entry.read('an altitude of -100000.00m to 42849672.95m', readAltitude);
  entry.put(0, 1);
  // RFC 1876 §3: what the text leaves out.
  entry.put(takeSize(entry, 'size', 0x12), 1);
  entry.put(takeSize(entry, 'horizontal precision', 0x16), 1);
  entry.put(takeSize(entry, 'vertical precision', 0x13), 1);
  entry.put(latitude, 4);
  entry.put(longitude, 4);
  entry.put(altitude, 4);
}

export const location: Kind = { scan, print, parse };
