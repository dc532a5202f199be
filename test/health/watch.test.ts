/** From plans to probes and back into the plans, in virtual time, with members that do as the test says. */
import { expect, test } from 'vitest';
import { Counter } from '../../src/base/counters.ts';
import type { HeldMember } from '../../src/health/reading.ts';
import { MemberWord, membersOf, poolsIn, Status, UNTIL_EVER } from '../../src/pool/plan.ts';
import type { Image } from '../../src/zone/image.ts';
import { APEX, states, tcp, Ward, web, zone } from './ward.ts';

const untils = (of: Image): number[] => {
  const plan = of.pools as Int32Array;
  return [...poolsIn(plan)].flatMap((pool) =>
    [...membersOf(plan, pool)].map((member) => plan[member + MemberWord.UNTIL] as number),
  );
};
const nowSeconds = ({ world }: Ward): number => Math.floor(world.nowMs() / 1_000);

const TWO = 'www POOL 10.0.0.1 check=web\nwww POOL 10.0.0.2 check=web';

test('members are pending until the first result, and then as their checks say', async () => {
  const ward = new Ward();
  const pools = zone(`${TWO}\nwww POOL 10.0.0.3`);
  ward.dead.add('10.0.0.2:80');
  ward.follow(pools);
  expect(states(pools)).toEqual(['out pending', 'out pending', 'in']);
  expect(ward.standings.load.awaited).toBe(2);
  await ward.world.pass(100);
  expect(states(pools)).toEqual(['in', 'out', 'in']);
  expect(ward.standings.load.awaited).toBe(0);
  expect(ward.changes).toEqual(['web 10.0.0.2:80 down (refused)']);
  expect(untils(pools)[2]).toBe(UNTIL_EVER);
});

test('who dies is out after `fall` probes, and back after `rise`', async () => {
  const ward = new Ward();
  const pools = zone(TWO);
  ward.follow(pools);
  await ward.world.pass(5_000);
  ward.dead.add('10.0.0.1:80');
  await ward.world.pass(950);
  expect(states(pools)).toEqual(['in', 'in']);
  await ward.world.pass(1_250);
  expect(states(pools)).toEqual(['out', 'in']);
  ward.dead.clear();
  await ward.world.pass(2_250);
  expect(states(pools)).toEqual(['in', 'in']);
  expect(ward.changes).toEqual(['web 10.0.0.1:80 down (refused)', 'web 10.0.0.1:80 up (connected)']);
  expect(ward.counters.get(Counter.targetsUp)).toBe(3);
  expect(ward.counters.get(Counter.targetsDown)).toBe(1);
});

test('who stands as before is promised on and on, and for less when a result speaks against it', async () => {
  const ward = new Ward();
  const pools = zone(TWO);
  ward.follow(pools);
  await ward.world.pass(3_000);
  for (let step = 0; step < 10; step++) {
    await ward.world.pass(1_000);
    // Of two results that it takes to fall, the first came no later than the next one may.
    for (const until of untils(pools)) expect(until - nowSeconds(ward)).toBeGreaterThanOrEqual(0);
  }
  const [before] = untils(pools);
  ward.dead.add('10.0.0.1:80');
  await ward.world.pass(1_050);
  const [fallible, safe] = untils(pools);
  expect(before).toBeLessThanOrEqual(fallible as number);
  expect(fallible).toBeLessThan(safe as number);
  expect(states(pools)).toEqual(['in', 'in']);
});

test('who does not answer in time is down', async () => {
  const ward = new Ward();
  const pools = zone(TWO);
  ward.silent.add('10.0.0.1:80');
  ward.follow(pools);
  await ward.world.pass(400);
  expect(states(pools)).toEqual(['out pending', 'in']);
  await ward.world.pass(200);
  expect(states(pools)).toEqual(['out', 'in']);
  expect(ward.changes).toEqual(['web 10.0.0.1:80 down (no answer in time)']);
});

test('no member ever changes before the moment that it promised', async () => {
  const ward = new Ward();
  const pools = zone(TWO);
  ward.follow(pools);
  await ward.world.pass(3_000);
  let [was, promised] = [states(pools), untils(pools)];
  for (let step = 0; step < 600; step++) {
    if (step % 37 === 0) ward.dead.add('10.0.0.1:80');
    if (step % 53 === 0) ward.dead.clear();
    await ward.world.pass(100);
    const now = states(pools);
    if (now[0] !== was[0]) expect(promised[0]).toBeLessThanOrEqual(nowSeconds(ward));
    [was, promised] = [now, untils(pools)];
  }
  expect(ward.changes.length).toBeGreaterThan(4);
});

test('one address with one check is probed once, however many pools have it', async () => {
  const ward = new Ward();
  const owners = ['a', 'b', 'c'].map((owner) => `${owner} POOL 10.0.0.1 check=web`);
  const pools = zone(`${owners.join('\n')} weight=3\nc POOL 10.0.0.2`);
  ward.follow(pools);
  await ward.world.pass(10_000);
  expect(ward.probed.get('10.0.0.1:80')).toBeLessThanOrEqual(12);
  ward.dead.add('10.0.0.1:80');
  await ward.world.pass(3_000);
  expect(states(pools).sort()).toEqual(['in', 'out', 'out', 'out']);
  expect(ward.changes).toEqual(['web 10.0.0.1:80 down (refused)']);
});

