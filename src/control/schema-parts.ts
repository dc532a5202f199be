/**
 * The words of which the form of cairn.yaml is made: each takes one kind of value, and says what it expected
 * in the words of an operator.
 */
import { z } from 'zod';
import { PrefixSet } from '../base/prefix.ts';
import { nameFromText } from '../wire/name.ts';
import { DURATION, durationText, parseDurationMs, parseSizeBytes, SIZE } from './quantity.ts';

/** The end of "NAME: expected …, found …". */
export const expected = (what: string): { error: string } => ({ error: `expected ${what}` });

export const text = (what: string) => z.string(expected(what)).min(1, expected(what));
export const textOrOff = (what: string) =>
  z.union([text(what), z.literal(false)], expected(`${what}, or false for none`));
export const flag = z.boolean(expected('true or false'));
export const list = <T extends z.ZodType>(of: T, what: string) => z.array(of, expected(`a list of ${what}`));
export const table = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, expected('a table of keys'));

export function count(of: string, min: number, max: number) {
  const what = expected(`${of} from ${min} to ${max}`);
  return z.int(what).min(min, what).max(max, what);
}

export function duration(minMs: number, maxMs: number) {
  const what = expected(
    `a time from ${durationText(minMs)} to ${durationText(maxMs)}, such as 500ms, 5s or 2m`,
  );
  return z
    .string(what)
    .regex(DURATION, { ...what, abort: true })
    .refine((t) => (parseDurationMs(t) ?? 0) >= minMs && (parseDurationMs(t) ?? 0) <= maxMs, what)
    .transform((t) => parseDurationMs(t) as number);
}

export function size(minBytes: number) {
  const what = expected('a size of at least 1MB, such as 64MB or 1GB');
  return z
    .string(what)
    .regex(SIZE, { ...what, abort: true })
    .refine((t) => (parseSizeBytes(t) ?? 0) >= minBytes, what)
    .transform((t) => parseSizeBytes(t) as number);
}

/** Each member must pass by itself, so that a complaint can point at it. */
export const prefix = (what: string, also?: string) =>
  z
    .string(expected(what))
    .refine((t) => t === also || PrefixSet.parse([t]) instanceof PrefixSet, expected(what));

export const PREFIX = 'an address or a prefix, such as 192.0.2.0/24 or 2001:db8::/32';

export const name = z
  .string(expected('a domain name'))
  .refine(
    (t) => nameFromText(t) !== undefined,
    expected('a domain name of labels up to 63 bytes, 255 in all'),
  );

/** For a check of several keys of a table, which is made whatever is wrong with its other keys. */
export const whereRight = (...keys: readonly string[]) => ({
  when: ({ issues }: z.core.ParsePayload): boolean =>
    issues.every(({ code, path: [key] = [] }) =>
      key === undefined ? code === 'unrecognized_keys' : !keys.includes(String(key)),
    ),
});
