/**
 * Every kind of field that RDATA is made of, by the name that the rows of `rdata` use.
 */
import { prefixes } from './apl.ts';
import { bitmap } from './bitmap.ts';
import { type Kind, type Scan, scanMany, scanRest } from './kind.ts';
import * as binary from './kinds-binary.ts';
import { gateway, hostIdentity } from './kinds-key.ts';
import * as number from './kinds-number.ts';
import * as text from './kinds-text.ts';
import { location } from './loc.ts';
import { poolRecord } from './pool-record.ts';
import { parameters } from './svcb.ts';

/** What has no text but the one that any RDATA has (RFC 3597 §5). */
const textless = (scan: Scan): Kind => ({
  scan,
  print: () => undefined,
  parse: (entry) =>
    void entry.read('\\# and the length and bytes of the data (RFC 3597 §5)', () => undefined),
});

/** RFC 6891 §6.1.2: code, length, and as many bytes. */
const scanOption: Scan = (b, at, end) => {
  const next = at + 4 + (((b[at + 2] as number) << 8) | (b[at + 3] as number));
  return at + 4 <= end && next <= end ? next : -1;
};

export const KINDS = {
  u8: number.u8,
  u16: number.u16,
  u32: number.u32,
  u48: number.u48,
  /** u32 of seconds, `1h30m` in text. */
  period: number.period,
  /** u32 of seconds since 1970, a date in text. */
  time: number.time,
  type: number.rrType,
  algorithm: number.algorithm,
  'cert-algorithm': number.certAlgorithm,
  'cert-type': number.certType,
  'tsig-error': number.tsigError,
  ipv4: number.ipv4,
  ipv6: number.ipv6,
  eui48: binary.eui48,
  eui64: binary.eui64,

  /** Compressed by those who send it, expanded by those who receive it: the types of RFC 1035 only. */
  'name-compressible': text.name,
  /** Never compressed by us, but senders of old did: RFC 3597 §4 lets a receiver expand it. */
  'name-expandable': text.name,
  /** Never compressed: a pointer in it is malformed. */
  name: text.name,
  names: text.names,

  string: text.string,
  strings: text.strings,
  text: text.text,
  'text-not-empty': text.filledText,
  tag: text.tag,

  hex: binary.hex,
  'ds-digest': binary.dsDigest,
  'ssh-fingerprint': binary.sshFingerprint,
  'zone-digest': binary.zoneDigest,
  base64: binary.base64,
  'base64-or-none': binary.maybeBase64,
  'counted-base64': binary.countedBase64,
  salt: binary.salt,
  hash: binary.hash,

  bitmap,
  prefixes,
  location,
  gateway,
  'host-identity': hostIdentity,
  'service-parameters': parameters,
  'pool-record': poolRecord,
  options: textless(scanMany(scanOption, 0)),
  /** Any bytes (RFC 3597 §3). */
  opaque: textless(scanRest(0)),
} satisfies Record<string, Kind>;

export type FieldKind = keyof typeof KINDS;
