/**
 * Whether a message is the reply to a query of ours: ID, question, and that it is a reply at all (RFC 5452
 * §9.1; port and address are the transport's). What is not is waited past: it must not cost the right one
 * that comes later (LIMITS B15, TuDoor).
 */
import { copyOf, u16 } from '../base/bytes.ts';
import { Class, Opcode, Rcode } from '../wire/codes.ts';
import { HEADER_BYTES } from '../wire/header.ts';
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

/**
 * `puzzled`: a FORMERR without a question, which may be meant for us and proves nothing. `near miss`:
 * another ID. It found a port that was drawn for this question and a few more to this server, whose IDs the
 * transport knows, and that only its address can reach: it has nothing else to say there, but a forger does.
 */
export function match(bytes: Uint8Array, sent: Sent): Match | 'puzzled' | 'near miss' | undefined {
  // From the header alone, for what is not ours comes in floods.
  if (bytes.length < HEADER_BYTES) return undefined;
  if (u16(bytes, 0) !== sent.id) return 'near miss';
  const flags = u16(bytes, 2);
  if ((flags & Flag.QR) === 0 || opcodeOf(flags) !== Opcode.QUERY) return undefined;
  const caseKept = takeBackCase(bytes, sent.spelled);
  const message = readMessage(bytes) ?? ((flags & Flag.TC) === 0 ? undefined : readMessage(beginning(bytes)));
  if (message === undefined) return undefined;
  const { question } = message;
  if (question === undefined) return rcodeOf(flags) === Rcode.FORMERR ? 'puzzled' : undefined;
  if (question.class !== Class.IN || question.type !== sent.type) return undefined;
  if (!equalNames(question.spelled, sent.spelled)) return undefined;
  return { message, caseKept };
}

/**
 * Whether the question came back letter by letter; then it is put in lower case, for names in records may
 * point to it (RFC 1035 §4.1.4), and a nonce is nothing that anybody is to see.
 */
function takeBackCase(bytes: Uint8Array, spelled: Uint8Array): boolean {
  for (let i = 0; i < spelled.length; i++) if (bytes[HEADER_BYTES + i] !== spelled[i]) return false;
  const end = HEADER_BYTES + spelled.length;
  for (let at = HEADER_BYTES; at < end; at++) {
    const byte = bytes[at] as number;
    // No length of a label is a letter.
    if (byte >= 0x41 && byte <= 0x5a) bytes[at] = byte + 0x20;
  }
  return true;
}

/**
 * Header and question of what was cut off in the middle of a record. It is asked for again over TCP (RFC 2181
 * §9), so nothing else of it is needed; whoever forges one by guessing ID, port and case has won us a TCP
 * connection to the right server.
 */
function beginning(bytes: Uint8Array): Uint8Array {
  let at = HEADER_BYTES;
  for (let label = bytes[at] ?? 0; label !== 0; label = bytes[at] ?? 0) at += label + 1;
  const head = copyOf(bytes, 0, at + 1 + 4);
  head.fill(0, 6, HEADER_BYTES);
  return head;
}
