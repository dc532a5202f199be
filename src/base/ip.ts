/**
 * IP addresses: 4 or 16 bytes inside, text at the edges. Reading is strict (four decimals without leading
 * zeros; RFC 4291 §2.2), writing is canonical (RFC 5952). A text that is no address gives `undefined`.
 */
import type { Bytes } from './bytes.ts';
import { CLIENT_BITS_V6 } from './limits.ts';

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;

const DOT = 0x2e;
const COLON = 0x3a;

/** Writes the address that ASCII bytes `from`…`to` spell to `out`, which has 4 bytes of room at `at`. */
export function readIpv4(text: Bytes, from: number, to: number, out: Bytes, at: number): boolean {
  let i = from;
  for (let part = 0; part < IPV4_BYTES; part++) {
    if (part > 0 && text[i++] !== DOT) return false;
    const start = i;
    let value = 0;
    while (i < to && i - start < 3 && isDigit(text[i] as number)) {
      value = value * 10 + (text[i++] as number) - 0x30;
    }
    const digits = i - start;
    // A leading zero is octal to some readers and decimal to others, so it is neither here.
    if (digits === 0 || value > 255 || (digits > 1 && text[start] === 0x30)) return false;
    out[at + part] = value;
  }
  return i === to;
}

/** As `readIpv4`, with 16 bytes of room. */
export function readIpv6(text: Bytes, from: number, to: number, out: Bytes, at: number): boolean {
  let filled = 0;
  let gapAt = -1;
  let i = from;
  if (text[i] === COLON && (to - i < 2 || text[i + 1] !== COLON)) return false;
  while (i < to) {
    if (text[i] === COLON && text[i + 1] === COLON && i + 1 < to) {
      if (gapAt >= 0) return false;
      gapAt = filled;
      i += 2;
      continue;
    }
    if (filled > 0 && filled !== gapAt && text[i++] !== COLON) return false;
    const groupEnd = hexEnd(text, i, to);
    if (text[groupEnd] === DOT && groupEnd < to) {
      if (filled > IPV6_BYTES - IPV4_BYTES || !readIpv4(text, i, to, out, at + filled)) return false;
      filled += IPV4_BYTES;
      i = to;
    } else {
      if (groupEnd === i || groupEnd - i > 4 || filled === IPV6_BYTES) return false;
      let value = 0;
      for (; i < groupEnd; i++) value = (value << 4) | hexDigit(text[i] as number);
      out[at + filled++] = value >> 8;
      out[at + filled++] = value;
    }
  }
  if (gapAt < 0) return filled === IPV6_BYTES;
  if (filled > IPV6_BYTES - 2) return false; // RFC 4291 §2.2: `::` stands for one group or more.
  out.copyWithin(at + IPV6_BYTES - (filled - gapAt), at + gapAt, at + filled);
  out.fill(0, at + gapAt, at + IPV6_BYTES - (filled - gapAt));
  return true;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  if (isDigit(byte)) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

function hexEnd(text: Bytes, from: number, to: number): number {
  let i = from;
  while (i < to && hexDigit(text[i] as number) >= 0) i++;
  return i;
}

export function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text);
  const out = new Uint8Array(IPV4_BYTES);
  return readIpv4(bytes, 0, bytes.length, out, 0) ? out : undefined;
}

export function parseIpv6(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text);
  const out = new Uint8Array(IPV6_BYTES);
  return readIpv6(bytes, 0, bytes.length, out, 0) ? out : undefined;
}

/** Of either family; an IPv6 scope (`%eth0`) says nothing here. */
export const parseIp = (text: string): Uint8Array | undefined =>
  parseIpv4(text) ?? parseIpv6(text.includes('%') ? text.slice(0, text.indexOf('%')) : text);

/** Canonical text of 4 or 16 bytes. */
export const ipText = (bytes: Bytes): string =>
  bytes.length === IPV4_BYTES ? bytes.join('.') : ipv6Text(bytes);

function ipv6Text(bytes: Bytes): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${bytes.subarray(12).join('.')}`; // RFC 5952 §5
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':'); // RFC 5952 §4.2.2: one group is no run.
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** RFC 5952 §4.2.3: the longest, and the first of several. */
function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - i > best[1]) best = [i, end - i];
  }
  return best;
}

/** What counts as one client: an address, in IPv6 what one site has at least. */
export const networkOf = (address: Bytes): string =>
  ipText(address.length === IPV4_BYTES ? address : address.slice().fill(0, CLIENT_BITS_V6 / 8));
