/**
 * What an entry of a zone file depends on besides itself: the origin, and the owner of the record before. An
 * included file has a scope of its own, so that both are what they were behind the $INCLUDE (RFC 1035 §5.1).
 * Complaints go out through the scope too, for it knows the file.
 */
import { type Name, nameHash, parseName, ROOT_HASH } from '../wire/name.ts';
import type { Lexer } from './lexer.ts';
import { isInZone } from './owner.ts';
import type { Report } from './report.ts';

/** No record came before. */
export const NO_OWNER = -1;
/** The owner has a fault that was told; its further records are read for their own faults only. */
export const FAULTY_OWNER = -2;

const FOUND_CHARS_MAX = 60;
const AT_SIGN = 0x40;

/** Text of the file in a complaint, which is one line: control characters come as `\DDD`. */
export const quote = (text: string): string => {
  const shown = text.length <= FOUND_CHARS_MAX ? text : `${text.slice(0, FOUND_CHARS_MAX)}…`;
  return `"${shown.replace(/\p{Cc}/gu, (c) => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`)}"`;
};

export class Scope {
  readonly lexer: Lexer;
  readonly apex: Name;
  /** As complaints have it, and its number in `Records.files`. */
  readonly path: string;
  readonly file: number;
  /** Id of the owner of the record before. */
  owner = NO_OWNER;
  origin: Name;
  originHash = ROOT_HASH;
  /** Whether names relative to the origin are of the zone: `$ORIGIN com.` is above it. */
  originInZone = false;
  readonly report: Report;

  constructor(lexer: Lexer, path: string, file: number, origin: Name, apex: Name, report: Report) {
    this.lexer = lexer;
    this.apex = apex;
    this.path = path;
    this.file = file;
    this.report = report;
    this.origin = origin;
    this.setOrigin(origin);
  }

  setOrigin(origin: Name): void {
    this.origin = origin;
    this.originHash = nameHash(origin);
    this.originInZone = isInZone(origin, 0, this.apex);
  }

  /** The scope of what another text brings in at this place. */
  within(lexer: Lexer, path: string, file: number, origin: Name): Scope {
    return new Scope(lexer, path, file, origin, this.apex, this.report);
  }

  /** The name that a token spells; none, and a complaint, where it is no name. */
  name(token: number): Uint8Array | undefined {
    const { text, starts, ends, quoted } = this.lexer;
    const from = starts[token] as number;
    const bytes = text.subarray(from, ends[token]);
    if (bytes.length === 1 && bytes[0] === AT_SIGN && quoted[token] === 0) return this.origin;
    const name = parseName(bytes, this.origin);
    if (typeof name !== 'string') return name;
    this.expected(token, name);
    return undefined;
  }

  /**
   * `expected` finishes the sentence; the token is what is there instead, or the entry has no such token.
   * `hint` comes last.
   */
  expected(token: number, expected: string, hint = ''): void {
    const { starts, ends, count } = this.lexer;
    if (token >= count) {
      this.error(ends[count - 1] as number, `expected ${expected}, found the end of the entry`);
      return;
    }
    this.error(starts[token] as number, `expected ${expected}, found ${quote(this.word(token))}${hint}`);
  }

  /** A token's text, for people. */
  word(token: number): string {
    const { text, starts, ends } = this.lexer;
    return Buffer.from(text.subarray(starts[token], ends[token])).toString();
  }

  /** `at` is an offset in the entry. */
  error(at: number, text: string): void {
    const { line, column } = this.lexer.place(at);
    this.report.error(this.path, line, column, text);
  }

  warning(at: number, text: string): void {
    const { line, column } = this.lexer.place(at);
    this.report.warning(this.path, line, column, text);
  }
}
