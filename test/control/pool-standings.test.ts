/** What is told of pools one by one, and of all others together. */
import { expect, test } from 'vitest';
import { METRIC_POOLS_MAX } from '../../src/base/limits.ts';
import { type PoolStanding, poolStandings } from '../../src/control/pool-standings.ts';
import { MemberWord, membersOf, poolsIn, Status } from '../../src/pool/plan.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import type { Image } from '../../src/zone/image.ts';
import { ask, catalog, pipeline, SOA_AND_NS } from '../support/authority.ts';

const imageOf = (text: string): Image =>
  catalog({ 'z.test': `$TTL 60\n${SOA_AND_NS}${text}\n` }).images[0] ?? expect.fail('no image');

function put(image: Image, ...statuses: number[]): void {
  const plan = image.pools ?? expect.fail('no plan');
  for (const pool of poolsIn(plan))
    for (const [i, member] of [...membersOf(plan, pool)].entries())
      plan[member + MemberWord.STATUS] = statuses[i] ?? 0;
}

/** Without states that nobody is in. */
const told = (standing: PoolStanding | undefined): unknown => ({
  ...standing,
  members: Object.fromEntries(Object.entries(standing?.members ?? {}).filter(([, count]) => count > 0)),
});

const DOWN = Status.CHECKED;
const UP = Status.CHECKED | Status.SHARE;
const THREE = ['1', '2', '3'].map((host) => `www POOL 192.0.2.${host} check=web`).join('\n');

test('members are told by state', () => {
  const image = imageOf(`${THREE}\nwww POOL 192.0.2.4\n_http._tcp POOL use=www port=80`);
  put(image, DOWN, UP, Status.CHECKED | Status.HELD, Status.SHARE);
  expect(poolStandings([image]).map(told)).toEqual([
    {
      ...{ pool: 'www.z.test.', count: 1, changes: 0, choicesDown: 0, down: 0, lastGood: 0 },
      members: { unchecked: 1, up: 1, down: 1, drained: 1 },
    },
  ]);
});

test('where nobody is up, it is told whether who was up last is told', () => {
  const image = imageOf(`${THREE}\nwww POOL * all-down=last-good`);
  put(image, DOWN, DOWN | Status.LAST_GOOD, DOWN);
  expect(poolStandings([image])[0]).toMatchObject({ down: 1, lastGood: 1 });
  put(image, DOWN, Status.CHECKED | Status.PENDING, DOWN);
  expect(poolStandings([image])[0]).toMatchObject({ down: 1, lastGood: 0 });
  put(image, DOWN, UP, DOWN);
  expect(poolStandings([image])[0]).toMatchObject({ down: 0, lastGood: 0 });
});

test('choices without anybody who is up are counted, over a reload too, and none that is explained', () => {
  const zones = catalog({ 'z.test': `$TTL 60\n${SOA_AND_NS}${THREE}\n_http._tcp POOL use=www port=80\n` });
  const server = pipeline(zones);
  ask(server, 'www.z.test');
  ask(server, '_http._tcp.z.test SRV');
  ask(pipeline(zones, { witness: () => {} }), 'www.z.test');
  expect(poolStandings(zones.images)[0]?.choicesDown).toBe(2);
  const again = planned(imageOf(`${THREE}\nwww POOL 192.0.2.4`), zones.images[0]);
  expect(poolStandings([again])[0]?.choicesDown).toBe(2);
  put(again, UP);
  ask(pipeline(zones), 'www.z.test');
  expect(poolStandings([again])[0]?.choicesDown).toBe(2);
});

test('of more pools than are told one by one, the rest is one', () => {
  const count = METRIC_POOLS_MAX + 3;
  const owner = (i: number): string => `p${String(i).padStart(4, '0')}`;
  const pools = Array.from(
    { length: count },
    (_, i) => `${owner(i)} POOL 192.0.2.1\n${owner(i)} POOL 192.0.2.2`,
  );
  const standings = poolStandings([imageOf(pools.join('\n'))]);
  expect(standings).toHaveLength(METRIC_POOLS_MAX + 1);
  expect(standings[0]?.pool).toBe('p0000.z.test.');
  expect(told(standings.at(-1))).toMatchObject({ pool: 'other', count: 3, members: { unchecked: 6 } });
});
