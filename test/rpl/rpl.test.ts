/**
 * Scenario files in the grammar that Unbound's testbound and Deckard read: ours, each of them, and that the
 * runner says what is wrong, what differs, and what it cannot play.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseScenario } from './parse.ts';
import { judge } from './replay.ts';

const FOLDER = import.meta.dirname;
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.rpl'));
const textOf = (file: string): string => readFileSync(join(FOLDER, file), 'latin1');

describe('scenario files', () => {
  test('are there', () => expect(files.length).toBeGreaterThanOrEqual(12));
  test.each(files)('%s passes', async (file) => {
    expect(await judge(textOf(file))).toMatchObject({ kind: 'pass' });
  });
});

describe('the runner', () => {
  const walk = textOf('walk.rpl');

  test('tells what differs, where, and what was sent', async () => {
    const verdict = await judge(
      walk.replaceAll('300 IN A 203.0.113.80', '301 IN A 203.0.113.80').replace('301', '300'),
    );
    if (verdict.kind !== 'fail') throw new Error(`it should fail: ${verdict.kind}`);
    expect(verdict.lines[0]).toMatch(/^step 2, line \d+, CHECK_ANSWER:$/);
    expect(verdict.lines).toContain('- www.example.com. 301 a 203.0.113.80');
    expect(verdict.lines).toContain('+ www.example.com. 300 a 203.0.113.80');
    expect(verdict.lines.at(-1)).toBe('  → 192.0.2.2 udp www.example.com. A');
  });

  test.each([
    ['an RCODE', 'QR RD RA NOERROR', 'QR RD RA NXDOMAIN', '- NXDOMAIN'],
    [
      'an answer',
      'SECTION ANSWER\nwww.example.com. 200',
      'SECTION ANSWER\nwww.example.com. 199',
      '- www.example.com. 199 a',
    ],
    ['a query', 'STEP 4 QUERY', 'STEP 4 CHECK_OUT_QUERY', 'no such query was sent'],
    ['RD', 'REPLY RD\n', 'REPLY CD\n', 'a query without RD'],
  ])('fails for %s that is not there', async (_, line, instead, told) => {
    const verdict = await judge(walk.replace(line, instead));
    expect(verdict.kind === 'fail' && verdict.lines.join('\n')).toContain(told);
  });

  test('complains of all that is wrong in a file, by line', () => {
    const { complaints } = parseScenario(
      [
        'no colon',
        'CONFIG_END',
        'SCENARIO_BEGIN x',
        'RANGE_BEGIN 0',
        'ENTRY_BEGIN',
        'www A',
        'SECTION NOWHERE',
        'ENTRY_END',
        'STEP 1 QUERY',
        'RANGE_END',
        'STEP one QUERY',
        'STEP 1 QUERY',
        'STEP 2 TIME_PASSES',
        'STEP 3 QUERY',
        'ENTRY_BEGIN',
        'SECTION ANSWER',
        'a. IN A 1.2.3',
      ].join('\n'),
    );
    expect(complaints.map(({ line, expected }) => `${line} ${expected}`)).toEqual([
      '1 a key and a colon',
      '4 RANGE_BEGIN and two numbers of steps',
      '6 MATCH, ADJUST, REPLY, SECTION or ENTRY_END',
      '7 SECTION QUESTION, ANSWER, AUTHORITY, ADDITIONAL',
      '9 ADDRESS, ENTRY_BEGIN or RANGE_END',
      '11 STEP, a number, and what happens',
      '12 ENTRY_BEGIN after QUERY',
      '13 ELAPSE and seconds',
      '17 RDATA of A: an IPv4 address',
      '15 ENTRY_END before the end of the file',
    ]);
  });

  test.each([
    ['trust-anchor: ". DS 1 8 2 00"', 'needs DNSSEC validation'],
    ['cachedb-no-store: yes', 'sets cachedb-no-store, which is not known here'],
  ])('skips what it cannot play, and says why: %s', async (setting, why) => {
    const verdict = await judge(`server: ${setting}\n${walk}`);
    expect(verdict.kind === 'skip' && verdict.why).toContain(why);
  });

  test('skips a step that it does not know, by name', async () => {
    const verdict = await judge(walk.replace('STEP 3 TIME_PASSES ELAPSE 100', 'STEP 3 CHECK_TEMPFILE file'));
    expect(verdict).toMatchObject({ kind: 'skip', why: expect.stringContaining('STEP CHECK_TEMPFILE') });
  });

  test('does what a range says only from its first step to its last', async () => {
    const verdict = await judge(walk.replace('RANGE_BEGIN 0 1\n', 'RANGE_BEGIN 50 60\n'));
    expect(verdict.kind === 'fail' && verdict.lines.join('\n')).toContain('SERVFAIL');
  });
});
