/**
 * The EDNS options that a response carries because its query asked for them, written before the response is,
 * so that its sections leave room: a fresh cookie, our name (NSID), how long a connection may idle, for how
 * much of the client's network it holds. One
 * scratch per thread, begun anew for each response.
 */
import { type Bytes, copy, put16 } from '../base/bytes.ts';
import { NSID_BYTES_MAX } from '../base/limits.ts';
import { isMapped, MAPPED_BITS } from '../base/prefix.ts';
import { SUBNET_BYTES_MAX, SUBNET_SCOPE_AT } from '../wire/client-subnet.ts';
import { EdnsOption } from '../wire/codes.ts';
import type { Query } from '../wire/query.ts';
import { COOKIE_BYTES } from './cookies.ts';

const OPTION_HEADER_BYTES = 4;
const KEEPALIVE_BYTES = 2;
const BYTES_MAX =
  4 * OPTION_HEADER_BYTES + COOKIE_BYTES + NSID_BYTES_MAX + KEEPALIVE_BYTES + SUBNET_BYTES_MAX;

export class ResponseOptions {
  readonly bytes = new Uint8Array(BYTES_MAX);
  length = 0;

  begin(): void {
    this.length = 0;
  }

  /** Gives the place at which the caller writes COOKIE_BYTES. */
  cookie(): number {
    return this.#open(EdnsOption.COOKIE, COOKIE_BYTES);
  }

  /** RFC 5001 §2.2 */
  nsid(value: Bytes): void {
    copy(value, 0, this.bytes, this.#open(EdnsOption.NSID, value.length), value.length);
  }

  /** RFC 7828 §3.1: in tenths of a second. */
  keepalive(ms: number): void {
    put16(this.bytes, this.#open(EdnsOption.KEEPALIVE, KEEPALIVE_BYTES), Math.min(ms / 100, 0xffff));
  }

  /** RFC 7871 §7.2.1: what was sent, and how many bits of the address in it the answer depends on. */
  subnet(query: Query, bits: number): void {
    const { packet, subnetAt, subnetBytes } = query;
    const isClothed = bits > 0 && query.subnetBits >= MAPPED_BITS && isMapped(query.subnetAddress);
    const at = this.#open(EdnsOption.SUBNET, subnetBytes);
    copy(packet, subnetAt, this.bytes, at, subnetBytes);
    this.bytes[at + SUBNET_SCOPE_AT] = isClothed ? MAPPED_BITS + bits : bits;
  }

  #open(code: number, bytes: number): number {
    const at = this.length;
    put16(this.bytes, at, code);
    put16(this.bytes, at + 2, bytes);
    this.length = at + OPTION_HEADER_BYTES + bytes;
    return at + OPTION_HEADER_BYTES;
  }
}
