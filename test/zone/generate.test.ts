import { describe, expect, test } from 'vitest';
import { GENERATE_BYTES_MAX, GENERATE_STEPS_MAX } from '../../src/base/limits.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import { Template } from '../../src/zone/template.ts';

const apex = nameFromText('example.') as Uint8Array;

function parse(text: string): { count: number; complaints: string[] } {
  const complaints: Complaint[] = [];
  const { count } = parseZoneText(apex, `$TTL 300\n${text}`, complaints);
  return { count, complaints: complaints.map(complaintText) };
}

/** Written with # for $, which tools take for a mistake. */
const template = (text: string): Template | undefined => Template.parse(text.replaceAll('#', '$'));

describe('a template, as BIND has them', () => {
  test.each([
    ['plain', 7, 'plain'],
    ['a#b', 7, 'a7b'],
    ['##', 7, '\\#'],
    ['\\#', 7, '\\#'],
    ['\\\\#', 7, '\\\\7'],
    ['###', 7, '\\#7'],
    ['####', 7, '\\#\\#'],
    ['#{0}', 7, '7'],
    ['#{-7}', 7, '0'],
    ['#{10,4}', 7, '0017'],
    ['#{0,1}', 777, '777'],
    ['#{0,3,d}', 7, '007'],
    ['#{0,3,o}', 8, '010'],
    ['#{0,3,x}', 171, '0ab'],
    ['#{0,3,X}', 171, '0AB'],
    ['#{0,0,n}', 0x1a, 'a.1'],
    ['#{0,1,n}', 0x1a, 'a.1'],
    ['#{0,3,n}', 0xa, 'a.0'],
    ['#{0,4,n}', 0xa, 'a.0.'],
    ['#{0,7,N}', 0x1a, 'A.1.0.0'],
    ['#-#{1}-#', 7, '7-8-7'],
    ['back\\', 7, 'back\\'],
  ])('%s with %d is %s', (text, step, expected) =>
    expect(template(text)?.fill(step)).toBe(expected.replaceAll('#', '$')),
  );

  test.each(['#{', '#{}', '#{a}', '#{0', '#{0,}', '#{0,256}', '#{0,1,q}', '#{0,1,d,1}', '#{ 0}'])(
    '%s is none',
    (text) => expect(template(text)).toBeUndefined(),
  );
});

describe('$GENERATE', () => {
  test('the records are of its line', () => {
    const records = parseZoneText(apex, '\n$GENERATE 1-2 a$ 60 A 192.0.2.$\n', []);
    expect([...records.line.subarray(0, 2)]).toEqual([2, 2]);
  });

  test('steps of one zone are bounded, all its directives together', () => {
    const half = GENERATE_STEPS_MAX / 2;
    const { count, complaints } = parse(
      ['a', 'b', 'c'].map((name) => `$GENERATE 1-${name === 'c' ? 1 : half} ${name}$ A 192.0.2.1\n`).join(''),
    );
    expect(count).toBe(GENERATE_STEPS_MAX);
    expect(complaints).toEqual([
      `zone:4:11: error: expected at most ${GENERATE_STEPS_MAX} steps of $GENERATE in a zone, found "1-1"`,
    ]);
  });

  test('a range is counted, not walked', () => {
    expect(parse('$GENERATE 0-9999999999 a$ A 192.0.2.1\n').complaints).toHaveLength(1);
    expect(parse('$GENERATE 0-9999999999/5000000000 a$ A 192.0.2.1\n').count).toBe(2);
  });

  test('the text it makes is bounded', () => {
    const strings = Math.ceil(GENERATE_BYTES_MAX / 1_000 / 250);
    const { complaints } = parse(`$GENERATE 1-1010 a$ TXT${` "${'x'.repeat(247)}"`.repeat(strings)}\n`);
    expect(complaints).toEqual([
      expect.stringContaining(`expected at most ${GENERATE_BYTES_MAX} bytes from $GENERATE in a zone`),
    ]);
  });

  test('what it makes is no directive, and includes nothing', () => {
    expect(parse('$GENERATE 1-1 $$INCLUDE A 192.0.2.1\n')).toEqual({ count: 1, complaints: [] });
  });

  test('one fault of many steps is told once', () => {
    expect(parse('$GENERATE 1-1000 a$ A 192.0.2.x$\n').complaints).toHaveLength(1);
  });

  test('many places in one template', () => {
    expect(parse(`$GENERATE 1-1 a TXT "${'$ '.repeat(120_000)}"\n`).complaints).toHaveLength(1);
  });
});
