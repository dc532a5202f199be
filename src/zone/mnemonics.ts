/**
 * Types, classes and TTLs read straight from a file's bytes: what stands before RDATA in every entry makes no
 * string.
 */
import { assert } from '../base/assert.ts';
import type { Bytes } from '../base/bytes.ts';
import { nearest } from '../base/nearest.ts';
import { Class, classFromText, isMetaType, Type, typeFromText } from '../wire/codes.ts';
import { textOf } from '../wire/entry.ts';
import { periodSeconds } from '../wire/kinds-number.ts';
import { FOLD } from '../wire/name.ts';

/** RFC 2181 §8. */
export const TTL_SECONDS_MAX = 0x7fff_ffff;
/** The longest there are: `NSEC3PARAM`, `CLASS65535`. */
const WORD_BYTES_MAX = 10;
const DIGITS_MAX = 9;

function wordHash(text: Bytes, from: number, to: number): number {
  let h = to - from;
  for (let i = from; i < to; i++) h = (Math.imul(h, 37) + (FOLD[text[i] as number] as number)) & 0x3fff_ffff;
  return h;
}

class Mnemonics {
  readonly #byHash = new Map<number, { word: Bytes; code: number }>();
  readonly #general: (text: string) => number | undefined;

  /** `general` knows the forms with a number (RFC 3597 §5). */
  constructor(codes: Record<string, number>, general: (text: string) => number | undefined) {
    this.#general = general;
    for (const [text, code] of Object.entries(codes)) {
      const word = Buffer.from(text.toLowerCase());
      const hash = wordHash(word, 0, word.length);
      assert(!this.#byHash.has(hash), 'no two mnemonics share a hash');
      this.#byHash.set(hash, { word, code });
    }
  }

  /** The code of the word in bytes `from`…`to`, or -1. */
  read(text: Bytes, from: number, to: number): number {
    if (to - from > WORD_BYTES_MAX) return -1;
    const found = this.#byHash.get(wordHash(text, from, to));
    if (found !== undefined && isWord(text, from, to, found.word)) return found.code;
    const last = text[to - 1] as number;
    const isNumbered = last >= 0x30 && last <= 0x39;
    return isNumbered ? (this.#general(textOf(text.subarray(from, to))) ?? -1) : -1;
  }
}

function isWord(text: Bytes, from: number, to: number, word: Bytes): boolean {
  if (word.length !== to - from) return false;
  for (let i = 0; i < word.length; i++) if (FOLD[text[from + i] as number] !== word[i]) return false;
  return true;
}

const types = new Mnemonics(Type, typeFromText);
const classes = new Mnemonics(Class, classFromText);

export const readType = (text: Bytes, from: number, to: number): number => types.read(text, from, to);
export const readClass = (text: Bytes, from: number, to: number): number => classes.read(text, from, to);

/** Seconds of `3600` or `1h30m`; -1 for what is no TTL, or is longer than a TTL may be. */
export function readTtl(text: Bytes, from: number, to: number): number {
  let seconds = 0;
  for (let i = from; i < to; i++) {
    const digit = (text[i] as number) - 0x30;
    if (digit < 0 || digit > 9 || i - from >= DIGITS_MAX) {
      const period = periodSeconds(text.subarray(from, to)) ?? -1;
      return period <= TTL_SECONDS_MAX ? period : -1;
    }
    seconds = seconds * 10 + digit;
  }
  return seconds;
}

const DATA_TYPES = Object.entries(Type).flatMap(([text, type]) => (isMetaType(type) ? [] : [text]));

/** Any two letters are near some type. */
const SUGGEST_CHARS_MIN = 3;

/** `; did you mean AAAA?`, or nothing. */
export function suggestType(word: string): string {
  const meant = word.length < SUGGEST_CHARS_MIN ? undefined : nearest(word, DATA_TYPES);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}
