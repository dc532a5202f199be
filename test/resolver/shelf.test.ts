/** The store of facts by itself: held against a map that forgets nothing, and to its bounds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Shelf } from '../../src/resolver/shelf.ts';
import { Slots } from '../../src/resolver/slots.ts';
import { SuffixHash } from '../../src/resolver/suffix-hash.ts';
import { isWithin, type Name } from '../../src/wire/name.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { Chance } from '../support/chance.ts';
import { plain as dotted, name } from './messages.ts';

const plain = (n: Name): string => (n.length === 1 ? '.' : dotted(n).slice(0, -1));

/** A shelf of facts whose bytes are `length` times `byte`. */
class Filled {
  readonly world = new VirtualWorld();
  readonly shelf: Shelf;

  constructor(bytesMax: number, lingerMs = 0) {
    this.shelf = new Shelf({ bytesMax, lingerMs }, this.world);
  }

  put(owner: Name | string, type: number, seconds: number, byte: number, length: number): boolean {
    const own = typeof owner === 'string' ? name(owner) : owner;
    const at = this.shelf.put(own, type, this.world.nowMs() + 1000 * seconds, length + 2);
    if (at < 0) return false;
    this.shelf.bytes.set([length >> 8, length], at);
    this.shelf.bytes.fill(byte, at + 2, at + 2 + length);
    return true;
  }

  live(owner: Name | string, type = 1): string {
    this.shelf.seek(typeof owner === 'string' ? name(owner) : owner);
    const fact = this.shelf.live(0, type);
    return fact < 0 ? 'none' : this.told(fact);
  }

  told(fact: number): string {
    const { shelf } = this;
    const at = shelf.valueAt(fact);
    const length = ((shelf.bytes[at] as number) << 8) | (shelf.bytes[at + 1] as number);
    const bytes = new Set(shelf.bytes.subarray(at + 2, at + 2 + length));
    return `${plain(shelf.nameOf(fact))} ${shelf.typeOf(fact)} ${[...bytes].join('|')} x ${length}`;
  }

  all(): string[] {
    return [...this.shelf.facts()].map((fact) => this.told(fact));
  }
}

type Step =
  | { do: 'put'; label: number; type: number; seconds: number; byte: number; length: number }
  | { do: 'find' | 'drop'; label: number; type: number }
  | { do: 'wait'; ms: number }
  | { do: 'clear'; below: number };

const label = fc.nat(60);
const type = fc.constantFrom(0, 1, 28);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('put' as const), label, type, seconds: fc.integer({ min: 1, max: 20 }) },
      ...{ byte: fc.nat(255), length: fc.oneof(fc.nat(60), fc.nat(1_500)) },
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('find' as const, 'drop' as const), label, type }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(4_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), below: fc.nat(9) }) },
);

/** Ten families of names, so that clearing what is below one leaves the others. */
const owner = (n: number): Name => name(`n${n}.l${'l'.repeat(n)}.f${n % 9}.test`);

describe('whatever is done to it', () => {
  const play = (bytesMax: number, steps: readonly Step[], forgets: boolean): void => {
    const filled = new Filled(bytesMax);
    const { shelf, world } = filled;
    const model = new Map<string, { text: string; expiresMs: number }>();
    let clockMs = world.nowMs();
    world.nowMs = () => clockMs;
    for (const each of steps) {
      if (each.do === 'wait') clockMs += each.ms;
      else if (each.do === 'clear') {
        const doomed = (n: Name): boolean => isWithin(n, name(`f${each.below}.test`));
        shelf.clear(each.below === 9 ? undefined : doomed);
        for (const key of model.keys()) {
          if (each.below === 9 || key.includes(`f${each.below}.test`)) model.delete(key);
        }
      } else {
        const key = `${plain(owner(each.label))} ${each.type}`;
        if (each.do === 'put') {
          const { seconds, byte, length } = each;
          const isKept = filled.put(owner(each.label), each.type, seconds, byte, length);
          const text = `${key} ${length === 0 ? '' : byte} x ${length}`;
          if (isKept) model.set(key, { text, expiresMs: clockMs + 1000 * seconds });
          else model.delete(key);
          expect(filled.live(owner(each.label), each.type)).toBe(isKept ? text : 'none');
        } else if (each.do === 'drop') {
          shelf.drop(owner(each.label), each.type);
          model.delete(key);
        }
        const known = model.get(key);
        const hoped = known !== undefined && known.expiresMs > clockMs ? known.text : 'none';
        const found = filled.live(owner(each.label), each.type);
        if (!forgets || found !== 'none') expect(found).toBe(hoped);
      }
      expect(shelf.used).toBeLessThanOrEqual(bytesMax);
    }
    const all = filled.all();
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe(shelf.size);
    const texts = new Set([...model.values()].map(({ text }) => text));
    for (const text of all) expect(texts).toContain(text);
  };

  test('it says what was put last, and nothing that has expired, was dropped or cleared', () => {
    const steps = fc.array(step, { minLength: 100, maxLength: 400 });
    fc.assert(
      fc.property(steps, (all) => play(400_000, all, false)),
      { seed: 1, numRuns: 40 },
    );
  });

  test('the same where there is room for a part of it, except that it may have forgotten', () => {
    const steps = fc.array(step, { minLength: 300, maxLength: 900 });
    fc.assert(
      fc.property(fc.integer({ min: 4_096, max: 20_000 }), steps, (bytes, all) => play(bytes, all, true)),
      { seed: 2, numRuns: 60 },
    );
  });
});

