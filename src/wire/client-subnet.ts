/**
 * The value of the EDNS option Client Subnet in a query (RFC 7871 §6), where it lies: family (1: IPv4,
 * 2: IPv6), bits of the address that are told, a scope that is for responses, and as many bytes of the
 * address as those bits need. Nothing is allocated.
 */
import { type Bytes, copy, u8, u16 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';

const SOURCE_AT = 2;
/** Where a response says for how much of the network it holds. */
export const SUBNET_SCOPE_AT = 3;
const ADDRESS_AT = 4;
export const SUBNET_BYTES_MIN = ADDRESS_AT;
export const SUBNET_BYTES_MAX = ADDRESS_AT + IPV6_BYTES;

/** How many bits are told; of a value that is long enough. */
export const subnetBits = (b: Bytes, at: number): number => u8(b, at + SOURCE_AT);

/** Of an address of the value's family. */
const addressBytes = (b: Bytes, at: number): number => {
  const family = u16(b, at);
  return family === 1 ? IPV4_BYTES : family === 2 ? IPV6_BYTES : 0;
};

/** Whether it is one; of any other kind RFC 7871 wants to be told by FORMERR (§6, §7.1.1, §7.2.1). */
export function isSubnet(b: Bytes, at: number, length: number): boolean {
  if (length < ADDRESS_AT || addressBytes(b, at) === 0) return false;
  const bits = subnetBits(b, at);
  if (bits > 8 * addressBytes(b, at) || u8(b, at + SUBNET_SCOPE_AT) !== 0) return false;
  if (length !== ADDRESS_AT + ((bits + 7) >> 3)) return false;
  const spare = -bits & 7;
  return spare === 0 || (u8(b, at + length - 1) & ((1 << spare) - 1)) === 0;
}

/** The address that it tells the beginning of, in one of two scratches, with zeros behind. */
export function subnetAddress(b: Bytes, at: number, length: number): Bytes {
  const address = addressBytes(b, at) === IPV4_BYTES ? ipv4 : ipv6;
  const told = length - ADDRESS_AT;
  copy(b, at + ADDRESS_AT, address, 0, told);
  for (let i = told; i < address.length; i++) address[i] = 0;
  return address;
}

const ipv4 = new Uint8Array(IPV4_BYTES);
const ipv6 = new Uint8Array(IPV6_BYTES);
