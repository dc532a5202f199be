/**
 * RDATA is a table. One row per type names its fields and their kinds, in wire order; everything that is
 * done with RDATA (reading, checking, compressing, and in `rdata-text` printing and parsing) walks that
 * row. A type without a row is opaque bytes (RFC 3597 §3). Inside the house names in RDATA are uncompressed
 * and keep their case.
 */
import { type Bytes, copy } from '../base/bytes.ts';
import { MESSAGE_BYTES_MAX } from '../base/limits.ts';
import { Type } from './codes.ts';
import type { Scan } from './kind.ts';
import { type FieldKind, KINDS } from './kinds.ts';
import { NAME_BYTES_MAX, readNameTo } from './name.ts';
import { Reader } from './reader.ts';

export type { FieldKind } from './kinds.ts';

/** The fields in order: the RFC's noun for each, and its kind. */
type Fields = Readonly<Record<string, FieldKind>>;

const texts: Fields = { text: 'strings' };
const exchange: Fields = { preference: 'u16', host: 'name-expandable' };
const key: Fields = { flags: 'u16', protocol: 'u8', algorithm: 'algorithm', 'public key': 'base64' };
const delegationSigner: Fields = {
  'key tag': 'u16',
  algorithm: 'algorithm',
  'digest type': 'u8',
  digest: 'ds-digest',
};
const signature = (signer: FieldKind): Fields => ({
  'type covered': 'type',
  algorithm: 'algorithm',
  labels: 'u8',
  'original TTL': 'u32',
  expiration: 'time',
  inception: 'time',
  'key tag': 'u16',
  signer,
  signature: 'base64',
});
const certificateAssociation: Fields = {
  'certificate usage': 'u8',
  selector: 'u8',
  'matching type': 'u8',
  'certificate association': 'hex',
};
const hashing: Fields = { 'hash algorithm': 'u8', flags: 'u8', iterations: 'u16', salt: 'salt' };
const serviceBinding: Fields = { priority: 'u16', target: 'name', parameters: 'service-parameters' };

