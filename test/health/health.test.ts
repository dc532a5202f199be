import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LAST_GOOD_MS } from '../../src/base/limits.ts';
import { both, Course, either, type Health, Standing } from '../../src/health/health.ts';
import { type Condition, isWarming, type MemberState, poolState } from '../../src/health/pool-state.ts';

const time = fc.integer({ min: -3, max: 3 });
const health: fc.Arbitrary<Health> = fc.record({
  standing: fc.constantFrom(Standing.DOWN, Standing.PENDING, Standing.UP),
  sinceMs: time,
  untilMs: time,
});

describe.each([
  ['both', both],
  ['either', either],
])('health combines by %s', (_, combine) => {
  test('in any order', () => {
    fc.assert(
      fc.property(health, health, (a, b) => {
        expect(combine(a, b)).toEqual(combine(b, a));
      }),
    );
  });

  test('in any grouping', () => {
    fc.assert(
      fc.property(health, health, health, (a, b, c) => {
        expect(combine(a, combine(b, c))).toEqual(combine(combine(a, b), c));
      }),
    );
  });

  test('with itself to itself', () => {
    fc.assert(
      fc.property(health, (a) => {
        expect(combine(a, a)).toEqual(a);
      }),
    );
  });
});

describe('health', () => {
  test('of several checks is never better than that of one, and promises no more than they can keep', () => {
    fc.assert(
      fc.property(health, health, (a, b) => {
        const { standing, untilMs } = both(a, b);
        expect(standing).toBe(Math.min(a.standing, b.standing));
        const whenItCanChange =
          standing === Standing.DOWN
            ? Math.max(...[a, b].filter((each) => each.standing === standing).map((each) => each.untilMs))
            : Math.min(...[a, b].filter((each) => each.standing === standing).map((each) => each.untilMs));
        expect(untilMs).toBe(whenItCanChange);
      }),
    );
  });

  test('of several addresses is as good as that of the best, since one is, and until any may change', () => {
    fc.assert(
      fc.property(health, health, (a, b) => {
        const { standing, sinceMs, untilMs } = either(a, b);
        expect(standing).toBe(Math.max(a.standing, b.standing));
        expect(untilMs).toBe(Math.min(a.untilMs, b.untilMs));
        const since = [a, b].filter((each) => each.standing === standing).map((each) => each.sinceMs);
        expect(sinceMs).toBe(standing === Standing.UP ? Math.min(...since) : Math.max(...since));
      }),
    );
  });
});

describe('a course', () => {
  const terms = { intervalMs: 1_000, rise: 2, fall: 3 };
  /** What each result makes of it, one a second: `+` up, `-` down. */
  const told = (results: string): string => {
    const course = new Course();
    return [...results]
      .map((result, second) => {
        course.note(result === '+', terms, 1_000 * second);
        return 'd?U'[course.health.standing];
      })
      .join('');
  };

  test.each([
    ['+', 'U'],
    ['-', 'd'],
    ['+--+--+---', 'UUUUUUUUUd'],
    ['---+-+-++', 'ddddddddU'],
    ['+---++', 'UUUddU'],
    ['-++---', 'ddUUUd'],
  ])('of %s is %s', (results, standings) => {
    expect(told(results)).toBe(standings);
  });

  test('is pending, and promises nothing, until the first result', () => {
    expect(new Course().health).toMatchObject({ standing: Standing.PENDING, untilMs: -Infinity });
  });

  test('promises what the missing results take', () => {
    const course = new Course();
    const until = (isUp: boolean, nowMs: number): number => {
      course.note(isUp, terms, nowMs);
      return course.health.untilMs;
    };
    expect(until(true, 0)).toBe(2 * 950);
    expect(until(false, 1_000)).toBe(1_000 + 2 * 950);
    expect(until(false, 2_000)).toBe(2_000 + 950);
    expect(until(false, 3_000)).toBe(3_000 + 2 * 950);
    expect(until(true, 4_000)).toBe(4_000 + 950);
    expect(until(true, 5_000)).toBe(5_000 + 3 * 950);
  });

  test('keeps every promise, whatever comes, and however thresholds are', () => {
    const results = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
    const thresholds = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(results, thresholds, thresholds, (all, rise, fall) => {
        const course = new Course();
        let before = course.health;
        for (const [i, isUp] of all.entries()) {
          const nowMs = i * 950;
          const isOther = course.note(isUp, { intervalMs: 1_000, rise, fall }, nowMs);
          expect(isOther).toBe(course.health.standing !== before.standing);
          if (isOther) expect(nowMs).toBeGreaterThanOrEqual(before.untilMs - 1e-6);
          before = course.health;
        }
      }),
    );
  });

  test('does not say since when it is up where it was never down', () => {
    const course = new Course();
    course.note(true, terms, 5_000);
    expect(course.health.sinceMs).toBe(-Infinity);
    for (let i = 0; i < 5; i++) course.note(i > 2, terms, 6_000 + i);
    expect(course.health).toMatchObject({ standing: Standing.UP, sinceMs: 6_004 });
  });

  test('obeys a decree at once', () => {
    const course = new Course();
    expect(course.decree(true, 1_000, 61_000)).toBe(true);
    expect(course.decree(true, 2_000, 62_000)).toBe(false);
    expect(course.decree(false, 3_000, Infinity)).toBe(true);
    expect(course.health).toEqual({ standing: Standing.DOWN, sinceMs: 3_000, untilMs: Infinity });
  });
});

