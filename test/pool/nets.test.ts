/** The longest prefixes that an address lies in, beside a plain reading of the list. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { appendNets, NET_WORDS, type Net, NetMatch, NetWord } from '../../src/pool/nets.ts';

const masked = (word: number, bits: number): number => (bits === 0 ? 0 : word & (-1 << (32 - bits)));

/** Of few bits, so that prefixes nest and meet. */
const net = (family: 4 | 6): fc.Arbitrary<Net> =>
  fc
    .record({ word: fc.integer(), bits: fc.integer({ min: 0, max: 32 }), ordinal: fc.nat(5) })
    .map((drawn) => {
      const deep = family === 6 ? 64 : 0;
      const word = masked(drawn.word & 0x8f00_00f1, drawn.bits);
      const address = family === 6 ? [0x2001_0db8, 7, word, 0] : [word, 0, 0, 0];
      return { address: Int32Array.from(address), bits: deep + drawn.bits, ordinal: drawn.ordinal };
    });

const isIn = (address: Int32Array, { address: start, bits }: Net): boolean =>
  [0, 1, 2, 3].every((i) => {
    const known = Math.max(0, Math.min(32, bits - 32 * i));
    return masked(address[i] as number, known) === masked(start[i] as number, known);
  });

/** By length, whose they are: of all prefixes around the address, the longest first. */
function plainly(nets: readonly Net[], address: Int32Array): string[] {
  const around = nets.filter((each) => isIn(address, each));
  const lengths = [...new Set(around.map(({ bits }) => bits))].sort((a, b) => b - a);
  return lengths.map((bits) => {
    const owners = around.filter((each) => each.bits === bits).map(({ ordinal }) => ordinal);
    return `/${bits} ${owners.sort()}`;
  });
}

const match = new NetMatch();

function found(plan: Int32Array, table: number, address: Int32Array): string[] {
  const texts: string[] = [];
  match.find(plan, table, address);
  for (let at = match.net; at !== 0; at = plan[at + NetWord.AROUND] as number) {
    expect((at - table - 1) % NET_WORDS).toBe(0);
    const list = plan[at + NetWord.ORDINALS] as number;
    const ordinals = plan.subarray(list + 1, list + 1 + (plan[list] as number));
    texts.push(`/${plan[at + NetWord.BITS]} ${ordinals}`);
  }
  return texts;
}

test.each([4, 6] as const)(
  'IPv%i: finds what a plain reading finds, and tells how far it looked',
  (family) => {
    const nets = fc.array(net(family), { minLength: 1, maxLength: 30 });
    const law = (list: Net[], word: number, noise: number): void => {
      const words = [0, 0, 0];
      const table = appendNets(words, list);
      const plan = Int32Array.from(words);
      const at = family === 6 ? 2 : 0;
      const address = Int32Array.from(
        family === 6 ? [0x2001_0db8, 7, word & 0x8f00_00f1, 0] : [word & 0x8f00_00f1, 0, 0, 0],
      );
      const own = plainly(list, address);
      expect(found(plan, table, address)).toEqual(own);
      // Who begins with as many of the same bits lies in the same prefixes.
      const free = 32 * (at + 1) - match.bits;
      if (free <= 0) return;
      const neighbour = address.slice();
      neighbour[at] = (address[at] as number) ^ (free >= 32 ? noise : noise & ~(-1 << free));
      expect(plainly(list, neighbour)).toEqual(own);
    };
    fc.assert(fc.property(nets, fc.integer(), fc.integer(), law), { seed: 7, numRuns: 2_000 });
  },
);

test('looks no farther than it must', () => {
  const words = [0];
  const ten: Net = { address: Int32Array.of(0x0a00_0000, 0, 0, 0), bits: 8, ordinal: 0 };
  const table = appendNets(words, [ten]);
  const plan = Int32Array.from(words);
  found(plan, table, Int32Array.of(0x0a01_0203, 0, 0, 0));
  expect(match.bits).toBe(8);
  found(plan, table, Int32Array.of(0x8a01_0203 | 0, 0, 0, 0));
  expect(match.bits).toBe(1);
  found(plan, table, Int32Array.of(0x0b01_0203, 0, 0, 0));
  expect(match.bits).toBe(8);
});
