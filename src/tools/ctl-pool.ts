/** `cairn ctl pool`: its words as requests, and what comes of them as text for people. */
import { parseIp } from '../base/ip.ts';
import { nearest } from '../base/nearest.ts';
import type { HeldPlace, ListedSeat, ToldHold } from '../control/pool-desk.ts';
import { durationText, parseDurationMs } from '../control/quantity.ts';
import { columns } from './ctl-print.ts';
import { asciiName } from './idna.ts';
import { suggestion } from './query-plan.ts';
import { bare, plural } from './trail-print.ts';

const WORDS = ['list', 'drain', 'force', 'release', 'report'] as const;
export type PoolWord = (typeof WORDS)[number];

/** What other programs call it. */
const ELSEWHERE: Readonly<Record<string, PoolWord>> = {
  ...{ show: 'list', ls: 'list', status: 'list' },
  ...{ down: 'drain', disable: 'drain', out: 'drain', stop: 'drain', maintenance: 'drain' },
  ...{ up: 'force', in: 'force', pin: 'force' },
  ...{ reset: 'release', enable: 'release', undrain: 'release', resume: 'release', auto: 'release' },
};

export function poolRequest([word = '', ...others]: readonly string[], forTime: string | undefined): object {
  const what = WORDS.find((each) => each === word);
  if (what === undefined) {
    const meant = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : nearest(word, WORDS);
    const why = word === '' ? '' : ` and not ${word}${suggestion(meant)}`;
    throw new Error(`pool: expected one of ${WORDS.join(', ')}${why}`);
  }
  if (what === 'report') return reportRequest(others, forTime);
  if (forTime !== undefined) throw new Error(`pool ${what} takes no --for`);
  if (what === 'list') {
    const [name, ...more] = others;
    if (more.length > 0) throw new Error('pool list: expected the name of one pool, or none');
    return { do: 'pools', pool: name && asciiName(name) };
  }
  const [member, pool, ...more] = others.toReversed();
  if (member === undefined || more.length > 0) {
    throw new Error(`pool ${what}: expected a member, which is an address or a host; its pool before it`);
  }
  if (pool !== undefined && parseIp(pool) !== undefined)
    throw new Error(`pool ${what}: expected the pool first, as in pool ${what} ${member} ${pool}`);
  return { do: 'hold', as: what, member: asciiName(member), pool: pool && asciiName(pool) };
}

function reportRequest([check, address, how, ...more]: readonly string[], forTime?: string): object {
  if (check === undefined || address === undefined || (how !== 'up' && how !== 'down') || more.length > 0)
    throw new Error('pool report: expected a check, an address, and up or down');
  const forMs = forTime === undefined ? undefined : parseDurationMs(forTime);
  if (forTime !== undefined && !forMs) throw new Error(`--for takes a time such as 60s, not '${forTime}'`);
  return { do: 'report', check, address, up: how === 'up', forMs };
}

export function poolText(
  word: PoolWord,
  seats: readonly ListedSeat[],
  done: ToldHold & { readonly targets: number },
): string {
  switch (word) {
    case 'list':
      return seatsText(seats);
    case 'drain':
    case 'force':
    case 'release':
      return heldText(word, done);
    case 'report':
      return `told to ${plural(done.targets, 'target')}\n`;
  }
}

const DONE = { drain: 'drained', force: 'forced', release: 'released' } as const;

function heldText(word: keyof typeof DONE, { pools, member, uses, places }: ToldHold): string {
  const where =
    uses === undefined ? plural(pools, 'pool') : `${bare(uses.pool)}, which ${bare(uses.by)} uses`;
  const rows = places.map((place) => ['', bare(place.pool), FOLLOWS[word](place)]);
  const more = pools > places.length ? [['', `and ${pools - places.length} more`]] : [];
  return `${DONE[word]} ${bare(member)} in ${where}\n${columns([...rows, ...more]).join('')}`;
}

/** How it was, and what follows. */
const FOLLOWS: Readonly<Record<keyof typeof DONE, (place: HeldPlace) => string>> = {
  drain({ was, others }) {
    const left = others === 0 ? 'nobody else is in: all-down says what is answered' : `${others} left`;
    return `${was === 'unchecked' ? 'it has no check, and was in' : `it was ${was}`}; ${left}`;
  },
  force: ({ was }) =>
    was === 'unchecked' ? 'it has no check, and was in before' : `it was ${was}; no check takes it out now`,
  release({ is }) {
    if (is === undefined) return 'no zone has it any more';
    return is === 'unchecked' ? 'it has no check, and is in' : `it is ${is}, and goes by its checks`;
  },
};

function seatsText(seats: readonly ListedSeat[]): string {
  if (seats.length === 0) return 'no zone has a pool\n';
  const ordered = seats.toSorted((a, b) => (a.pool < b.pool ? -1 : a.pool > b.pool ? 1 : 0));
  const rows = ordered.map((seat, i) => [
    ordered[i - 1]?.pool === seat.pool ? '' : bare(seat.pool),
    memberText(seat),
    String(seat.weight),
    String(seat.tier),
    stateText(seat),
    seat.targets.map(targetText).join('; '),
  ]);
  return columns([['pool', 'member', 'weight', 'tier', 'state', 'checks'], ...rows]).join('');
}

export const memberText = ({ member, port }: Pick<ListedSeat, 'member' | 'port'>): string =>
  port === 0 ? bare(member) : `${bare(member)} port ${port}`;

const stateText = ({ state, share }: ListedSeat): string =>
  state === 'warming' ? `warming, ${Math.round(100 * share)} %` : state;

/** `web: down for 12s, refused 400ms ago` */
export function targetText({ check, standing, forMs, last }: ListedSeat['targets'][number]): string {
  const long = forMs === undefined ? '' : ` for ${durationText(forMs)}`;
  const result = last === undefined ? '' : `, ${last.why} ${durationText(last.agoMs)} ago`;
  return `${check}: ${standing}${long}${result}`;
}
