import { describe, expect, test } from 'vitest';
import { Rcode, Type } from '../../src/wire/codes.ts';
import { nameText } from '../../src/wire/name.ts';
import { Query } from '../../src/wire/query.ts';

const QUESTION = '03777777 07657861 6d706c65 00 0001 0001';
const OPT = '00 0029 1000 00 00 8000 0000';
const header = (counts: string, flags = '0100'): string => `1267 ${flags} ${counts}`;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const read = (hex: string): { query: Query; verdict: number } => {
  const query = new Query();
  const packet = bytes(hex);
  return { query, verdict: query.read(packet, packet.length) };
};

describe('a query', () => {
  test('gives name, type, class, flags and where the question ends', () => {
    const { query, verdict } = read(`${header('0001 0000 0000 0000')} ${QUESTION}`);
    expect(verdict).toBe(Rcode.NOERROR);
    expect(nameText(query.name.bytes)).toBe('www.example.');
    expect(query).toMatchObject({
      id: 0x1267,
      type: Type.A,
      class: 1,
      recursionDesired: true,
      questionEnd: 29,
    });
  });

  test('that cannot be read leaves nothing of the query before, nor half a name', () => {
    const query = new Query();
    const label = (length: number): string =>
      `${length.toString(16).padStart(2, '0')} ${'7a'.repeat(length)}`;
    const long = [63, 63, 40, 63].map(label).join(' ');
    const tooLong = [63, 63, 63, 62].map(label).join(' ');
    for (const rest of [`${tooLong} 00 0001 0001`, `${label(63).repeat(3)} c00c 0001 0001`, label(9)]) {
      const before = bytes(`${header('0001 0000 0000 0000')} ${long} 00 0001 0001`);
      expect(query.read(before, before.length)).toBe(Rcode.NOERROR);
      const packet = bytes(`${header('0001 0000 0000 0000')} ${rest}`);
      expect(query.read(packet, packet.length)).toBe(Rcode.FORMERR);
      expect([nameText(query.name.bytes), query.type, query.class]).toEqual(['.', 0, 0]);
    }
    query.readHeader(bytes(header('0000 0000 0000 0000', '2800')), 12);
    expect(nameText(query.name.bytes)).toBe('.');
  });

  test('gives size and DO of EDNS [RFC 6891 §6.1.3]', () => {
    const { query, verdict } = read(`${header('0001 0000 0000 0001')} ${QUESTION} ${OPT}`);
    expect(verdict).toBe(Rcode.NOERROR);
    expect(query).toMatchObject({ hasEdns: true, udpSize: 4096, dnssecOk: true });
  });

  test('takes sizes below 512 as 512 [RFC 6891 §6.2.3]', () => {
    const { query } = read(`${header('0001 0000 0000 0001')} ${QUESTION} 00 0029 0010 00 00 0000 0000`);
    expect(query.udpSize).toBe(512);
  });

  test('leaves nothing of the query before', () => {
    const query = new Query();
    const first = bytes(`${header('0001 0000 0000 0001')} ${QUESTION} ${OPT}`);
    const second = bytes(`${header('0001 0000 0000 0000')} ${QUESTION}`);
    query.read(first, first.length);
    query.read(second, second.length);
    expect(query).toMatchObject({ hasEdns: false, udpSize: 512, dnssecOk: false });
  });

  const label63 = `3f${'61'.repeat(63)}`;
  test.each([
    ['no question [RFC 9619 §4]', `${header('0000 0000 0000 0000')}`, Rcode.FORMERR],
    [
      'two questions [RFC 9619 §4]',
      `${header('0002 0000 0000 0000')} ${QUESTION} ${QUESTION}`,
      Rcode.FORMERR,
    ],
    ['65535 questions in 12 bytes', `${header('ffff ffff ffff ffff')}`, Rcode.FORMERR],
    ['a name without an end', `${header('0001 0000 0000 0000')} 0377`, Rcode.FORMERR],
    ['a pointer as first name', `${header('0001 0000 0000 0000')} c00c 0001 0001`, Rcode.FORMERR],
    ['label type 01', `${header('0001 0000 0000 0000')} 4161 00 0001 0001`, Rcode.FORMERR],
    ['label type 10', `${header('0001 0000 0000 0000')} 8161 00 0001 0001`, Rcode.FORMERR],
    [
      'a name of 256 bytes',
      `${header('0001 0000 0000 0000')} ${label63.repeat(4)} 00 0001 0001`,
      Rcode.FORMERR,
    ],
    ['no class', `${header('0001 0000 0000 0000')} 00 0001 00`, Rcode.FORMERR],
    [
      'an answer in a question',
      `${header('0001 0001 0000 0000')} ${QUESTION} 00 0001 0001 00000000 0000`,
      Rcode.FORMERR,
    ],
    ['bytes behind the end', `${header('0001 0000 0000 0000')} ${QUESTION} 00`, Rcode.FORMERR],
    ['an OPT not of the root', `${header('0001 0000 0000 0001')} ${QUESTION} 0161${OPT}`, Rcode.FORMERR],
    [
      'two OPTs [RFC 6891 §6.1.1]',
      `${header('0001 0000 0000 0002')} ${QUESTION} ${OPT} ${OPT}`,
      Rcode.FORMERR,
    ],
    [
      'an OPT that is cut short',
      `${header('0001 0000 0000 0001')} ${QUESTION} 00 0029 1000 00 00 8000 0004`,
      Rcode.FORMERR,
    ],
    [
      'an option that overruns its OPT',
      `${header('0001 0000 0000 0001')} ${QUESTION} 00 0029 1000 00 00 8000 0004 000a 0008`,
      Rcode.FORMERR,
    ],
    [
      'more options than anybody needs',
      `${header('0001 0000 0000 0001')} ${QUESTION} 00 0029 1000 00 00 8000 0194 ${'000a0000'.repeat(101)}`,
      Rcode.FORMERR,
    ],
    [
      'EDNS version 1, whose options are not for us to judge [RFC 6891 §6.1.3]',
      `${header('0001 0000 0000 0001')} ${QUESTION} 00 0029 1000 00 01 8000 0003 ffffff`,
      Rcode.BADVERS,
    ],
    [
      'EDNS version 1 [RFC 6891 §6.1.3]',
      `${header('0001 0000 0000 0001')} ${QUESTION} 00 0029 1000 00 01 0000 0000`,
      Rcode.BADVERS,
    ],
    [
      'an option nobody knows is ignored',
      `${header('0001 0000 0000 0001')} ${QUESTION} 00 0029 1000 00 00 0000 0006 fde9 0002 abcd`,
      Rcode.NOERROR,
    ],
  ])('%s', (_, hex, expected) => {
    expect(read(hex).verdict).toBe(expected);
  });

  test('that is malformed in its EDNS gets none back', () => {
    expect(read(`${header('0001 0000 0000 0002')} ${QUESTION} ${OPT} ${OPT}`).query.hasEdns).toBe(false);
  });

  test('cut anywhere is malformed, and never throws', () => {
    const whole = bytes(`${header('0001 0000 0000 0001')} ${QUESTION} ${OPT}`);
    const query = new Query();
    for (let length = 12; length < whole.length; length++)
      expect(query.read(whole, length)).toBe(Rcode.FORMERR);
  });
});
