/** Messages put together by hand, for what no encoder would write: each part as its bytes. */
import { readFileSync } from 'node:fs';
import { put16 } from '../../src/base/bytes.ts';
import { Class, Type, typeFromText } from '../../src/wire/codes.ts';
import { Flag } from '../../src/wire/message.ts';

export type Bytes = Uint8Array;

export const join = (...parts: (Bytes | readonly number[])[]): Bytes =>
  new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));

/** Sixteen bits each. */
export function words(...values: number[]): Bytes {
  const bytes = new Uint8Array(2 * values.length);
  values.forEach((value, i) => {
    put16(bytes, 2 * i, value);
  });
  return bytes;
}

export const header = (counts: readonly number[], flags = 0): Bytes => words(4711, flags, ...counts);
export const A_IN = words(Type.A, Class.IN);
export const WWW = Buffer.from('\x03www\x04test\x00', 'latin1');
export const query = (...extras: Bytes[]): Bytes =>
  join(header([1, 0, 0, extras.length]), WWW, A_IN, ...extras);
export const record = (owner: Bytes | readonly number[], type: number, rdata: Bytes, klass = 1): Bytes =>
  join(owner, words(type, klass, 0, 60, rdata.length), rdata);
export const opt = (options: Bytes = new Uint8Array(0), version = 0): Bytes =>
  join([0], words(Type.OPT, 1232, version, 0, options.length), options);
export const reply = (...answers: Bytes[]): Bytes =>
  join(header([1, answers.length, 0, 0], Flag.QR), WWW, A_IN, ...answers);
/** Points at the name asked, which stands behind the header. */
export const ASKED: readonly number[] = [0xc0, 12];

/** RDATA of every type that has a golden pair: sound, as long as it is whole. */
export const golden: readonly { type: string; code: number; rdata: Bytes }[] = [
  ...readFileSync('test/golden/rdata/types.txt', 'utf8').matchAll(/^([A-Z0-9]+) .*\n {2}> ([0-9a-f]*)$/gm),
]
  .map(([, type = '', hex = '']) => ({ type, code: typeFromText(type) ?? 0, rdata: Buffer.from(hex, 'hex') }))
  .filter(({ code }) => code !== Type.OPT);
