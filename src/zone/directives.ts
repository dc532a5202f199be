/**
 * Entries that begin with `$` in the first column: they say how to read what follows (RFC 1035 §5.1, RFC 2308
 * §4).
 */
import { nearest } from '../base/nearest.ts';
import type { Name } from '../wire/name.ts';
import { ZoneFiles } from './files.ts';
import { generate } from './generate.ts';
import { Lexer } from './lexer.ts';
import { readTtl, TTL_SECONDS_MAX } from './mnemonics.ts';
import type { Parser } from './parser.ts';
import type { Scope } from './scope.ts';

const DOLLAR = 0x24;

type Directive = (parser: Parser, scope: Scope) => void;

const directives: ReadonlyMap<string, Directive> = new Map([
  ['$ORIGIN', setOrigin],
  ['$TTL', setTtl],
  ['$INCLUDE', include],
  ['$GENERATE', generate],
]);

export const isDirective = ({ text, starts, quoted }: Lexer): boolean =>
  text[starts[0] as number] === DOLLAR && quoted[0] === 0;

export function obey(parser: Parser, scope: Scope): void {
  const word = scope.word(0).toUpperCase();
  const directive = directives.get(word);
  if (directive !== undefined) directive(parser, scope);
  else {
    const meant = nearest(word, directives.keys());
    const known = [...directives.keys()].join(', ');
    scope.expected(0, `one of ${known}`, meant === undefined ? '' : `; did you mean ${meant}?`);
  }
}

/** Complains of what the directive has no use for. */
function endsBehind(scope: Scope, tokens: number): boolean {
  if (scope.lexer.count <= tokens) return true;
  scope.expected(tokens, 'the end of the line');
  return false;
}

function setOrigin(_parser: Parser, scope: Scope): void {
  const origin = nameAt(scope, 1);
  if (origin !== undefined && endsBehind(scope, 2)) scope.setOrigin(origin);
}

function nameAt(scope: Scope, token: number): Uint8Array | undefined {
  if (token < scope.lexer.count) return scope.name(token);
  scope.expected(token, 'a domain name');
  return undefined;
}

function setTtl(parser: Parser, scope: Scope): void {
  const { text, starts, ends, count } = scope.lexer;
  const ttl = count < 2 ? -1 : readTtl(text, starts[1] as number, ends[1] as number);
  if (ttl < 0) scope.expected(1, `a TTL such as 3600 or 1h30m of at most ${TTL_SECONDS_MAX} seconds`);
  else if (endsBehind(scope, 2)) parser.defaultTtl = ttl;
}

function include(parser: Parser, scope: Scope): void {
  const { count } = scope.lexer;
  if (count < 2) scope.expected(1, 'the name of a file');
  if (count < 2 || !endsBehind(scope, 3)) return;
  const origin = count < 3 ? scope.origin : scope.name(2);
  if (origin !== undefined) readIncluded(parser, scope, origin);
}

function readIncluded(parser: Parser, scope: Scope, origin: Name): void {
  const path = ZoneFiles.pathOf(scope.word(1), scope.path);
  const text = parser.files?.openIncluded(path) ?? { expected: 'no file, as this text itself is in none' };
  if (text instanceof Uint8Array) {
    const number = parser.records.files.push(path) - 1;
    parser.read(scope.within(new Lexer(text), path, number, origin));
    parser.files?.close();
  } else scope.expected(1, text.expected);
}
