/**
 * `serve` read without yargs: where it is read at all, it is read as yargs reads it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import yargs from 'yargs';
import { PARSING, plainServe, SERVE, type Values } from '../../src/tools/words.ts';

const NAMES = Object.keys(SERVE);

/** What yargs makes of them; undefined where it refuses. */
function byYargs(words: readonly string[]): Values | undefined {
  try {
    const values = yargs([...words])
      .parserConfiguration(PARSING)
      .command('serve', '', (argv) => argv.options(SERVE))
      .strict()
      .help(false)
      .version(false)
      .exitProcess(false)
      .fail((message, error) => {
        throw error ?? new Error(message);
      })
      .parseSync() as Values;
    const known = NAMES.filter((name) => values[name] !== undefined);
    return Object.fromEntries(known.map((name) => [name, values[name]]));
  } catch {
    return undefined;
  }
}

describe('words of serve', () => {
  it('reads plain flags', () => {
    const words = 'serve --listen 127.0.0.1:53 --listen=[::1]:53 --zones z --zone a=b --no-recursion'.split(
      ' ',
    );
    expect(plainServe(words)).toEqual({
      ...{ listen: ['127.0.0.1:53', '[::1]:53'], zones: 'z', zone: ['a=b'], 'no-recursion': true },
    });
    expect(plainServe(['serve'])).toEqual({});
  });

  it('leaves to yargs what somebody has to be told about', () => {
    const odd = ['--help', '--version', '-h', 'more', '--listem a', '--config a --config b', '--config'];
    const odder = [
      '--listen --zones z',
      '--listen=-x',
      '--zones=',
      '--zones "a"',
      '--no-recursion=no',
      '-- a',
    ];
    for (const words of [...odd, ...odder]) {
      expect(plainServe(['serve', ...words.split(' ')]), words).toBe(undefined);
    }
    for (const words of [[], ['check'], ['--zones', 'z', 'serve'], ['serv']])
      expect(plainServe(words)).toBe(undefined);
  });

  it('is never of another mind than yargs', () => {
    const value = fc.oneof(
      fc.constantFrom(
        '1',
        '0x10',
        '1e3',
        'true',
        'false',
        '-',
        '--',
        '-1',
        '',
        'a=b',
        '=',
        '"a"',
        "'a",
        'a b',
        '[::1]:53',
      ),
      fc.string({ maxLength: 4 }),
    );
    const flag = fc
      .constantFrom(...NAMES, 'recursion', 'help', 'zone.a', 'noRecursion')
      .map((name) => `--${name}`);
    const word = fc.oneof(
      flag,
      value,
      fc.tuple(flag, value).map(([name, text]) => `${name}=${text}`),
    );
    const pair = fc.tuple(flag, value).map(([name, text]) => [name, text]);
    const words = fc
      .array(
        fc.oneof(
          pair,
          word.map((one) => [one]),
        ),
        { maxLength: 4 },
      )
      .map((parts) => parts.flat());
    let read = 0;
    fc.assert(
      fc.property(words, (some) => {
        const plain = plainServe(['serve', ...some]);
        if (plain === undefined) return;
        read++;
        expect(plain).toEqual(byYargs(['serve', ...some]));
      }),
      { numRuns: 400, seed: 3 },
    );
    expect(read).toBeGreaterThan(40);
  });
});
