/**
 * How pools stand, for /metrics: members by state, and what was counted of each pool (pool/plan). In: the
 * images that are served. Out: the first pools by name, and what is told of all others together, so that a
 * scrape has a bound.
 */
import { METRIC_POOLS_MAX } from '../base/limits.ts';
import { MemberWord, membersOf, type PlanWords, PoolWord, poolsIn } from '../pool/plan.ts';
import { AllDown } from '../wire/pool.ts';
import type { Image } from '../zone/image.ts';
import { ownerText, SEAT_STATES, type SeatState, stateOf } from './pool-seats.ts';

export interface PoolStanding {
  /** Its name; `other` for all that are not told one by one. */
  readonly pool: string;
  /** Pools that it is of. */
  readonly count: number;
  readonly members: Readonly<Record<SeatState, number>>;
  /** Times that a member went in or out. */
  readonly changes: number;
  /** Choices that were made while nobody was up. */
  readonly choicesDown: number;
  /** Pools where nobody is up, and of these such as go on with who was up last. */
  readonly down: number;
  readonly lastGood: number;
}

/** No name: names end in a dot. */
const OTHER = 'other';

export function poolStandings(images: readonly Image[]): PoolStanding[] {
  const all = images.flatMap((image) => {
    const plan = image.pools;
    const pools = plan === undefined ? [] : [...poolsIn(plan)].filter((pool) => isOwn(plan, pool));
    return pools.map((pool) =>
      standingOf(ownerText(image, plan as PlanWords, pool), plan as PlanWords, pool),
    );
  });
  all.sort((a, b) => (a.pool < b.pool ? -1 : 1));
  const others = all.slice(METRIC_POOLS_MAX);
  return others.length === 0 ? all : [...all.slice(0, METRIC_POOLS_MAX), others.reduce(together)];
}

/** It has members, and not only a use for those of another one. */
const isOwn = (plan: PlanWords, pool: number): boolean => (plan[pool + PoolWord.MEMBERS] as number) > 0;

function standingOf(pool: string, plan: PlanWords, at: number): PoolStanding {
  const members = Object.fromEntries(SEAT_STATES.map((state) => [state, 0])) as Record<SeatState, number>;
  for (const member of membersOf(plan, at))
    members[stateOf(Atomics.load(plan, member + MemberWord.STATUS))]++;
  const { down, drained, pending } = members;
  const isDown = down + drained + pending === plan[at + PoolWord.MEMBERS];
  const isLastGood = isDown && pending === 0 && plan[at + PoolWord.ALL_DOWN] === AllDown.LAST_GOOD;
  return {
    ...{ pool, count: 1, members, down: Number(isDown), lastGood: Number(isLastGood) },
    changes: Atomics.load(plan, at + PoolWord.CHANGES) >>> 0,
    choicesDown: Atomics.load(plan, at + PoolWord.CHOICES_DOWN) >>> 0,
  };
}

function together(a: PoolStanding, b: PoolStanding): PoolStanding {
  const members = { ...a.members };
  for (const state of SEAT_STATES) members[state] += b.members[state];
  return {
    ...{ pool: OTHER, count: a.count + b.count, members },
    ...{ changes: a.changes + b.changes, choicesDown: a.choicesDown + b.choicesDown },
    ...{ down: a.down + b.down, lastGood: a.lastGood + b.lastGood },
  };
}
