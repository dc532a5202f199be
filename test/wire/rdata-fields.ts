/**
 * Cuts a line into fields as the zone-file lexer does: at blanks and parentheses, quotes off where they
 * stand around a field and kept where they are glued to a word.
 */
import { nameFromText } from '../../src/wire/name.ts';
import { parseRdata, type RdataFault, type TextField } from '../../src/wire/rdata-text.ts';

const FIELD = /"((?:[^"\\]|\\.)*)"(?!\S)|(?:[^\s"\\()]|\\[\s\S]|(?<=\S)"(?:[^"\\]|\\[\s\S])*")+/g;

export const fieldsOf = (line: string): TextField[] =>
  [...line.matchAll(FIELD)].map((match) => ({
    bytes: Buffer.from(match[1] ?? match[0]),
    quoted: match[1] !== undefined,
    column: match.index + 1,
  }));

export const ORIGIN = nameFromText('example.com.') as Uint8Array;

export const parseAll = (type: number, line: string): Uint8Array | readonly RdataFault[] =>
  parseRdata(type, fieldsOf(line), ORIGIN);

/** The bytes, or what is wrong first. */
export function parse(type: number, line: string): Uint8Array | RdataFault {
  const parsed = parseAll(type, line);
  return parsed instanceof Uint8Array ? parsed : (parsed[0] as RdataFault);
}

/** The bytes of a line that must be right. */
export function wireOf(type: number, line: string): Uint8Array {
  const parsed = parse(type, line);
  if (parsed instanceof Uint8Array) return parsed;
  throw new Error(`${line}: ${parsed.column}: expected ${parsed.expected}`);
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
