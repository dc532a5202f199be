/** The answer cache as one writer and many readers have it: what is kept, how long, and what goes first. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Reply, Section } from '../../src/answer/reply.ts';
import { ANSWER_BYTES_MAX, ANSWER_MEMORY_BYTES_MAX, ANSWER_MEMORY_BYTES_MIN } from '../../src/base/limits.ts';
import { realWorld } from '../../src/base/world.ts';
import type { Outcome } from '../../src/resolver/recursor.ts';
import { AnswerMemory, Slot } from '../../src/server/answer-memory.ts';
import { AnswerReader } from '../../src/server/answer-reader.ts';
import { AnswerWriter } from '../../src/server/answer-writer.ts';
import { Ede } from '../../src/wire/codes.ts';
import { isWithin, nameText } from '../../src/wire/name.ts';
import { packRrset, rdatasOf, rrsetType } from '../../src/wire/rrset.ts';
import { name } from '../support/authority.ts';

/** Under the same key each time, so that the same names share a set. */
let drawn = 0;
const world = { ...realWorld, draw: (n: number) => (++drawn * 0x9e3779b1) % n };
let memory: SharedArrayBuffer;
let writer: AnswerWriter;
let reader: AnswerReader;
let nowMs: number;
const reply = new Reply();

const rrset = (owner: string, ttl: number, ...rdatas: Uint8Array[]) => ({
  owner: name(owner),
  block: packRrset(1, ttl, rdatas),
  ttl,
});
const address = (n: number): Uint8Array => Uint8Array.of(10, n >> 16, n >> 8, n);
const found = (owner: string, n = 1, ttl = 60): Outcome => ({
  rcode: 0,
  answer: [rrset(owner, ttl, address(n))],
  authority: [],
  ede: undefined,
});
const keep = (owner: string, outcome: Outcome, type = 1, variant = 0, era = 1): void =>
  writer.keep(name(owner), type, variant, era, outcome, false);

/** What a reader is told: RCODE, then each RRset as section, owner, TTL and RDATA. */
function ask(owner: string, type = 1, variant = 0, by = reader): string[] | undefined {
  const asked = name(owner);
  reply.reset();
  if (!by.complete(asked, asked.length, type, variant, reply)) return undefined;
  const rrsets = Array.from({ length: reply.count }, (_, i) => {
    const block = reply.block(i);
    const rdata = rdatasOf(block, reply.blockAt(i)).map((each) => each.join('.'));
    return `${reply.section(i)} ${nameText(reply.owner(i), reply.ownerAt(i))} ${reply.ttl(i)} ${rdata}`;
  });
  return [String(reply.rcode), ...rrsets];
}

beforeEach(() => {
  nowMs = 1_000;
  drawn = 0;
  memory = AnswerMemory.make(0, world);
  writer = new AnswerWriter(memory, () => nowMs);
  reader = new AnswerReader(memory, 1, () => nowMs);
});

