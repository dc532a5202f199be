/** Plans: what they say of pools, and what of them outlives a change. */
import { expect, test } from 'vitest';
import {
  findPool,
  firstMember,
  MEMBER_WORDS,
  MemberWord,
  membersEnd,
  membersOf,
  PlaceFlag,
  PlanWord,
  PoolFlag,
  PoolWord,
  poolsIn,
  Status,
  UNTIL_EVER,
} from '../../src/pool/plan.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import { Type } from '../../src/wire/codes.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { nameText } from '../../src/wire/name.ts';
import { AllDown } from '../../src/wire/pool.ts';
import { change } from '../../src/zone/change.ts';
import type { Image } from '../../src/zone/image.ts';
import { image, name, SOA_AND_NS } from '../support/authority.ts';
import { changesIn } from '../support/changes.ts';

const APEX = 'z.test.';
const zoneText = (pools: string): string => `$TTL 60\n${SOA_AND_NS}${pools}\n`;
const zoneOf = (pools: string): Image => planned(image(APEX, zoneText(pools)), undefined);

/** The pool at that name. */
function poolAt(zone: Image, owner: string): number {
  const hashed = new HashedName();
  hashed.set(name(`${owner}.${APEX}`), 0);
  return findPool(planOf(zone), zone.rrset(zone.find(hashed, 0), Type.POOL));
}

function planOf({ pools }: Image): Int32Array {
  if (pools === undefined) throw new Error('no plan');
  return pools;
}

/** A word of each member. */
function words(zone: Image, owner: string, word: number): number[] {
  const plan = planOf(zone);
  return [...membersOf(plan, poolAt(zone, owner))].map((member) => plan[member + word] as number);
}

/** As a change of the zone that is served, or compiled anew where that is called for. */
function edited(zone: Image, pools: string): Image {
  const changes = changesIn(zone, name(APEX), zoneText(pools));
  const verdict = change(zone, changes);
  if (verdict.kind === 'refused') throw new Error(verdict.kind);
  if (verdict.kind === 'rebuild') return planned(image(APEX, zoneText(pools)), zone);
  return planned(verdict.image, zone);
}

const WWW = `www 30 POOL 192.0.2.1 weight=3 tier=2 port=443 check=web net=10.0.0.0/8 asn=64500 geo=*,DE
www 30 POOL 2001:db8::1 near=1.5,-2.5 bias=-7
www 30 POOL * answers=2 all-down=nodata sticky=client eject-at-most=50% warm-up=30`;

test('a plan says what the records do', () => {
  const zone = zoneOf(WWW);
  const plan = planOf(zone);
  const pool = poolAt(zone, 'www');
  expect(plan[PlanWord.POOLS]).toBe(1);
  const word = (at: number): number => plan[pool + at] as number;
  expect(nameText(zone.bytes, zone.nameAt(word(PoolWord.NODE)))).toBe('www.z.test.');
  expect([word(PoolWord.TTL), word(PoolWord.ANSWERS), word(PoolWord.DRAWS)]).toEqual([30, 2, 1]);
  expect([word(PoolWord.ALL_DOWN), word(PoolWord.EJECT_AT_MOST)]).toEqual([AllDown.NODATA, 50]);
  expect([word(PoolWord.WARM_UP), word(PoolWord.MEMBERS), word(PoolWord.USE)]).toEqual([30, 2, 0]);
  expect(word(PoolWord.FLAGS)).toBe(PoolFlag.OPTIONS | PoolFlag.STICKY | PoolFlag.PLACES | PoolFlag.LOCATES);
  expect(word(PoolWord.NETS_V4)).toBeGreaterThan(0);
  expect(word(PoolWord.NETS_V6)).toBe(0);
  expect(membersEnd(plan, pool) - firstMember(pool)).toBe(2 * MEMBER_WORDS);
  expect(words(zone, 'www', MemberWord.WEIGHT)).toEqual([3, 1]);
  expect(words(zone, 'www', MemberWord.TIER)).toEqual([2, 0]);
  expect(words(zone, 'www', MemberWord.PORT)).toEqual([443, 0]);
  expect(words(zone, 'www', MemberWord.PLACES)).toEqual([
    PlaceFlag.NET | PlaceFlag.ASN | PlaceFlag.GEO,
    PlaceFlag.NEAR,
  ]);
  expect(words(zone, 'www', MemberWord.LATITUDE)).toEqual([0, 150_000]);
  expect(words(zone, 'www', MemberWord.LONGITUDE)).toEqual([0, -250_000]);
  expect(words(zone, 'www', MemberWord.BIAS)).toEqual([0, -7]);
  const [geos] = words(zone, 'www', MemberWord.GEOS) as [number];
  expect(plan[geos]).toBe(2);
  expect(plan[geos + 1]).toBeGreaterThan(plan[geos + 2] as number);
});

