/**
 * An explanation as a person reads it: who asks, whose name it is, each step of the walk with its time, the
 * answer as dig prints it, and a sentence that sums up. Plain values in, text out; whole lines.
 */
import type { Explanation, Permission } from '../control/explainer.ts';
import type { ToldMishap } from '../resolver/mishaps.ts';
import { choiceLines } from './choice-print.ts';
import { hopText } from './hop-print.ts';
import { printable, recordLine } from './query-print.ts';
import { sumUp } from './sum-up.ts';
import { bare, milliseconds, seconds, trailText } from './trail-print.ts';

export function explanationText(explanation: Explanation): string {
  const { question, client, hops, choices } = explanation;
  return [
    `${bare(question.name)} ${question.type}, asked from ${client.address}\n\n`,
    row('client', clientText(explanation)),
    client.subnet === undefined ? '' : row('', subnetText(client.subnet)),
    ...hops.map((hop, i) => row(i === 0 ? 'our zones' : '', hopText(hop))),
    ...[...new Set(hops.map(zoneText))].map((text) => (text === '' ? '' : row('', text))),
    ...choices.flatMap(choiceLines).map((text, i) => row(i === 0 ? 'pool' : '', text)),
    walkText(explanation),
    `\n${answerText(explanation)}\n${sumUp(explanation)}\n`,
  ].join('');
}

const zoneText = ({ zone, file }: Explanation['hops'][number]): string => {
  const from = file === undefined ? '' : `, from ${file}`;
  return zone === undefined ? '' : `(zone ${bare(zone.name)}, serial ${zone.serial}${from})`;
};

function walkText({ resolution, isFresh }: Explanation): string {
  if (resolution === undefined) return '';
  const how = isFresh ? 'as by a server that knows nothing but the root hints' : 'as for any client';
  const title = row('resolved', `${how}, in ${milliseconds(resolution.tookMs)}`);
  return `${title}\n${trailText(resolution.steps)}`;
}

const row = (title: string, text: string): string => `  ${title.padEnd(11)}${text}\n`;

function clientText({ client, recursionEnabled }: Explanation): string {
  const { mayAsk, mayRecurse, dns64 } = client;
  if (!mayAsk.granted) return 'may not ask here at all (allowQuery)';
  if (!recursionEnabled) return `may ask${by(mayAsk)}; names of others are resolved for nobody`;
  const resolved = mayRecurse.granted ? 'may have names resolved' : 'may not have names resolved';
  const why = mayRecurse.granted ? by(mayRecurse) : ' (not in recursion.allow)';
  const how = dns64.granted ? `, with DNS64${by(dns64)}` : '';
  return `may ask${by(mayAsk)}, and ${resolved}${why}${how}`;
}

function subnetText({ network, mayTell }: NonNullable<Explanation['client']['subnet']>): string {
  if (mayTell.granted) return `its word is taken that its client is in ${network}${by(mayTell)}`;
  return `its word is not taken that its client is in ${network} (not in pools.subnetsFrom)`;
}

const by = ({ by: entry }: Permission): string => (entry === undefined ? '' : ` (${entry})`);

function answerText({ answer }: Explanation): string {
  if (answer.isSilent) return ';; no response at all\n';
  const aa = answer.authoritative ? ', authoritative' : '';
  const sections = [
    ['ANSWER', answer.answer],
    ['AUTHORITY', answer.authority],
    ['ADDITIONAL', answer.additional],
  ] as const;
  return [
    `;; status: ${answer.rcode}${aa}\n`,
    answer.ede === undefined ? '' : `; EDE: ${answer.ede.code}: (${printable(answer.ede.text)})\n`,
    ...sections.flatMap(([title, records]) =>
      records.length === 0
        ? []
        : [
            `;; ${title} SECTION:\n`,
            ...records.map(({ name, ttl, type, rdata }) => recordLine(name, ttl, 'IN', type, rdata)),
          ],
    ),
  ].join('');
}

export function mishapsText(mishaps: readonly ToldMishap[]): string {
  if (mishaps.length === 0) return 'No question has failed since the resolver began.\n';
  return mishaps.map(mishapText).join('\n');
}

function mishapText({ name, type, wallMs, zone, count, ede, steps }: ToldMishap): string {
  const times = count === 1 ? '' : `, the last of ${count} failures at ${zone}`;
  const took = seconds(steps);
  return [
    `${new Date(wallMs).toISOString()}  ${name} ${type}: SERVFAIL${times}\n`,
    ede === undefined ? '' : `  ${printable(ede.text)} (EDE ${ede.code})\n`,
    took === '' ? '' : `  after ${took}\n`,
    `${trailText(steps)}`,
  ].join('');
}
