/**
 * `$GENERATE start-stop[/step] owner [ttl] [class] type rdata`, BIND's: one entry for each number of the
 * range, made as text and read like any other. RDATA is one field, in quotes where it has blanks (`"0
 * mail$"`), or several.
 */
import { GENERATE_BYTES_MAX, GENERATE_STEPS_MAX } from '../base/limits.ts';
import { Lexer } from './lexer.ts';
import type { Parser } from './parser.ts';
import { quote, Scope } from './scope.ts';
import { Template } from './template.ts';

const RANGE = /^(\d{1,10})-(\d{1,10})(?:\/(\d{1,10}))?$/;
const RANGE_TOKEN = 1;
const OWNER_TOKEN = 2;

interface Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** What a directive says, understood. */
interface Plan {
  readonly range: Range;
  readonly owner: Template;
  /** TTL, class and type, as written. */
  readonly header: string;
  readonly rdata: Template;
}

/** What all directives of one zone may still make. */
export class Allowance {
  steps = GENERATE_STEPS_MAX;
  bytes = GENERATE_BYTES_MAX;
}

export function generate(parser: Parser, scope: Scope): void {
  const plan = planOf(parser, scope);
  if (plan === undefined) return;
  const { range, owner, header, rdata } = plan;
  const errors = parser.report.errors;
  // One complaint will do: what is wrong with one step is most often wrong with the next.
  for (let at = range.start; at <= range.stop && parser.report.errors === errors; at += range.step) {
    const entry = `${owner.fill(at)} ${header} ${rdata.fill(at)}`;
    parser.allowance.bytes -= entry.length;
    if (parser.allowance.bytes >= 0) parser.read(new GeneratedScope(scope, entry));
    else scope.expected(0, `at most ${GENERATE_BYTES_MAX} bytes from $GENERATE in a zone`);
  }
}

function planOf(parser: Parser, scope: Scope): Plan | undefined {
  const range = rangeOf(scope, parser.allowance);
  const header = range && parser.headerOf(scope, OWNER_TOKEN + 1);
  if (range === undefined || header === undefined) return undefined;
  const { rdataToken } = header;
  const owner = templateOf(scope, OWNER_TOKEN, OWNER_TOKEN + 1, range);
  const rdata = owner && templateOf(scope, rdataToken, scope.lexer.count, range);
  if (owner === undefined || rdata === undefined) return undefined;
  return { range, owner, header: tokensText(scope, OWNER_TOKEN + 1, rdataToken), rdata };
}

function rangeOf(scope: Scope, allowance: Allowance): Range | undefined {
  const { count } = scope.lexer;
  const found = RANGE.exec(count > RANGE_TOKEN ? scope.word(RANGE_TOKEN) : '');
  const [start = 1, stop = 0, step = 0] = found?.slice(1).map((number = '1') => Number(number)) ?? [];
  if (start > stop || step === 0) {
    scope.expected(RANGE_TOKEN, 'a range such as 1-254 or 0-100/10, upwards');
    return undefined;
  }
  if (count <= OWNER_TOKEN) {
    scope.expected(OWNER_TOKEN, 'an owner name, a type and RDATA');
    return undefined;
  }
  allowance.steps -= Math.floor((stop - start) / step) + 1;
  if (allowance.steps >= 0) return { start, stop, step };
  scope.expected(RANGE_TOKEN, `at most ${GENERATE_STEPS_MAX} steps of $GENERATE in a zone`);
  return undefined;
}

function templateOf(scope: Scope, first: number, end: number, range: Range): Template | undefined {
  // BIND takes one field as RDATA and reads what is in its quotes as text.
  const bare = end - first === 1;
  const template = Template.parse(tokensText(scope, first, end, bare));
  if (template !== undefined && range.start + template.lowestOffset >= 0) return template;
  const wanted =
    'braces of offset,width,base: the number 0 or more, the width at most 255, the base d o x X n or N';
  scope.expected(first, wanted);
  return undefined;
}

/** Tokens as they could be written, one char for each byte. */
function tokensText(scope: Scope, first: number, end: number, bare = false): string {
  const { text, starts, ends, quoted } = scope.lexer;
  const words: string[] = [];
  for (let token = first; token < end; token++) {
    const word = Buffer.from(text.subarray(starts[token], ends[token])).toString('latin1');
    words.push(quoted[token] !== 0 && !bare ? `"${word}"` : word);
  }
  return words.join(' ');
}

/** Its complaints stand at the directive, and show the entry that it made. */
class GeneratedScope extends Scope {
  readonly #home: Scope;
  readonly #entry: string;

  constructor(home: Scope, entry: string) {
    const lexer = new Lexer(Buffer.from(entry, 'latin1'), home.lexer.line);
    super(lexer, home.path, home.file, home.origin, home.apex, home.report);
    this.#home = home;
    this.#entry = entry;
  }

  override error(_at: number, text: string): void {
    this.#home.error(this.#home.lexer.starts[0] as number, `${text}, in ${quote(this.#entry)}`);
  }

  override warning(_at: number, text: string): void {
    this.#home.warning(this.#home.lexer.starts[0] as number, `${text}, in ${quote(this.#entry)}`);
  }
}