test('members are alike when tier, port and alpn are; hosts are by themselves', () => {
  const zone = zoneOf(`www POOL 192.0.2.1 alpn=h2
www POOL host.example.net. alpn=h2
www POOL 2001:db8::1 alpn=h2
www POOL 192.0.2.2 alpn=h3`);
  const endpoints = words(zone, 'www', MemberWord.ENDPOINT);
  const ordinals = words(zone, 'www', MemberWord.ORDINAL);
  const kinds = words(zone, 'www', MemberWord.KIND);
  const host = kinds.indexOf(3);
  expect(ordinals).toEqual([0, 1, 2, 3]);
  expect(endpoints.filter((each) => each === host)).toEqual([host]);
  expect(new Set(endpoints).size).toBe(3);
});

test('what a member is does not depend on its weight, nor a host on its case', () => {
  const identities = (text: string): number[] => words(zoneOf(text), 'www', MemberWord.IDENTITY);
  expect(identities('www POOL 192.0.2.1 weight=3')).toEqual(identities('www POOL 192.0.2.1 tier=1'));
  expect(identities('www POOL HOST.example.')).toEqual(identities('www POOL host.example.'));
  expect(identities('www POOL 192.0.2.1 port=1')).not.toEqual(identities('www POOL 192.0.2.1 port=2'));
});

test('a zone without pools has no plan', () => {
  const zone = image(APEX, zoneText('www A 192.0.2.1'));
  expect(planned(zone, undefined)).toBe(zone);
});

test('a use is linked to the pool of that name, and to nothing else', () => {
  const zone = zoneOf(`www POOL 192.0.2.1\n_https._tcp POOL use=WWW port=443\nfar POOL use=www.example.net.`);
  const plan = planOf(zone);
  const link = (owner: string): number => plan[poolAt(zone, owner) + PoolWord.USED] as number;
  expect(link('_https._tcp')).toBe(poolAt(zone, 'www'));
  expect(link('far')).toBe(0);
  expect(plan[poolAt(zone, '_https._tcp') + PoolWord.USE_PORT]).toBe(443);
});

const UP = 100 | Status.CHECKED | Status.LAST_GOOD;

/** As the prober does, of every member. */
function noteUp(zone: Image): void {
  const plan = planOf(zone);
  for (const pool of poolsIn(plan)) {
    for (const member of membersOf(plan, pool)) {
      plan[member + MemberWord.STATUS] = UP;
      plan[member + MemberWord.UNTIL] = 77;
    }
  }
}

const PENDING = Status.CHECKED | Status.PENDING;

test('checked members are pending until they are known, others are up for ever', () => {
  const zone = zoneOf('www POOL 192.0.2.1 check=web\nwww POOL 192.0.2.2');
  expect(words(zone, 'www', MemberWord.STATUS)).toEqual([PENDING, Status.SHARE]);
  expect(words(zone, 'www', MemberWord.UNTIL)).toEqual([0, UNTIL_EVER]);
});

test('health is taken over by owner, member and checks, over a change and a zone compiled anew', () => {
  const before = zoneOf('www POOL 192.0.2.1 check=web\nwww POOL 192.0.2.2 check=web');
  noteUp(before);
  const after =
    'www POOL 192.0.2.2 check=web weight=9\nwww POOL 192.0.2.3 check=web\nwww POOL 192.0.2.1 check=new\n';
  const anew = edited(before, after);
  expect(words(anew, 'www', MemberWord.STATUS)).toEqual([UP, PENDING, PENDING]);
  expect(words(anew, 'www', MemberWord.UNTIL)).toEqual([77, 0, 0]);
  const changed = edited(anew, after.replace('check=new', 'check=web').replace('weight=9', 'weight=8'));
  expect(changed.buffer).toBe(anew.buffer);
  expect(words(changed, 'www', MemberWord.STATUS)).toEqual([UP, PENDING, PENDING]);
});

test('a change that concerns no pool keeps the plan; one that does makes another', () => {
  const pools = 'www POOL 192.0.2.1\nother POOL 192.0.2.1';
  const before = zoneOf(pools);
  const beside = edited(before, `${pools}\nplain A 192.0.2.9`);
  expect(beside.plan).toBe(before.plan);
  // The node of the pool moves, for it has a wildcard now.
  const moved = edited(beside, `${pools}\nplain A 192.0.2.9\n*.www A 192.0.2.9`);
  expect(moved.plan).not.toBe(before.plan);
  expect(words(moved, 'www', MemberWord.KIND)).toEqual([1]);
  const more = edited(moved, `${pools}\nnew POOL 192.0.2.1\nplain A 192.0.2.9\n*.www A 192.0.2.9`);
  expect(planOf(more)[PlanWord.POOLS]).toBe(3);
  const fewer = edited(more, 'new POOL 192.0.2.1\nplain A 192.0.2.9\n*.www A 192.0.2.9');
  expect(planOf(fewer)[PlanWord.POOLS]).toBe(1);
  expect(edited(fewer, 'plain A 192.0.2.9\n*.www A 192.0.2.9').plan).toBeUndefined();
});

test('a zone that comes to have its first pool by a change has a plan', () => {
  const before = planned(image(APEX, zoneText('www A 192.0.2.1')), undefined);
  expect(words(edited(before, 'www POOL 192.0.2.1'), 'www', MemberWord.KIND)).toEqual([1]);
});
