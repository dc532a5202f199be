/**
 * The second stage of a choice: who is closest to the client. First those meant for it: whose `net=` it lies
 * in, of these with the longest prefix; of them those that name its `asn=`; of them those whose `geo=` says
 * most closely where it is. Where nobody names it, members are taken that are for everybody, and without
 * such ones all. Of those left, the nearest by `near=`; a member without is farther than all that have it.
 */
import { POOL_MEMBERS_MAX } from '../base/limits.ts';
import type { Asker } from './asker.ts';
import type { Choice } from './choice.ts';
import { NetMatch, NetWord } from './nets.ts';
import { PlaceLevel, placeLevel } from './place-codes.ts';
import { MemberWord, NONE, PlaceFlag, PoolFlag, PoolWord } from './plan.ts';
import { NOWHERE, type Whereabouts } from './whereabouts.ts';

const NAMING = PlaceFlag.NET | PlaceFlag.ASN | PlaceFlag.GEO;
const METRES_PER_KM = 1_000;
/** More than twice around the earth. */
const METRES_MAX = 100_000_000;

const match = new NetMatch();
/** How well each of the list fits; 0 not at all. */
const fits = new Int32Array(POOL_MEMBERS_MAX);

/** Without a table nobody knows where anybody is. */
export function keepClosest(choice: Choice, asker: Asker, table: Whereabouts | undefined): void {
  const { plan, pool } = choice;
  if (((plan[pool + PoolWord.FLAGS] as number) & PoolFlag.PLACES) === 0) return;
  let isNamed = keepByNet(choice, asker);
  const places = placesIn(choice);
  if (choice.count > 1 && (places & ~PlaceFlag.NET) !== 0 && table !== undefined) {
    table.find(asker.address);
    choice.lookedAt(table.bits);
  }
  if ((places & PlaceFlag.ASN) !== 0) isNamed = keepByAsn(choice, table) || isNamed;
  if ((places & PlaceFlag.GEO) !== 0) isNamed = keepByGeo(choice, table) || isNamed;
  if (!isNamed) keepForAll(choice);
  if ((places & PlaceFlag.NEAR) !== 0 && table !== undefined) keepNearest(choice, table);
}

/** By what those in the list have places. */
function placesIn(choice: Choice): number {
  let places = 0;
  for (let i = 0; i < choice.count; i++) places |= choice.word(i, MemberWord.PLACES);
  return places;
}

/** Keeps those that fit best; the list stays as it is where none does. */
function keepBest(choice: Choice): boolean {
  let best = 0;
  for (let i = 0; i < choice.count; i++) best = Math.max(best, fits[i] as number);
  if (best === 0) return false;
  let kept = 0;
  for (let i = 0; i < choice.count; i++) {
    if (fits[i] === best) choice.members[kept++] = choice.members[i] as number;
  }
  choice.count = kept;
  return true;
}

function keepByNet(choice: Choice, asker: Asker): boolean {
  const { plan, pool } = choice;
  const table = plan[pool + (asker.isIpv4 ? PoolWord.NETS_V4 : PoolWord.NETS_V6)] as number;
  if (table === NONE) return false;
  match.find(plan, table, asker.words);
  choice.lookedAt(match.bits);
  for (let net = match.net; net !== NONE; net = plan[net + NetWord.AROUND] as number) {
    markOwners(choice, plan[net + NetWord.ORDINALS] as number);
    if (keepBest(choice)) return true;
  }
  return false;
}

/** Those whose ordinals are in that list, which rises as the list of members does. */
function markOwners(choice: Choice, list: number): void {
  const { plan } = choice;
  const end = list + (plan[list] as number);
  let at = list + 1;
  for (let i = 0; i < choice.count; i++) {
    const ordinal = choice.word(i, MemberWord.ORDINAL);
    while (at <= end && (plan[at] as number) < ordinal) at++;
    fits[i] = at <= end && plan[at] === ordinal ? 1 : 0;
  }
}

function keepByAsn(choice: Choice, table: Whereabouts | undefined): boolean {
  if (table === undefined || table.asn === 0) return false;
  for (let i = 0; i < choice.count; i++) {
    fits[i] = hasWord(choice, choice.word(i, MemberWord.ASNS), table.asn) ? 1 : 0;
  }
  return keepBest(choice);
}

/** Whether the list, which rises as unsigned words do, has that word. */
function hasWord({ plan }: Choice, list: number, word: number): boolean {
  if (list === NONE) return false;
  let low = 1;
  let high = (plan[list] as number) + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((plan[list + middle] as number) >>> 0 < word >>> 0) low = middle + 1;
    else high = middle;
  }
  return low <= (plan[list] as number) && plan[list + low] === word;
}

function keepByGeo(choice: Choice, table: Whereabouts | undefined): boolean {
  for (let i = 0; i < choice.count; i++) fits[i] = geoFit(choice, choice.word(i, MemberWord.GEOS), table);
  return keepBest(choice);
}

/** The closest code stands first. */
function geoFit({ plan }: Choice, list: number, table: Whereabouts | undefined): number {
  if (list === NONE) return 0;
  for (let at = list + 1, end = at + (plan[list] as number); at < end; at++) {
    const place = plan[at] as number;
    const isThere = table === undefined ? place === PlaceLevel.EVERYWHERE : table.isIn(place);
    if (isThere) return 1 + placeLevel(place);
  }
  return 0;
}

function keepForAll(choice: Choice): void {
  for (let i = 0; i < choice.count; i++) {
    fits[i] = (choice.word(i, MemberWord.PLACES) & NAMING) === 0 ? 1 : 0;
  }
  keepBest(choice);
}

function keepNearest(choice: Choice, table: Whereabouts): void {
  for (let i = 0; i < choice.count; i++) {
    fits[i] = 0;
    if ((choice.word(i, MemberWord.PLACES) & PlaceFlag.NEAR) === 0) continue;
    const metres = table.metresTo(choice.word(i, MemberWord.LATITUDE), choice.word(i, MemberWord.LONGITUDE));
    if (metres === NOWHERE) return;
    fits[i] = METRES_MAX - (metres - METRES_PER_KM * choice.word(i, MemberWord.BIAS));
  }
  keepBest(choice);
}
