/**
 * The forms that values of a POOL record's attributes take (wire/pool has their layout). Lists have one form
 * on the wire: rising, so nothing stands in them twice, whatever order they were written in.
 */
import { type Bytes, put32, u8, u32 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, ipText, parseIpv4, parseIpv6 } from '../base/ip.ts';
import { CHECK_NAME_BYTES_MAX, POOL_CHECKS_MAX, WARM_UP_SECONDS_MAX } from '../base/limits.ts';
import { textOf } from './entry.ts';
import { decimal, periodSeconds } from './kinds-number.ts';
import { isPlace, PLACE_CHARS_MAX } from './pool-places.ts';
import type { ValueForm } from './svcb-values.ts';

function bytesOf(value: number, size: number): Bytes {
  const bytes = new Uint8Array(4);
  put32(bytes, 0, value);
  return bytes.subarray(4 - size);
}

function valueAt(b: Bytes, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end; i++) value = value * 256 + u8(b, i);
  return value;
}

const number = (size: number, min: number, max: number, expected: string): ValueForm => ({
  expected,
  valid: (b, at, end) => end - at === size && valueAt(b, at, end) >= min && valueAt(b, at, end) <= max,
  print: (b, at, end) => `${valueAt(b, at, end)}`,
  read(value) {
    const found = decimal(value, max);
    return found === undefined ? expected : bytesOf(found, size);
  },
});

export const weight = number(2, 0, 0xffff, 'a weight from 0 to 65535');
/** The last is kept for HTTPS, where a priority is one more. */
export const tier = number(2, 0, 0xfffe, 'a tier from 0 to 65534');
export const port = number(2, 1, 0xffff, 'a port number from 1 to 65535');
export const answers = number(1, 1, 255, 'a number of answers from 1 to 255');

const seconds = `a time of at most ${WARM_UP_SECONDS_MAX} seconds, such as 30 or 2m`;
export const warmUp: ValueForm = {
  ...number(4, 0, WARM_UP_SECONDS_MAX, seconds),
  read(value) {
    const found = periodSeconds(value);
    return found === undefined ? seconds : bytesOf(found, 4);
  },
};

const percent = number(1, 0, 100, 'a share from 0 to 100 percent');
export const share: ValueForm = {
  ...percent,
  print: (b, at, end) => `${percent.print(b, at, end)}%`,
  read: (value) => percent.read(value.at(-1) === 0x25 ? value.subarray(0, -1) : value),
};

/** One of some words, as one byte. */
export const oneOf = (words: Readonly<Record<string, number>>): ValueForm => {
  const texts = new Map(Object.entries(words).map(([text, code]) => [code, text]));
  const expected = [...texts.values()].join(', ').replace(/, ([^,]*)$/, ' or $1');
  return {
    expected,
    valid: (b, at, end) => end - at === 1 && texts.has(u8(b, at)),
    print: (b, at) => texts.get(u8(b, at)) as string,
    read(value) {
      const word = textOf(value);
      return Object.hasOwn(words, word) ? Uint8Array.of(words[word] as number) : expected;
    },
  };
};

/** How the items of a list lie on the wire, and how one is written. */
interface Items {
  readonly expected: string;
  /** Bytes of a well-formed item at `at`, or 0. */
  readonly size: (b: Bytes, at: number, end: number) => number;
  readonly print: (b: Bytes, at: number, end: number) => string;
  readonly read: (text: string) => Bytes | undefined;
}

/** Of items that rise, byte for byte. */
const list = ({ expected, size, print, read }: Items): ValueForm => ({
  expected,
  valid(b, at, end) {
    let before = at;
    for (let i = at; i < end; ) {
      const bytes = size(b, i, end);
      if (bytes === 0 || (i > at && !rises(b, before, i, i + bytes))) return false;
      before = i;
      i += bytes;
    }
    return end > at;
  },
  print(b, at, end) {
    const texts: string[] = [];
    for (let i = at; i < end; i += size(b, i, end)) texts.push(print(b, i, i + size(b, i, end)));
    return texts.join(',');
  },
  read(value) {
    const items: Bytes[] = [];
    const wrong: string[] = [];
    for (const text of textOf(value).split(',')) {
      const item = read(text);
      if (item === undefined) wrong.push(text);
      else items.push(item);
    }
    if (wrong.length > 0) return items.length === 0 ? expected : expected + whichText(wrong);
    items.sort(Buffer.compare);
    const twice = items.findIndex((item, i) => i > 0 && Buffer.compare(item, items[i - 1] as Bytes) === 0);
    if (twice < 0) return Buffer.concat(items);
    const item = items[twice] as Bytes;
    return `${print(item, 0, item.length)} only once in the list`;
  },
});

/** Which of a list, where all of it is short and can be shown. */
const whichText = (wrong: readonly string[]): string =>
  /^[!-~]{1,40}$/.test(wrong.join()) && wrong[0] !== '' ? ` (not ${wrong.join(', ')})` : '';

/** Whether the item in [at, end) is greater than the one that ends before it. */
function rises(b: Bytes, before: number, at: number, end: number): boolean {
  for (let i = 0; at + i < end; i++) {
    if (before + i === at) return true;
    if (b[before + i] !== b[at + i]) return u8(b, before + i) < u8(b, at + i);
  }
  return false;
}

