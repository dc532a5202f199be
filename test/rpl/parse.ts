/**
 * The text grammar that Unbound's testbound and Deckard use for their scenarios: settings up to `CONFIG_END`,
 * then `SCENARIO_BEGIN title`, ranges of what servers answer, steps, `SCENARIO_END`. In: the text. Out: the
 * scenario, or what is wrong with it, all of it, by line; or what is right and nothing that we can play.
 */
import {
  asName,
  type Context,
  isReplyWord,
  newContext,
  type Packet,
  questionFrom,
  type Record,
  recordFrom,
  SECTIONS,
  type Section,
} from './packet.ts';
import {
  type Complaint,
  type Entry,
  type Range,
  type Scenario,
  type Setting,
  STEP_KINDS,
  type Step,
  type StepKind,
  type Unknown,
} from './scenario.ts';

export interface Parsed {
  readonly scenario: Scenario;
  readonly complaints: readonly Complaint[];
  readonly unknowns: readonly Unknown[];
}

interface Line {
  readonly number: number;
  readonly words: readonly string[];
  readonly text: string;
}

const MATCH_WORDS = new Set(
  (
    'opcode qtype qname qcase subdomain all all_noedns ttl DO noedns rcode question answer ' +
    'authority additional flags edns UDP TCP'
  ).split(' '),
);
const ADJUST_WORDS = new Set(['copy_id', 'copy_query', 'do_not_answer', 'raw_data']);
const WITH_ENTRY = new Set<StepKind>(['QUERY', 'CHECK_ANSWER', 'CHECK_OUT_QUERY', 'REPLY']);

export const parseScenario = (text: string): Parsed => new Parser(text).parse();

class Parser {
  readonly #lines: Line[];
  readonly #complaints: Complaint[] = [];
  readonly #unknowns: Unknown[] = [];
  readonly #context: Context = newContext();
  #at = 0;

  constructor(text: string) {
    this.#lines = logicalLines(text);
  }

  parse(): Parsed {
    const settings = this.#settings();
    const ranges: Range[] = [];
    const steps: Step[] = [];
    let title = '';
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      const [word = ''] = line.words;
      if (word === 'SCENARIO_BEGIN') title = line.text.slice('SCENARIO_BEGIN'.length).trim();
      else if (word === 'SCENARIO_END') break;
      else if (word === 'RANGE_BEGIN') ranges.push(this.#range(line));
      else if (word === 'STEP') this.#step(line, steps);
      else if (!this.#directive(line)) this.#expected(line, 'RANGE_BEGIN, STEP or SCENARIO_END');
    }
    if (title === '') this.#complaints.push({ line: 1, expected: 'SCENARIO_BEGIN with a title' });
    const scenario = { title, settings, ranges, steps };
    return { scenario, complaints: this.#complaints, unknowns: this.#unknowns };
  }

  #next(): Line | undefined {
    return this.#lines[this.#at++];
  }

  #expected(line: Line, expected: string): void {
    this.#complaints.push({ line: line.number, expected });
  }

