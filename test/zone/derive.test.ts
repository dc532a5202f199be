/**
 * Names derived from pools: what they are, and that they follow their pools through reloads, changes and
 * compiling anew.
 */
import { describe, expect, test } from 'vitest';
import { parseIp } from '../../src/base/ip.ts';
import { typeText } from '../../src/wire/codes.ts';
import { nameText } from '../../src/wire/name.ts';
import { rdataText } from '../../src/wire/rdata-text.ts';
import { rdatasOf, rrsetTtl, rrsetType } from '../../src/wire/rrset.ts';
import { change } from '../../src/zone/change.ts';
import { checkZone, settle } from '../../src/zone/check.ts';
import { compileZone } from '../../src/zone/compile.ts';
import { type Complaint, complaintText, hasErrors } from '../../src/zone/complaint.ts';
import { derivedName } from '../../src/zone/derive.ts';
import { differences } from '../../src/zone/differences.ts';
import { blockBytes, Image } from '../../src/zone/image.ts';
import { parseZoneText } from '../../src/zone/parser.ts';
import type { Records } from '../../src/zone/records.ts';
import { type Change, thaw } from '../../src/zone/thaw.ts';
import { image, name, SOA_AND_NS } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { changesIn } from '../support/changes.ts';

const APEX = name('z.test.');
const textOf = (body: string): string => `$TTL 60\n${SOA_AND_NS}${body}\n`;

/** All that an image holds: a line for each record, and for each name its flags. */
function contents(zone: Image): string[] {
  const lines: string[] = [];
  for (const node of zone.nodes()) {
    const owner = nameText(zone.bytes, zone.nameAt(node));
    lines.push(`${owner} ${zone.flags(node)}`);
    let at = zone.firstRrset(node);
    for (let left = zone.rrsetCount(node); left > 0; left--, at += blockBytes(zone.bytes, at)) {
      const type = rrsetType(zone.bytes, at);
      const start = `${owner} ${rrsetTtl(zone.bytes, at)} ${typeText(type)}`;
      for (const rdata of rdatasOf(zone.bytes, at)) lines.push(`${start} ${rdataText(type, rdata)}`);
    }
  }
  return lines.sort();
}

const derivedIn = (zone: Image): string[] =>
  contents(zone).filter((line) => /\.addr\./.test(line) && / AA?A?A? /.test(line));

function compiled(records: Records): Image | undefined {
  const complaints: Complaint[] = [];
  const tree = checkZone(records, complaints);
  if (hasErrors(complaints)) return undefined;
  settle(records);
  return new Image(compileZone(records, tree));
}

const fresh = (body: string): Image | undefined => compiled(parseZoneText(APEX, textOf(body), []));

test('the name of an address', () => {
  const named = (address: string): string =>
    nameText(derivedName(parseIp(address) as Uint8Array, APEX) as Uint8Array);
  expect(named('192.0.2.10')).toBe('192-0-2-10.addr.z.test.');
  expect(named('2001:db8::10')).toBe('2001-db8-0-0-0-0-0-10.addr.z.test.');
  expect(named('::ffff:192.0.2.1')).toBe('0-0-0-0-0-ffff-c000-201.addr.z.test.');
});

test('an apex that leaves no room for it', () => {
  const apex = `${'x.'.repeat(120)}`;
  const complaints: Complaint[] = [];
  const records = parseZoneText(name(apex), `$TTL 60\n${SOA_AND_NS}w POOL 192.0.2.10\n`, complaints);
  checkZone(records, complaints);
  expect(complaints.map(complaintText)).toEqual([
    'zone:4: error: a member that is an address has a name of its own below the apex: ' +
      'expected an apex that leaves room for it',
  ]);
});

test('each address has one record, with the lowest TTL of its pools', () => {
  const zone = image(
    'z.test.',
    textOf(
      `a 50 POOL 192.0.2.1
b 40 POOL 192.0.2.1 weight=7
b 30 POOL host.example.
c 90 POOL 2001:db8::1
c 90 POOL use=nobody.example.
d TXT 192.0.2.9`.replace('c 90 POOL use=nobody.example.\n', ''),
    ),
  );
  expect(derivedIn(zone)).toEqual([
    '192-0-2-1.addr.z.test. 30 A 192.0.2.1',
    '2001-db8-0-0-0-0-0-1.addr.z.test. 90 AAAA 2001:db8::1',
  ]);
});

test('a client changes the pool, and never what is derived from it', () => {
  const zone = fresh('w POOL 192.0.2.1') as Image;
  const verdict = change(zone, [{ name: name('192-0-2-1.addr.z.test.'), rrsets: [] }]);
  expect(verdict).toMatchObject({ kind: 'refused' });
  expect(verdict.kind === 'refused' && verdict.complaints.map(complaintText)).toEqual([
    'change of z.test.: error: 192-0-2-1.addr.z.test. is derived from a pool: expected a change of that',
  ]);
});

