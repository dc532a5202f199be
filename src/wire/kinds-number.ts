/**
 * Kinds of field that are numbers: plain, with mnemonics, types, times; and addresses, which are numbers
 * with dots.
 */
import type { Bytes } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, ipText, readIpv4, readIpv6 } from '../base/ip.ts';
import { typeFromText, typeText } from './codes.ts';
import { textOf } from './entry.ts';
import { type Kind, scanBytes } from './kind.ts';

/** Digits only, at most `max`. */
export function decimal(text: Bytes, max: number): number | undefined {
  if (text.length === 0 || text.length > 15) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = (text[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= max ? value : undefined;
}

function numberAt(bytes: Bytes, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end; i++) value = value * 256 + (bytes[i] as number);
  return value;
}

const unsigned = (size: number): Kind => {
  const max = 256 ** size - 1;
  const expected = `% number 0 to ${max}`;
  const meaning = (text: Bytes) => decimal(text, max);
  return {
    scan: scanBytes(size),
    print: (b, at, end) => `${numberAt(b, at, end)}`,
    parse: (entry) => entry.put(entry.read(expected, meaning), size),
  };
};

export const u8 = unsigned(1);
export const u16 = unsigned(2);
export const u32 = unsigned(4);
export const u48 = unsigned(6);

const UNIT_SECONDS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };

const U32_MAX = 2 ** 32 - 1;

/** Seconds of `3600` or `1h30m`, as BIND writes TTLs, where 32 bits hold them. */
export function periodSeconds(text: Bytes): number | undefined {
  const plain = decimal(text, U32_MAX);
  if (plain !== undefined || text.length > 64) return plain;
  const words = textOf(text).toLowerCase();
  if (!/^(\d{1,10}[wdhms])+$/.test(words)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of words.matchAll(/(\d+)(\w)/g)) {
    seconds += Number(count) * (UNIT_SECONDS[unit as string] as number);
  }
  return seconds <= U32_MAX ? seconds : undefined;
}

/** 32 bits of seconds. */
export const period: Kind = {
  ...u32,
  parse: (entry) => entry.put(entry.read('% time in seconds, or like 1h30m', periodSeconds), 4),
};

/** RFC 4034 §3.2: YYYYMMDDHHmmSS or seconds since 1970. The first wrap of the 32 bits is in 2106. */
export const time: Kind = {
  ...u32,
  print: (b, at, end) => new Date(numberAt(b, at, end) * 1000).toISOString().replace(/\.\d+Z|\D/g, ''),
  parse: (entry) =>
    entry.put(entry.read('% time as YYYYMMDDHHmmSS, or in seconds since 1970', timeSeconds), 4),
};

function timeSeconds(text: Bytes): number | undefined {
  if (text.length !== 14) return decimal(text, U32_MAX);
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(textOf(text));
  if (parts === null) return undefined;
  const iso = `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}.000Z`;
  const date = new Date(iso);
  // A thirtieth of February would be the first of March.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) return undefined;
  const seconds = date.getTime() / 1000;
  return seconds >= 0 && seconds <= U32_MAX ? seconds : undefined;
}

export const rrType: Kind = {
  scan: scanBytes(2),
  print: (b, at, end) => typeText(numberAt(b, at, end)),
  parse: (entry) => entry.put(entry.read('a record type', readType), 2),
};

export const readType = (text: Bytes): number | undefined => typeFromText(textOf(text));

/** A number that a registry names. RFC 4034 §2.2 prints some of them as numbers: `printed` tells. */
const mnemonic = (size: number, codes: Readonly<Record<string, number>>, printed: boolean): Kind => {
  const number = unsigned(size);
  const max = 256 ** size - 1;
  const names = new Map(Object.entries(codes).map(([name, code]) => [code, name]));
  const expected = `% number 0 to ${max}, or a name such as ${Object.keys(codes)[0]}`;
  const codeOf = (name: string) => (Object.hasOwn(codes, name) ? codes[name] : undefined);
  return {
    ...number,
    print: (b, at, end) => (printed && names.get(numberAt(b, at, end))) || number.print(b, at, end),
    parse: (entry) =>
      entry.put(
        entry.read(expected, (text) => decimal(text, max) ?? codeOf(textOf(text).toUpperCase())),
        size,
      ),
  };
};

/** IANA dns-sec-alg-numbers. */
const ALGORITHMS = {
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  NSEC3DSA: 6,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECCGOST: 12,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};
/** IANA cert-rr-types (RFC 4398 §2.1). */
const CERT_TYPES = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
};
/** RFC 8945 §3; 16 is BADVERS in a header, and BADSIG here. */
const TSIG_ERRORS = {
  NOERROR: 0,
  BADSIG: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
};

export const algorithm = mnemonic(1, ALGORITHMS, false);
/** RFC 4398 §2.2 prints the names that RFC 4034 does not. */
export const certAlgorithm = mnemonic(1, ALGORITHMS, true);
export const certType = mnemonic(2, CERT_TYPES, true);
export const tsigError = mnemonic(2, TSIG_ERRORS, true);

const address = (size: number, read: typeof readIpv4, expected: string): Kind => ({
  scan: scanBytes(size),
  print: (b, at, end) => ipText(b.subarray(at, end)),
  parse(entry) {
    const field = entry.take(expected);
    if (field === undefined) return;
    const at = entry.grow(size);
    if (!read(field.bytes, 0, field.bytes.length, entry.out, at)) entry.reject(expected);
  },
});

export const ipv4 = address(IPV4_BYTES, readIpv4, 'an IPv4 address');
export const ipv6 = address(IPV6_BYTES, readIpv6, 'an IPv6 address');
