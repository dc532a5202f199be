/**
 * One question to one server: tries that wait and start over, TCP after a truncated reply, and notes in dig's
 * words about everything that went wrong on the way. The socket work is `Upstream`'s, so tests need no
 * socket.
 */
import { copyOf, u16 } from '../base/bytes.ts';
import type { World } from '../base/world.ts';
import type { Event, Upstream } from '../resolver/upstream.ts';
import { classText, EdnsOption, typeText } from '../wire/codes.ts';
import { Flag, type Message, type Question, readMessage, writeQuery } from '../wire/message.ts';
import { equalNames, nameText, ownName } from '../wire/name.ts';
import type { QueryPlan } from './query-plan.ts';

export interface Reply {
  readonly message: Message;
  readonly bytes: Uint8Array;
  readonly via: 'udp' | 'tcp';
  readonly ms: number;
}

/** What is asked, and how: the part of a plan that a trace changes from server to server. */
export type Ask = Omit<QueryPlan, 'shown' | 'trace' | 'tracePort' | 'family'>;

export interface Means {
  readonly world: World;
  readonly upstream: Upstream;
  /** Takes whole lines, as they happen. */
  readonly out: (text: string) => void;
}

export async function ask(plan: Ask, means: Means): Promise<Reply | undefined> {
  const reply = await askVia(plan.via, plan, means);
  if (reply !== 'truncated') return reply;
  means.out(';; Truncated, retrying in TCP mode.\n');
  const whole = await askVia('tcp', plan, means); // RFC 7766 §5
  return whole === 'truncated' ? undefined : whole;
}

async function askVia(via: 'udp' | 'tcp', plan: Ask, means: Means): Promise<Reply | 'truncated' | undefined> {
  const { address, port } = plan.server;
  for (let left = plan.tries; left > 0; left--) {
    const id = means.world.draw(0x1_0000);
    const query = encode(plan, id);
    const event = await new Promise<Event>((resolve) =>
      means.upstream.exchange({
        ...{ to: plan.server, query, via, ms: plan.timeoutMs },
        accept: (bytes) => belongs(bytes, id, plan, means.out),
        overdue: () => 0,
        end: (event) => resolve(event.got === 'reply' ? { ...event, bytes: copyOf(event.bytes) } : event),
      }),
    );
    if (event.got !== 'reply') {
      const why = event.got === 'silence' ? 'timed out' : event.why;
      means.out(`;; communications error to ${address}#${port}: ${why}\n`);
      continue;
    }
    // Before reading the rest: some servers cut in the middle of a record (RFC 2181 §9).
    if (via === 'udp' && isTruncated(event.bytes) && !plan.ignoreTruncation) return 'truncated';
    const message = readMessage(event.bytes);
    if (message !== undefined) return { message, bytes: event.bytes, via, ms: event.ms };
    means.out(`;; Got bad packet: ${event.bytes.length} bytes that are no message\n`);
    return undefined;
  }
  return undefined;
}

const isTruncated = (bytes: Uint8Array): boolean => bytes.length >= 4 && (u16(bytes, 2) & Flag.TC) !== 0;

function encode(plan: Ask, id: number): Uint8Array {
  const options = plan.nsid ? [{ code: EdnsOption.NSID, value: new Uint8Array(0) }] : [];
  const { spelled, type, recursionDesired, authenticData, checkingDisabled, udpSize, dnssecOk } = plan;
  return writeQuery({
    ...{ id, spelled, type, class: plan.class, recursionDesired, authenticData, checkingDisabled },
    ...(udpSize === undefined ? {} : { edns: { udpSize, dnssecOk, options } }),
  });
}

/**
 * Only our own ID makes it a reply to us. What cannot be read is let through, for this tool is there to show
 * it; a readable reply to another question is told and waited past (RFC 5452 §4.2).
 */
function belongs(bytes: Uint8Array, id: number, plan: Ask, out: (text: string) => void): boolean {
  if (bytes.length < 4 || u16(bytes, 0) !== id) return false;
  const message = readMessage(bytes);
  if (message === undefined) return true;
  if ((message.flags & Flag.QR) === 0) return false;
  // A server that could not read our question may leave it out.
  if (message.question === undefined || sameQuestion(message.question, plan)) return true;
  out(`;; ;; Question section mismatch: got ${questionText(message.question)}\n`);
  return false;
}

const sameQuestion = (question: Question, plan: Ask): boolean =>
  equalNames(question.name, ownName(plan.spelled)) &&
  question.type === plan.type &&
  question.class === plan.class;

const questionText = (question: Question & { readonly spelled: Uint8Array }): string =>
  `${nameText(question.spelled)}/${typeText(question.type)}/${classText(question.class)}`;
