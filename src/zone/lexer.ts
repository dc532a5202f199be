/**
 * Cuts a master file (RFC 1035 §5.1) into entries, and each entry into tokens, as offsets into the file's
 * bytes: no string and no object is made. An entry is a line, or several held together by parentheses.
 * Escapes stay in tokens as written; quotes around a whole token are left out, quotes inside one
 * (`alpn="h2,h3"`) stay. What cannot be cut is a `fault` of its entry, with its place, and the next entry
 * follows.
 */
import type { Bytes } from '../base/bytes.ts';
import { COMPLAINTS_MAX, ENTRY_BYTES_MAX } from '../base/limits.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const EQUALS = 0x3d;

/** What a byte may begin. */
const Kind = {
  WORD: 0,
  ESCAPE: 1,
  SPACE: 2,
  LINE: 3,
  QUOTE: 4,
  COMMENT: 5,
  OPEN: 6,
  CLOSE: 7,
  BINARY: 8,
} as const;
const KIND = new Uint8Array(256);
KIND.fill(Kind.BINARY, 0, SPACE);
KIND[0x7f] = Kind.BINARY;
for (const blank of [TAB, CR, SPACE]) KIND[blank] = Kind.SPACE;
KIND[LF] = Kind.LINE;
KIND[QUOTE] = Kind.QUOTE;
KIND[0x28] = Kind.OPEN;
KIND[0x29] = Kind.CLOSE;
KIND[0x3b] = Kind.COMMENT;
KIND[0x5c] = Kind.ESCAPE;

const TOKENS_EXPECTED = 64;
/** A token and what parts it from the next are two bytes at least. */
const TOKENS_MAX = ENTRY_BYTES_MAX / 2 + 1;
/** Bytes read anew behind parentheses left open: they would take a square of time otherwise. */
const RESCAN_BYTES_MAX = COMPLAINTS_MAX * ENTRY_BYTES_MAX;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export interface Place {
  readonly line: number;
  readonly column: number;
}

export class Lexer {
  readonly text: Bytes;
  /** Where the entry begins, and the line of that. */
  entryAt = 0;
  line: number;
  /** Blank first: the owner is that of the record before (RFC 1035 §5.1). */
  indented = false;
  /** Tokens of the entry, and where each begins, ends, and whether quotes were around it. */
  count = 0;
  starts = new Int32Array(TOKENS_EXPECTED);
  ends = new Int32Array(TOKENS_EXPECTED);
  quoted = new Uint8Array(TOKENS_EXPECTED);
  /** What was expected where the entry could not be cut; empty when it could. */
  fault = '';
  faultAt = 0;

  #at = 0;
  #nextLine: number;
  #depth = 0;
  #openAt = 0;
  #openLine = 0;
  #rescanBytesLeft = RESCAN_BYTES_MAX;

  constructor(text: Bytes, firstLine = 1) {
    const marked = BYTE_ORDER_MARK.every((byte, i) => text[i] === byte);
    const from = marked ? BYTE_ORDER_MARK.length : 0;
    // Not a `Buffer`, of which a view takes three times as long to make.
    this.text = new Uint8Array(text.buffer, text.byteOffset + from, text.length - from);
    this.line = firstLine;
    this.#nextLine = firstLine;
  }

