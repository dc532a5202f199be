/**
 * Memory and bandwidth that strangers would like to spend for us: the threats C20 to C22, as far as they
 * concern a server without encryption. What is resolved comes from one server that answers as the flood
 * needs it, each time with freight that must not be kept.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ANY_UDP_BYTES_MAX,
  RATE_LIMIT_BUCKETS,
  RATE_LIMIT_TOTAL_MULTIPLE,
  UDP_BYTES_MAX,
} from '../../src/base/limits.ts';
import { DEFAULTS } from '../../src/control/settings.ts';
import { typedKey } from '../../src/resolver/wish.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { RateLimit } from '../../src/server/rate-limit.ts';
import { isMetaType, Type, typeText } from '../../src/wire/codes.ts';
import { Flag, type Message } from '../../src/wire/message.ts';
import { nameKey } from '../../src/wire/name.ts';
import { Catalog } from '../../src/zone/catalog.ts';
import type { Image } from '../../src/zone/image.ts';
import { loadZones } from '../../src/zone/loader.ts';
import { exchange, image, pipeline, queryFor, SOA_AND_NS } from '../support/authority.ts';
import { Chance } from '../support/chance.ts';
import { Clock, Guarded, prefixes } from '../support/guarded.ts';
import { ASKED, type Bytes, join, record, words } from '../support/packets.ts';
import { inReplyTo, Stranger } from '../support/stranger.ts';

const RATES = {
  ...{ responses: DEFAULTS.perSecond, nxdomains: DEFAULTS.perSecond, errors: DEFAULTS.perSecond },
  ...{ total: RATE_LIMIT_TOTAL_MULTIPLE * DEFAULTS.perSecond, windowMs: 15_000, slip: DEFAULTS.slip },
};

describe('C20: tables whose keys a stranger chooses', () => {
  test('an account of the rate limit lies where only this process knows', () => {
    const places = (seed: number): Set<number> => {
      const chance = new Chance(seed);
      const world = Object.assign(new Clock(), { draw: (n: number) => chance.below(n) });
      const limit = new RateLimit(RATES, world);
      for (let i = 0; i < 64; i++) limit.charge('response', Uint8Array.of(198, 51, i, 1), 1);
      const accounts = new Int32Array(limit.memory).subarray(4);
      return new Set([...accounts.keys()].filter((i) => i % 4 === 0 && accounts[i] !== 0));
    };
    const [here, there] = [places(1), places(2)];
    // One for what was answered, one for the prefix in all.
    expect([here.size, there.size]).toEqual([128, 128]);
    expect([...here].filter((at) => there.has(at)).length).toBeLessThan(4);
  });

  test('no key of the caches is a number to the engine, which would hash it without its secret', () => {
    // CVE-2026-21717: strings of digits alone.
    const digits = Buffer.from('0123456789'.repeat(6), 'latin1');
    for (let length = 0x30; length <= 0x39; length++) {
      const label = Uint8Array.of(length, ...digits.subarray(0, length), 0);
      const keys = [nameKey(label), typedKey(label, 0x3030), typedKey(Uint8Array.of(0), 0x3031)];
      for (const key of keys) expect(key).toMatch(/\D/);
    }
  });

  test('a name that is not there is not searched for long, however it is chosen', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `n${i} 60 IN A 192.0.2.1\n`).join('');
    const zone = image('test.', SOA_AND_NS + text);
    const memory = new Int32Array(zone.buffer);
    const slots = memory.subarray(memory[6], (memory[6] as number) + (memory[7] as number));
    let longest = 0;
    for (let run = 0, i = 0; i < 2 * slots.length; i++) {
      run = slots[i % slots.length] === 0 ? 0 : run + 1;
      longest = Math.max(longest, run);
    }
    expect(longest).toBeLessThan(100);
  });
});

describe('C21: what is remembered is bounded in bytes, whatever it is', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const CACHE_BYTES = 192 * 1024;
  /** What the engine makes of code that runs often; and the delegations that stay as they were read. */
  const ENGINE_BYTES = 4 * 2 ** 20;
  let allowedBytes: number;
  beforeAll(async () => {
    allowedBytes = (await heldBytes(Infinity)) + 2 * CACHE_BYTES + ENGINE_BYTES;
  });
  const A = Uint8Array.of(192, 0, 2, 1);
  const SOA = join([1, 0x61, 0], [1, 0x62, 0], words(0, 1, 0, 3_600, 0, 600, 1, 0, 0, 3_600));
  /** In the additional section of every reply, and nothing of it is to stay. */
  const FREIGHT = record([1, 0x66, 0], 65_280, new Uint8Array(8_000));

  function text(i: number, length: number): Bytes {
    return Uint8Array.from([length, i, ...new Uint8Array(length - 1)]);
  }

  /** A reply to `query`, with sections of these records and the freight. */
  function answer(query: Bytes, flags: number, sections: readonly Bytes[][]): Bytes {
    const [answers = [], authorities = [], additionals = []] = sections;
    const counts = [answers.length, authorities.length, additionals.length + 1];
    return inReplyTo(query, flags, counts, ...answers, ...authorities, ...additionals, FREIGHT);
  }

  const AA = Flag.QR | Flag.AA;
  const many = (count: number, make: (i: number) => Bytes): Bytes[] =>
    Array.from({ length: count }, (_, i) => make(i));

  /** Thirteen servers with six addresses each, for the name asked; asked again, the servers answer. */
  function delegating() {
    const known = new Set<string>();
    return (asked: Message): [number, Bytes[][]] => {
      const cut = asked.question?.name as Bytes;
      const key = nameKey(cut);
      if (known.has(key)) return [AA, [[record(ASKED, Type.A, A)]]];
      known.add(key);
      const server = (i: number): Bytes => join([2, 0x6e, 0x61 + (i % 13)], cut);
      const servers = many(13, (i) => record(ASKED, Type.NS, server(i)));
      return [
        Flag.QR,
        [[], servers, many(78, (i) => record(server(i), Type.A, Uint8Array.of(192, 0, 3, i)))],
      ];
    };
  }

  type Answering = (asked: Message) => [flags: number, sections: Bytes[][]];
  const one: Answering = ({ question }) => [AA, [[record(ASKED, question?.type ?? 0, A)]]];
  const floods: [
    string,
    { asks: number; question: (i: number) => [string, number]; answering: () => Answering },
  ][] = [
    [
      'names that nobody asked before',
      { asks: 600, question: (i) => [`n${i}.test.`, Type.A], answering: () => one },
    ],
    [
      'one name with every type there is [CVE-2026-11622]',
      { asks: 600, question: (i) => ['same.test.', 1_000 + i], answering: () => one },
    ],
    [
      'names that do not exist',
      {
        ...{ asks: 600, question: (i) => [`n${i}.x.test.`, Type.A] },
        answering: () => () => [AA | 3, [[], [record([0], Type.SOA, SOA)]]],
      },
    ],
    [
      'names without the type',
      {
        ...{ asks: 600, question: (i) => [`n${i}.x.test.`, Type.AAAA] },
        answering: () => () => [AA, [[], [record([0], Type.SOA, SOA)]]],
      },
    ],
    [
      'aliases',
      {
        ...{ asks: 600, question: (i) => [`n${i}.test.`, Type.CNAME] },
        answering: () => () => [AA, [[record(ASKED, Type.CNAME, join([1, 0x74, 0]))]]],
      },
    ],
    [
      'names whose servers fail',
      {
        ...{ asks: 3_500, question: (i) => [`${`${'l'.repeat(63)}.`.repeat(3)}n${i}.test.`, Type.A] },
        answering: () => () => [Flag.QR | 2, []],
      },
    ],
    [
      'RRsets of ten thousand bytes',
      {
        ...{ asks: 120, question: (i) => [`n${i}.test.`, Type.TXT] },
        answering: () => () => [AA, [many(100, (i) => record(ASKED, Type.TXT, text(i, 100)))]],
      },
    ],
    [
      'a hundred types at once',
      {
        ...{ asks: 120, question: (i) => [`n${i}.test.`, Type.ANY] },
        answering: () => () => [AA, [many(100, (i) => record(ASKED, 1_000 + i, A))]],
      },
    ],
    ['delegations', { asks: 700, question: (i) => [`n${i}.test.`, Type.A], answering: delegating }],
  ];

  test.each(floods)('%s', async (_, { asks, question, answering }) => {
    const how = answering();
    const stranger = new Stranger((asked, query) => [answer(query, ...how(asked))], CACHE_BYTES);
    let most = 0;
    for (let i = 0; i < asks; i++) {
      await stranger.resolve(...question(i));
      most = Math.max(most, stranger.recursor.cacheSize.bytes);
    }
    expect(most).toBeLessThanOrEqual(CACHE_BYTES);
    stranger.asked.length = stranger.taken.length = 0;
    expect(await heldBytes(allowedBytes)).toBeLessThan(allowedBytes);
    expect([stranger.bugs, stranger.recursor.inFlight, stranger.recursor.waiting]).toEqual([[], 0, 0]);
  });

  /** Objects and buffers that are reached from somewhere; what is not goes when the engine has time. */
  async function heldBytes(hopedFor: number): Promise<number> {
    for (let tries = 0; ; tries++) {
      collect();
      await new Promise((resolve) => void setTimeout(resolve, 10));
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      if (heapUsed + arrayBuffers < hopedFor || tries === 100) return heapUsed + arrayBuffers;
    }
  }

  test('the accounts of the rate limit take the same memory from the first client to the millionth', () => {
    const limit = new RateLimit(RATES, new Clock());
    const bytes = limit.memory.byteLength;
    for (let i = 0; i < 50_000; i++) limit.charge('error', Uint8Array.of(10, i >> 16, i >> 8, i), i);
    expect([limit.memory.byteLength, bytes]).toEqual([bytes, 16 * RATE_LIMIT_BUCKETS + 16]);
  });
});

