/**
 * What a kind of RDATA field can do: be found on the wire, be written as text, be read from text. The kinds
 * live in the `kinds-…` files (and `bitmap`, `apl`, `loc`, `svcb`, which are worlds of their own); `rdata`
 * composes rows from them.
 */
import type { Bytes } from '../base/bytes.ts';
import type { Entry } from './entry.ts';

/**
 * The offset behind the field that starts at `at`, or -1 where the bytes up to `end` hold no such field.
 * Names are uncompressed. A kind whose form an earlier field decides may look at the bytes just before
 * `at`.
 */
export type Scan = (bytes: Bytes, at: number, end: number) => number;

export interface Kind {
  readonly scan: Scan;
  /** The field that lies exactly in [at, end) of RDATA that begins at 0; undefined where it has no text. */
  readonly print: (rdata: Bytes, at: number, end: number) => string | undefined;
  /** Takes fields and puts bytes. */
  readonly parse: (entry: Entry) => void;
}

export const scanBytes =
  (count: number): Scan =>
  (_bytes, at, end) =>
    at + count <= end ? at + count : -1;

/** A count in the byte before: at least `least` bytes. */
export const scanCounted =
  (least: number): Scan =>
  (bytes, at, end) => {
    const next = at + 1 + (bytes[at] as number);
    return at < end && next <= end && next > at + least ? next : -1;
  };

/** Everything to the end of the RDATA: at least `least` bytes. */
export const scanRest =
  (least: number): Scan =>
  (_bytes, at, end) =>
    at + least <= end ? end : -1;

/** One or more, each by `scan`, up to the end. `least` 0 allows none. */
export const scanMany =
  (scan: Scan, least: 0 | 1): Scan =>
  (bytes, at, end) => {
    let next = at;
    while (next >= 0 && next < end) next = scan(bytes, next, end);
    return next === at && least > 0 ? -1 : next;
  };
