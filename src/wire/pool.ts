/**
 * The RDATA of POOL, a record of ours (docs/POOLS.md), as numbers, and how to read it where it lies:
 *
 *   0  kind (PoolKind)
 *   1  the subject: nothing (options), 4 or 16 bytes of address, or a name, uncompressed, its case kept
 *   …  attributes as service parameters are (RFC 9460 §2.2): key (2), length (2), value; keys strictly rising
 *
 * What is read here was found well-formed (wire/pool-record). Numbers in values are in network order:
 *
 *   weight, tier, port                 2 bytes
 *   alpn, check, geo                   items, each counted by a byte; check and geo rising, shortest first
 *   net                                family (1, 2), prefix length, as many bytes as that needs; rising
 *   asn                                4 bytes each, rising
 *   near                               latitude, longitude: signed, 4 bytes each, in 1e-5 degrees
 *   bias                               signed, 4 bytes: km that the member counts as nearer
 *   answers, sticky, all-down, as, eject-at-most    1 byte
 *   warm-up                            4 bytes: seconds
 */
import { type Bytes, u8, u16 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { KEY_VALUE_HEADER_BYTES } from './key-values.ts';
import { nameLength } from './name.ts';

export const PoolKind = { OPTIONS: 0, IPV4: 1, IPV6: 2, HOST: 3, USE: 4 } as const;

export const PoolKey = {
  WEIGHT: 1,
  TIER: 2,
  PORT: 3,
  ALPN: 4,
  CHECK: 5,
  GEO: 6,
  NET: 7,
  ASN: 8,
  NEAR: 9,
  BIAS: 10,
  ANSWERS: 16,
  STICKY: 17,
  ALL_DOWN: 18,
  AS: 19,
  EJECT_AT_MOST: 20,
  WARM_UP: 21,
} as const;

export const Sticky = { CLIENT: 1 } as const;
export const AllDown = { SERVE_ALL: 0, NODATA: 1, SERVFAIL: 2, LAST_GOOD: 3 } as const;
export const PoolAs = { CNAME: 1 } as const;

/** Of the RDATA at `at`. */
export const poolKind = (b: Bytes, at: number): number => u8(b, at);
export const poolSubjectAt = (at: number): number => at + 1;

/** Where the attributes begin. */
export function poolAttributesAt(b: Bytes, at: number): number {
  switch (poolKind(b, at)) {
    case PoolKind.OPTIONS:
      return at + 1;
    case PoolKind.IPV4:
      return at + 1 + IPV4_BYTES;
    case PoolKind.IPV6:
      return at + 1 + IPV6_BYTES;
    default:
      return at + 1 + nameLength(b, at + 1);
  }
}

/** Where the value of that attribute lies in RDATA of [at, end), or 0; its length is the u16 before it. */
export function findAttribute(b: Bytes, at: number, end: number, key: number): number {
  let i = poolAttributesAt(b, at);
  while (i < end && u16(b, i) < key) i += KEY_VALUE_HEADER_BYTES + u16(b, i + 2);
  return i < end && u16(b, i) === key ? i + KEY_VALUE_HEADER_BYTES : 0;
}

/** Bytes of the value that `findAttribute` found. */
export const attributeLength = (b: Bytes, valueAt: number): number => u16(b, valueAt - 2);