test('a check without a port asks at that of the member', async () => {
  const ward = new Ward();
  const pools = zone('www POOL 10.0.0.1 port=8080 check=any\nwww POOL 10.0.0.1 port=8081 check=any');
  ward.dead.add('10.0.0.1:8081');
  ward.follow(pools, { checks: [tcp('any', { procedure: { kind: 'tcp', port: undefined } })] });
  await ward.world.pass(100);
  expect(states(pools)).toEqual(['in', 'out']);
});

test('of several checks all must be up', async () => {
  const ward = new Ward();
  const pools = zone('www POOL 10.0.0.1 check=web,also');
  ward.dead.add('10.0.0.1:81');
  ward.follow(pools, { checks: [web, tcp('also', { procedure: { kind: 'tcp', port: 81 } })] });
  await ward.world.pass(100);
  expect(states(pools)).toEqual(['out']);
  ward.dead.clear();
  await ward.world.pass(3_000);
  expect(states(pools)).toEqual(['in']);
});

test('who may not be probed is not, and is in as if it had no check', async () => {
  const ward = new Ward();
  const pools = zone(
    'www POOL 127.0.0.1 check=web\nwww POOL 10.0.0.53 check=dns\nwww POOL 10.0.0.1 check=gone',
  );
  const dns = tcp('dns', { procedure: { kind: 'tcp', port: 53 } });
  ward.follow(pools, { checks: [web, dns], doors: [{ address: '10.0.0.53', port: 53 }] });
  await ward.world.pass(5_000);
  expect(ward.probed.size).toBe(0);
  expect(states(pools)).toEqual(['in', 'in', 'in']);
  expect(untils(pools)).toEqual([UNTIL_EVER, UNTIL_EVER, UNTIL_EVER]);
  ward.follow(pools, { probes: { ...ward.terms.probes, allow: ['127.0.0.0/8'] } });
  await ward.world.pass(100);
  expect([...ward.probed.keys()]).toEqual(['127.0.0.1:80']);
});

test('another zone keeps what is known, and what is gone is not probed any more', async () => {
  const ward = new Ward();
  const before = zone(TWO);
  ward.dead.add('10.0.0.2:80');
  ward.follow(before);
  await ward.world.pass(3_000);
  const after = zone('other POOL 10.0.0.2 check=web\nother POOL 10.0.0.3 check=web');
  ward.follow(after);
  expect(states(after)).toEqual(['out', 'out pending']);
  const gone = ward.probed.get('10.0.0.1:80');
  await ward.world.pass(3_000);
  expect(states(after)).toEqual(['out', 'in']);
  expect(ward.probed.get('10.0.0.1:80')).toBe(gone);
});

test('another prober begins with what stands in the plans', async () => {
  const [first, second] = [new Ward(), new Ward()];
  const pools = zone(TWO);
  first.dead.add('10.0.0.2:80');
  first.follow(pools);
  await first.world.pass(3_000);
  first.watch.close();
  second.follow(pools);
  expect(states(pools)).toEqual(['in', 'out']);
  expect(second.standings.load.awaited).toBe(0);
});

test('who is back takes its whole share slowly, if the pool says so', async () => {
  const ward = new Ward();
  const pools = zone(`${TWO}\nwww POOL * warm-up=10`);
  ward.dead.add('10.0.0.1:80');
  ward.follow(pools);
  await ward.world.pass(3_000);
  expect(states(pools)).toEqual(['out', 'in']);
  ward.dead.clear();
  await ward.world.pass(2_250);
  const shares: number[] = [];
  for (let second = 0; second < 12; second++) {
    const [state = ''] = states(pools);
    shares.push(state === 'in' ? Status.SHARE : Number(state));
    await ward.world.pass(1_000);
  }
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares[0]).toBeLessThan(Status.SHARE / 4);
  expect(shares[5]).toBeGreaterThan(Status.SHARE / 4);
  expect(shares[11]).toBe(Status.SHARE);
});

test('no more members fall than `eject-at-most` lets', async () => {
  const ward = new Ward();
  const pools = zone(`${TWO}\nwww POOL 10.0.0.3 check=web\nwww POOL * eject-at-most=40%`);
  ward.follow(pools);
  await ward.world.pass(3_000);
  ward.dead.add('10.0.0.2:80');
  await ward.world.pass(3_000);
  for (const member of ['1', '3']) ward.dead.add(`10.0.0.${member}:80`);
  await ward.world.pass(3_000);
  expect(states(pools)).toEqual(['in spared', 'out', 'in spared']);
  ward.dead.delete('10.0.0.2:80');
  await ward.world.pass(3_000);
  expect(states(pools).filter((state) => state === 'out').length).toBe(1);
});