const counted = (expected: string, most: number, isItem: (text: string) => boolean): Items => ({
  expected,
  size(b, at, end) {
    const next = at + 1 + u8(b, at);
    return next <= end && u8(b, at) <= most && isItem(textOf(b.subarray(at + 1, next))) ? next - at : 0;
  },
  print: (b, at, end) => textOf(b.subarray(at + 1, end)),
  read: (text) =>
    text.length <= most && isItem(text) ? Uint8Array.of(text.length, ...Buffer.from(text)) : undefined,
});

const places = list(
  counted('places such as EU, US, US-CA or *, with commas between', PLACE_CHARS_MAX, isPlace),
);
export const geo: ValueForm = {
  ...places,
  read: (value) => places.read(Buffer.from(textOf(value).toUpperCase(), 'latin1')),
};

/** What a check may be called. */
const isCheckName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text);
const CHECKS = `at most ${POOL_CHECKS_MAX} names of checks (letters, digits, . _ -) with commas between`;
const checkNames = list(counted(CHECKS, CHECK_NAME_BYTES_MAX, isCheckName));
export const check: ValueForm = {
  ...checkNames,
  valid(b, at, end) {
    let count = 0;
    for (let i = at; i < end; i += 1 + u8(b, i)) count++;
    return count <= POOL_CHECKS_MAX && checkNames.valid(b, at, end);
  },
};

const FAMILY_BYTES: Readonly<Record<number, number>> = { 1: IPV4_BYTES, 2: IPV6_BYTES };

export const net = list({
  expected: 'prefixes such as 10.0.0.0/8 or 2001:db8::/32, with no bits set behind their length',
  size(b, at, end) {
    const bits = u8(b, at + 1);
    const bytes = 2 + ((bits + 7) >> 3);
    if (at + bytes > end || bits > 8 * (FAMILY_BYTES[u8(b, at)] ?? -1)) return 0;
    const isClear = bits % 8 === 0 || (u8(b, at + bytes - 1) & (0xff >> (bits % 8))) === 0;
    return isClear ? bytes : 0;
  },
  print(b, at, end) {
    const address = new Uint8Array(FAMILY_BYTES[u8(b, at)] as number);
    address.set(b.subarray(at + 2, end));
    return `${ipText(address)}/${u8(b, at + 1)}`;
  },
  read(text) {
    const [, written = '', length] = /^([0-9a-fA-F.:]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
    const address = parseIpv4(written) ?? parseIpv6(written);
    if (address === undefined) return undefined;
    const bits = length === undefined ? 8 * address.length : Number(length);
    const bytes = (bits + 7) >> 3;
    if (bytes > address.length || address.subarray(bytes).some((byte) => byte !== 0)) return undefined;
    if (bits % 8 !== 0 && (u8(address, bytes - 1) & (0xff >> (bits % 8))) !== 0) return undefined;
    return Uint8Array.of(address.length === IPV4_BYTES ? 1 : 2, bits, ...address.subarray(0, bytes));
  },
});

export const asn = list({
  expected: 'numbers of autonomous systems, 1 to 4294967295, with commas between',
  size: (b, at, end) => (at + 4 <= end && u32(b, at) > 0 ? 4 : 0),
  print: (b, at) => `${u32(b, at)}`,
  read(text) {
    const found = decimal(Buffer.from(text.replace(/^AS/i, '')), 0xffff_ffff);
    return found === undefined || found === 0 ? undefined : bytesOf(found, 4);
  },
});

/** Of a degree. */
const UNITS = 100_000;
const LATITUDE_MAX = 90 * UNITS;
const LONGITUDE_MAX = 180 * UNITS;

const i32 = (b: Bytes, at: number): number => u32(b, at) | 0;

/** `-33.86` in units; undefined for what is no number of at most five places. */
function degrees(text: string, max: number): number | undefined {
  if (!/^[+-]?\d{1,3}(\.\d{1,5})?$/.test(text)) return undefined;
  const units = Math.round(Number(text) * UNITS);
  return Math.abs(units) <= max ? units : undefined;
}

export const near: ValueForm = {
  expected: 'LATITUDE,LONGITUDE in degrees of at most five places, such as 52.52,13.405',
  valid: (b, at, end) =>
    end - at === 8 && Math.abs(i32(b, at)) <= LATITUDE_MAX && Math.abs(i32(b, at + 4)) <= LONGITUDE_MAX,
  print: (b, at) => `${i32(b, at) / UNITS},${i32(b, at + 4) / UNITS}`,
  read(value) {
    const [latitude = '', longitude = '', ...more] = textOf(value).split(',');
    const down = degrees(latitude, LATITUDE_MAX);
    const right = degrees(longitude, LONGITUDE_MAX);
    if (down === undefined || right === undefined || more.length > 0) return near.expected;
    return Buffer.concat([bytesOf(down, 4), bytesOf(right, 4)]);
  },
};

/** Half of the way around the earth: more would say no more. */
const BIAS_KM_MAX = 20_000;

export const bias: ValueForm = {
  expected: `kilometres from -${BIAS_KM_MAX} to ${BIAS_KM_MAX}`,
  valid: (b, at, end) => end - at === 4 && Math.abs(i32(b, at)) <= BIAS_KM_MAX,
  print: (b, at) => `${i32(b, at)}`,
  read(value) {
    const text = textOf(value);
    return /^[+-]?\d{1,5}(km)?$/.test(text) ? bytesOf(Number.parseInt(text, 10), 4) : bias.expected;
  },
};
