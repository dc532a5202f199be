/**
 * Whether a message is the reply to a query of ours: ID, question, and that it is a reply at all (RFC 5452
 * §9.1; port and address are the transport's). What is not is waited past: it must not cost the right one
 * that comes later (LIMITS B15, TuDoor).
 */
import { equalBytes, u16 } from '../base/bytes.ts';
import { Class, Opcode, Rcode } from '../wire/codes.ts';
import { Flag, type Message, opcodeOf, rcodeOf, readMessage } from '../wire/message.ts';
import { equalNames } from '../wire/name.ts';

export interface Sent {
  readonly id: number;
  readonly spelled: Uint8Array;
  readonly type: number;
}

export interface Match {
  readonly message: Message;
  readonly caseKept: boolean;
}

const HEADER_BYTES = 12;

/** `puzzled`: a FORMERR without a question, which may be meant for us and proves nothing. */
export function match(bytes: Uint8Array, sent: Sent): Match | 'puzzled' | undefined {
  // From the header alone, for what is not ours comes in floods.
  if (bytes.length < HEADER_BYTES || u16(bytes, 0) !== sent.id) return undefined;
  const flags = u16(bytes, 2);
  if ((flags & Flag.QR) === 0 || opcodeOf(flags) !== Opcode.QUERY) return undefined;
  const message = readMessage(bytes);
  if (message === undefined) return undefined;
  const { question } = message;
  if (question === undefined) return rcodeOf(flags) === Rcode.FORMERR ? 'puzzled' : undefined;
  if (question.class !== Class.IN || question.type !== sent.type) return undefined;
  if (!equalNames(question.spelled, sent.spelled)) return undefined;
  return { message, caseKept: equalBytes(question.spelled, sent.spelled) };
}
