/**
 * Which databases the pools of a zone ask for: `geo=` one of countries, or of cities where it names a
 * subdivision; `near=` one of cities, which knows where they lie; `asn=` one of autonomous systems.
 */
import { u8 } from '../base/bytes.ts';
import { Type } from '../wire/codes.ts';
import { attributeLength, findAttribute, PoolKey } from '../wire/pool.ts';
import { rdatasOf } from '../wire/rrset.ts';
import { type Image, NodeFlag } from '../zone/image.ts';
import type { DatabaseKind } from './place-fields.ts';

/** `US-CA` is longer than what names a country, `AS/SA` where that is a continent's code too. */
const HYPHEN = 0x2d;

export function placesNeeded(images: readonly Image[]): ReadonlySet<DatabaseKind> {
  const needed = new Set<DatabaseKind>();
  for (const image of images.filter(({ hasPools }) => hasPools)) {
    for (const node of image.nodes()) {
      if (!image.has(node, NodeFlag.POOL)) continue;
      for (const rdata of rdatasOf(image.bytes, image.rrset(node, Type.POOL))) noteNeeds(rdata, needed);
    }
  }
  return needed;
}

function noteNeeds(rdata: Uint8Array, needed: Set<DatabaseKind>): void {
  const find = (key: number): number => findAttribute(rdata, 0, rdata.length, key);
  if (find(PoolKey.ASN) !== 0) needed.add('asn');
  if (find(PoolKey.NEAR) !== 0) needed.add('city');
  const geo = find(PoolKey.GEO);
  const end = geo === 0 ? 0 : geo + attributeLength(rdata, geo);
  for (let at = geo; at < end; at += 1 + u8(rdata, at)) {
    const hasPart = u8(rdata, at) > 3 && u8(rdata, at + 3) === HYPHEN;
    if (u8(rdata, at) > 1) needed.add(hasPart ? 'city' : 'country');
  }
}
