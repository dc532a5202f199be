/**
 * Replies as dig prints them, tab for tab, so that eyes and scripts trained on dig's output can read ours. A
 * message in, text out; whole lines, each with its line feed.
 */
import pkg from '../../package.json' with { type: 'json' };
import { classText, EdnsOption, opcodeText, rcodeText, typeText } from '../wire/codes.ts';
import { extendedErrorWords, readExtendedError } from '../wire/edns-options.ts';
import { type EdnsOptionValue, Flag, type Message, type ResourceRecord } from '../wire/message.ts';
import { nameText } from '../wire/name.ts';
import { rdataText } from '../wire/rdata-text.ts';
import type { Reply } from './query-ask.ts';
import type { QueryPlan, Shown } from './query-plan.ts';

const TAB = 8;
const TTL_COLUMN = 24;
const CLASS_COLUMN = 32;
const TYPE_COLUMN = 40;
const RDATA_COLUMN = 48;

/** Cells at their columns, by tabs where a tab stop lies between, by one space at least. */
function aligned(first: string, ...cells: readonly (readonly [column: number, text: string])[]): string {
  let text = first;
  let width = first.length;
  for (const [column, cell] of cells) {
    const start = Math.max(column, width + 1);
    const tabs = Math.floor(start / TAB) - Math.floor(width / TAB);
    text += '\t'.repeat(tabs) + ' '.repeat(tabs > 0 ? start % TAB : start - width) + cell;
    width = start + cell.length;
  }
  return text;
}

export const recordLine = (owner: string, ttl: number, klass: string, type: string, rdata: string): string =>
  `${aligned(
    owner,
    [TTL_COLUMN, String(ttl)],
    [CLASS_COLUMN, klass],
    [TYPE_COLUMN, type],
    [RDATA_COLUMN, rdata],
  )}\n`;

export const recordLines = (records: readonly ResourceRecord[]): string =>
  records
    .map(({ owner, ttl, class: klass, type, rdata }) =>
      recordLine(nameText(owner), ttl, classText(klass), typeText(type), rdataText(type, rdata)),
    )
    .join('');

/** What stands above everything: which program was asked what. */
export const commandLines = (words: readonly string[]): string =>
  `\n; <<>> Cairn ${pkg.version} <<>> ${words.join(' ')}\n;; global options: +cmd\n`;

const FLAG_WORDS = [
  [Flag.QR, 'qr'],
  [Flag.AA, 'aa'],
  [Flag.TC, 'tc'],
  [Flag.RD, 'rd'],
  [Flag.RA, 'ra'],
  [Flag.AD, 'ad'],
  [Flag.CD, 'cd'],
] as const;

function headerLines(message: Message): string {
  const flags = FLAG_WORDS.filter(([bit]) => (message.flags & bit) !== 0).map(([, word]) => ` ${word}`);
  const counts = [
    `QUERY: ${message.question === undefined ? 0 : 1}`,
    `ANSWER: ${message.answer.length}`,
    `AUTHORITY: ${message.authority.length}`,
    `ADDITIONAL: ${message.additional.length + (message.edns === undefined ? 0 : 1)}`,
  ];
  const unheard = (message.flags & (Flag.RD | Flag.RA)) === Flag.RD;
  const { opcode, rcode, id } = message;
  return [
    `;; ->>HEADER<<- opcode: ${opcodeText(opcode)}, status: ${rcodeText(rcode)}, id: ${id}`,
    `;; flags:${flags.join('')}; ${counts.join(', ')}`,
    ...(unheard ? [';; WARNING: recursion requested but not available'] : []),
    '',
    '',
  ].join('\n');
}

/** Hexadecimal pairs, and the characters they may be. */
function octets(value: Uint8Array): string {
  const hex = [...value].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = [...value].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
  return value.length === 0 ? '' : `${hex} ("${text.join('')}")`;
}

/** A stranger's words, on one line and without control characters that a terminal would obey. */
export const printable = (text: string): string =>
  text.replace(/\p{C}/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);

function optionLine({ code, value }: EdnsOptionValue): string {
  if (code === EdnsOption.NSID) return `; NSID: ${octets(value)}\n`;
  const error = code === EdnsOption.EDE ? readExtendedError(value) : undefined;
  if (error === undefined) return `; OPT=${code}: ${octets(value)}\n`;
  const words = extendedErrorWords(error.code);
  return [
    `; EDE: ${error.code}`,
    words === undefined ? '' : ` (${words})`,
    error.text === '' ? '' : `: (${printable(error.text)})`,
    '\n',
  ].join('');
}

function ednsLines(message: Message): string {
  const { edns } = message;
  if (edns === undefined) return '';
  const flags = edns.dnssecOk ? ' do' : '';
  const head = `; EDNS: version: ${edns.version}, flags:${flags}; udp: ${edns.udpSize}\n`;
  return `;; OPT PSEUDOSECTION:\n${head}${edns.options.map(optionLine).join('')}`;
}

function questionLines(message: Message, titled: boolean): string {
  const { question } = message;
  if (question === undefined) return '';
  const line = aligned(
    nameText(question.spelled),
    [CLASS_COLUMN, classText(question.class)],
    [TYPE_COLUMN, typeText(question.type)],
  );
  return titled ? `;; QUESTION SECTION:\n;${line}\n\n` : `;${line}\n`;
}

function sectionLines(title: string, records: readonly ResourceRecord[], titled: boolean): string {
  if (records.length === 0) return '';
  return titled ? `;; ${title} SECTION:\n${recordLines(records)}\n` : recordLines(records);
}

/** A whole message with the sections that are wanted. */
export function messageText(message: Message, shown: Shown): string {
  return [
    shown.comments ? `;; Got answer:\n${headerLines(message)}${ednsLines(message)}` : '',
    shown.question ? questionLines(message, shown.comments) : '',
    shown.answer ? sectionLines('ANSWER', message.answer, shown.comments) : '',
    shown.authority ? sectionLines('AUTHORITY', message.authority, shown.comments) : '',
    shown.additional ? sectionLines('ADDITIONAL', message.additional, shown.comments) : '',
  ].join('');
}

/** `+short`: the RDATA of the answers and nothing else. */
export const shortText = (message: Message): string =>
  message.answer.map((record) => `${rdataText(record.type, record.rdata)}\n`).join('');

/** `Sun Nov 08 12:00:00 CET 2026`, where the machine stands. */
function whenText(wallSeconds: number): string {
  const date = new Date(wallSeconds * 1000);
  const [weekday, month, day, year, time] = date.toString().split(' ');
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  const zoneName = zone.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
  return `${weekday} ${month} ${day} ${time} ${zoneName} ${year}`;
}

/** Below the reply: how long, from where, when, how much. */
export function statsText(reply: Reply, plan: QueryPlan, wallSeconds: number): string {
  const { address, port } = plan.server;
  return [
    `;; Query time: ${Math.round(reply.ms)} msec`,
    `;; SERVER: ${address}#${port}(${address}) (${reply.via.toUpperCase()})`,
    `;; WHEN: ${whenText(wallSeconds)}`,
    `;; MSG SIZE  rcvd: ${reply.bytes.length}`,
    '',
    '',
  ].join('\n');
}