const ROWS: Readonly<Record<number, Fields>> = {
  // RFC 1035 §3.3 and §3.4, whose names alone may be compressed (RFC 3597 §4)
  [Type.A]: { address: 'ipv4' },
  [Type.NS]: { 'name server': 'name-compressible' },
  [Type.MD]: { host: 'name-compressible' },
  [Type.MF]: { host: 'name-compressible' },
  [Type.CNAME]: { target: 'name-compressible' },
  [Type.SOA]: {
    'primary server': 'name-compressible',
    mailbox: 'name-compressible',
    serial: 'u32',
    refresh: 'period',
    retry: 'period',
    expire: 'period',
    minimum: 'period',
  },
  [Type.MB]: { host: 'name-compressible' },
  [Type.MG]: { mailbox: 'name-compressible' },
  [Type.MR]: { mailbox: 'name-compressible' },
  [Type.PTR]: { target: 'name-compressible' },
  [Type.HINFO]: { CPU: 'string', OS: 'string' },
  [Type.MINFO]: { mailbox: 'name-compressible', 'mailbox for errors': 'name-compressible' },
  [Type.MX]: { preference: 'u16', exchange: 'name-compressible' },
  [Type.TXT]: texts,

  // Names and services
  [Type.RP]: { mailbox: 'name-expandable', 'text owner': 'name-expandable' }, // RFC 1183 §2.2
  [Type.AFSDB]: { subtype: 'u16', host: 'name-expandable' }, // RFC 1183 §1
  [Type.RT]: exchange, // RFC 1183 §3.3
  [Type.PX]: { preference: 'u16', map822: 'name-expandable', mapx400: 'name-expandable' }, // RFC 2163
  [Type.AAAA]: { address: 'ipv6' }, // RFC 3596 §2.2
  [Type.LOC]: { location: 'location' }, // RFC 1876 §2
  [Type.SRV]: { priority: 'u16', weight: 'u16', port: 'u16', target: 'name-expandable' }, // RFC 2782
  [Type.NAPTR]: {
    order: 'u16',
    preference: 'u16',
    flags: 'string',
    services: 'string',
    'regular expression': 'string',
    replacement: 'name-expandable',
  }, // RFC 3403 §4.1
  [Type.KX]: { preference: 'u16', host: 'name' }, // RFC 2230 §3.1
  [Type.DNAME]: { target: 'name' }, // RFC 6672 §2.1
  [Type.APL]: { prefixes: 'prefixes' }, // RFC 3123 §4
  [Type.SVCB]: serviceBinding, // RFC 9460 §2.2
  [Type.HTTPS]: serviceBinding,
  [Type.SPF]: texts, // RFC 7208 §3.1
  [Type.EUI48]: { address: 'eui48' }, // RFC 7043 §3.1
  [Type.EUI64]: { address: 'eui64' }, // RFC 7043 §4.1
  [Type.URI]: { priority: 'u16', weight: 'u16', target: 'text-not-empty' }, // RFC 7553 §4.5
  [Type.RESINFO]: texts, // RFC 9606 §4

  // Keys and proofs
  [Type.SIG]: signature('name-expandable'), // RFC 2535 §4.1
  [Type.KEY]: key, // RFC 2535 §3.1
  [Type.CERT]: {
    type: 'cert-type',
    'key tag': 'u16',
    algorithm: 'cert-algorithm',
    certificate: 'base64',
  }, // RFC 4398 §2
  [Type.DS]: delegationSigner, // RFC 4034 §5.1
  [Type.SSHFP]: { algorithm: 'u8', type: 'u8', fingerprint: 'ssh-fingerprint' }, // RFC 4255 §3.1
  [Type.IPSECKEY]: {
    precedence: 'u8',
    'gateway type': 'u8',
    algorithm: 'u8',
    gateway: 'gateway',
    'public key': 'base64-or-none',
  }, // RFC 4025 §2.1
  [Type.RRSIG]: signature('name'), // RFC 4034 §3.1
  [Type.NSEC]: { 'next name': 'name', types: 'bitmap' }, // RFC 4034 §4.1
  [Type.DNSKEY]: key, // RFC 4034 §2.1
  [Type.DHCID]: { digest: 'base64' }, // RFC 4701 §3.1
  [Type.NSEC3]: { ...hashing, 'next hashed owner': 'hash', types: 'bitmap' }, // RFC 5155 §3.2
  [Type.NSEC3PARAM]: hashing, // RFC 5155 §4.2
  [Type.TLSA]: certificateAssociation, // RFC 6698 §2.1
  [Type.SMIMEA]: certificateAssociation, // RFC 8162 §2
  [Type.HIP]: { identity: 'host-identity', 'rendezvous server': 'names' }, // RFC 8005 §5
  [Type.CDS]: delegationSigner, // RFC 7344 §3.1
  [Type.CDNSKEY]: key, // RFC 7344 §3.2
  [Type.OPENPGPKEY]: { 'public key': 'base64' }, // RFC 7929 §2.1
  [Type.CSYNC]: { serial: 'u32', flags: 'u16', types: 'bitmap' }, // RFC 7477 §2.1.1
  [Type.ZONEMD]: { serial: 'u32', scheme: 'u8', hash: 'u8', digest: 'zone-digest' }, // RFC 8976 §2.2
  [Type.CAA]: { flags: 'u8', tag: 'tag', value: 'text' }, // RFC 8659 §4.1

  [Type.POOL]: { member: 'pool-record' }, // docs/POOLS.md

  // Records that live in messages only
  [Type.OPT]: { options: 'options' }, // RFC 6891 §6.1.2
  [Type.TKEY]: {
    algorithm: 'name',
    inception: 'time',
    expiration: 'time',
    mode: 'u16',
    error: 'tsig-error',
    key: 'counted-base64',
    'other data': 'counted-base64',
  }, // RFC 2930 §2
  [Type.TSIG]: {
    algorithm: 'name',
    'time signed': 'u48',
    fudge: 'u16',
    MAC: 'counted-base64',
    'original ID': 'u16',
    error: 'tsig-error',
    'other data': 'counted-base64',
  }, // RFC 8945 §4.2
};

interface Row {
  readonly names: readonly string[];
  readonly kinds: readonly FieldKind[];
  readonly scans: readonly Scan[];
  /** Whether a name in it may arrive compressed. */
  readonly expandable: boolean;
}

const isExpandable = (kind: FieldKind): boolean => kind === 'name-compressible' || kind === 'name-expandable';

function rowFrom(fields: Fields): Row {
  const kinds = Object.values(fields);
  const scans = kinds.map((kind) => KINDS[kind].scan);
  return { names: Object.keys(fields), kinds, scans, expandable: kinds.some(isExpandable) };
}

