/**
 * The rest of a zone-file entry on its way to RDATA: its fields go out one by one, bytes come in behind
 * each other. Like a `Reader` it remembers failure: behind what `reject` finds wrong `take` gives nothing,
 * `put` puts nothing, and a parser asks once at the end. Where the next field can be read whatever this one
 * is, `note` keeps the fault and goes on, so that all of an entry are told. One buffer serves all entries,
 * for one is parsed at a time.
 */
import type { Bytes } from '../base/bytes.ts';
import { ENTRY_FAULTS_MAX, MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { type Name, readEscape } from './name.ts';

/** Bytes between blanks (or inside quotes, quotes removed), escapes left as written; column from 1. */
export interface TextField {
  readonly bytes: Bytes;
  readonly quoted: boolean;
  readonly column: number;
}

export interface RdataFault {
  /** 0: at the end of the entry. */
  readonly column: number;
  /** Finishes the sentence "expected …". */
  readonly expected: string;
}

const SCRATCH = new Uint8Array(MESSAGE_BYTES_MAX);

export class Entry {
  /** In the order of the entry. */
  readonly faults: RdataFault[] = [];
  /** The name of the field being read, for the sentence of a fault. */
  what = 'field';
  readonly origin: Name;
  /** What is written so far is [0, length). */
  readonly out: Uint8Array = SCRATCH;
  length = 0;
  readonly #fields: readonly TextField[];
  #next = 0;
  /** What comes behind the last fault cannot be read. */
  #isOver = false;

  constructor(fields: readonly TextField[], origin: Name) {
    this.#fields = fields;
    this.origin = origin;
  }

  get more(): boolean {
    return !this.#isOver && this.#next < this.#fields.length;
  }

  /** The next field; where there is none, that is the fault. In `expected` % is the field's name. */
  take(expected: string): TextField | undefined {
    if (this.more) return this.#fields[this.#next++];
    this.#fail(0, expected);
    return undefined;
  }

  get isFaulty(): boolean {
    return this.faults.length > 0;
  }

  /** Faults the field taken last, and reads no more. */
  reject(expected: string): void {
    this.#fail(this.#fields[this.#next - 1]?.column ?? 0, expected);
  }

  /** Faults the field taken last; those behind it can be read, up to a bound. */
  note(expected: string): void {
    const isTooMuch = this.faults.length === ENTRY_FAULTS_MAX;
    this.reject(isTooMuch ? `at most ${ENTRY_FAULTS_MAX} mistakes in one entry` : expected);
    this.#isOver = isTooMuch;
  }

  /** Faults the whole. */
  miss(expected: string): void {
    this.#fail(0, expected);
  }

  #fail(column: number, expected: string): void {
    if (this.#isOver) return;
    const noun = `${/^[aeiou]/i.test(this.what) ? 'an' : 'a'} ${this.what}`;
    this.faults.push({ column, expected: expected.replace('%', noun) });
    this.#isOver = true;
  }

  /** What the next field means; what means nothing is a fault. */
  read<T>(expected: string, meaning: (text: Bytes) => T | undefined): T | undefined {
    const field = this.take(expected);
    const value = field && meaning(field.bytes);
    if (value === undefined) this.reject(expected);
    return value;
  }

  /** As `read`, of all fields left, glued together: hexadecimal and base64 may be in several runs. */
  readRest<T>(expected: string, meaning: (text: Bytes) => T | undefined): T | undefined {
    return this.read(expected, (first) => {
      if (!this.more) return meaning(first);
      const rest = this.#fields.slice(this.#next).map((field) => field.bytes);
      this.#next = this.#fields.length;
      return meaning(Buffer.concat([first, ...rest]));
    });
  }

  /** Room for `bytes` more at the offset returned; without room, a fault and a harmless offset. */
  grow(bytes: number): number {
    const at = this.length;
    if (at + bytes <= SCRATCH.length) {
      this.length += bytes;
      return at;
    }
    this.reject(`at most ${SCRATCH.length} bytes of data (RFC 1035 §3.2.1)`);
    return 0;
  }

  /** A number in network order; nothing for what a fault left undefined. */
  put(value: number | undefined, bytes: number): void {
    if (value === undefined) return;
    const at = this.grow(bytes);
    for (let i = at + bytes - 1, left = value; i >= at; i--) {
      this.out[i] = left;
      left = Math.floor(left / 256);
    }
  }

  putBytes(bytes: Bytes | undefined): void {
    if (bytes === undefined) return;
    const at = this.grow(bytes.length);
    if (!this.#isOver) this.out.set(bytes, at);
  }

  /** Their number in one byte, and the bytes. */
  putCounted(bytes: Bytes | undefined): void {
    this.put(bytes?.length, 1);
    this.putBytes(bytes);
  }
}

/** One char per byte, for text that is ASCII or not what it should be. */
export const textOf = (bytes: Bytes): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** The bytes that a text with escapes stands for (RFC 1035 §5.1); undefined at an escape that is none. */
export function unescaped(text: Bytes): Bytes | undefined {
  if (!text.includes(0x5c)) return text;
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; ) {
    const byte = text[i++] as number;
    if (byte !== 0x5c) {
      bytes[length++] = byte;
      continue;
    }
    const escaped = readEscape(text, i);
    if (escaped === undefined) return undefined;
    bytes[length++] = escaped.byte;
    i = escaped.next;
  }
  return bytes.subarray(0, length);
}

/** In quotes, with `"` and `\` escaped and `\DDD` for what is no printable ASCII. */
export function quotedText(bytes: Bytes, at: number, end: number): string {
  let text = '"';
  for (let i = at; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, '0')}`;
    else text += (byte === 0x22 || byte === 0x5c ? '\\' : '') + String.fromCharCode(byte);
  }
  return `${text}"`;
}