test('what changes no member is a change in place, and other names are as well', () => {
  const body = '@ POOL use=w\nw POOL 192.0.2.1 weight=1\nw POOL 192.0.2.2\n192-0-2-1.x TXT y';
  for (const next of [body.replace('weight=1', 'weight=2 geo=EU'), `${body}\nnew TXT z`]) {
    const zone = fresh(body) as Image;
    const verdict = change(zone, changesIn(zone, APEX, textOf(next)));
    expect(verdict.kind === 'changed' && contents(verdict.image)).toEqual(contents(fresh(next) as Image));
  }
  const zone = fresh(body) as Image;
  for (const next of [body.replace('192.0.2.2', '192.0.2.3'), body.replace('w POOL', 'w 30 POOL')])
    expect(change(zone, changesIn(zone, APEX, textOf(next))).kind).toBe('rebuild');
});

const OWNERS = ['@', 'a', 'b', 'c', '*.d', 'e.f', '192-0-2-1.addr', 'addr', 'x.192-0-2-1.addr', '192-0-2-2'];
const MEMBERS = ['192.0.2.1', '192.0.2.2', '2001:db8::1', 'host.example.', 'b'];
/** None of which is what could be derived: the same record is no difference. */
const OTHERS = ['TXT x', 'A 192.0.2.8', 'A 192.0.2.9', 'CNAME a'];
/** Never cuts: of what a cut hides nobody knows whether it is a pool. */
const USED = ['a', 'b', 'c'];

function someRecords(owner: string, chance: Chance): string[] {
  if (chance.percent(30)) return [];
  if (chance.percent(50)) return [chance.pick(USED.includes(owner) ? OTHERS : [...OTHERS, 'NS ns.example.'])];
  const ttl = chance.pick(['', '', '30 ']);
  if (chance.percent(20)) return [`${ttl}POOL use=${chance.pick(USED)}`];
  const members = MEMBERS.filter(() => chance.percent(40));
  const weight = chance.pick(['', ' weight=1', ' weight=2']);
  const options = chance.percent(20) ? [`${ttl}POOL * as=cname`] : [];
  return [...members.map((member) => `${ttl}POOL ${member}${weight}`), ...options];
}

/** By owner; with `from`, some of its names as they are there. */
function someZone(chance: Chance, from?: ReadonlyMap<string, string[]>): Map<string, string[]> {
  return new Map(
    OWNERS.map((owner) => [
      owner,
      from && chance.percent(88) ? (from.get(owner) as string[]) : someRecords(owner, chance),
    ]),
  );
}

const bodyOf = (zone: ReadonlyMap<string, string[]>): string =>
  [...zone].flatMap(([owner, records]) => records.map((record) => `${owner} ${record}`)).join('\n');

describe('however a zone came to be, it holds what it holds when it is read', () => {
  test.each(Array.from({ length: 6 }, (_, seed) => seed))('seed %i', (seed) => {
    const chance = new Chance(seed);
    let zone = someZone(chance);
    while (fresh(bodyOf(zone)) === undefined) zone = someZone(chance);
    const seen = { changed: 0, rebuild: 0, refused: 0 };
    for (let round = 0; round < 60; round++) {
      const next = someZone(chance, zone);
      const expected = fresh(bodyOf(next));
      const now = fresh(bodyOf(zone)) as Image;
      const changes = changesIn(now, APEX, textOf(bodyOf(next)));
      const verdict = change(now, changes);
      seen[verdict.kind]++;
      const made = verdict.kind === 'changed' ? verdict.image : compiled(thaw(now, changes));
      expect(made && contents(made), bodyOf(next)).toEqual(expected && contents(expected));
      if (verdict.kind === 'refused') expect(expected).toBeUndefined();
      if (expected === undefined) continue;
      const reloaded = change(fresh(bodyOf(zone)) as Image, readAnew(now, bodyOf(next)));
      if (reloaded.kind === 'changed') expect(contents(reloaded.image)).toEqual(contents(expected));
      zone = next;
    }
    expect(Math.min(seen.changed, seen.rebuild)).toBeGreaterThan(0);
  });
});

/** As the loader has them: differences of records that were checked. */
function readAnew(served: Image, body: string): Change[] {
  const records = parseZoneText(APEX, textOf(body), []);
  checkZone(records, []);
  const rows = settle(records);
  return differences(records, rows, served, Number.POSITIVE_INFINITY) as Change[];
}
