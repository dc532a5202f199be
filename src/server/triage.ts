/**
 * A verdict from the header alone, before anything else is read. What cannot be answered, or would be an
 * answer to an answer, gets silence.
 */
import { type Bytes, u8 } from '../base/bytes.ts';
import { Opcode } from '../wire/codes.ts';
import { HEADER_BYTES } from '../wire/query.ts';

export type Verdict = 'serve' | 'drop' | 'unsupported';

const QR = 0x80;

export function triage(packet: Bytes, length: number): Verdict {
  if (length < HEADER_BYTES) return 'drop'; // No ID to answer with.
  const flags = u8(packet, 2);
  if ((flags & QR) !== 0) return 'drop'; // Two servers would answer each other for ever.
  return (flags >> 3) % 16 === Opcode.QUERY ? 'serve' : 'unsupported';
}
