/** One sentence that says what an explanation comes to, for who reads nothing else. */
import type { Explanation } from '../control/explainer.ts';
import type { TrailStep } from '../resolver/trail.ts';
import { Ede } from '../wire/codes.ts';
import { printable } from './query-print.ts';
import { bare, milliseconds, plural, shortened } from './trail-print.ts';

/** RFC 8914 §4.4 and §4.20. */
const EXPIRED: ReadonlySet<number> = new Set([Ede.STALE, Ede.STALE_NXDOMAIN]);

export function sumUp(explanation: Explanation): string {
  const { question, answer } = explanation;
  const why = answer.ede === undefined ? '' : `: ${printable(shortened(answer.ede.text))}`;
  const was =
    answer.ede !== undefined && EXPIRED.has(answer.ede.code) ? ', as far as known before it expired' : '';
  const what = `${bare(question.name)} ${question.type} ${whatText(explanation)}${was}${why}.`;
  return `${what} ${howText(explanation)}`.trimEnd();
}

function whatText({ answer, question }: Explanation): string {
  const { rcode } = answer;
  if (answer.isSilent) return 'gets no response';
  const found = answer.answer.filter(({ type }) => type === question.type || question.type === 'ANY');
  if (rcode === 'NXDOMAIN') return 'does not exist';
  if (rcode !== 'NOERROR') return `is answered ${rcode}`;
  const [first] = found;
  if (first !== undefined)
    return found.length === 1 ? `is ${first.rdata}` : `has ${plural(found.length, 'record')}`;
  const isReferral = answer.authority.some(({ type }) => type === 'NS') && !answer.authoritative;
  if (isReferral) return 'is answered with a referral: to go on is for the client';
  return answer.answer.length > 0 ? 'ends in an alias whose target has no such record' : 'has no such record';
}

function howText({ hops, resolution }: Explanation): string {
  if (resolution !== undefined) {
    const asks = asksIn(resolution.steps);
    if (asks > 0) return `${plural(asks, 'query', 'queries')} in ${milliseconds(resolution.tookMs)}.`;
    const from = resolution.steps.findLast((step) => step.step === 'found')?.from;
    return from === undefined ? 'Nobody had to be asked.' : `Nobody had to be asked: ${from}.`;
  }
  const zone = hops.findLast((hop) => hop.zone !== undefined)?.zone;
  return zone === undefined ? '' : `Our zone ${bare(zone.name)} says so.`;
}

const asksIn = (steps: readonly TrailStep[]): number =>
  steps.reduce(
    (sum, step) => sum + (step.step === 'ask' ? 1 : step.step === 'walk' ? asksIn(step.steps) : 0),
    0,
  );
