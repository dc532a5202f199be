/**
 * Pools of ours that a client comes to by way of others: an alias of theirs, or one of ours through theirs
 * and back. The walk is shared by all who wait for it; the choice is each client's own.
 */
import { beforeEach, expect, test } from 'vitest';
import { Counter, Counters } from '../../src/base/counters.ts';
import { parseIp } from '../../src/base/ip.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { Recursor } from '../../src/resolver/recursor.ts';
import { OPEN_DOOR } from '../../src/server/guard.ts';
import { ownZones } from '../../src/server/own-zones.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { LATER } from '../../src/transport/door.ts';
import { typeFromText } from '../../src/wire/codes.ts';
import { type Message, readMessage, writeQuery } from '../../src/wire/message.ts';
import { recordFrom } from '../scenarios/record-text.ts';
import { ScriptedInternet } from '../scenarios/scripted-internet.ts';
import { ScriptedZone } from '../scenarios/scripted-zone.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { catalog, client, lines, name, pipeline, SOA_AND_NS } from '../support/authority.ts';

const SERVER = '192.0.2.53';
const OTHERS = [
  '. 3600 SOA a.root a.root 1 3600 600 86400 60',
  '. 3600 NS a.root',
  `a.root 3600 A ${SERVER}`,
  'near.others 300 CNAME near.own',
  'sticky.others 300 CNAME sticky.own',
  'many.others 300 CNAME many.own',
  'drawn.others 300 CNAME drawn.own',
  'away.others 300 CNAME away.own',
  'www.others 300 A 198.51.100.1',
];
const OWN = `$TTL 300
${SOA_AND_NS}near POOL 192.0.2.1 net=203.0.113.0/25
near POOL 192.0.2.2 net=203.0.113.128/25
sticky POOL 192.0.2.1
sticky POOL 192.0.2.2
sticky POOL 192.0.2.3
sticky POOL 192.0.2.4
sticky POOL * sticky=client answers=1
many POOL 192.0.2.1 weight=1
many POOL 192.0.2.2 weight=1
many POOL 192.0.2.3 weight=1
many POOL * sticky=client answers=3
drawn POOL 192.0.2.1 weight=3
drawn POOL 192.0.2.2 weight=1
round CNAME near.others.
away POOL www.others. net=203.0.113.0/25
away POOL near.own. net=203.0.113.128/25
away POOL * as=cname
`;

/** For the name, and for the servers of the root. */
const STARTED = 2;
const NEAR = '203.0.113.1';
const FAR = '203.0.113.200';
const everybody = PrefixSet.parse(['0.0.0.0/0']) as PrefixSet;

let counters: Counters;
let internet: ScriptedInternet;
let server: Pipeline;
let world: VirtualWorld;

beforeEach(() => {
  counters = new Counters();
  world = new VirtualWorld();
  internet = new ScriptedInternet(world);
  internet.server(SERVER).zones.push(new ScriptedZone('', OTHERS.map(recordFrom)));
  const zones = catalog({ 'own.': OWN });
  const settings = {
    ...{ rootHints: [{ name: name('a.root.'), addresses: [SERVER] }], neverQuery: new Set<string>() },
    ...{ upstreamPort: 53, cacheBytes: 1_000_000, localNames: [], hosts: undefined, clientMs: 5_000 },
    ...{ useCaseRandomisation: true, minimise: 'off' as const, freshness: FRESHNESS_DEFAULT },
    dns64: { prefix: '64:ff9b:1::/96', exclude: [], ignore: [] },
    onBug: (bug: unknown) => {
      throw bug;
    },
  };
  const own = ownZones(() => zones, { world, counters: new Counters() });
  server = pipeline(zones, {
    ...{ world, counters, mayRecurse: everybody },
    recursor: new Recursor(settings, world, internet, own, counters),
    ipv6Only: PrefixSet.parse(['203.0.113.128/25']) as PrefixSet,
    guard: { ...OPEN_DOOR, subnetsFrom: PrefixSet.parse(['198.51.100.53']) as PrefixSet },
  });
});

/** `NEAR`, or `198.51.100.53 for 203.0.113.0/24`: a resolver that tells of a client. */
function query(question: string, who: string): Uint8Array {
  const [owner = '', type = 'A'] = question.split(' ');
  const [, network] = who.split(' for ');
  const [address = '', bits] = network?.split('/') ?? [];
  const kept = (parseIp(address) ?? new Uint8Array()).slice(0, Math.ceil(Number(bits) / 8));
  const options = network ? [{ code: 8, value: Uint8Array.of(0, 1, Number(bits), 0, ...kept) }] : [];
  return writeQuery({
    ...{ id: 1, spelled: name(owner), type: typeFromText(type) ?? 0, class: 1, recursionDesired: true },
    edns: { udpSize: 1232, dnssecOk: false, options },
  });
}

