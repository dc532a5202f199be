/**
 * EDNS options as the readers of replies need them. So far that is the Extended DNS Error: a code with a
 * name, and words for a human (RFC 8914). Bytes in, values out; what is malformed is undefined.
 */
import { u16 } from '../base/bytes.ts';
import { Ede, EdnsOption } from './codes.ts';
import type { Edns } from './message.ts';

export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

/** The words of the IANA registry (RFC 8914 §5.2), as people search for them. */
const EDE_WORDS: ReadonlyMap<number, string> = new Map<number, string>([
  [Ede.OTHER, 'Other'],
  [Ede.UNSUPPORTED_DNSKEY, 'Unsupported DNSKEY Algorithm'],
  [Ede.UNSUPPORTED_DS, 'Unsupported DS Digest Type'],
  [Ede.STALE, 'Stale Answer'],
  [Ede.FORGED, 'Forged Answer'],
  [Ede.INDETERMINATE, 'DNSSEC Indeterminate'],
  [Ede.BOGUS, 'DNSSEC Bogus'],
  [Ede.SIGNATURE_EXPIRED, 'Signature Expired'],
  [Ede.SIGNATURE_NOT_YET, 'Signature Not Yet Valid'],
  [Ede.DNSKEY_MISSING, 'DNSKEY Missing'],
  [Ede.RRSIGS_MISSING, 'RRSIGs Missing'],
  [Ede.NO_ZONE_KEY, 'No Zone Key Bit Set'],
  [Ede.NSEC_MISSING, 'NSEC Missing'],
  [Ede.CACHED_ERROR, 'Cached Error'],
  [Ede.NOT_READY, 'Not Ready'],
  [Ede.BLOCKED, 'Blocked'],
  [Ede.CENSORED, 'Censored'],
  [Ede.FILTERED, 'Filtered'],
  [Ede.PROHIBITED, 'Prohibited'],
  [Ede.STALE_NXDOMAIN, 'Stale NXDOMAIN Answer'],
  [Ede.NOT_AUTHORITATIVE, 'Not Authoritative'],
  [Ede.NOT_SUPPORTED, 'Not Supported'],
  [Ede.NO_REACHABLE_AUTHORITY, 'No Reachable Authority'],
  [Ede.NETWORK_ERROR, 'Network Error'],
  [Ede.INVALID_DATA, 'Invalid Data'],
  [Ede.SIGNATURE_BEFORE_VALID, 'Signature Expired before Valid'],
  [Ede.TOO_EARLY, 'Too Early'],
  [Ede.NSEC3_ITERATIONS, 'Unsupported NSEC3 Iterations Value'],
  [Ede.POLICY, 'Unable to conform to policy'],
  [Ede.SYNTHESIZED, 'Synthesized'],
]);

/** `Prohibited` for 18; nothing for a code that has no words yet. */
export const extendedErrorWords = (code: number): string | undefined => EDE_WORDS.get(code);

/**
 * RFC 8914 §2: two bytes of code, then UTF-8 text. A NUL at the end is tolerated, as the section asks; broken
 * UTF-8 shows as replacement characters.
 */
export function readExtendedError(value: Uint8Array): ExtendedError | undefined {
  if (value.length < 2) return undefined;
  const text = Buffer.from(value.buffer, value.byteOffset + 2, value.length - 2).toString('utf8');
  return { code: u16(value, 0), text: text.replace(/\0+$/, '') };
}

/** All Extended DNS Errors of a message, in its order; malformed ones are not told. */
export const extendedErrorsOf = (edns: Edns | undefined): ExtendedError[] =>
  (edns?.options ?? [])
    .filter((option) => option.code === EdnsOption.EDE)
    .map((option) => readExtendedError(option.value))
    .filter((error) => error !== undefined);