describe('a pool', () => {
  const up = (sinceMs = -Infinity, untilMs = 9_000): Condition => ({
    health: { standing: Standing.UP, sinceMs, untilMs },
    hold: undefined,
  });
  const down = (sinceMs: number, untilMs = 9_000): Condition => ({
    health: { standing: Standing.DOWN, sinceMs, untilMs },
    hold: undefined,
  });
  const pending: Condition = {
    health: { standing: Standing.PENDING, sinceMs: -Infinity, untilMs: -Infinity },
    hold: undefined,
  };
  const unchecked: Condition = { health: undefined, hold: undefined };
  const held = (condition: Condition, hold: 'drain' | 'force'): Condition => ({ ...condition, hold });
  const terms = { warmUpMs: 0, ejectAtMost: 100 };
  const shares = (members: readonly Condition[], over = {}, nowMs = 1_000): number[] =>
    poolState(members, { ...terms, ...over }, nowMs).map(({ share }) => share);
  const which = (
    members: readonly Condition[],
    key: Exclude<keyof MemberState, 'share' | 'untilMs'>,
    over = {},
  ): number[] =>
    poolState(members, { ...terms, ...over }, 1_000).flatMap((state, i) => (state[key] ? [i] : []));

  test('has whoever is up or unchecked, and knows who is pending', () => {
    const members = [up(), down(0), pending, unchecked];
    expect(shares(members)).toEqual([1, 0, 0, 1]);
    expect(which(members, 'isPending')).toEqual([2]);
    expect(which(members, 'isChecked')).toEqual([0, 1, 2]);
  });

  test('promises what its members do, and of who is unchecked everything', () => {
    const members = [up(0, 5_000), down(0, 7_000), unchecked];
    expect(poolState(members, terms, 0).map(({ untilMs }) => untilMs)).toEqual([5_000, 7_000, Infinity]);
  });

  test('warms up who is back, in a line', () => {
    const members = [up(0), up()];
    const at = (nowMs: number): unknown => [
      shares(members, { warmUpMs: 10_000 }, nowMs),
      isWarming(members, { ...terms, warmUpMs: 10_000 }, nowMs),
    ];
    expect(at(1_000)).toEqual([[0.1, 1], true]);
    expect(at(5_000)).toEqual([[0.5, 1], true]);
    expect(at(10_000)).toEqual([[1, 1], false]);
    expect(at(99_000)).toEqual([[1, 1], false]);
  });

  test('loses no more members to checks than its percent, and spares who fell last', () => {
    const members = [down(300), up(), down(100), down(200)];
    expect(shares(members, { ejectAtMost: 50 })).toEqual([1, 1, 0, 0]);
    expect(which(members, 'isSpared', { ejectAtMost: 50 })).toEqual([0]);
    expect(shares(members, { ejectAtMost: 74 })).toEqual([1, 1, 0, 0]);
    expect(shares(members, { ejectAtMost: 75 })).toEqual([0, 1, 0, 0]);
    expect(shares(members, { ejectAtMost: 0 })).toEqual([1, 1, 1, 1]);
  });

  test('promises of the fallen no more than the first of them, where one makes room for another', () => {
    const members = [down(300, 4_000), up(0, 8_000), down(100, 3_000)];
    const untils = (ejectAtMost: number): number[] =>
      poolState(members, { ...terms, ejectAtMost }, 0).map(({ untilMs }) => untilMs);
    expect(untils(100)).toEqual([4_000, 8_000, 3_000]);
    expect(untils(50)).toEqual([3_000, 8_000, 3_000]);
  });

  test('obeys the operator, whose word is no matter of checks', () => {
    const members = [held(up(), 'drain'), held(down(0), 'force'), held(unchecked, 'drain'), down(0)];
    expect(shares(members, { ejectAtMost: 25 })).toEqual([0, 1, 0, 0]);
    expect(which(members, 'isHeld')).toEqual([0, 1, 2]);
    expect(poolState(members, terms, 0).map(({ untilMs }) => untilMs === Infinity)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('knows who was good last', () => {
    expect(which([up(), down(0), up()], 'isLastGood')).toEqual([0, 2]);
    const last = 100_000;
    const fallen = [down(last), down(last - LAST_GOOD_MS), down(last - LAST_GOOD_MS - 1)];
    expect(which(fallen, 'isLastGood')).toEqual([0, 1]);
  });

  test('never has who is down, but as its terms say, and all who are up', () => {
    const condition: fc.Arbitrary<Condition> = fc.record({
      health: fc.option(health, { nil: undefined }),
      hold: fc.constant(undefined),
    });
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 12 }), fc.nat(100), (members, ejectAtMost) => {
        const states = poolState(members, { warmUpMs: 0, ejectAtMost }, 10);
        const out = states.filter(({ share, isPending }) => share === 0 && !isPending).length;
        expect(out).toBeLessThanOrEqual((members.length * ejectAtMost) / 100);
        for (const [i, { share, isSpared, isPending }] of states.entries()) {
          const isDown = members[i]?.health?.standing === Standing.DOWN;
          expect(share > 0).toBe(!isPending && (!isDown || isSpared));
        }
      }),
    );
  });
});
