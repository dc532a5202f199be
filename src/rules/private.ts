/**
 * Rebinding protection: names of others have no addresses of this network. A page that a browser got from
 * evil.example could talk to the printer if that name had the printer's address for a moment (LIMITS G3).
 * What is private is left out of answers, as an address or as the hint of an HTTPS record; what was told by
 * us, and names that are configured, are let alone.
 */
import { type Bytes, u16 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import type { PrefixSet } from '../base/prefix.ts';
import type { Outcome } from '../resolver/outcome.ts';
import { Type } from '../wire/codes.ts';
import { nameLength } from '../wire/name.ts';
import { packRrset, rdatasOf, rrsetCount, rrsetType } from '../wire/rrset.ts';

/** What an answer has left of its addresses; the same where none had to go. */
export function publicPart(answer: Outcome['answer'], isPrivate: PrefixSet): Outcome['answer'] {
  let isWhole = true;
  const left = answer.flatMap((rrset) => {
    const type = rrsetType(rrset.block, 0);
    const addressesIn = ADDRESSES.get(type);
    if (addressesIn === undefined) return [rrset];
    const rdatas = rdatasOf(rrset.block).filter(
      (rdata) => !addressesIn(rdata).some((address) => isPrivate.hasBytes(address)),
    );
    if (rdatas.length === rrsetCount(rrset.block, 0)) return [rrset];
    isWhole = false;
    return rdatas.length === 0 ? [] : [{ ...rrset, block: packRrset(type, rrset.ttl, rdatas) }];
  });
  return isWhole ? answer : left;
}

/** SvcParamKeys ipv4hint and ipv6hint (RFC 9460 §7.3). */
const HINTS = new Map([
  [4, IPV4_BYTES],
  [6, IPV6_BYTES],
]);

/** RFC 9460 §2.2: priority, target, and parameters, each a key, a length and a value; read without faults. */
function hintsIn(rdata: Bytes): readonly Bytes[] {
  const addresses: Bytes[] = [];
  for (let at = 2 + nameLength(rdata, 2); at + 4 <= rdata.length; ) {
    const size = HINTS.get(u16(rdata, at));
    const end = at + 4 + u16(rdata, at + 2);
    if (size !== undefined)
      for (let i = at + 4; i + size <= end; i += size) addresses.push(rdata.subarray(i, i + size));
    at = end;
  }
  return addresses;
}

const itself = (address: Bytes): readonly Bytes[] => [address];

const ADDRESSES: ReadonlyMap<number, (rdata: Bytes) => readonly Bytes[]> = new Map([
  [Type.A as number, itself],
  [Type.AAAA, itself],
  [Type.SVCB, hintsIn],
  [Type.HTTPS, hintsIn],
]);
