/**
 * The lines of a list, each without what is blank around it and without a comment behind it, as places in
 * the list's bytes; and the names in them, which become rules or complaints.
 */
import type { Bytes } from '../base/bytes.ts';
import { NAME_BYTES_MAX, ROOT } from '../wire/name.ts';
import { writeOwner } from '../zone/owner.ts';
import { quote } from '../zone/scope.ts';
import { LeftOut } from './left-out.ts';
import type { Page } from './settings.ts';

const LF = 0x0a;
const HASH = 0x23;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;

/** What host names are made of (RFC 952, RFC 1123 §2.1), and the underscore of services. */
const IN_NAMES = new Uint8Array(256);
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.')
  IN_NAMES[char.charCodeAt(0)] = 1;

type Take = (lines: Lines, from: number, to: number) => void;

export class Lines {
  readonly text: Bytes;
  readonly #page: Page;
  readonly #leftOut: LeftOut;
  readonly #action: number;
  readonly #name = new Uint8Array(NAME_BYTES_MAX + 64);
  #line = 0;
  #lineAt = 0;
  #isFull = false;

  constructor(page: Page, action: number) {
    this.#page = page;
    const isMarked = BYTE_ORDER_MARK.every((byte, i) => page.text[i] === byte);
    this.text = isMarked ? page.text.subarray(BYTE_ORDER_MARK.length) : page.text;
    this.#leftOut = new LeftOut(page.report, page.file);
    this.#action = action;
  }

  read(take: Take): void {
    const { text } = this;
    for (let at = 0; at < text.length && !this.#isFull; ) {
      let end = text.indexOf(LF, at);
      if (end < 0) end = text.length;
      this.#line += 1;
      this.#lineAt = at;
      this.#trim(at, end, take);
      at = end + 1;
    }
    this.#leftOut.tell();
  }

  #trim(lineAt: number, lineEnd: number, take: Take): void {
    const { text } = this;
    let from = lineAt;
    while (from < lineEnd && isBlank(text[from])) from++;
    let to = from;
    while (to < lineEnd && !(text[to] === HASH && (to === from || isBlank(text[to - 1])))) to++;
    while (to > from && isBlank(text[to - 1])) to--;
    if (to > from) take(this, from, to);
  }

  /** A rule about the name in these bytes. */
  add(about: number, from: number, to: number): void {
    const length = this.#isHostName(from, to) ? writeOwner(this.text, from, to, ROOT, this.#name) : -1;
    if (length <= 1) {
      this.fault(from, to, 'a domain name of labels of 1 to 63 letters, digits, hyphens and underscores');
    } else if (!this.#page.builder.add(about, this.#name, 0, this.#action, this.#line)) {
      this.#isFull = true;
      this.fault(from, to, 'a list with fewer or shorter names: there is no room for this one');
    }
  }

  #isHostName(from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (IN_NAMES[this.text[i] as number] === 0) return false;
    return true;
  }

  leaveOut(kind: string): void {
    this.#leftOut.note(kind, this.#line);
  }

  word(from: number, to: number): string {
    return Buffer.from(this.text.subarray(from, to)).toString();
  }

  fault(from: number, to: number, expected: string): void {
    const column = Buffer.from(this.text.subarray(this.#lineAt, from)).toString().length + 1;
    const text = `expected ${expected}, found ${quote(this.word(from, to))}`;
    this.#page.report.error(this.#page.file, this.#line, column, text);
  }
}