  #directive({ words: [word = '', value = ''] }: Line): boolean {
    if (word === '$ORIGIN') this.#context.origin = asName(value) ?? this.#context.origin;
    else if (word === '$TTL') this.#context.ttl = Number(value) || this.#context.ttl;
    else return false;
    return true;
  }

  /** `key: value` lines, several to a line where somebody liked it so. */
  #settings(): Setting[] {
    const settings: Setting[] = [];
    const hasConfig = this.#lines.some(({ words }) => words[0] === 'CONFIG_END');
    let section = 'server';
    for (let line = hasConfig ? this.#next() : undefined; line !== undefined; line = this.#next()) {
      if (line.words[0] === 'CONFIG_END') break;
      const text = line.text.replace(/(^|\s)#.*$/, '');
      const words = [...text.matchAll(/"([^"]*)"|\S+/g)].map((found) => found[1] ?? found[0]);
      for (let i = 0; i < words.length; ) {
        const key = /^([a-z][a-z0-9-]*):$/.exec(words[i++] ?? '')?.[1];
        if (key === undefined) {
          this.#expected(line, 'a key and a colon');
          break;
        }
        const values: string[] = [];
        while (i < words.length && !/^[a-z][a-z0-9-]*:$/.test(words[i] ?? '')) values.push(words[i++] ?? '');
        if (values.length === 0) section = key;
        settings.push({ section, key, value: values.join(' '), line: line.number });
      }
    }
    return settings;
  }

  #range(begin: Line): Range {
    const [from, to] = begin.words.slice(1).map(Number);
    if (from === undefined || to === undefined || Number.isNaN(from + to)) {
      this.#expected(begin, 'RANGE_BEGIN and two numbers of steps');
    }
    const addresses: string[] = [];
    const entries: Entry[] = [];
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      const [word = '', value = ''] = line.words;
      if (word === 'RANGE_END') return { from: from ?? 0, to: to ?? 0, addresses, entries };
      if (word === 'ADDRESS') addresses.push(value);
      else if (word === 'ENTRY_BEGIN') entries.push(this.#entry(line));
      else if (!this.#directive(line)) this.#expected(line, 'ADDRESS, ENTRY_BEGIN or RANGE_END');
    }
    this.#expected(begin, 'RANGE_END before the end of the file');
    return { from: from ?? 0, to: to ?? 0, addresses, entries };
  }

  #step(line: Line, steps: Step[]): void {
    const [, numberText = '', kindText = '', ...rest] = line.words;
    const number = Number(numberText);
    if (!Number.isInteger(number)) {
      this.#expected(line, 'STEP, a number, and what happens');
      return;
    }
    // What Unbound is told of a server's speed is for its own way of choosing.
    const kind = kindText === 'INFRA_RTT' ? 'NOTHING' : STEP_KINDS.find((each) => each === kindText);
    const next = this.#lines[this.#at];
    const begins = next?.words[0] === 'ENTRY_BEGIN';
    if (kind === undefined) {
      this.#unknowns.push({ line: line.number, what: `STEP ${kindText}` });
      this.#skipToStep();
      return;
    }
    if (WITH_ENTRY.has(kind) && !begins) {
      this.#expected(line, `ENTRY_BEGIN after ${kind}`);
      return;
    }
    if (begins) this.#at++;
    const entry = begins ? this.#entry(next as Line) : undefined;
    let words = rest;
    if (kind === 'TIME_PASSES' && this.#lines[this.#at]?.words[0] === 'ELAPSE')
      words = [...(this.#next()?.words ?? [])];
    const seconds = kind === 'TIME_PASSES' ? this.#elapsed(line, words) : 0;
    const address = words[words.indexOf('ADDRESS') + 1];
    const isTo = words.includes('ADDRESS');
    steps.push({ number, line: line.number, kind, entry, address: isTo ? address : undefined, seconds });
  }

  #elapsed(line: Line, words: readonly string[]): number {
    const seconds = Number(words[words.indexOf('ELAPSE') + 1]);
    if (words.includes('EVAL')) this.#unknowns.push({ line: line.number, what: 'TIME_PASSES EVAL' });
    else if (!words.includes('ELAPSE') || Number.isNaN(seconds)) this.#expected(line, 'ELAPSE and seconds');
    return Number.isNaN(seconds) ? 0 : seconds;
  }

  #skipToStep(): void {
    const isOwn = (word = ''): boolean =>
      word === 'STEP' || word === 'RANGE_BEGIN' || word === 'SCENARIO_END';
    while (this.#at < this.#lines.length && !isOwn(this.#lines[this.#at]?.words[0])) this.#at++;
  }

  #entry(begin: Line): Entry {
    const match = new Set<string>();
    const adjust = new Set<string>();
    const words = new Set<string>();
    const sections: { [Each in Section]: Record[] } = { ANSWER: [], AUTHORITY: [], ADDITIONAL: [] };
    let question: Packet['question'];
    let section: Section | 'QUESTION' | undefined;
    let hex: Uint8Array | undefined;
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      const [word = '', ...rest] = line.words;
      if (word === 'ENTRY_END') {
        return { line: begin.number, match, adjust, hex, packet: { words, question, sections } };
      }
      if (word === 'MATCH') this.#collect(line, rest, match, (each) => MATCH_WORDS.has(each));
      else if (word === 'ADJUST') this.#collect(line, rest, adjust, (each) => ADJUST_WORDS.has(each));
      else if (word === 'REPLY') this.#collect(line, rest, words, isReplyWord);
      else if (word === 'SECTION') section = this.#section(line, rest[0] ?? '');
      else if (word === 'HEX_ANSWER_BEGIN') hex = this.#hex();
      else if (this.#directive(line)) continue;
      else if (/^(HEX_EDNS_BEGIN|EXTRA_PACKET|MANDATORY|RAW|TSIG)/.test(word)) {
        this.#unknowns.push({ line: line.number, what: word });
      } else if (section === 'QUESTION') {
        const read = questionFrom(line.text, this.#context);
        if (typeof read === 'string') this.#expected(line, read);
        else question = read;
      } else if (section !== undefined) {
        const read = recordFrom(line.text, this.#context);
        if (typeof read === 'string') this.#expected(line, read);
        else sections[section].push(read);
      } else {
        this.#expected(line, 'MATCH, ADJUST, REPLY, SECTION or ENTRY_END');
      }
    }
    this.#expected(begin, 'ENTRY_END before the end of the file');
    return { line: begin.number, match, adjust, hex, packet: { words, question, sections } };
  }

  #section(line: Line, word: string): Section | 'QUESTION' | undefined {
    const section = word === 'QUESTION' ? word : SECTIONS.find((each) => each === word);
    if (section === undefined) this.#expected(line, `SECTION QUESTION, ${SECTIONS.join(', ')}`);
    return section;
  }

  #collect(
    line: Line,
    words: readonly string[],
    into: Set<string>,
    isKnown: (word: string) => boolean,
  ): void {
    for (const word of words) {
      if (isKnown(word)) into.add(word);
      else this.#unknowns.push({ line: line.number, what: `${line.words[0]} ${word}` });
    }
  }

  #hex(): Uint8Array {
    let digits = '';
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      if (line.words[0] === 'HEX_ANSWER_END') break;
      digits += line.text.replaceAll(/\s/g, '');
    }
    return Buffer.from(digits, 'hex');
  }
}

/** Without comments and blank lines; what is in parentheses is one line. */
function logicalLines(text: string): Line[] {
  const lines: Line[] = [];
  let open: { number: number; text: string } | undefined;
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const plain = withoutComment(raw).trim();
    if (plain === '') continue;
    const whole = open === undefined ? plain : `${open.text} ${plain}`;
    const number = open?.number ?? i + 1;
    const isOpen = /\(/.test(whole.replaceAll(/"[^"]*"/g, '')) && !/\)/.test(whole);
    open = isOpen && !whole.startsWith('SCENARIO_BEGIN') ? { number, text: whole } : undefined;
    if (open === undefined) lines.push({ number, text: whole, words: whole.split(/\s+/) });
  }
  return lines;
}

function withoutComment(line: string): string {
  if (/^\s*[;#]/.test(line)) return '';
  const quotedOr = /"(?:[^"\\]|\\.)*"|\\.|;.*$/g;
  return line.replaceAll(quotedOr, (found) => (found.startsWith(';') ? '' : found));
}