const OPAQUE = rowFrom({ bytes: 'opaque' });
const rows = new Map(Object.entries(ROWS).map(([type, fields]) => [Number(type), rowFrom(fields)]));
const rowOf = (type: number): Row => rows.get(type) ?? OPAQUE;

export const layoutOf = (type: number): readonly FieldKind[] => rowOf(type).kinds;
/** What the RFC calls the fields of `layoutOf`, for sentences. */
export const fieldNamesOf = (type: number): readonly string[] => rowOf(type).names;

function isWellFormed(row: Row, bytes: Bytes, start: number, end: number): boolean {
  let at = start;
  for (const scan of row.scans) {
    at = scan(bytes, at, end);
    if (at < 0) return false;
  }
  return at === end;
}

/** Whether these uncompressed bytes are well-formed RDATA of that type. */
export const validRdata = (type: number, rdata: Uint8Array): boolean =>
  rdata.length <= MESSAGE_BYTES_MAX && isWellFormed(rowOf(type), rdata, 0, rdata.length);

/**
 * Reads the RDATA of `length` bytes at the cursor into an owned copy, its names uncompressed, their case
 * kept, and leaves the cursor behind it; undefined where the row forbids it. Names may be compressed where
 * RFC 1035 or RFC 3597 §4 let a receiver expect it, and nowhere else. The reader fails only where the RDATA
 * would end behind its end.
 */
export function readRdata(type: number, reader: Reader, length: number): Uint8Array | undefined {
  const expanded = expand(type, reader, length);
  return expanded < 0 ? undefined : scratch.slice(0, expanded);
}

/** Leaves the cursor behind RDATA that `readRdata` would read; false where it would not. */
export const skipRdata = (type: number, reader: Reader, length: number): boolean =>
  expand(type, reader, length) >= 0;

const scratch = new Uint8Array(MESSAGE_BYTES_MAX + 2 * NAME_BYTES_MAX);

/** Writes to `scratch` what is read, and gives its length, or -1. */
function expand(type: number, reader: Reader, length: number): number {
  const { bytes, at } = reader;
  const end = at + length;
  if (end > reader.end) {
    reader.fail();
    return -1;
  }
  reader.at = end;
  const row = rowOf(type);
  if (isWellFormed(row, bytes, at, end)) {
    copy(bytes, at, scratch, 0, length);
    return length;
  }
  return row.expandable ? expandNames(row, bytes, at, end) : -1;
}

/** Only a compressed name can make well-formed what was not: copies field by field, with names expanded. */
function expandNames(row: Row, bytes: Bytes, at: number, end: number): number {
  const reader = new Reader(bytes, at, end);
  let length = 0;
  for (let i = 0; i < row.kinds.length; i++) {
    if (isExpandable(row.kinds[i] as FieldKind)) {
      length += readNameTo(scratch, length, reader);
    } else {
      const start = reader.at;
      const next = (row.scans[i] as Scan)(bytes, start, end);
      if (next < 0) return -1;
      copy(bytes, start, scratch, length, next - start);
      length += next - start;
      reader.at = next;
    }
  }
  return reader.ok && reader.at === end && length <= MESSAGE_BYTES_MAX ? length : -1;
}

// The encoder compresses the names of RFC 1035 types (§4.1.4, RFC 3597 §4): they lie behind 0 or 2 bytes.
const skips = new Uint8Array(256);
const counts = new Uint8Array(256);
for (const [type, { kinds }] of rows) {
  counts[type] = kinds.filter((kind) => kind === 'name-compressible').length;
  skips[type] = kinds[0] === 'u16' && kinds[1] === 'name-compressible' ? 2 : 0;
}

/** Bytes before the first compressible name. */
export const compressibleSkip = (type: number): number => skips[type] ?? 0;
/** How many compressible names follow each other there. */
export const compressibleNames = (type: number): number => counts[type] ?? 0;

/** Where the name lies whose addresses belong in the additional section, or -1. */
export function targetOffset(type: number): number {
  switch (type) {
    case Type.NS: // RFC 1035 §3.3.11
    case Type.MB: // RFC 1035 §3.3.3
      return 0;
    case Type.MX: // RFC 1035 §3.3.9
    case Type.AFSDB: // RFC 1183 §1
    case Type.RT: // RFC 1183 §3.3
    case Type.KX: // RFC 2230 §3
    case Type.SVCB: // RFC 9460 §4.1
    case Type.HTTPS:
      return 2;
    case Type.SRV: // RFC 2782
      return 6;
    default:
      return -1;
  }
}