describe('an answer', () => {
  test('is there until the first of its RRsets expires, with the seconds that each has left', () => {
    const chain = [rrset('www.test', 10, address(1)), rrset('b.test', 5, address(2), address(3))];
    keep('www.test', { ...found('www.test'), answer: chain });
    expect(ask('www.test')).toEqual(['0', '0 www.test. 10 10.0.0.1', '0 b.test. 5 10.0.0.2,10.0.0.3']);
    nowMs += 4_001;
    expect(ask('www.test')?.[1]).toBe('0 www.test. 6 10.0.0.1');
    nowMs += 998;
    expect(ask('www.test')).toBeUndefined(); // Who asks first in the last tenth has it asked for anew.
    expect(ask('www.test')?.[2]).toMatch(/^0 b\.test\. 1 /); // Never 0: it is still true.
    nowMs += 1;
    expect(ask('www.test')).toBeUndefined();
  });

  test('may be a denial, with its SOA', () => {
    keep('no.test', { rcode: 3, answer: [], authority: [rrset('test', 30, address(1))], ede: undefined });
    expect(ask('no.test')).toEqual(['3', `${Section.AUTHORITY} test. 30 10.0.0.1`]);
  });

  test('goes on behind what the reply has, in whose place nothing else comes', () => {
    keep('www.test', found('www.test'));
    const own = rrset('away.own', 60, address(9));
    reply.reset();
    reply.add(Section.AUTHORITY, own.owner, 0, own.block, 0);
    reply.add(Section.ANSWER, own.owner, 0, own.block, 0);
    const asked = name('www.test');
    expect(reader.complete(asked, asked.length, 2, 0, reply)).toBe(false);
    expect(reply.count).toBe(2);
    expect(reader.complete(asked, asked.length, 1, 0, reply)).toBe(true);
    expect([reply.count, reply.authoritative, reply.rcode]).toEqual([2, true, 0]);
    expect([0, 1].map((i) => nameText(reply.owner(i), reply.ownerAt(i)))).toEqual(['away.own.', 'www.test.']);
  });

  test('is of one name, type, variant and era', () => {
    keep('www.test', found('www.test', 7));
    expect(ask('www.test', 28)).toBeUndefined();
    expect(ask('www.test', 1, 2)).toBeUndefined();
    expect(ask('w.test')).toBeUndefined();
    expect(ask('www.test', 1, 0, new AnswerReader(memory, 2, () => nowMs))).toBeUndefined();
    expect(ask('www.test')).toHaveLength(2);
  });

  test('that comes anew replaces the old one', () => {
    for (const n of [1, 2, 3]) keep('www.test', found('www.test', n));
    expect(ask('www.test')?.[1]).toContain('10.0.0.3');
    expect(writer.entries).toBe(1);
  });

  test('recalled by the resolver lasts no longer than it was told', () => {
    writer.keep(name('www.test'), 1, 0, 1, found('www.test', 1, 2), true);
    nowMs += 999;
    expect(ask('www.test')?.[1]).toContain(' 1 ');
    nowMs += 1;
    expect(ask('www.test')).toBeUndefined();
  });

  test('in the last tenth of its life is passed on once, and told to everybody else', () => {
    keep('www.test', found('www.test', 1, 60));
    nowMs += 53_999;
    expect(ask('www.test')).toBeDefined();
    nowMs += 1;
    expect([1, 2, 3].map(() => ask('www.test') === undefined)).toEqual([true, false, false]);
  });

  test('that is in the last tenth of its life when it is kept is passed on to nobody', () => {
    const { owner, block } = rrset('www.test', 60, address(1));
    writer.keep(
      name('www.test'),
      1,
      0,
      1,
      { ...found('www.test'), answer: [{ owner, block, ttl: 6 }] },
      true,
    );
    expect(ask('www.test')).toBeDefined();
    nowMs += 4_999;
    expect(ask('www.test')).toBeDefined();
  });

  test('is passed on when one of its RRsets is in the last tenth of its life, whichever ends first', () => {
    const chain = [rrset('www.test', 100, address(1)), rrset('b.test', 95, address(2))];
    keep('www.test', { ...found('www.test'), answer: chain });
    nowMs += 85_499;
    expect(ask('www.test')).toBeDefined();
    nowMs += 1;
    expect(ask('www.test')).toBeUndefined();
  });

  test.each([Ede.STALE, Ede.STALE_NXDOMAIN])(
    'that has expired is told as such (EDE %i), for a second',
    (code) => {
      keep('www.test', { ...found('www.test', 1, 30), ede: { code, text: 'why' } });
      expect(ask('www.test')?.[1]).toBe('0 www.test. 30 10.0.0.1');
      expect([reply.edeCode, reply.edeText]).toEqual([code, 'this has expired, and no server answers']);
      nowMs += 999;
      expect(ask('www.test')).toBeDefined();
      nowMs += 1;
      expect(ask('www.test')).toBeUndefined();
      keep('www.test', found('www.test'));
      expect([ask('www.test')?.length, reply.edeCode]).toEqual([2, -1]);
    },
  );

  test.each([
    ['with a TTL of 0', found('a.test', 1, 0)],
    ['that says nothing of how long it lasts', { ...found('a.test'), answer: [] }],
    [
      'of more RRs than are cached',
      {
        ...found('a.test'),
        answer: [rrset('a.test', 60, ...Array.from({ length: 101 }, (_, i) => address(i)))],
      },
    ],
    [
      'that is too large',
      { ...found('a.test'), answer: [rrset('a.test', 60, new Uint8Array(ANSWER_BYTES_MAX))] },
    ],
  ])('%s is not kept', (_, outcome) => {
    keep('a.test', outcome);
    expect(ask('a.test')).toBeUndefined();
    expect(writer.entries).toBe(0);
  });
});

