/**
 * Who a choice is made for: an address, and how many of its bits are known, as a resolver may tell only a
 * part of its client's (RFC 7871). A scratch object, set for each choice.
 */
import { type Bytes, u32 } from '../base/bytes.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import { isMapped, MAPPED_BITS } from '../base/prefix.ts';

/** Whom nobody knows. */
const NOBODY = new Uint8Array(IPV4_BYTES);

export class Asker {
  /** 4 or 16 bytes. */
  address: Bytes = NOBODY;
  bits = 0;
  isIpv4 = true;
  /** Four words of address; of IPv4 the first. */
  readonly words = new Int32Array(IPV6_BYTES / 4);

  /** Of an address the first `bits`; those behind are zero. */
  set(address: Bytes, bits: number): void {
    const isClothed = isMapped(address); // RFC 4291 §2.5.5.2
    this.address = address;
    this.isIpv4 = isClothed || address.length === IPV4_BYTES;
    this.bits = isClothed ? Math.max(0, bits - MAPPED_BITS) : bits;
    this.words[0] = u32(address, isClothed ? 12 : 0);
    for (let i = 1; i < this.words.length; i++) this.words[i] = this.isIpv4 ? 0 : u32(address, 4 * i);
  }
}
