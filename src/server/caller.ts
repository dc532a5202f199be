/**
 * What the guard needs of a client's address: its bytes, and whether a list has it. Everything in this room
 * that looks at an address of a client does it here.
 */
import type { Bytes } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES, readIpv4, readIpv6 } from '../base/ip.ts';
import type { PrefixSet } from '../base/prefix.ts';
import type { Client } from '../transport/door.ts';

/** Longer than any address as text; behind `%` stands an interface, which is ours and not the client's. */
const ADDRESS_CHARS_MAX = 46;
const PERCENT = 0x25;

const text = new Uint8Array(ADDRESS_CHARS_MAX);

/**
 * Writes the 4 or 16 bytes of a client's address to `out`, and gives their number; 0 for a text that is none.
 * An IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.2) is the IPv4 address.
 */
export function readCallerAddress({ address }: Client, out: Bytes): number {
  let length = 0;
  let isIpv6 = false;
  for (; length < address.length && length < ADDRESS_CHARS_MAX; length++) {
    const code = address.charCodeAt(length);
    if (code === PERCENT) break;
    if (code === 0x3a) isIpv6 = true;
    text[length] = code;
  }
  if (!isIpv6) return readIpv4(text, 0, length, out, 0) ? IPV4_BYTES : 0;
  if (!readIpv6(text, 0, length, out, 0)) return 0;
  return isMapped(out) ? unmap(out) : IPV6_BYTES;
}

function isMapped(out: Bytes): boolean {
  for (let i = 0; i < 10; i++) if (out[i] !== 0) return false;
  return out[10] === 0xff && out[11] === 0xff;
}

function unmap(out: Bytes): number {
  for (let i = 0; i < IPV4_BYTES; i++) out[i] = out[12 + i] as number;
  return IPV4_BYTES;
}

export const isAmong = (set: PrefixSet, client: Client): boolean => set.has(client.address);
