/**
 * The last two stages of a choice: so many members are drawn without replacement, each in proportion to its
 * weight, and stand in the order they were drawn in. A member of weight 0 is drawn when nothing else is left.
 * For a pool that is sticky it is no draw but a weighted rendezvous (Thaler and Ravishankar, 1998; weights as
 * −w / ln u): each member has a score for the client's network, and the highest are taken; so a member that
 * comes or goes moves no client but its own.
 */
import { POOL_MEMBERS_MAX, STICKY_BITS_V4, STICKY_BITS_V6 } from '../base/limits.ts';
import type { Asker } from './asker.ts';
import type { Choice } from './choice.ts';
import type { Lots } from './lots.ts';
import { MemberWord, Status } from './plan.ts';

const { STATUS, WEIGHT, IDENTITY } = MemberWord;
const { SHARE } = Status;

/** Weights, or scores, of those in the list; whole numbers that add up to less than 2^53. */
const weights = new Float64Array(POOL_MEMBERS_MAX);

export function draw(choice: Choice, answers: number, lots: Lots): void {
  const { count } = choice;
  const drawn = Math.min(answers, count);
  let total = weigh(choice);
  for (let place = 0; place < drawn; place++) {
    if (total === 0) total = weighAlike(place, count);
    let left = Math.floor(lots.fraction() * total);
    let i = place;
    while (left >= (weights[i] as number)) left -= weights[i++] as number;
    total -= weights[i] as number;
    exchange(choice, place, i);
  }
  choice.count = drawn;
}

export function drawSticky(choice: Choice, answers: number, asker: Asker): void {
  const { count } = choice;
  const drawn = Math.min(answers, count);
  const bits = Math.min(asker.isIpv4 ? STICKY_BITS_V4 : STICKY_BITS_V6, asker.bits);
  const network = networkHash(asker.words, bits);
  choice.lookedAt(bits);
  weigh(choice);
  for (let i = 0; i < count; i++) weights[i] = score(weights[i] as number, network, choice.word(i, IDENTITY));
  for (let place = 0; place < drawn; place++) {
    let best = place;
    for (let i = place + 1; i < count; i++) if ((weights[i] as number) > (weights[best] as number)) best = i;
    exchange(choice, place, best);
  }
  choice.count = drawn;
}

/** Gives the sum. Who is on its way back has a part of its weight. */
function weigh(choice: Choice): number {
  const { plan, members, count, isDesperate } = choice;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const member = members[i] as number;
    const share = isDesperate ? SHARE : (plan[member + STATUS] as number) & SHARE;
    const weight = (plan[member + WEIGHT] as number) * share;
    weights[i] = weight;
    total += weight;
  }
  return total;
}

/** Of those from that place on nobody has a weight. */
function weighAlike(place: number, count: number): number {
  weights.fill(1, place, count);
  return count - place;
}

function exchange(choice: Choice, a: number, b: number): void {
  const member = choice.members[a] as number;
  const weight = weights[a] as number;
  choice.members[a] = choice.members[b] as number;
  weights[a] = weights[b] as number;
  choice.members[b] = member;
  weights[b] = weight;
}

/** Without a weight it is below all that have one. */
function score(weight: number, network: number, identity: number): number {
  const u = ((mixed(network ^ identity) >>> 0) + 0.5) * 2 ** -32;
  return weight > 0 ? -weight / Math.log(u) : u - 1;
}

function networkHash(words: Int32Array, bits: number): number {
  let hash = bits;
  for (let i = 0; i < words.length; i++) {
    const known = Math.max(0, Math.min(32, bits - 32 * i));
    const mask = known === 0 ? 0 : -1 << (32 - known);
    hash = mixed(Math.imul(hash, 31) + ((words[i] as number) & mask));
  }
  return hash;
}

/** The finalizer of MurmurHash3: each bit of the argument changes half of the result. */
function mixed(hash: number): number {
  let h = hash | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}
