/**
 * Prefixes of one family that are somebody's, and which of them are the longest that an address lies in. In a
 * plan (pool/plan):
 *
 *   0  number of prefixes, which follow, sorted by address, then by length, 7 words each:
 *     0  the address, 4 words; of IPv4 the first
 *     4  its length in bits
 *     5  the longest prefix around it, in words of the plan, or 0
 *     6  whose it is: a list of ordinals, rising
 *
 * An address is found by halving, whatever the number; and with it how many of its bits were looked at: all
 * addresses that begin with as many of the same lie in the same prefixes.
 */
import type { PlanWords } from './plan.ts';

export const NET_WORDS = 7;
export const NetWord = { BITS: 4, AROUND: 5, ORDINALS: 6 } as const;
const ADDRESS_WORDS = 4;

export class NetMatch {
  /** The longest prefix that the address lies in, in words of the plan, or 0. The others are AROUND it. */
  net = 0;
  /** Bits looked at. */
  bits = 0;

  /** `address` has 4 words; of IPv4 the first, the others 0. */
  find(plan: PlanWords, table: number, address: Int32Array): void {
    const first = table + 1;
    const count = plan[table] as number;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBelow(plan, first + NET_WORDS * middle, address)) low = middle + 1;
      else high = middle;
    }
    this.bits = 0;
    // Of those behind the address the first shares most bits with it, of those that end before it the last.
    if (low < count) this.#away(plan, first + NET_WORDS * low, address);
    let net = low === 0 ? 0 : first + NET_WORDS * (low - 1);
    let before = 0;
    while (net !== 0 && commonBits(plan, net, address) < (plan[net + NetWord.BITS] as number)) {
      before = net;
      net = plan[net + NetWord.AROUND] as number;
    }
    if (before !== 0) this.#away(plan, before, address);
    if (net !== 0) this.bits = Math.max(this.bits, plan[net + NetWord.BITS] as number);
    this.net = net;
  }

  /** One bit more than what is common tells the address from all that lie in that prefix. */
  #away(plan: PlanWords, net: number, address: Int32Array): void {
    this.bits = Math.max(this.bits, commonBits(plan, net, address) + 1);
  }
}

/** Whether the prefix at `net` begins at the address or below it. */
function isBelow(plan: PlanWords, net: number, address: Int32Array): boolean {
  for (let i = 0; i < ADDRESS_WORDS; i++) {
    const a = (plan[net + i] as number) ^ 0x8000_0000;
    const b = (address[i] as number) ^ 0x8000_0000;
    if (a !== b) return a < b;
  }
  return true;
}

function commonBits(words: Int32Array, at: number, address: Int32Array): number {
  for (let i = 0; i < ADDRESS_WORDS; i++) {
    const differing = (words[at + i] as number) ^ (address[i] as number);
    if (differing !== 0) return 32 * i + Math.clz32(differing);
  }
  return 32 * ADDRESS_WORDS;
}

/** For the builder: a prefix, and whose it is. */
export interface Net {
  /** 4 words; of IPv4 the first. */
  readonly address: Int32Array;
  readonly bits: number;
  readonly ordinal: number;
}

/** Appends the table of these prefixes, of one family, and gives where it begins; 0 for none. */
export function appendNets(words: number[], nets: readonly Net[]): number {
  const groups = grouped(nets);
  if (groups.length === 0) return 0;
  const lists = groups.map((group) => words.push(group.length, ...group.map(({ ordinal }) => ordinal)));
  const table = words.push(groups.length) - 1;
  /** Those around the one in hand, by place; the longest last. */
  const around: number[] = [];
  for (const [place, group] of groups.entries()) {
    const { address, bits } = group[0] as Net;
    while (around.length > 0 && !contains(groups[around.at(-1) as number]?.[0] as Net, address)) around.pop();
    const longest = around.at(-1);
    const ordinals = (lists[place] as number) - group.length - 1;
    words.push(...address, bits, longest === undefined ? 0 : table + 1 + NET_WORDS * longest, ordinals);
    around.push(place);
  }
  return table;
}

/** In order, those of the same prefix together. */
function grouped(nets: readonly Net[]): Net[][] {
  const groups: Net[][] = [];
  for (const net of [...nets].sort(order)) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && isSame(last[0], net)) last.push(net);
    else groups.push([net]);
  }
  return groups;
}

function order(a: Net, b: Net): number {
  for (let i = 0; i < ADDRESS_WORDS; i++) {
    const difference = ((a.address[i] as number) >>> 0) - ((b.address[i] as number) >>> 0);
    if (difference !== 0) return difference;
  }
  return a.bits - b.bits || a.ordinal - b.ordinal;
}

const isSame = (a: Net, b: Net): boolean =>
  a.bits === b.bits && a.address.every((word, i) => word === b.address[i]);

const contains = ({ address, bits }: Net, other: Int32Array): boolean =>
  commonBits(address, 0, other) >= bits;
