/**
 * What shape a reply has, once scrubbed: how it moves the resolution. Names, not booleans; the whole of RFC
 * 1034 §5.3.3 step 4 and RFC 2308 §2 in one place.
 */
import { Rcode, rcodeText, Type } from '../wire/codes.ts';
import { Flag, type Message } from '../wire/message.ts';
import type { Scrubbed } from './scrub.ts';

export type Shape =
  | 'answer'
  | 'alias'
  | 'referral'
  | 'nodata'
  | 'nxdomain'
  /** A denial that neither an SOA nor a claim of authority stands behind: better than nothing. */
  | 'bare'
  /** Its sender does not serve the zone it was named for. */
  | 'lame'
  /** Anything else that brings us no further. */
  | 'useless';

export function classify(message: Message, scrubbed: Scrubbed): Shape {
  const { rcode } = message;
  if (rcode === Rcode.REFUSED || rcode === Rcode.NOTAUTH) return 'lame';
  // RFC 6672 §2.2: YXDOMAIN comes with the DNAME that was too much.
  const speaks = rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN || rcode === Rcode.YXDOMAIN;
  if (!speaks || scrubbed.oversized) return 'useless';
  if (scrubbed.rrsets.length > 0 && rcode === Rcode.NOERROR) return 'answer';
  // RFC 6604 §3: behind an alias, the RCODE speaks of the last name of a chain that is not followed here.
  if (scrubbed.link !== undefined) return 'alias';
  if (rcode === Rcode.YXDOMAIN || scrubbed.rrsets.length > 0) return 'useless';
  return emptyShape(message, scrubbed);
}

function emptyShape(message: Message, scrubbed: Scrubbed): Shape {
  const denial = message.rcode === Rcode.NXDOMAIN ? 'nxdomain' : 'nodata';
  if (scrubbed.soa !== undefined) return denial;
  if (scrubbed.referral !== undefined && denial === 'nodata') return 'referral';
  // Sending us back up, or to where we are, is saying "not me" (RFC 1912 §2.8).
  if (scrubbed.authorityOf === 'above') return 'lame';
  if (scrubbed.authorityOf === 'child') return 'useless';
  // RFC 2308 §2.2: denials without an SOA exist; only who claims authority is believed at once with one.
  if ((message.flags & Flag.AA) !== 0) return denial;
  return message.authority.some(({ type }) => type === Type.NS || type === Type.SOA) ? 'lame' : 'bare';
}

/**
 * The same of a forwarder's reply. It is to resolve the name, not to lead elsewhere; and forwarders in small
 * routers deny without an SOA, so that is believed of any that offers recursion (RFC 2308 §2.2).
 */
export function forwardedShape(message: Message, scrubbed: Scrubbed): Shape {
  const shape = classify(message, scrubbed);
  const resolves = (message.flags & Flag.RA) !== 0;
  const knows = resolves || (message.flags & Flag.AA) !== 0;
  if (shape === 'referral' || (shape !== 'useless' && !knows)) return 'lame';
  if (!resolves || (shape !== 'lame' && shape !== 'bare')) return shape;
  if (message.rcode === Rcode.NXDOMAIN) return 'nxdomain';
  return message.rcode === Rcode.NOERROR ? 'nodata' : shape;
}

/** For the text of a failure: `192.0.2.1 refused`. */
export function disappointment(message: Message, scrubbed: Scrubbed): string {
  if (scrubbed.oversized) return 'sent more than a message can carry';
  switch (message.rcode) {
    case Rcode.NOERROR:
    case Rcode.NXDOMAIN:
      return scrubbed.rrsets.length > 0 ? 'contradicted itself' : 'does not serve the zone';
    case Rcode.REFUSED:
      return 'refused';
    default:
      return `said ${rcodeText(message.rcode)}`;
  }
}
