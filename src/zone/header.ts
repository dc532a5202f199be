/**
 * What stands between an entry's owner and its RDATA: TTL and class, each if it is there, in either order,
 * and the type (RFC 1035 §5.1). One object is filled anew for each entry.
 */
import { isMetaType } from '../wire/codes.ts';
import { readClass, readTtl, readType, suggestType, TTL_SECONDS_MAX } from './mnemonics.ts';
import type { Scope } from './scope.ts';

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const DOLLAR = 0x24;

export class Header {
  /** -1 where the entry has none. */
  ttl = -1;
  klass = -1;
  classToken = 0;
  type = 0;
  /** The first token of RDATA. */
  rdataToken = 0;

  /** False, and a complaint, where there is no such header. */
  read(scope: Scope, first: number): boolean {
    const { text, starts, ends, count, quoted } = scope.lexer;
    this.ttl = -1;
    this.klass = -1;
    let token = first;
    for (; token < count && quoted[token] === 0; token++) {
      const from = starts[token] as number;
      const to = ends[token] as number;
      if (isDigit(text[from] as number)) {
        if (this.ttl >= 0) break;
        this.ttl = readTtl(text, from, to);
        if (this.ttl < 0) break;
        continue;
      }
      this.type = readType(text, from, to);
      if (this.type >= 0) {
        this.rdataToken = token + 1;
        return this.#isOfData(scope, token);
      }
      if (this.klass >= 0) break;
      this.klass = readClass(text, from, to);
      if (this.klass < 0) break;
      this.classToken = token;
    }
    this.#refuse(scope, token);
    return false;
  }

  #isOfData(scope: Scope, token: number): boolean {
    if (!isMetaType(this.type)) return true;
    scope.expected(token, 'a type that data can have');
    return false;
  }

  #refuse(scope: Scope, token: number): void {
    const { text, starts, count, quoted, indented } = scope.lexer;
    const byte = text[starts[token] as number] as number;
    if (token >= count) scope.expected(token, 'a type');
    else if (quoted[token] !== 0) scope.expected(token, 'a type without quotes');
    else if (indented && byte === DOLLAR) {
      scope.expected(token, 'a type, or this directive in the first column');
    } else if (this.ttl < 0 && isDigit(byte)) {
      scope.expected(token, `a type, or a TTL such as 3600 or 1h30m of at most ${TTL_SECONDS_MAX} seconds`);
    } else {
      scope.expected(token, 'a type', suggestType(scope.word(token)));
    }
  }
}
