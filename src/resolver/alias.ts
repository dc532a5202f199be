/**
 * Aliases: where a CNAME points, and what a DNAME makes of a name. The CNAME of a DNAME is always made here
 * and never taken from a reply (RFC 6672 §5.3.1).
 */
import { Rcode, Type } from '../wire/codes.ts';
import { NAME_BYTES_MAX, type Name, ownName } from '../wire/name.ts';
import { packRrset, rdatasOf } from '../wire/rrset.ts';
import { ended, type Finding } from './outcome.ts';

export const aliasTarget = (block: Uint8Array): Uint8Array => rdatasOf(block)[0] as Uint8Array;

export function cnameFinding(owner: Name, block: Uint8Array, ttl: number): Finding {
  const target = ownName(aliasTarget(block));
  return { kind: 'alias', links: [{ owner, block, ttl }], target, authoritative: false };
}

/**
 * RFC 6672 §2.2: the DNAME's target takes the place of its owner at the end of `name`. Undefined if too long.
 */
function substitute(name: Name, owner: Name, target: Uint8Array): Uint8Array | undefined {
  const kept = name.length - owner.length;
  if (kept + target.length > NAME_BYTES_MAX) return undefined;
  const substituted = new Uint8Array(kept + target.length);
  substituted.set(name.subarray(0, kept));
  substituted.set(target, kept);
  return substituted;
}

export function dnameFinding(name: Name, owner: Name, block: Uint8Array, ttl: number): Finding {
  const dname = { owner, block, ttl };
  const target = substitute(name, owner, aliasTarget(block));
  if (target === undefined) {
    // RFC 6672 §2.2: the name that would result is no name.
    return ended({ rcode: Rcode.YXDOMAIN, answer: [dname], authority: [], ede: undefined });
  }
  // RFC 6672 §3.1: the CNAME has the TTL of its DNAME.
  const cname = { owner: name, block: packRrset(Type.CNAME, ttl, [target]), ttl };
  return { kind: 'alias', links: [dname, cname], target: ownName(target), authoritative: false };
}
