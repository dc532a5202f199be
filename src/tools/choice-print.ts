/**
 * How a choice from a pool went, stage by stage, as a person reads it. Plain values in, lines of text out; a
 * stage that changed nothing and has nothing to say is left out.
 */
import type { Explanation } from '../control/explainer.ts';
import { durationText } from '../control/quantity.ts';
import { memberText, targetText } from './ctl-pool.ts';
import { printable } from './query-print.ts';
import { bare, plural } from './trail-print.ts';

type ToldChoice = Explanation['choices'][number];
type ToldStage = ToldChoice['stages'][number];
type Seat = ToldStage['left'][number];

const TITLES: Readonly<Record<ToldStage['stage'], string>> = {
  able: 'able',
  health: 'health',
  place: 'place',
  tier: 'tier',
  weight: 'drawn',
};

export function choiceLines(choice: ToldChoice): string[] {
  const { pool, members, as, stages } = choice;
  const by = members === pool ? '' : `, which uses ${bare(members)}`;
  return [
    `${bare(pool)}${by}, answered as ${as}`,
    ...stages.flatMap((stage) => stageLines(choice, stage)),
    ...(isLeftToClient(stages) ? [line('tier', 'and weight are told: the client goes by them')] : []),
    line('ttl', ttlText(choice)),
    ...(choice.scope > 0 ? [line('scope', `holds for all of the client's /${choice.scope}`)] : []),
  ];
}

/** Of SRV, HTTPS and SVCB, where somebody is told. */
const isLeftToClient = (stages: readonly ToldStage[]): boolean =>
  stages.at(-1)?.stage === 'place' && stages.at(-1)?.left.length !== 0;

const line = (title: string, text: string): string => `  ${title.padEnd(8)}${text}`;

function stageLines(choice: ToldChoice, { stage, left, gone, notes }: ToldStage): string[] {
  const isHealth = stage === 'health';
  const says = stage === 'able' || (stage === 'weight' && left.length > 0);
  const isQuiet = gone.length + notes.length === 0 && !says;
  if (isQuiet && !(isHealth && left.some(({ state }) => state !== 'unchecked'))) return [];
  const name = (seat: Seat): string => memberText(seat) + (isHealth ? healthText(choice, seat) : '');
  const [hosts, besides] = stage === 'able' ? [notes, []] : [[], notes];
  const who = left.length === 0 ? 'nobody is left' : left.map(name).join(isHealth ? '; ' : ', ');
  return [
    line(TITLES[stage], [...besides, ...(left.length > 0 || besides.length === 0 ? [who] : [])].join(': ')),
    ...hosts.map((text) => line('', text)),
    ...gone.map((seat) =>
      line('', `not ${memberText(seat)}: it ${seat.why}${isHealth ? healthText(choice, seat) : ''}`),
    ),
    ...(stage === 'able' ? troubleLines(choice) : []),
    ...(isHealth ? [...left, ...gone].flatMap((seat) => hostLines(choice, seat)) : []),
  ];
}

/** Of the addresses that would be told; of both kinds where names are. */
function troubleLines({ as, hosts }: ToldChoice): string[] {
  const isOfAddresses = as === 'A' || as === 'AAAA';
  const those = hosts.filter(({ type }) => !isOfAddresses || type === as);
  return those.map(({ host, type, why, agoMs, nextMs }) => {
    const times = `asked for ${durationText(agoMs)} ago, and again in ${durationText(nextMs)}`;
    return line('', `${bare(host)} ${type}: ${printable(why)}; ${times}`);
  });
}

const targetsOf = ({ targets }: ToldChoice, seat: Seat) =>
  targets.find(({ member, port }) => member === seat.member && port === seat.port)?.targets ?? [];

/** `www.example.net, web 192.0.2.1: up for 12s, 200 400ms ago`, of each address of a host. */
const hostLines = (choice: ToldChoice, seat: Seat): string[] =>
  targetsOf(choice, seat)
    .filter(({ address }) => address !== seat.member)
    .map((target) => line('', `${memberText(seat)}, ${targetText(target, seat)}`));

/** ` (web: up for 12s, 200 400ms ago)` */
function healthText(choice: ToldChoice, seat: Seat): string {
  const told = targetsOf(choice, seat).filter(({ address }) => address === seat.member);
  const standing = ['forced', 'spared', 'warming'].includes(seat.state)
    ? [STANDING[seat.state as keyof typeof STANDING]]
    : [];
  const texts = [...standing, ...told.map((target) => targetText(target, seat))];
  return texts.length === 0 ? '' : ` (${texts.join('; ')})`;
}

const STANDING = {
  forced: 'kept in by the operator',
  spared: 'down, and kept in since too many are',
  warming: 'not yet at its whole weight',
} as const;

const ttlText = ({ ttl, zoneTtl }: ToldChoice): string =>
  ttl === zoneTtl
    ? `${plural(ttl, 'second')}, as the zone says`
    : `${plural(ttl, 'second')}: then somebody may be up, down or elsewhere (${zoneTtl} in the zone)`;
