/** Who waits for recursion, and how many may: no pile of answers falls upon one address in one moment. */
import { describe, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { WAITING_PER_CLIENT_MAX, WAITING_PER_KNOWN_CLIENT_MAX } from '../../src/base/limits.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { limited } from '../../src/resolver/outcome.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { Recursor } from '../../src/resolver/recursor.ts';
import { Waiting } from '../../src/server/waiting.ts';
import { type Client, DROP, LATER } from '../../src/transport/door.ts';
import { recordFrom } from '../scenarios/record-text.ts';
import { ScriptedInternet } from '../scenarios/scripted-internet.ts';
import { ScriptedZone } from '../scenarios/scripted-zone.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { catalog, name, pipeline, queryFor } from '../support/authority.ts';

const client = (address: readonly number[], transport: Client['transport'] = 'udp'): Client => ({
  transport,
  address: Uint8Array.from(address),
  port: 4_000,
});
const VICTIM = client([10, 0, 0, 1]);
const v6 = (site: number, host: number): Client =>
  client([0x20, 1, 0xd, 0xb8, 0, 0, 0, site, ...Array(7).fill(0), host]);

const enterAll = (waiting: Waiting, who: (i: number) => Client, count: number, hasCookie = false) =>
  Array.from({ length: count }, (_, i) => waiting.enter(who(i), hasCookie)).filter((leave) => leave);

describe('one client', () => {
  test.each([
    ['waits for so many answers', () => VICTIM, false, WAITING_PER_CLIENT_MAX],
    ['with a cookie for more', () => VICTIM, true, WAITING_PER_KNOWN_CLIENT_MAX],
    ['in IPv6 is a whole site', (i: number) => v6(1, i % 256), false, WAITING_PER_CLIENT_MAX],
    ['over TCP is bounded elsewhere', () => client([10, 0, 0, 1], 'tcp'), false, 6_000],
    ['on this machine is no victim', () => client([127, 0, 0, 1]), false, 6_000],
  ])('%s', (_, who, hasCookie, most) => {
    expect(enterAll(new Waiting(), who, 6_000, hasCookie)).toHaveLength(most);
  });

  test('may come back when its answers have left, and takes nobody else’s place', () => {
    const waiting = new Waiting();
    const leaves = enterAll(waiting, () => VICTIM, 600);
    expect(waiting.enter(client([10, 0, 0, 2]), false)).toBeDefined();
    expect(waiting.enter(v6(2, 1), false)).toBeDefined();
    leaves[0]?.();
    expect(enterAll(waiting, () => VICTIM, 2)).toHaveLength(1);
  });
});

const everybody = PrefixSet.parse(['0.0.0.0/0']) as PrefixSet;

test('10,000 forged questions to slow names bring their victim 500 answers [LIMITS C16]', async () => {
  const world = new VirtualWorld();
  const internet = new ScriptedInternet(world);
  const records = ['. 3600 NS a.root', 'a.root 3600 A 192.0.2.1', '* 300 A 192.0.2.80'];
  internet.server('192.0.2.1').zones.push(new ScriptedZone('', records.map(recordFrom)));
  internet.server('192.0.2.1').faults.push({ kind: 'delay', words: ['300'] });
  const settings = {
    rootHints: [{ name: name('a.root'), addresses: ['192.0.2.1'] }],
    ...{ neverQuery: new Set<string>(), upstreamPort: 53, cacheBytes: 1_000_000, localNames: [] },
    ...{ hosts: undefined, clientMs: 5_000, useCaseRandomisation: true, minimise: 'relaxed' as const },
    ...{ freshness: FRESHNESS_DEFAULT, onBug: (bug: unknown) => expect.fail(String(bug)) },
  };
  const recursor = new Recursor(settings, world, internet, noOwnZones);
  const counters = new Counters();
  const subject = pipeline(catalog({}), { recursor, mayRecurse: everybody, counters });
  const answers: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    const packet = queryFor(`n${i % 1_000}. A`, { rd: true });
    const length = subject.answer(packet, packet.length, VICTIM, new Uint8Array(65_535), (response) => {
      if (response.length > 0) answers.push(world.nowMs());
    });
    expect(length).toBe(i < WAITING_PER_CLIENT_MAX ? LATER : DROP);
  }
  await world.pass(20_000);
  expect(answers).toHaveLength(WAITING_PER_CLIENT_MAX);
  expect(counters.get(Counter.waitersDropped)).toBe(9_500);
  expect(subject.pending).toBe(0);
});

test('where too many wait, who came by UDP gets nothing, and who came by TCP is told', async () => {
  const crowd = { ...limited('too many clients are waiting', 'crowd') };
  const recursor = { cached: () => undefined, resolve: () => Promise.resolve(crowd) } as unknown as Recursor;
  const counters = new Counters();
  const subject = pipeline(catalog({}), { recursor, mayRecurse: everybody, counters });
  const told = (by: Client): Promise<number> =>
    new Promise((resolve) => {
      const packet = queryFor('www.test. A', { rd: true });
      subject.answer(packet, packet.length, by, new Uint8Array(65_535), ({ length }) => resolve(length));
    });
  expect(await told(VICTIM)).toBe(0);
  expect(counters.get(Counter.waitersDropped)).toBe(1);
  expect(await told(client([10, 0, 0, 1], 'tcp'))).toBeGreaterThan(0);
});
