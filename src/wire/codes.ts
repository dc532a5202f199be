/**
 * The IANA registries of the DNS, as open number spaces with names: numbers inside, text at the edges, and a
 * number without a name is an ordinary value. https://www.iana.org/assignments/dns-parameters, read 2026-11.
 */

/** RR TYPE (dns-parameters-4). RFC 3597 for those without a name here. */
export const Type = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  RT: 21,
  SIG: 24,
  KEY: 25,
  PX: 26,
  LOC: 29,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  RESINFO: 261,
  /** Ours, for private use (RFC 6895 §3.1): what is answered by choice (wire/pool). */
  POOL: 65330,
} as const;

/** CLASS (dns-parameters-2). */
export const Class = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** OPCODE (dns-parameters-5). */
export const Opcode = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const;

/** RCODE (dns-parameters-6), with the extended ones of RFC 6891 and RFC 8945. */
export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
} as const;

/** EDNS option codes (dns-parameters-11). */
export const EdnsOption = {
  NSID: 3,
  SUBNET: 8,
  EXPIRE: 9,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  CHAIN: 13,
  EDE: 15,
} as const;

/** Extended DNS Error info-codes (RFC 8914 §5.2). */
export const Ede = {
  OTHER: 0,
  UNSUPPORTED_DNSKEY: 1,
  UNSUPPORTED_DS: 2,
  STALE: 3,
  FORGED: 4,
  INDETERMINATE: 5,
  BOGUS: 6,
  SIGNATURE_EXPIRED: 7,
  SIGNATURE_NOT_YET: 8,
  DNSKEY_MISSING: 9,
  RRSIGS_MISSING: 10,
  NO_ZONE_KEY: 11,
  NSEC_MISSING: 12,
  CACHED_ERROR: 13,
  NOT_READY: 14,
  BLOCKED: 15,
  CENSORED: 16,
  FILTERED: 17,
  PROHIBITED: 18,
  STALE_NXDOMAIN: 19,
  NOT_AUTHORITATIVE: 20,
  NOT_SUPPORTED: 21,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
  SIGNATURE_BEFORE_VALID: 25,
  TOO_EARLY: 26,
  NSEC3_ITERATIONS: 27,
  POLICY: 28,
  SYNTHESIZED: 29,
} as const;

const named = (codes: Record<string, number>): ReadonlyMap<number, string> =>
  new Map(Object.entries(codes).map(([text, code]) => [code, text]));
const typeNames = named(Type);
const classNames = named(Class);
const rcodeNames = named(Rcode);
const opcodeNames = named(Opcode);

/** `TYPE65280` for what has no name (RFC 3597 §5). */
export const typeText = (type: number): string => typeNames.get(type) ?? `TYPE${type}`;
export const classText = (klass: number): string => classNames.get(klass) ?? `CLASS${klass}`;
export const rcodeText = (rcode: number): string => rcodeNames.get(rcode) ?? `RCODE${rcode}`;
export const opcodeText = (opcode: number): string => opcodeNames.get(opcode) ?? `OPCODE${opcode}`;

function numbered(codes: Record<string, number>, prefix: string, text: string): number | undefined {
  const upper = text.toUpperCase();
  if (Object.hasOwn(codes, upper)) return codes[upper];
  if (!upper.startsWith(prefix)) return undefined;
  const digits = upper.slice(prefix.length);
  const number = /^\d{1,5}$/.test(digits) ? Number(digits) : -1;
  return number >= 0 && number <= 0xffff ? number : undefined;
}

/** The number of `MX`, `mx` or `TYPE15`; undefined where the text is no type. */
export const typeFromText = (text: string): number | undefined => numbered(Type, 'TYPE', text);
export const classFromText = (text: string): number | undefined => numbered(Class, 'CLASS', text);

/** Types that only ask (RFC 6895 §3.1, QTYPEs and meta-TYPEs): never data of a zone. */
export const isMetaType = (type: number): boolean =>
  type === Type.OPT || (type >= 128 && type <= 255) || type === 0;
