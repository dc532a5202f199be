/**
 * Lists that say no more than names, line by line: names with all that is below them, as lists of domains
 * and the plain rules of Adblock give them, and hosts files that lead nowhere. Read from bytes, for a list
 * may have a million lines. What is no name is a complaint; what says more than a name is left out, and told.
 */
import { IPV4_BYTES, IPV6_BYTES, readIpv4, readIpv6 } from '../base/ip.ts';
import { About } from './image.ts';
import { isBlank, Lines } from './lines.ts';
import type { Page } from './settings.ts';

const HASH = 0x23;
const PERCENT = 0x25;
const ASTERISK = 0x2a;
const DOT = 0x2e;
const BAR = 0x7c;

/** What else than a number sign a comment begins with, and the title of an Adblock list. */
const COMMENTS: ReadonlySet<number> = new Set(Buffer.from('!;['));
/** Kinds of rules by their first byte. */
const LEFT_OUT: ReadonlyMap<number, string> = new Map([
  [0x40, 'exceptions (@@): expected them in a list of their own, before this one'],
  [0x2f, 'regular expressions'],
]);

const address = new Uint8Array(IPV6_BYTES);

export function readNames(page: Page, format: 'domains' | 'hosts', action: number): void {
  new Lines(page, action).read(format === 'hosts' ? takeHosts : takeDomain);
  page.report.close(page.file);
}

function takeDomain(lines: Lines, from: number, to: number): void {
  const { text } = lines;
  const unsupported = LEFT_OUT.get(text[from] as number);
  if (COMMENTS.has(text[from] as number)) return;
  if (text[from] === BAR) takeAdblock(lines, from, to);
  else if (unsupported !== undefined) lines.leaveOut(unsupported);
  else if (text.subarray(from, to).includes(HASH)) lines.leaveOut('rules about parts of a page (##)');
  else if (readIpv4(text, from, wordEnd(lines, from, to), address, 0)) lines.fault(from, to, NAME_ONLY);
  else if (text[from] === ASTERISK && text[from + 1] === DOT) lines.add(About.BELOW, from + 2, to);
  else lines.add(About.NAME | About.BELOW, text[from] === DOT ? from + 1 : from, to);
}

/** `||name^` is a name and all below it. */
function takeAdblock(lines: Lines, from: number, to: number): void {
  const rule = /^\|\|[\w.-]+\^(\$.*)?$/.exec(lines.word(from, to));
  if (rule === null) lines.leaveOut('rules about parts of an address');
  else if (rule[1] !== undefined) lines.leaveOut('rules with options ($)');
  else lines.add(About.NAME | About.BELOW, from + 2, to - 1);
}

function takeHosts(lines: Lines, from: number, to: number): void {
  const addressEnd = wordEnd(lines, from, to);
  const leads = whereLeads(lines, from, addressEnd);
  if (leads === 'elsewhere') lines.fault(from, addressEnd, NOWHERE);
  if (leads !== 'nowhere') return;
  let at = wordStart(lines, addressEnd, to);
  if (at === to) lines.fault(from, to, 'a name behind the address');
  while (at < to) {
    const end = wordEnd(lines, at, to);
    if (!isOfTheMachine(lines, at, end)) lines.add(About.NAME, at, end);
    at = wordStart(lines, end, to);
  }
}

const NAME_ONLY = 'a name and not an address (the format hosts is for lines of an address and names)';
const NOWHERE =
  '0.0.0.0, 127.0.0.1, :: or ::1 in front of what is blocked (the key hosts is for files with addresses)';

function whereLeads({ text }: Lines, from: number, to: number): 'nowhere' | 'to many' | 'elsewhere' {
  if (readIpv4(text, from, to, address, 0)) {
    const isNowhere = address[0] === 127 || address.subarray(0, IPV4_BYTES).every((byte) => byte === 0);
    if (isNowhere) return 'nowhere';
    return (address[0] as number) >= 224 ? 'to many' : 'elsewhere'; // RFC 5771, RFC 919
  }
  // With a scope, it is about a network of the machine.
  if (text.subarray(from, to).includes(PERCENT)) return 'to many';
  if (!readIpv6(text, from, to, address, 0)) return 'elsewhere';
  if (address[0] === 0xff) return 'to many';
  const isNowhere = address.every((byte, i) => byte === 0 || (i === IPV6_BYTES - 1 && byte === 1));
  return isNowhere ? 'nowhere' : 'elsewhere';
}

/** Names that a hosts file gives to the machine it is on. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(['localhost.localdomain', 'localhost6.localdomain6']);

/** Every hosts file begins with names that nobody asks for: of one label, or an address again. */
function isOfTheMachine(lines: Lines, from: number, to: number): boolean {
  if (!lines.text.subarray(from, to - 1).includes(DOT)) return true;
  return readIpv4(lines.text, from, to, address, 0) || OF_THE_MACHINE.has(lines.word(from, to));
}

function wordStart({ text }: Lines, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(text[at])) at++;
  return at;
}

function wordEnd({ text }: Lines, from: number, to: number): number {
  let at = from;
  while (at < to && !isBlank(text[at])) at++;
  return at;
}