test('its memory is as large as was asked for, within bounds', () => {
  const sizes = [0, 100_001, 3 * 2 ** 30].map((bytes) => AnswerMemory.make(bytes, world).byteLength);
  expect(sizes).toEqual([ANSWER_MEMORY_BYTES_MIN, 100_000, ANSWER_MEMORY_BYTES_MAX]);
});

describe('when it is full', () => {
  const MANY = 20_000;

  test('the youngest are there, and the memory is as large as ever', () => {
    for (let i = 0; i < MANY; i++) keep(`n${i}.test`, found(`n${i}.test`, i));
    expect(memory.byteLength).toBe(ANSWER_MEMORY_BYTES_MIN);
    expect(writer.bytes).toBeLessThanOrEqual(ANSWER_MEMORY_BYTES_MIN);
    expect(ask(`n${MANY - 1}.test`)?.[1]).toContain(address(MANY - 1).join('.'));
    expect(ask('n0.test')).toBeUndefined();
    const known = Array.from({ length: MANY }, (_, i) => ask(`n${i}.test`)).filter((each) => each);
    expect(known).toHaveLength(writer.entries);
    expect(known.length).toBeGreaterThan(300);
  });

  test('what is asked for stays, and what is not goes', () => {
    const hot = Array.from({ length: 50 }, (_, i) => `hot${i}.test`);
    for (const each of hot) keep(each, found(each));
    keep('cold.test', found('cold.test'));
    let lost = 0;
    for (let i = 0; i < MANY; i++) {
      keep(`n${i}.test`, found(`n${i}.test`));
      const each = hot[i % hot.length] as string;
      if (ask(each) !== undefined) continue;
      lost += 1;
      keep(each, found(each));
    }
    expect(ask('cold.test')).toBeUndefined();
    expect(lost).toBeLessThan(MANY / 50);
  });

  test('whatever is answered is what was kept last, in any order of things', () => {
    const step = fc.record({
      n: fc.nat(300),
      rrs: fc.integer({ min: 1, max: 90 }),
      does: fc.constantFrom('keep', 'keep', 'ask', 'wait', 'flush'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 200, maxLength: 1_500 }), (steps) => {
        memory = AnswerMemory.make(0, world);
        writer = new AnswerWriter(memory, () => nowMs);
        reader = new AnswerReader(memory, 1, () => nowMs);
        const last = new Map<string, string>();
        for (const [i, { n, rrs, does }] of steps.entries()) {
          const owner = `n${n}.test`;
          const rdatas = Array.from({ length: rrs }, (_, k) => address(i * 100 + k));
          if (does === 'keep') {
            keep(owner, { ...found(owner), answer: [rrset(owner, 60, ...rdatas)] });
            last.set(owner, rdatas.map((each) => each.join('.')).join());
          } else if (does === 'wait') nowMs += 1_000;
          else if (does === 'flush' && n % 10 === 0) writer.flush((each) => isWithin(each, name(owner)));
          const told = ask(owner)?.[1];
          if (told !== undefined) expect(told.split(' ')[3]).toBe(last.get(owner));
          if (does === 'keep') expect(told).toBeDefined();
        }
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});

describe('a flush', () => {
  const alias = {
    ...found('alias.test'),
    answer: [
      { owner: name('alias.test'), block: packRrset(5, 60, [name('to.gone.example')]), ttl: 60 },
      rrset('to.gone.example', 60, address(1)),
    ],
  };
  beforeEach(() => {
    keep('alias.test', alias);
    for (const each of ['gone.example', 'www.gone.example', 'stays.example']) keep(each, found(each));
  });

  test('of a name drops that name, of a subtree also what leads there, and of everything everything', () => {
    const left = (): string[] =>
      ['alias.test', 'gone.example', 'www.gone.example', 'stays.example'].filter((each) => ask(each));
    writer.flush((each) => nameText(each) === 'www.gone.example.');
    expect(left()).toEqual(['alias.test', 'gone.example', 'stays.example']);
    writer.flush((each) => isWithin(each, name('gone.example')));
    expect(left()).toEqual(['stays.example']);
    writer.flush(() => true);
    expect([left(), writer.entries]).toEqual([[], 0]);
  });

  test('is what another writer begins with', () => {
    const { words } = new AnswerMemory(memory);
    Atomics.add(words, 8, 1); // The one before died in the middle of a change.
    const next = new AnswerWriter(memory, () => nowMs);
    expect(ask('stays.example')).toBeUndefined();
    next.keep(name('new.test'), 1, 0, 1, found('new.test'), false);
    expect(ask('new.test')).toHaveLength(2);
    expect([...words].filter((word, i) => i >= 8 && i % 8 === Slot.SEQUENCE && word % 2 !== 0)).toEqual([]);
  });
});

describe('a reader and a writer at once', () => {
  const slotOf = (): number => {
    const { words, slots } = new AnswerMemory(memory);
    for (let i = 0; i < slots; i++) if (words[8 + 8 * i + Slot.SIZE] !== 0) return 8 + 8 * i;
    throw new Error('nothing is kept');
  };

  test('what moves between copying and believing is not believed', () => {
    keep('www.test', found('www.test'));
    const slot = slotOf();
    const sequence = reader.copyOut(slot);
    expect(reader.isWhole(slot, sequence)).toBe(true);
    for (const change of [
      () => keep('www.test', found('www.test', 2)),
      () => writer.flush(() => true),
      () => keep('www.test', found('www.test', 3)),
    ]) {
      const before = reader.copyOut(slot);
      change();
      expect(before < 0 || !reader.isWhole(slot, before)).toBe(true);
    }
  });

  test('what is being changed is not copied, and numbers of two entries lead nowhere', () => {
    keep('www.test', found('www.test'));
    const slot = slotOf();
    const { words } = new AnswerMemory(memory);
    Atomics.add(words, slot, 1);
    expect(reader.copyOut(slot)).toBe(-1);
    Atomics.add(words, slot, 1);
    for (const [at, size] of [
      [-8, 64],
      [2 ** 30, 64],
      [0, ANSWER_BYTES_MAX + 8],
      [0, 8],
    ] as const) {
      words[slot + Slot.AT] = at;
      words[slot + Slot.SIZE] = size;
      expect(reader.copyOut(slot)).toBe(-1);
    }
  });

  test('with a thread that overwrites all the time, nobody reads parts of two', async () => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const racer = new Worker(new URL('./answer-racer.ts', import.meta.url), {
      workerData: { memory, words, names: 200 },
    });
    const ended = once(racer, 'exit');
    let hits = 0;
    for (let i = 0; Atomics.load(words, 1) < 60_000; i++) {
      if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
      const n = i % 200;
      const asked = name(`n${n}.test`);
      reply.reset();
      if (!reader.complete(asked, asked.length, 1, 0, reply)) continue;
      hits += 1;
      const rdatas = rdatasOf(reply.block(0), reply.blockAt(0)).map((each) => each.join('.'));
      expect([rrsetType(reply.block(0), reply.blockAt(0)), new Set(rdatas).size]).toEqual([1, 1]);
      const [first, high, low, last] = (rdatas[0] as string).split('.').map(Number) as number[];
      expect([first, last, rdatas.length]).toEqual([n, n, 1 + (((high ?? 0) * 256 + (low ?? 0)) % 60)]);
    }
    Atomics.store(words, 0, 1);
    await ended;
    expect(hits).toBeGreaterThan(1_000);
  });
});
