/**
 * Lists of `key=value` as RFC 9460 has them: on the wire a key and a length of two bytes each and the value,
 * keys strictly rising; in text one field each, in any order, with quotes and escapes around the value. Which
 * keys there are, and what form their values have, is told by whoever has such a list.
 */
import { type Bytes, u16 } from '../base/bytes.ts';
import { type Entry, textOf, unescaped } from './entry.ts';
import type { ValueForm } from './svcb-values.ts';

/** Bytes before a value: its key, and its length. */
export const KEY_VALUE_HEADER_BYTES = 4;

export interface Keys {
  /** Undefined where there is no such key here. */
  formOf(key: number): ValueForm | undefined;
  textOf(key: number): string;
  fromText(word: string): number | undefined;
  /** What was expected instead of a word that is no key. */
  expected(word: string): string;
}

/** RFC 9460 §2.2: each a key (2 bytes), a length (2) and a value; keys strictly rising, so never twice. */
export function scanKeyValues(keys: Keys, b: Bytes, at: number, end: number): number {
  let i = at;
  for (let lastKey = -1; i < end; ) {
    if (i + KEY_VALUE_HEADER_BYTES > end) return -1;
    const key = u16(b, i);
    const next = i + KEY_VALUE_HEADER_BYTES + u16(b, i + 2);
    if (key <= lastKey || next > end) return -1;
    if (keys.formOf(key)?.valid(b, i + KEY_VALUE_HEADER_BYTES, next) !== true) return -1;
    lastKey = key;
    i = next;
  }
  return i;
}

export function keyValuesText(keys: Keys, b: Bytes, at: number, end: number): string {
  const texts: string[] = [];
  for (let i = at; i < end; ) {
    const key = u16(b, i);
    const next = i + KEY_VALUE_HEADER_BYTES + u16(b, i + 2);
    const value = keys.formOf(key)?.print(b, i + KEY_VALUE_HEADER_BYTES, next);
    texts.push(value === '' ? keys.textOf(key) : `${keys.textOf(key)}=${value}`);
    i = next;
  }
  return texts.join(' ');
}

/** Takes all fields that are left; what is wrong with one is noted, and the next is read. */
export function takeKeyValues(keys: Keys, entry: Entry): void {
  const values = new Map<number, Bytes>();
  while (entry.more) takeOne(keys, entry, values);
  for (const [key, value] of [...values].sort(([a], [b]) => a - b)) {
    entry.put(key, 2);
    entry.put(value.length, 2);
    entry.putBytes(value);
  }
}

function takeOne(keys: Keys, entry: Entry, values: Map<number, Bytes>): void {
  const field = entry.take('');
  if (field === undefined) return;
  const text = textOf(field.bytes);
  if (text.startsWith('=')) {
    // What comes next is its value, and no field of its own.
    entry.reject('KEY=VALUE without blanks');
    return;
  }
  const [, word = '', written = ''] = /^([a-z0-9-]+)(?:=(.*))?$/s.exec(text) ?? [];
  const key = field.quoted ? undefined : keys.fromText(word);
  const form = key === undefined ? undefined : keys.formOf(key);
  if (key === undefined || form === undefined) {
    entry.note(keys.expected(field.quoted ? '' : word));
    return;
  }
  // RFC 9460 §2.1: behind `keyNNNNN` stands the wire form, even of a key that has a name.
  const wire = readValue(form, word, written, word === keys.textOf(key));
  if (typeof wire === 'string') entry.note(wire);
  if (values.has(key)) entry.note(`${word} only once`);
  values.set(key, typeof wire === 'string' ? NOTHING : wire);
}

const NOTHING = new Uint8Array(0);

/** Wire bytes, or what was expected. */
function readValue(form: ValueForm, word: string, written: string, isNamed: boolean): Bytes | string {
  const inner = unquoted(written);
  if (inner === undefined) return `${word}="…" with one pair of quotes around the value`;
  const value = unescaped(Buffer.from(inner, 'latin1'));
  if (value === undefined) return 'an escape \\DDD up to 255';
  const wire = isNamed ? form.read(value) : value;
  return typeof wire === 'string' || form.valid(wire, 0, wire.length) ? wire : form.expected;
}

/** The value without the quotes that may stand around it; undefined where they stand elsewhere. */
export const unquoted = (written: string): string | undefined =>
  /^"((?:[^"\\]|\\.)*)"$/s.exec(written)?.[1] ?? /^(?:[^"\\]|\\.)*$/s.exec(written)?.[0];
