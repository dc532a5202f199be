/**
 * Lists of address prefixes (RFC 3123): `1:192.0.2.0/24 !2:2001:db8::/32`. Zero or more items, each a
 * family, a prefix length, a bit for "not", and the address without its trailing zero bytes. Items of a
 * family other than IPv4 and IPv6 are well-formed but have no text.
 */
import type { Bytes } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, ipText, parseIpv4, parseIpv6 } from '../base/ip.ts';
import { textOf } from './entry.ts';
import { type Kind, scanMany } from './kind.ts';

const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: IPV4_BYTES, 2: IPV6_BYTES };
const NOT = 0x80;
const ITEM_HEADER_BYTES = 4;

function scanItem(b: Bytes, at: number, end: number): number {
  if (at + ITEM_HEADER_BYTES > end) return -1;
  const length = (b[at + 3] as number) & ~NOT;
  const next = at + ITEM_HEADER_BYTES + length;
  if (next > end) return -1;
  // RFC 3123 §4: trailing zero bytes are not sent, so that one list has one form.
  if (length > 0 && b[next - 1] === 0) return -1;
  const size = ADDRESS_BYTES[familyOf(b, at)];
  if (size !== undefined && (length > size || (b[at + 2] as number) > size * 8)) return -1;
  return next;
}

const familyOf = (b: Bytes, at: number): number => ((b[at] as number) << 8) | (b[at + 1] as number);

function itemText(b: Bytes, at: number, next: number): string | undefined {
  const family = familyOf(b, at);
  const size = ADDRESS_BYTES[family];
  if (size === undefined) return undefined;
  const address = new Uint8Array(size);
  address.set(b.subarray(at + ITEM_HEADER_BYTES, next));
  const not = ((b[at + 3] as number) & NOT) === 0 ? '' : '!';
  return `${not}${family}:${ipText(address)}/${b[at + 2]}`;
}

const EXPECTED = 'an address prefix like 1:192.0.2.0/24 or !2:2001:db8::/32';

/** Wire bytes of `1:192.0.2.0/24`. */
function readItem(text: Bytes): Bytes | undefined {
  const match = /^(!?)([12]):([^/]+)\/(\d{1,3})$/.exec(textOf(text));
  if (match === null) return undefined;
  const family = Number(match[2]);
  const prefix = Number(match[4]);
  const address = (family === 1 ? parseIpv4 : parseIpv6)(match[3] as string);
  if (address === undefined || prefix > address.length * 8) return undefined;
  const length = address.findLastIndex((byte) => byte !== 0) + 1;
  return Uint8Array.of(
    0,
    family,
    prefix,
    (match[1] === '!' ? NOT : 0) | length,
    ...address.subarray(0, length),
  );
}

export const prefixes: Kind = {
  scan: scanMany(scanItem, 0),
  print(b, at, end) {
    const texts: string[] = [];
    for (let i = at; i < end; ) {
      const next = scanItem(b, i, end);
      const text = itemText(b, i, next);
      if (text === undefined) return undefined;
      texts.push(text);
      i = next;
    }
    return texts.join(' ');
  },
  parse(entry) {
    while (entry.more) entry.putBytes(entry.read(EXPECTED, readItem));
  },
};