test('an ancestor is found by its label, without a name of its own', () => {
  const filled = new Filled(10_000);
  filled.put('.', 2, 60, 1, 1);
  filled.put('com', 2, 60, 2, 1);
  filled.put('example.com', 2, 60, 3, 1);
  const labels = filled.shelf.seek(name('a.b.example.com'));
  const found = Array.from({ length: labels + 1 }, (_, i) => filled.shelf.live(i, 2));
  expect(found.map((fact) => (fact < 0 ? '' : filled.told(fact)))).toEqual([
    '',
    '',
    'example.com 2 3 x 1',
    'com 2 2 x 1',
    '. 2 1 x 1',
  ]);
});

test('names and types whose hashes are the same are kept apart', () => {
  const filled = new Filled(2_000_000);
  const hash = new SuffixHash(new VirtualWorld()); // The same draws, so the same key.
  const byHash = new Map<number, Name>();
  const pairs: [Name, Name][] = [];
  const chance = new Chance(1);
  for (let i = 0; i < 400_000; i++) {
    const each = Uint8Array.of(12, ...Array.from({ length: 12 }, () => 0x61 + chance.below(26)), 0);
    hash.take(each);
    const of = hash.of(0, 1);
    const other = byHash.get(of);
    if (other === undefined) byHash.set(of, each);
    else pairs.push([other, each]);
  }
  // 400,000²/2 pairs at 2^-32 each are 18.6.
  expect(pairs.length).toBeGreaterThan(5);
  expect(pairs.length).toBeLessThan(60);
  for (const [one, other] of pairs) {
    filled.put(one, 1, 60, 1, 1);
    expect(filled.live(other)).toBe('none');
    filled.put(other, 1, 60, 2, 1);
    expect([filled.live(one), filled.live(other)]).toEqual([
      `${plain(one)} 1 1 x 1`,
      `${plain(other)} 1 2 x 1`,
    ]);
    filled.shelf.drop(one, 1);
    expect([filled.live(one), filled.live(other)]).toEqual(['none', `${plain(other)} 1 2 x 1`]);
  }
});

test('the hash of a suffix is the hash of that name, and another key is another hash', () => {
  const [hash, other] = [new SuffixHash(new VirtualWorld(1)), new SuffixHash(new VirtualWorld(2))];
  const long = name(`${'a.'.repeat(100)}${'b'.repeat(50)}`);
  hash.take(long);
  const hashes = Array.from({ length: hash.labels + 1 }, (_, i) => [hash.of(i, 1), hash.of(i, 28)]);
  expect(new Set(hashes.flat()).size).toBe(2 * hashes.length);
  for (let i = 0, at = 0; i < hashes.length; i++, at += (long[at] as number) + 1) {
    other.take(long.subarray(at));
    expect(other.of(0, 1)).not.toBe(hashes[i]?.[0]);
    hash.take(long.subarray(at));
    expect([hash.of(0, 1), hash.of(0, 28)]).toEqual(hashes[i]);
    hash.take(long);
  }
});