async function message(question: string, who: string, transport: 'udp' | 'tcp' = 'udp'): Promise<Message> {
  const packet = query(question, who);
  const out = new Uint8Array(65_535);
  const from = client(transport, who.split(' ')[0]);
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const length = server.answer(packet, packet.length, from, out, resolve);
  const bytes = length === LATER ? await world.until(promise) : out.slice(0, length);
  return readMessage(bytes) ?? expect.fail('no readable response');
}

/** The last record of the answer, as its RDATA. */
const told = async (question: string, who: string, transport: 'udp' | 'tcp' = 'udp'): Promise<string> =>
  lines(await message(question, who, transport))
    .filter((line) => line.startsWith('an '))
    .at(-1)
    ?.split(' ')
    .at(-1) ?? 'nothing';

test.each(['near.others', 'round.own'])('%s is answered by who asks, waiting or not', async (question) => {
  const waiting = [
    told(question, NEAR),
    told(question, FAR, 'tcp'),
    told(question, FAR),
    told(question, NEAR),
  ];
  expect(await Promise.all(waiting)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.1']);
  expect(counters.get(Counter.resolutionsStarted)).toBe(STARTED);
  expect(counters.get(Counter.resolutionsJoined)).toBe(3);
  expect(await told(question, FAR)).toBe('192.0.2.2');
  expect(await told(question, NEAR, 'tcp')).toBe('192.0.2.1');
});

test('for whom a resolver tells of, and it is told for whom that holds [RFC 7871 §7.2.1]', async () => {
  for (const [network, chosen] of [
    ['203.0.113.0/25', '192.0.2.1'],
    ['203.0.113.128/25', '192.0.2.2'],
  ]) {
    const who = `198.51.100.53 for ${network}`;
    const asked = [message('near.others', who), message('near.own', who)];
    const [others, own] = await Promise.all(asked);
    expect(lines(others as Message).at(-1)).toMatch(new RegExp(`${chosen}$`));
    expect(others?.edns?.options).toEqual(own?.edns?.options);
    expect(own?.edns?.options[0]?.value[3]).toBe(25);
  }
});

test('who is to stay with a member stays, whatever way it comes', async () => {
  const clients = Array.from({ length: 16 }, (_, i) => `203.0.${i}.1`).map((from, i) => {
    return [from, i % 2 === 0 ? 'udp' : 'tcp'] as const;
  });
  const straight = await Promise.all(clients.map(([from]) => told('sticky.own', from)));
  const joined = await Promise.all(clients.map(([from, by]) => told('sticky.others', from, by)));
  expect(joined).toEqual(straight);
  expect(await Promise.all(clients.map(([from, by]) => told('sticky.others', from, by)))).toEqual(straight);
  expect(new Set(straight).size).toBeGreaterThan(1);
});

test('what was put in order stays so', async () => {
  const addresses = async (question: string): Promise<string[]> =>
    lines(await message(question, NEAR))
      .filter((line) => / A 192/.test(line))
      .map((line) => line.slice(-9));
  const straight = await addresses('many.own');
  for (let i = 0; i < 4; i++) expect(await addresses('many.others')).toEqual(straight);
});

test('weights are kept among those who waited together', async () => {
  const all = await Promise.all(Array.from({ length: 60 }, (_, i) => told('drawn.others', `10.0.${i}.1`)));
  const heavy = all.filter((each) => each === '192.0.2.1').length;
  expect(counters.get(Counter.resolutionsStarted)).toBe(STARTED);
  expect(heavy).toBeGreaterThan(30);
  expect(heavy).toBeLessThan(60);
});

test('a chain goes in and out again, each client by its own alias', async () => {
  expect(await Promise.all([told('away.others', NEAR), told('away.others', FAR)])).toEqual([
    '198.51.100.1',
    '192.0.2.2',
  ]);
});

test('addresses behind a NAT64 are made of what was chosen for the client [RFC 6147 §5.1.7]', async () => {
  expect(await told('near.others AAAA', FAR)).toBe('64:ff9b:1::c000:202');
  expect(await told('near.others AAAA', NEAR)).toBe('near.own.');
});
