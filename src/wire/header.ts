/**
 * The header that every message begins with (RFC 1035 §4.1.1): an ID, a word of flags with OPCODE and RCODE
 * in it, and the counts of four sections, 16 bits each.
 */

export const HEADER_BYTES = 12;

/** Bits of the second word (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
export const Flag = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
} as const;

export const OPCODE_MASK = 0x7800;

export const opcodeOf = (flags: number): number => (flags & OPCODE_MASK) >> 11;
/** The four bits of the header; EDNS has eight more (RFC 6891 §6.1.3). */
export const rcodeOf = (flags: number): number => flags & 0xf;

/** RFC 6891 §6.1.4: the first bit of the flags that lie in an OPT's TTL. */
export const DNSSEC_OK = 0x8000;