describe('when it is full', () => {
  /** Names that nobody asks again; one of the popular ones is asked after each. */
  const flood = (filled: Filled, count: number, popular: number): number => {
    let hits = 0;
    for (let i = 0; i < count; i++) {
      filled.put(`n${i}.flood.test`, 1, 3_600, 1, 40);
      if (filled.live(`p${i % popular}.test`) !== 'none') hits++;
    }
    return hits;
  };

  test('what is asked for outlives a stream of names that nobody asks again [LIMITS C8]', () => {
    const filled = new Filled(100_000);
    for (let i = 0; i < 200; i++) filled.put(`p${i}.test`, 1, 86_400, 1, 40);
    expect(flood(filled, 50_000, 200)).toBe(50_000);
  });

  test('what has expired goes first, wherever it stands', () => {
    const filled = new Filled(100_000, 86_400_000);
    let clockMs = 0;
    filled.world.nowMs = () => clockMs;
    const fill = (from: number, seconds: number): void => {
      for (let i = from; i < from + 350; i++) filled.put(`n${i}.test`, 1, seconds, 1, 40);
    };
    fill(0, 3_600);
    fill(1_000, 1);
    clockMs = 2_000;
    fill(2_000, 3_600);
    for (let i = 0; i < 350; i++) expect(filled.live(`n${i}.test`), `${i}`).not.toBe('none');
    for (let i = 2_000; i < 2_350; i++) expect(filled.live(`n${i}.test`), `${i}`).not.toBe('none');
  });

  test('what is learned again and again does not put out what is asked seldom', () => {
    const filled = new Filled(100_000);
    for (let i = 0; i < 300; i++) filled.put(`seldom${i}.test`, 1, 86_400, 1, 40);
    for (let i = 0; i < 50_000; i++) filled.put(`busy${i % 100}.test`, 1, 60, 1, 40);
    for (let i = 0; i < 300; i++) expect(filled.live(`seldom${i}.test`), `${i}`).not.toBe('none');
  });

  test('expired facts stay as long as they are of use, and no longer', () => {
    const filled = new Filled(100_000, 60_000);
    let clockMs = 0;
    filled.world.nowMs = () => clockMs;
    const isThere = (): boolean => {
      filled.shelf.seek(name('old.test'));
      return filled.shelf.latest(0, 1) >= 0;
    };
    const busy = (): void => {
      for (let i = 0; i < 5_000; i++) filled.put(`busy${i % 100}.test`, 1, 60, 1, 40);
    };
    filled.put('old.test', 1, 1, 1, 40);
    clockMs = 60_000;
    busy();
    expect([isThere(), filled.live('old.test')]).toEqual([true, 'none']);
    clockMs = 61_000;
    busy();
    expect(isThere()).toBe(false);
  });

  test('as many facts as there are slots, and one more takes the place of another', () => {
    const filled = new Filled(100_000);
    for (let i = 0; i < 10_000; i++) filled.put(Uint8Array.of(2, i >> 8, i & 0xff, 0), 1, 60, 1, 0);
    expect(filled.shelf.size).toBe(Math.floor((Math.floor(100_000 / 72) * 75) / 100));
    expect(filled.live(Uint8Array.of(2, 9_999 >> 8, 9_999 & 0xff, 0))).not.toBe('none');
  });
});

test('what is larger than a quarter of it is not kept, and what it would have replaced is gone', () => {
  const filled = new Filled(10_000);
  const room = 10_000 - 8 * Math.floor(10_000 / 72);
  const most = Math.floor(room / 4 / 8) * 8 - 24 - name('big.test').length - 2;
  expect(filled.put('big.test', 1, 60, 1, most)).toBe(true);
  expect(filled.live('big.test')).toBe(`big.test 1 1 x ${most}`);
  expect(filled.put('big.test', 1, 60, 2, most + 8)).toBe(false);
  expect(filled.live('big.test')).toBe('none');
});

test('it can be gone through while it changes', () => {
  const filled = new Filled(20_000);
  const put = (from: number, to: number): void => {
    for (let i = from; i < to; i++) filled.put(`n${i}.test`, 1, 60, i & 0xff, 40);
  };
  put(0, 150);
  const seen: string[] = [];
  let next = 150;
  for (const fact of filled.shelf.facts()) {
    seen.push(filled.told(fact));
    if (seen.length % 10 === 0) put(next, (next += 7));
  }
  expect(seen.length).toBeGreaterThan(150);
  for (const _ of filled.shelf.facts()) filled.shelf.clear();
  expect(filled.all()).toEqual([]);
  for (const text of seen) expect(text).toMatch(/^n(\d+)\.test 1 \d+ x 40$/);
});

test('slots hold what was added and not removed, however many share a home', () => {
  const chance = new Chance(7);
  const slots = new Slots(41);
  const model = new Map<number, number>();
  for (let i = 0; i < 20_000; i++) {
    // Homes at the end of the table, which go on at its beginning.
    const hash = [0xffff_fff0, 0xffff_fff1, 0xf000_0000, 0, 5][chance.below(5)] as number;
    if (slots.fullness < 1 && chance.below(2) === 0) {
      slots.add(hash | 0, i);
      model.set(i, hash | 0);
    } else if (model.size > 0) {
      const [place, of] = [...model][chance.below(model.size)] as [number, number];
      let slot = slots.first(of);
      while (slots.placeAt(slot) !== place) slot = slots.next(slot, of);
      slots.remove(slot);
      model.delete(place);
    }
    for (const each of new Set(model.values())) {
      const found: number[] = [];
      for (let slot = slots.first(each); slot >= 0; slot = slots.next(slot, each)) {
        found.push(slots.placeAt(slot));
      }
      const hoped = [...model].filter(([, of]) => of === each).map(([place]) => place);
      if (found.sort().join() !== hoped.sort().join()) expect(found).toEqual(hoped);
    }
    expect(slots.size).toBe(model.size);
  }
});