  /** Moves to the next entry that is not blank; false at the end of the text. */
  next(): boolean {
    const { text } = this;
    while (this.#at < text.length) {
      this.count = 0;
      this.fault = '';
      this.entryAt = this.#at;
      this.line = this.#nextLine;
      this.indented = KIND[text[this.#at] as number] === Kind.SPACE;
      this.#depth = 0;
      this.#scan();
      if (this.#depth > 0) this.#reopen();
      else if (this.#at - this.entryAt > ENTRY_BYTES_MAX) {
        this.#fail(this.entryAt, `an entry of at most ${ENTRY_BYTES_MAX} bytes`);
      }
      if (this.count > 0 || this.fault !== '') return true;
    }
    return false;
  }

  /** Line and column of an offset in the entry. Columns count characters, as editors do. */
  place(at: number): Place {
    const { text } = this;
    let line = this.line;
    let column = 1;
    for (let i = this.entryAt; i < at; i++) {
      const byte = text[i] as number;
      if (byte === LF) {
        line++;
        column = 1;
      } else if ((byte & 0xc0) !== 0x80) column++;
    }
    return { line, column };
  }

  /** To the end of the entry: a line's end outside parentheses. */
  #scan(): void {
    const { text } = this;
    const end = text.length;
    let i = this.#at;
    while (i < end) {
      const kind = KIND[text[i] as number] as number;
      if (kind <= Kind.ESCAPE) {
        const from = i;
        i = this.#wordEnd(i);
        this.#token(from, i, 0);
      } else if (kind === Kind.SPACE) i++;
      else if (kind === Kind.LINE) {
        i++;
        this.#nextLine++;
        if (this.#depth === 0 || i - this.entryAt > ENTRY_BYTES_MAX) break;
      } else if (kind === Kind.COMMENT) i = this.#lineEnd(i);
      else i = this.#punctuation(kind, i);
    }
    this.#at = i;
  }

  #wordEnd(from: number): number {
    const { text } = this;
    const end = text.length;
    let i = from;
    while (i < end) {
      const kind = KIND[text[i] as number];
      if (kind === Kind.WORD) i++;
      else if (kind === Kind.ESCAPE) i = this.#escapeEnd(i);
      else if (kind === Kind.QUOTE && text[i - 1] === EQUALS) i = Math.min(this.#closingQuote(i) + 1, end);
      else break;
    }
    return i;
  }

  /** Behind a backslash and what it escapes; `\DDD` needs no more, its digits are plain. */
  #escapeEnd(at: number): number {
    const escaped = this.text[at + 1];
    return escaped === undefined || escaped === LF || escaped === CR ? at + 1 : at + 2;
  }

  /**
   * The place of the quote that ends what the one at `from` begins; a line's end, with a fault, if there is
   * none.
   */
  #closingQuote(from: number): number {
    const { text } = this;
    let i = from + 1;
    while (i < text.length) {
      const byte = text[i] as number;
      if (byte === QUOTE) return i;
      if (byte === LF) break;
      const kind = KIND[byte];
      if (kind === Kind.BINARY) this.#failByte(i);
      i = kind === Kind.ESCAPE ? this.#escapeEnd(i) : i + 1;
    }
    this.#fail(from, 'a closing quote on the same line as this opening one');
    return i - 1;
  }

  #lineEnd(from: number): number {
    const { text } = this;
    let i = from;
    while (i < text.length && text[i] !== LF) i++;
    return i;
  }

  #punctuation(kind: number, at: number): number {
    switch (kind) {
      case Kind.QUOTE: {
        const close = this.#closingQuote(at);
        this.#token(at + 1, Math.max(close, at + 1), 1);
        return close + 1;
      }
      case Kind.OPEN:
        if (this.#depth++ === 0) {
          this.#openAt = at;
          this.#openLine = this.#nextLine;
        }
        return at + 1;
      case Kind.CLOSE:
        if (this.#depth === 0) this.#fail(at, 'an opening parenthesis before this closing one');
        else this.#depth--;
        return at + 1;
      default:
        this.#failByte(at);
        return at + 1;
    }
  }

  /**
   * A parenthesis that never closes swallows entries that are fine or have faults of their own: reading goes
   * on at the next line that has an owner.
   */
  #reopen(): void {
    this.#fail(this.#openAt, 'a closing parenthesis for this opening one');
    const { text } = this;
    const stop = this.#at;
    let line = this.#openLine;
    for (let i = this.#lineEnd(this.#openAt); i < stop; i = this.#lineEnd(i + 1)) {
      line++;
      const kind = KIND[text[i + 1] as number];
      if (kind !== Kind.WORD && kind !== Kind.ESCAPE) continue;
      this.#rescanBytesLeft -= stop - i;
      if (this.#rescanBytesLeft < 0) return;
      this.#at = i + 1;
      this.#nextLine = line;
      return;
    }
  }

  #token(from: number, to: number, quoted: number): void {
    const index = this.count;
    if (index === TOKENS_MAX) return; // The entry is too long, and told to be at its end.
    if (index === this.starts.length) this.#widen();
    this.starts[index] = from;
    this.ends[index] = to;
    this.quoted[index] = quoted;
    this.count = index + 1;
  }

  #widen(): void {
    const room = this.starts.length * 2;
    const { starts, ends, quoted } = this;
    this.starts = new Int32Array(room);
    this.ends = new Int32Array(room);
    this.quoted = new Uint8Array(room);
    this.starts.set(starts);
    this.ends.set(ends);
    this.quoted.set(quoted);
  }

  #failByte(at: number): void {
    const code = String(this.text[at]).padStart(3, '0');
    this.#fail(at, `text and not the byte ${code}, which is written \\${code}`);
  }

  /** The first of an entry is told. */
  #fail(at: number, expected: string): void {
    if (this.fault !== '') return;
    this.fault = expected;
    this.faultAt = at;
  }
}
