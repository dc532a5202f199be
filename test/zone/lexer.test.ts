import { describe, expect, test } from 'vitest';
import { COMPLAINTS_MAX, ENTRY_BYTES_MAX } from '../../src/base/limits.ts';
import { Lexer } from '../../src/zone/lexer.ts';

/**
 * Entries as `line|tokens`, indented ones after a `>`, quoted tokens in quotes, faults as `!line:column
 * expected`.
 */
function entries(text: string): string[] {
  const lexer = new Lexer(Buffer.from(text, 'latin1'));
  const out: string[] = [];
  while (lexer.next()) {
    if (lexer.fault !== '') {
      const { line, column } = lexer.place(lexer.faultAt);
      out.push(`!${line}:${column} ${lexer.fault}`);
      continue;
    }
    const tokens = Array.from({ length: lexer.count }, (_, i) => {
      const token = Buffer.from(lexer.text.subarray(lexer.starts[i], lexer.ends[i])).toString('latin1');
      return lexer.quoted[i] === 0 ? token : `"${token}"`;
    });
    out.push(`${lexer.line}${lexer.indented ? '>' : '|'}${tokens.join('|')}`);
  }
  return out;
}

const OPEN = 'a closing parenthesis for this opening one';
const QUOTE = 'a closing quote on the same line as this opening one';

describe('entries and tokens [RFC 1035 §5.1]', () => {
  test.each([
    ['nothing', '', []],
    ['blank lines and comments', '\n  \n;x\n \t;y\n', []],
    ['tabs and blanks part tokens', 'a \t b\n', ['1|a|b']],
    ['the last line needs no end', 'a b', ['1|a|b']],
    ['CR is a blank', 'a\r\n\r\nb\r\n', ['1|a', '3|b']],
    ['a blank first means the owner before', ' a\n\tb\nc', ['1>a', '2>b', '3|c']],
    ['parentheses join lines', 'a ( b ; x\n\n c ) d\ne', ['1|a|b|c|d', '4|e']],
    ['a parenthesis parts tokens', 'a(b)c', ['1|a|b|c']],
    ['parentheses nest', 'a ((\n) b\n) c', ['1|a|b|c']],
    ['an empty pair is no entry', '()\n( \n )\na', ['4|a']],
    ['quotes keep blanks, semicolons, parentheses', '"a b;c(d" e', ['1|"a b;c(d"|e']],
    ['an empty token in quotes', 'a ""', ['1|a|""']],
    ['tokens in quotes need no blank between', '"a""b"c', ['1|"a"|"b"|c']],
    ['but behind anything else it begins the next token', 'a"b c"d', ['1|a|"b c"|d']],
    ['a quote behind an equals sign is of its token [RFC 9460 §2.1]', 'a="b c"d e', ['1|a="b c"d|e']],
    ['an escaped quote ends nothing', '"a\\"b" c\\"d e', ['1|"a\\"b"|c\\"d|e']],
    ['what is escaped parts nothing', 'a\\;b\\ c\\(d', ['1|a\\;b\\ c\\(d']],
    ['a backslash before a quote that is escaped too', '"a\\\\" b', ['1|"a\\\\"|b']],
    ['the end of a line cannot be escaped', 'a\\\nb\\\r\nc\\', ['1|a\\', '2|b\\', '3|c\\']],
    ['a comment needs no blank before', 'a;b\nc', ['1|a', '2|c']],
    ['binary in a comment', 'a ;\0\x01\nb', ['1|a', '2|b']],
  ])('%s', (_, text, expected) => expect(entries(text)).toEqual(expected));

  test('a byte order mark is no part of the first entry', () => {
    const lexer = new Lexer(Buffer.from('\ufeffab c'));
    expect(lexer.next()).toBe(true);
    expect([lexer.starts[1], lexer.place(3)]).toEqual([3, { line: 1, column: 4 }]);
  });

  test('columns count characters, not bytes', () => {
    const lexer = new Lexer(Buffer.from('(\nä€𝄞 x)'));
    expect(lexer.next()).toBe(true);
    expect(lexer.place(lexer.starts[1] as number)).toEqual({ line: 2, column: 5 });
  });

  test('an entry may have very many tokens', () => {
    const lexer = new Lexer(Buffer.from(`(${'a '.repeat(100_000)})`));
    expect([lexer.next(), lexer.count, lexer.next()]).toEqual([true, 100_000, false]);
  });
});

describe('what cannot be cut is told with its place, and the next entry follows', () => {
  test.each([
    ['a quote left open', 'a "b\nc', [`!1:3 ${QUOTE}`, '2|c']],
    ['at the end of the text', 'a "', [`!1:3 ${QUOTE}`]],
    ['inside a token', 'a b"c d\ne', [`!1:4 ${QUOTE}`, '2|e']],
    ['in a parenthesis, which goes on', 'a ( "b\nc )\nd', [`!1:5 ${QUOTE}`, '3|d']],
    [
      'a parenthesis left open: from the next owner on',
      'a (\n b\n c\nd e\nf',
      [`!1:3 ${OPEN}`, '4|d|e', '5|f'],
    ],
    ['no owner follows', 'a\nb (\n c\n', ['1|a', `!2:3 ${OPEN}`]],
    ['two of them', 'a (\nb (\nc', [`!1:3 ${OPEN}`, `!2:3 ${OPEN}`, '3|c']],
    ['the outermost is the place', 'a ( b\n ( c )\nd', [`!1:3 ${OPEN}`, '3|d']],
    ['one that was never opened', 'a )\nb', ['!1:3 an opening parenthesis before this closing one', '2|b']],
    ['a zero byte', 'a\0b\nc', ['!1:2 text and not the byte 000, which is written \\000', '2|c']],
    ['a byte in quotes', '"\x07"\nc', ['!1:2 text and not the byte 007, which is written \\007', '2|c']],
    ['the first of an entry', '\x01\x02', ['!1:1 text and not the byte 001, which is written \\001']],
  ])('%s', (_, text, expected) => expect(entries(text)).toEqual(expected));

  test('an entry has a greatest length', () => {
    const long = `a ${'x'.repeat(ENTRY_BYTES_MAX)}\nb`;
    expect(entries(long)).toEqual([`!1:1 an entry of at most ${ENTRY_BYTES_MAX} bytes`, '2|b']);
    const many = `a ${'x '.repeat(ENTRY_BYTES_MAX)}\nb`;
    expect(entries(many)).toEqual([`!1:1 an entry of at most ${ENTRY_BYTES_MAX} bytes`, '2|b']);
  });

  test('a parenthesis is not looked for behind that length', () => {
    const text = `a (\n${' x\n'.repeat(ENTRY_BYTES_MAX)} )\nb`;
    const [fault, ...rest] = entries(text);
    expect(fault).toBe(`!1:3 ${OPEN}`);
    expect(rest.at(-1)).toBe(`${ENTRY_BYTES_MAX + 3}|b`);
  });

  test('a file of nothing but open parentheses ends', () => {
    const found = entries('(\n'.repeat(ENTRY_BYTES_MAX));
    expect(found.length).toBeGreaterThan(1);
    const owners = entries('a (\n'.repeat(3 * COMPLAINTS_MAX));
    expect(owners).toHaveLength(3 * COMPLAINTS_MAX);
  });
});
