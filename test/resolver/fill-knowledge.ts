/**
 * Run by memory.test.ts as a process of its own: fills what a resolver remembers with facts of one kind, more
 * than it holds, and prints in parts of `cacheBytes` what the process has grown by.
 *
 *     node --expose-gc --max-semi-space-size=1 fill-knowledge.ts KIND
 */
import { realWorld } from '../../src/base/world.ts';
import { Rank } from '../../src/resolver/cache.ts';
import { Crowds } from '../../src/resolver/crowds.ts';
import { FRESHNESS_DEFAULT } from '../../src/resolver/freshness.ts';
import { Knowledge } from '../../src/resolver/knowledge.ts';
import { LocalNames } from '../../src/resolver/local-names.ts';
import { noOwnZones } from '../../src/resolver/own-zones.ts';
import { Servers } from '../../src/resolver/servers.ts';
import { Type } from '../../src/wire/codes.ts';
import { type Name, nameFromText } from '../../src/wire/name.ts';
import { packRrset } from '../../src/wire/rrset.ts';

const CACHE_BYTES = 2 * 64 * 2 ** 20;
const ADDRESS = packRrset(Type.A, 3_600, [Uint8Array.of(192, 0, 2, 1)]);
const TEXTS = packRrset(
  Type.TXT,
  3_600,
  Array.from({ length: 40 }, (_, i) => Uint8Array.of(200, ...new Uint8Array(200).fill(i))),
);
const SOA = {
  owner: nameFromText('test.') as Name,
  block: packRrset(Type.SOA, 3_600, [new Uint8Array(70)]),
  ttl: 3_600,
};

/** What is remembered is copied, so one name can be every name. */
const NAME = nameFromText('n0000000.flood.test.') as Name;
function name(i: number): Name {
  for (let at = 8, left = i; at > 1; at--, left = Math.floor(left / 10)) NAME[at] = 0x30 + (left % 10);
  return NAME;
}

const answers = ({ cache }: Knowledge, i: number): void =>
  cache.keepData(name(i), Type.A, [ADDRESS], Rank.AUTHORITATIVE, '192.0.2.53');
const SERVERS = [0, 1].map((k) => ({
  name: nameFromText(`ns${k}.flood.test.`) as Name,
  addresses: [`192.0.2.${k}`, `2001:db8::${k}`],
}));
const delegations = (know: Knowledge, i: number): void =>
  void know.learnReferral({ cut: name(i), servers: SERVERS, ttl: 3_600 }, know.hints);
const failures = (know: Knowledge, i: number): void =>
  know.failures.keep(name(i), Type.A, { code: 22, text: 'no server of flood.test. could be reached' });

const fillings: Record<string, { each: (know: Knowledge, i: number) => void; times: number }> = {
  answers: { each: answers, times: 1_240_000 },
  'names that do not exist': {
    each: ({ cache }, i) => cache.keepDenial(name(i), 'whole name', SOA, Rank.AUTHORITATIVE),
    times: 800_000,
  },
  'names with every type there is': {
    each: ({ cache }, i) => cache.keepData(name(i >> 16), i & 0xffff, [ADDRESS], Rank.AUTHORITATIVE),
    times: 1_240_000,
  },
  'RRsets of eight thousand bytes': {
    each: ({ cache }, i) => cache.keepData(name(i), Type.TXT, [TEXTS], Rank.AUTHORITATIVE),
    times: 20_000,
  },
  'delegations and failures': {
    each: (know, i) => {
      delegations(know, i);
      failures(know, i);
    },
    times: 200_000,
  },
  'all of them': {
    each: (know, i) => {
      answers(know, i);
      if (i % 5 === 0) delegations(know, i);
      if (i % 5 === 1) failures(know, i);
    },
    times: 1_240_000,
  },
};

const collect = globalThis.gc as () => void;
const settings = {
  ...{ rootHints: [], neverQuery: new Set<string>() },
  ...{
    localNames: new LocalNames([]),
    hosts: undefined,
    minimise: 'relaxed' as const,
    freshness: FRESHNESS_DEFAULT,
  },
};

function newKnowledge(cacheBytes: number): Knowledge {
  const servers = new Servers(realWorld, true);
  return new Knowledge({ ...settings, cacheBytes }, noOwnZones, servers, new Crowds(realWorld), realWorld);
}

/** Resident, less what the engine's heap holds in reserve. */
function heldBytes(): number {
  for (let i = 0; i < 3; i++) collect();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return rss - heapTotal + heapUsed;
}

const { each, times } = fillings[process.argv[2] ?? ''] as (typeof fillings)[string];
const small = newKnowledge(2 ** 20);
// What the engine takes for code that runs often, it has taken then.
for (let i = 0; i < times / 16; i++) each(small, i);
const before = heldBytes();
const know = newKnowledge(CACHE_BYTES);
const empty = heldBytes();
for (let i = 0; i < times; i++) each(know, i);
const full = heldBytes();
const { size, bytes } = know.cache;
const parts = { empty: (empty - before) / CACHE_BYTES, full: (full - before) / CACHE_BYTES };
console.log(JSON.stringify({ ...parts, bytesPerFact: bytes / Math.max(1, size) }));
