/**
 * The steps of a resolution, one a line: when, what was asked of whom, and what came of it; walks within
 * walks are indented. Plain values in, text out.
 */

import type { ToldExchange, ToldReply, TrailStep } from '../resolver/trail.ts';
import { printable } from './query-print.ts';

const TIME_COLUMNS = 9;
/** Where the outcome begins, if what was asked is not longer. */
const OUTCOME_COLUMN = 64;

/** Without the final dot, as people write names. */
export const bare = (name: string): string => (name === '.' ? name : name.replace(/\.$/, ''));

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

export const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** How long it went on. */
export function seconds(steps: readonly TrailStep[]): string {
  const times = steps.flatMap((step) => (step.step === 'more' ? [] : [step.ms]));
  return times.length === 0 ? '' : milliseconds(Math.max(...times));
}

export const trailText = (steps: readonly TrailStep[], depth = 0): string =>
  steps.map((step) => stepText(step, depth)).join('');

function stepText(step: TrailStep, depth: number): string {
  switch (step.step) {
    case 'zone':
      return line(step.ms, depth, `zone ${step.zone}: ${zoneText(step)}`);
    case 'ask':
      return line(step.ms, depth + 1, `${askText(step)}${outcomeText(step)}`, depth + 1);
    case 'fault':
      return line(step.ms, depth + 1, printable(`${step.server} ${shortened(step.fault)}`));
    case 'walk': {
      const joined = step.joined ? ', which somebody else asked for already' : '';
      const title = line(step.ms, depth, `find ${step.name} ${step.type}${joined}`);
      return title + trailText(step.steps, depth + 1);
    }
    case 'found':
      return line(step.ms, depth, foundText(step));
    case 'more':
      return `${' '.repeat(TIME_COLUMNS + 3)}  … and ${plural(step.count, 'step')} more\n`;
  }
}

/** `left → right`, the right side in its column. */
function line(ms: number, depth: number, text: string, indent = depth): string {
  const time = milliseconds(ms).padStart(TIME_COLUMNS);
  const [left = '', right] = text.split(ARROW);
  const margin = `${time}  ${'  '.repeat(indent)}`;
  if (right === undefined) return `${margin}${left}\n`;
  return `${`${margin}${left}`.padEnd(OUTCOME_COLUMN)} → ${right}\n`;
}

/** Why a server's name cannot be resolved stands in the steps before. */
export const shortened = (text: string): string => text.replace(/ \(no server of .*/, '');

const ARROW = '\u2192';

function zoneText({ from, secondsLeft, servers }: TrailStep & { step: 'zone' }): string {
  const known = {
    hints: 'from the root hints',
    'own zone': 'delegated in a zone of this server',
    'local root': 'by our copy of the root zone',
    cache: `from the cache, for ${secondsLeft} s more`,
    lapsed: 'expired, but nobody above it answers',
    referral: 'by this referral',
    forward: 'to be forwarded',
    stub: 'a stub zone',
  }[from];
  const addresses = servers.reduce((sum, each) => sum + each.addresses.length, 0);
  return `${known}, ${plural(servers.length, 'server')} with ${plural(addresses, 'address', 'addresses')}`;
}

function askText({ address, server, name, type, via }: ToldExchange): string {
  const who = server === undefined ? address : `${address} ${server}`;
  return `${who}: ${name} ${type}${via === 'tcp' ? ' over TCP' : ''}${ARROW}`;
}

function outcomeText({ got, reply, fault, tookMs, edns, randomCase, via }: ToldExchange): string {
  const took = milliseconds(tookMs);
  if (got === 'silence') return `no answer in ${took}`;
  if (got === 'late') return 'time is up';
  if (reply === undefined) return fault === undefined ? 'unreachable' : printable(fault);
  const manner = [edns ? '' : 'without EDNS', randomCase || via === 'tcp' ? '' : 'without random case'];
  const notes = [took, ...manner, unusedText(reply)].filter((note) => note !== '');
  return `${replyText(reply, fault)}, ${notes.join(', ')}`;
}

function replyText({ rcode, shape, answer, truncated, authoritative }: ToldReply, fault?: string): string {
  switch (shape) {
    case 'answer':
      return `${plural(answer, 'record')}${authoritative ? '' : ', not authoritative'}`;
    case 'alias':
      return 'an alias';
    case 'referral':
      return 'referral';
    case 'nodata':
      return 'there, but not of this type';
    case 'nxdomain':
      return 'does not exist';
    case 'bare':
      return `${rcode} and nothing else, to be believed where nobody says more`;
    case 'lame':
      return `${rcode}, lame: ${fault ?? 'does not serve the zone'}`;
    case 'useless':
      return `${rcode}, of no use: ${fault ?? 'says nothing'}`;
    default:
      return truncated ? 'truncated' : `${rcode}, to be asked in another manner`;
  }
}

/** What was thrown away is worth a word where it spoke of others. */
function unusedText({ unused, foreign }: ToldReply): string {
  if (foreign.length === 0) return '';
  return `${plural(unused, 'record')} not believed (of ${foreign.map(bare).join(', ')})`;
}

function foundText(step: TrailStep & { step: 'found' }): string {
  const { name, type, rcode, records, alias, from, ageSeconds, secondsLeft, server, claimed, ede, isSilent } =
    step;
  const word = server === undefined ? '' : ` on the word of ${server}`;
  const age =
    ageSeconds === undefined ? '' : `${word}${claimed ? ', without authority' : ''}, ${ageSeconds} s old`;
  const left = secondsLeft === undefined ? '' : `, good for ${secondsLeft} s more`;
  const source = from === undefined ? '' : ` (${from}${age}${left})`;
  const what =
    alias !== undefined
      ? `is an alias of ${alias}`
      : isSilent
        ? 'is not answered'
        : ede !== undefined && from !== 'expired'
          ? `${rcode}: ${printable(shortened(ede.text))}`
          : rcode === 'NOERROR'
            ? records === 0
              ? 'has no such record'
              : `has ${plural(records, 'record')}`
            : rcode === 'NXDOMAIN'
              ? 'does not exist'
              : rcode;
  return `${name} ${type}: ${what}${source}`;
}
