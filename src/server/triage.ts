/**
 * A verdict from the header alone, before anything else is read. What cannot be answered, or would be an
 * answer to an answer, gets silence.
 */
import { type Bytes, u16 } from '../base/bytes.ts';
import { Opcode } from '../wire/codes.ts';
import { Flag, HEADER_BYTES, opcodeOf } from '../wire/header.ts';

export type Verdict = 'serve' | 'drop' | 'unsupported';

export function triage(packet: Bytes, length: number): Verdict {
  if (length < HEADER_BYTES) return 'drop'; // No ID to answer with.
  const flags = u16(packet, 2);
  if ((flags & Flag.QR) !== 0) return 'drop'; // Two servers would answer each other for ever.
  return opcodeOf(flags) === Opcode.QUERY ? 'serve' : 'unsupported';
}