describe('C22: what comes out for what goes in, over UDP', () => {
  const HEADERS_BYTES = 20 + 8;
  const apexes = readdirSync('zones')
    .filter((file) => file.endsWith('.zone'))
    .map((file) => file.replace(/\.zone$/, ''));
  let images: readonly Image[];
  let examples: Pipeline;
  let owners: string[];
  beforeAll(async () => {
    const loaded = await loadZones(
      apexes.map((apex) => ({ apex, file: `zones/${apex}.zone`, root: 'zones' })),
    );
    images = loaded.zones.map(({ image }) => image);
    examples = pipeline(new Catalog(images));
    owners = apexes.flatMap(ownersIn);
  });

  /** As they are written in the file, and one that is not. */
  function ownersIn(apex: string): string[] {
    const written = readFileSync(`zones/${apex}.zone`, 'utf8').matchAll(/^([^\s;$]+)\s/gm);
    const absolute = ([, owner = '']: readonly string[]): string =>
      owner === '@' ? `${apex}.` : owner.endsWith('.') ? owner : `${owner}.${apex}.`;
    return [...new Set([...[...written].map(absolute), `nowhere.${apex}.`])];
  }

  const types = Object.values(Type).filter((type) => !isMetaType(type) || type === Type.ANY);
  const forms = [{}, { udpSize: 1232, dnssecOk: true }, { udpSize: 4096 }];

  test('no example is answered with five times its packet, and no type with five times its bytes', () => {
    expect(owners.length).toBeGreaterThan(60);
    for (const type of types) {
      const sum = { into: 0, out: 0 };
      for (const question of owners.map((owner) => `${owner} ${typeText(type)}`)) {
        for (const form of forms) {
          const packet = queryFor(question, form);
          const bytes = exchange(examples, packet)?.length ?? 0;
          sum.into += packet.length;
          sum.out += bytes;
          const factor = (bytes + HEADERS_BYTES) / (packet.length + HEADERS_BYTES);
          expect(factor, question).toBeLessThanOrEqual(5);
        }
      }
      expect(sum.out / sum.into, typeText(type)).toBeLessThanOrEqual(5);
    }
  });

  /** At one name, as much as anybody can have there. */
  const heavy = image(
    'heavy.',
    SOA_AND_NS +
      Array.from({ length: 200 }, (_, i) => {
        const text = `@ 60 IN TXT "${String(i).padStart(250, '.')}"\n`;
        return `${text}@ 60 IN A 10.0.0.${i}\n@ 60 IN MX 1 m${i}\nm${i} 60 IN A 10.1.0.${i}\n`;
      }).join(''),
  );

  test.each(forms)('ANY brings 512 bytes at most, of anything [RFC 8482 §4]: %j', (form) => {
    const subject = pipeline(new Catalog([...images, heavy]));
    for (const owner of [...owners, 'heavy.', 'm1.heavy.']) {
      const bytes = exchange(subject, queryFor(`${owner} ANY`, form));
      expect(bytes?.length, owner).toBeLessThanOrEqual(ANY_UDP_BYTES_MAX);
    }
  });

  test('nothing brings more than 1232 bytes, or 512 where EDNS says nothing else', () => {
    const subject = pipeline(new Catalog([heavy]));
    for (const type of types) {
      const sizes = forms.map(
        (form) => exchange(subject, queryFor(`heavy. ${typeText(type)}`, form))?.length ?? 0,
      );
      expect(sizes[0], typeText(type)).toBeLessThanOrEqual(512);
      expect(Math.max(...sizes), typeText(type)).toBeLessThanOrEqual(UDP_BYTES_MAX);
    }
  });

  test('a flood in somebody’s name brings him less than it cost, as configured by default', () => {
    const exempt = prefixes(...DEFAULTS.exempt);
    // What there is, what there is not, and everything at once; the other types are as the one that is not.
    for (const type of [Type.TXT, Type.A, Type.MX, Type.NS, Type.SOA, Type.AAAA, Type.ANY]) {
      const door = new Guarded(new Catalog([heavy]), (clock) => ({
        limit: new RateLimit(RATES, clock),
        exempt,
      }));
      const packet = door.query('heavy.', { type });
      const sum = { into: 0, out: 0 };
      // Ten seconds of a thousand a second, from all over the victim's network.
      for (let i = 0; i < 10_000; i++) {
        sum.into += packet.length;
        sum.out += door.send(packet, { address: `198.51.100.${i % 256}` })?.length ?? 0;
        door.clock.ms += 1;
      }
      expect(sum.out / sum.into, typeText(type)).toBeLessThan(1);
    }
  });
});