test('the word of an operator stands above all checks, as long as it holds', async () => {
  const ward = new Ward();
  const pools = zone(`${TWO}\nfree POOL 10.0.0.9`);
  const hold = (pool: string, member: string, hold: 'drain' | 'force'): HeldMember => ({
    ...{ pool: `${pool}.${APEX}`, member, hold },
  });
  ward.dead.add('10.0.0.1:80');
  const holds = [
    hold('www', '10.0.0.1', 'force'),
    hold('www', '10.0.0.2', 'drain'),
    hold('free', '10.0.0.9', 'drain'),
  ];
  ward.follow(pools, { holds });
  await ward.world.pass(3_000);
  expect(states(pools).sort()).toEqual(['in held', 'out held', 'out held']);
  expect(untils(pools)).toEqual([UNTIL_EVER, UNTIL_EVER, UNTIL_EVER]);
  ward.follow(pools, { holds: [] });
  expect(states(pools).sort()).toEqual(['in', 'in', 'out']);
});

test('who is told of by others is as they say, and down when they say no more', async () => {
  const ward = new Ward();
  const pools = zone('www POOL 10.0.0.1 check=told\nwww POOL 2001:db8::1 check=told');
  ward.follow(pools);
  expect(ward.standings.load.awaited).toBe(0);
  const report = (address: Uint8Array, isUp: boolean, forMs: number): number =>
    ward.watch.report('told', address, isUp, forMs);
  await ward.world.pass(1_000);
  expect(states(pools)).toEqual(['out pending', 'out pending']);
  expect(report(Uint8Array.of(10, 0, 0, 1), true, 60_000)).toBe(1);
  expect(report(Uint8Array.of(10, 0, 0, 2), true, 60_000)).toBe(0);
  expect(ward.watch.report('web', Uint8Array.of(10, 0, 0, 1), true, 60_000)).toBe(0);
  await ward.world.pass(59_000);
  expect(states(pools)).toEqual(['in', 'out pending']);
  report(Uint8Array.of(10, 0, 0, 1), true, 60_000);
  await ward.world.pass(59_000);
  expect(states(pools)).toEqual(['in', 'out pending']);
  await ward.world.pass(2_000);
  expect(states(pools)).toEqual(['out', 'out pending']);
  expect(ward.changes).toEqual([
    'told 10.0.0.1:0 up (as reported)',
    'told 10.0.0.1:0 down (no report in time)',
  ]);
  report(Uint8Array.of(10, 0, 0, 1), true, Infinity);
  await ward.world.pass(600_000);
  expect(states(pools)).toEqual(['in', 'out pending']);
  expect(ward.probed.size).toBe(0);
});

test('it is told how members stand, and why', async () => {
  const ward = new Ward();
  ward.dead.add('10.0.0.2:80');
  ward.follow(zone(`${TWO}\nother POOL 10.0.0.3`));
  await ward.world.pass(100);
  const [, second] = ward.watch.members(`www.${APEX}`);
  expect(ward.watch.members(undefined).length).toBe(2);
  expect(second).toMatchObject({
    ...{
      pool: 'www.z.test.',
      member: '10.0.0.2',
      share: 0,
      isPending: false,
      isHeld: false,
      isSpared: false,
    },
    targets: [{ check: 'web', address: '10.0.0.2', port: 80, standing: 'down', last: { why: 'refused' } }],
  });
  expect(ward.standings.check(0, 'web')).toEqual({ check: 'web', down: 1, pending: 0, up: 1 });
});

test('there is a bound to how many targets are probed, and it is told', async () => {
  const ward = new Ward();
  const pools = zone(`${TWO}\nwww POOL 10.0.0.3 check=web`);
  ward.watch.follow([pools], ward.terms, 2);
  await ward.world.pass(100);
  expect(ward.shortages).toEqual([{ left: 1, probesPerSecond: 2 }]);
  expect(ward.probed.size).toBe(2);
  expect(states(pools)).toEqual(['in', 'in', 'in']);
});

test('it is told once where more probes are wanted in a second than may begin', () => {
  const ward = new Ward();
  const pools = zone(TWO);
  ward.follow(pools);
  const probes = { ...ward.terms.probes, perSecond: 1 };
  ward.follow(pools, { probes });
  ward.follow(pools, { probes });
  expect(ward.shortages).toEqual([{ left: 0, probesPerSecond: 2 }]);
});

test('other settings hold from now on, and what is known stays known', async () => {
  const ward = new Ward();
  const pools = zone(TWO);
  const slow = tcp('web', { intervalMs: 100_000, fall: 5 });
  ward.follow(pools, { checks: [slow] });
  await ward.world.pass(100);
  ward.dead.add('10.0.0.1:80');
  ward.follow(pools, { checks: [tcp('web', { intervalMs: 1_000, fall: 1 })] });
  expect(states(pools)).toEqual(['in', 'in']);
  await ward.world.pass(100);
  expect(states(pools)).toEqual(['out', 'in']);
  ward.follow(pools, { checks: [tcp('web', { procedure: { kind: 'external' } })] });
  await ward.world.pass(5_000);
  const probes = [...ward.probed.values()];
  await ward.world.pass(100_000);
  expect([...ward.probed.values()]).toEqual(probes);
});
