/** RRsets as a person or a program reads them: name, TTL, type and RDATA as master files have them. */
import { typeText } from '../wire/codes.ts';
import { nameText } from '../wire/name.ts';
import { rdataText } from '../wire/rdata-text.ts';
import { rdatasOf, rrsetType } from '../wire/rrset.ts';

export interface ToldRecord {
  readonly name: string;
  readonly ttl: number;
  readonly type: string;
  readonly rdata: string;
}

/** `at` is where the block begins. */
export function toldRecords(owner: Uint8Array, block: Uint8Array, ttl: number, at = 0): ToldRecord[] {
  const type = rrsetType(block, at);
  const name = nameText(owner);
  return rdatasOf(block, at).map((rdata) => ({
    name,
    ttl,
    type: typeText(type),
    rdata: rdataText(type, rdata),
  }));
}
