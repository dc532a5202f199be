/**
 * The front door: it never rejects, always ends in time, and leaves nothing behind, whatever strangers send
 * and whatever we ourselves do wrong. What it answers is told in the scenarios.
 */
import { expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { CLIENTS_WAITING_MAX, RESOLUTIONS_MAX } from '../../src/base/limits.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { parseHosts } from '../../src/resolver/hosts.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { type Outcome, Recursor, type RecursorSettings } from '../../src/resolver/recursor.ts';
import type { Event, Upstream } from '../../src/resolver/upstream.ts';
import { Class, Ede, Rcode, Type } from '../../src/wire/codes.ts';
import { readMessage } from '../../src/wire/message.ts';
import { recordFrom } from '../scenarios/record-text.ts';
import { ScriptedInternet } from '../scenarios/scripted-internet.ts';
import { ScriptedZone } from '../scenarios/scripted-zone.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { Chance } from '../support/chance.ts';
import { name } from './messages.ts';

const HINT = '192.0.2.1';

function recursing(world: VirtualWorld, upstream: Upstream, settings: Partial<RecursorSettings> = {}) {
  const bugs: unknown[] = [];
  const counters = new Counters();
  const rootHints = [{ name: name('a.root'), addresses: [HINT] }];
  const all: RecursorSettings = {
    rootHints,
    neverQuery: new Set<string>(),
    upstreamPort: 53,
    cacheBytes: 100_000,
    localNames: [],
    hosts: undefined,
    clientMs: 5_000,
    useCaseRandomisation: true,
    minimise: 'relaxed',
    freshness: FRESHNESS_DEFAULT,
    onBug: (bug) => bugs.push(bug),
    ...settings,
  };
  return { recursor: new Recursor(all, world, upstream, noOwnZones, counters), bugs, counters };
}

const question = (text: string, type: number = Type.A) => ({ name: name(text), type, class: Class.IN });

/** A root that has everything. */
function flatInternet(world: VirtualWorld): ScriptedInternet {
  const internet = new ScriptedInternet(world);
  const records = [
    '. 3600 NS a.root',
    'a.root 3600 A 192.0.2.1',
    'www.test 300 A 192.0.2.80',
    'www.test 300 TXT some text',
    'alias.test 300 CNAME www.test',
    'old.test 300 DNAME test',
    'sub.test 300 NS ns.sub.test',
    'ns.sub.test 300 A 192.0.2.1',
    'sub.test 300 MX 10 mail.sub.test',
  ];
  internet.server(HINT).zones.push(new ScriptedZone('', records.map(recordFrom)));
  internet
    .server(HINT)
    .zones.push(new ScriptedZone('sub.test', [recordFrom('www.sub.test 300 A 192.0.2.81')]));
  return internet;
}

const names = ['www.test', 'alias.test', 'www.old.test', 'www.sub.test', 'nowhere.test', 'sub.test'];
const types = [Type.A, Type.TXT, Type.ANY, Type.NS, Type.CNAME, Type.DS];

/** Passes on what another says, with some of its bytes changed behind the question. */
function garbling(honest: Upstream, chance: Chance): Upstream {
  return {
    exchange(exchange) {
      let last: Uint8Array = new Uint8Array(0);
      const tamper = (bytes: Uint8Array): boolean => {
        last = bytes.slice();
        for (let changes = chance.below(4); changes > 0; changes--) {
          last[2 + chance.below(last.length - 2)] = chance.below(256);
        }
        if (chance.percent(10)) last = last.slice(0, chance.below(last.length));
        return exchange.accept(last);
      };
      const { to, query, via, ms } = exchange;
      const end = (event: Event): void =>
        exchange.end(event.got === 'reply' ? { ...event, bytes: last } : event);
      honest.exchange({ to, query, via, ms, accept: tamper, overdue: () => exchange.overdue(), end });
    },
  };
}

test('whatever strangers send, every question ends in time and nothing is left behind', async () => {
  const rcodes = new Map<number, number>();
  for (let seed = 1; seed <= 60; seed++) {
    const world = new VirtualWorld(seed);
    const chance = new Chance(seed);
    const { recursor, bugs } = recursing(world, garbling(flatInternet(world), chance));
    for (let i = 0; i < 20; i++) {
      const asked = question(names[chance.below(names.length)] as string, types[chance.below(types.length)]);
      const startMs = world.nowMs();
      const outcome = await world.until(recursor.resolve(asked));
      expect(world.nowMs() - startMs, `seed ${seed}`).toBeLessThanOrEqual(5_000);
      if (outcome.rcode === Rcode.SERVFAIL) expect(outcome.ede?.text).toBeTruthy();
      rcodes.set(outcome.rcode, (rcodes.get(outcome.rcode) ?? 0) + 1);
      if (chance.percent(20)) recursor.flush();
    }
    await world.pass(20_000);
    expect(bugs, `seed ${seed}`).toEqual([]);
    expect([recursor.inFlight, recursor.waiting]).toEqual([0, 0]);
    expect(world.alarms).toBe(0);
  }
  // The test tests something: most get through, some do not.
  expect(rcodes.get(Rcode.NOERROR)).toBeGreaterThan(300);
  expect(rcodes.get(Rcode.SERVFAIL)).toBeGreaterThan(5);
});

test('more clients than may wait are turned away at once, and those that wait are answered', async () => {
  const world = new VirtualWorld();
  const internet = flatInternet(world);
  const { recursor } = recursing(world, internet);
  const resolving = Array.from({ length: CLIENTS_WAITING_MAX }, (_, i) =>
    recursor.resolve(question(`n${Math.floor(i / 50)}.test`)),
  );
  expect(recursor.waiting).toBe(CLIENTS_WAITING_MAX);
  expect(await recursor.resolve(question('late.test'))).toMatchObject({
    rcode: Rcode.SERVFAIL,
    ede: { text: 'too many clients are waiting' },
  });
  const outcomes = await world.until(Promise.all(resolving));
  expect(new Set(outcomes.map(({ rcode }) => rcode))).toEqual(new Set([Rcode.NXDOMAIN]));
  expect(recursor.waiting).toBe(0);
});

test('giving way may lead to the very question of the client: that is one [LIMITS B3, C17]', async () => {
  const world = new VirtualWorld();
  const internet = new ScriptedInternet(world);
  const dead = (zone: string, i: number): string[] => [
    `${zone} 3600 NS ns.${zone}`,
    `ns.${zone} 3600 A 192.0.${16 + (i >> 8)}.${i & 255}`,
  ];
  const many = Array.from({ length: RESOLUTIONS_MAX / 2 }, (_, i) => `d${i}.test`);
  const records = ['. 3600 NS a.root', 'a.root 3600 A 192.0.2.1'];
  records.push('p.test 3600 NS one.x.test', 'p.test 3600 NS two.y.test');
  records.push(...['x.test', 'y.test', ...many].flatMap(dead));
  internet.server(HINT).zones.push(new ScriptedZone('', records.map(recordFrom)));
  const { recursor, counters } = recursing(world, internet, { minimise: 'off', cacheBytes: 4_000_000 });
  void recursor.resolve(question('www.p.test'));
  await world.pass(100);
  for (const zone of many) void recursor.resolve(question(`www.${zone}`));
  await world.pass(250);
  const isFirst = internet.log.some(({ name }) => name.toLowerCase() === 'one.x.test');
  const started = counters.get(Counter.resolutionsStarted);
  void recursor.resolve(question(isFirst ? 'two.y.test' : 'one.x.test'));
  expect(counters.get(Counter.resolutionsGaveWay)).toBe(1);
  // Its addresses of both kinds.
  expect(counters.get(Counter.resolutionsStarted) - started).toBe(2);
  expect(counters.get(Counter.resolutionsJoined)).toBe(1);
  await world.pass(20_000);
  expect([recursor.inFlight, recursor.waiting]).toEqual([0, 0]);
});

test('a mistake of ours is a SERVFAIL for the question at hand, and is told', async () => {
  const world = new VirtualWorld();
  const internet = flatInternet(world);
  let isBroken = true;
  const upstream: Upstream = {
    exchange(exchange) {
      if (isBroken) throw new Error('an upstream never throws');
      internet.exchange(exchange);
    },
  };
  const { recursor, bugs } = recursing(world, upstream);
  const outcome = await world.until(recursor.resolve(question('www.test')));
  expect(outcome.rcode).toBe(Rcode.SERVFAIL);
  expect(outcome.ede).toEqual({ code: Ede.OTHER, text: 'a mistake of this server' });
  expect(bugs[0]).toBeInstanceOf(Error);
  isBroken = false;
  expect((await world.until(recursor.resolve(question('www.test')))).rcode).toBe(Rcode.NOERROR);
});

test.each<[string, { class: number; type: number }, Partial<Outcome>]>([
  ['class CH', { class: Class.CH, type: Type.TXT }, { rcode: Rcode.REFUSED }],
  ['class ANY', { class: Class.ANY, type: Type.A }, { rcode: Rcode.REFUSED }],
  ['AXFR', { class: Class.IN, type: Type.AXFR }, { rcode: Rcode.NOTIMP }],
  ['OPT', { class: Class.IN, type: Type.OPT }, { rcode: Rcode.NOTIMP }],
  ['type 0', { class: Class.IN, type: 0 }, { rcode: Rcode.NOTIMP }],
])('%s is not resolved, at once, and nobody is asked [LIMITS A7]', async (_, odd, expected) => {
  const world = new VirtualWorld();
  const internet = flatInternet(world);
  const { recursor } = recursing(world, internet);
  const asked = { name: name('www.test'), ...odd };
  expect(recursor.cached(asked)).toMatchObject({ ...expected, ede: { code: Ede.NOT_SUPPORTED } });
  expect(await recursor.resolve(asked)).toMatchObject(expected);
  expect(internet.log).toEqual([]);
});

test('every query has an ID of its own, drawn from all 65,536 [RFC 5452 §9.2]', async () => {
  const world = new VirtualWorld();
  const internet = flatInternet(world);
  const { recursor } = recursing(world, internet);
  const all = Array.from({ length: 300 }, (_, i) => recursor.resolve(question(`n${i}.test`)));
  await world.until(Promise.all(all));
  const ids = internet.log.map(({ id }) => id);
  expect(new Set(ids).size).toBeGreaterThan(290);
  expect(Math.max(...ids)).toBeGreaterThan(60_000);
  expect(Math.min(...ids)).toBeLessThan(5_000);
});

test('queries say what a resolver says: no recursion, EDNS of 1232 bytes', async () => {
  const world = new VirtualWorld();
  const internet = flatInternet(world);
  const queries: Uint8Array[] = [];
  const upstream: Upstream = {
    exchange(exchange) {
      queries.push(exchange.query);
      internet.exchange(exchange);
    },
  };
  await world.until(recursing(world, upstream).recursor.resolve(question('www.test')));
  for (const query of queries) {
    expect(readMessage(query)).toMatchObject({
      flags: 0,
      edns: { version: 0, udpSize: 1232, dnssecOk: false },
    });
  }
});

test('what happened is counted', async () => {
  const world = new VirtualWorld();
  const { recursor, counters } = recursing(world, flatInternet(world), { clientMs: 5 });
  const both = [recursor.resolve(question('www.test')), recursor.resolve(question('www.test'))];
  await world.until(Promise.all(both));
  await world.pass(10_000);
  // The name, and the root's servers.
  expect(counters.get(Counter.resolutionsStarted)).toBe(2);
  expect(counters.get(Counter.resolutionsJoined)).toBe(1);
  expect(counters.get(Counter.resolutionsLate)).toBe(2);
});

test('what is known is told without waiting, and what is not is undefined', async () => {
  const world = new VirtualWorld();
  const { recursor } = recursing(world, flatInternet(world));
  expect(recursor.cached(question('alias.test'))).toBeUndefined();
  await world.until(recursor.resolve(question('alias.test')));
  expect(recursor.cached(question('alias.test'))?.answer).toHaveLength(2);
  recursor.flush();
  expect(recursor.cached(question('alias.test'))).toBeUndefined();
});

test('what was looked for in vain just now is not looked for again; what it leads to is', async () => {
  const world = new VirtualWorld();
  let looks = 0;
  const { hosts } = parseHosts('', 'hosts');
  hosts.find = () => void looks++;
  const { recursor } = recursing(world, flatInternet(world), { hosts });
  const asked = question('alias.test');
  recursor.cached(asked);
  void recursor.resolve(asked);
  expect(looks).toBe(1);
  await world.pass(0);
  const links = await world.until(recursor.resolve(question('alias.test', Type.CNAME)));
  expect(links.answer).toHaveLength(1);
  const before = looks;
  const other = question('alias.test', Type.TXT);
  expect(recursor.cached(other)).toBeUndefined();
  expect(looks).toBe(before + 2);
  expect((await world.until(recursor.resolve(other))).answer).toHaveLength(2);
});
