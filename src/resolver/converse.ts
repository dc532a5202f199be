/**
 * One question to one server, in the fullest manner it can take: EDNS and random case over UDP, less of
 * either where it cannot, TCP where its answer does not fit. Every packet pays from the budget, every reply
 * is weighed, and what was learned of the server is remembered.
 */
import { TRY_MS_MAX } from '../base/limits.ts';
import { Rcode } from '../wire/codes.ts';
import { Flag, type Message } from '../wire/message.ts';
import type { Budget } from './budget.ts';
import type { Contact } from './contacts.ts';
import type { Journal } from './journal.ts';
import { limited, type Outcome } from './outcome.ts';
import type { Servers } from './servers.ts';
import { type Asked, type Heard, type Manner, type Steps, send } from './wish.ts';

export type Said =
  | { readonly kind: 'reply'; readonly message: Message }
  /** Nothing over UDP; it may be asked again. */
  | { readonly kind: 'silent' }
  /** Nothing more to be had from it for this question; `unsent` where it was not even bothered. */
  | { readonly kind: 'no use'; readonly why: string; readonly network: boolean; readonly unsent?: boolean }
  /** A limit of ours ended it, and not just for this server. */
  | { readonly kind: 'limit'; readonly outcome: Outcome }
  | { readonly kind: 'late' };

export interface Conversation {
  readonly asked: Asked;
  readonly contact: Contact;
  readonly servers: Servers;
  readonly budget: Budget;
  readonly journal: Journal;
}

/** Full, then without random case, then without EDNS, then over TCP. */
const ROUNDS_MAX = 4;

export function* converse(talk: Conversation): Steps<Said> {
  const { asked, contact, servers, budget, journal } = talk;
  const to = contact.address;
  let manner = servers.manner(to);
  let via: 'udp' | 'tcp' = 'udp';
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const spent = budget.spendQuery();
    if (spent !== undefined) return gaveUp(spent);
    const ms = via === 'udp' ? servers.tryMs(to, contact.tries) : TRY_MS_MAX;
    const sending = { to, asked, via, manner, ms };
    const heard = yield* send(sending);
    journal.asked(sending, heard);
    if (heard.got === 'silence' && heard.puzzled && manner.edns) {
      manner = { ...manner, edns: false };
      continue;
    }
    if (heard.got !== 'reply') return unanswered(talk, via, heard);
    const overspent = budget.spendBytes(heard.bytes);
    if (overspent !== undefined) return gaveUp(overspent);
    if (via === 'udp') servers.answered(to, heard.ms);
    const humbler = humblerManner(heard, via, manner);
    if (humbler !== undefined) {
      manner = humbler;
      continue;
    }
    noteHabits(talk, manner, heard.message);
    if ((heard.message.flags & Flag.TC) === 0) return { kind: 'reply', message: heard.message };
    // RFC 2181 §9: what is truncated is not used but asked for again, over TCP (RFC 7766 §5).
    if (via === 'tcp') return { kind: 'no use', why: 'truncated even over TCP', network: false };
    via = 'tcp';
  }
  return { kind: 'no use', why: 'understands no form of our question', network: false };
}

const gaveUp = (limit: string): Said => ({ kind: 'limit', outcome: limited(`gave up after ${limit}`) });

function unanswered({ contact, servers }: Conversation, via: 'udp' | 'tcp', heard: Heard): Said {
  switch (heard.got) {
    case 'late':
      return { kind: 'late' };
    case 'unreachable':
      if (heard.unsent === 'no room') return { kind: 'limit', outcome: limited(heard.why, 'moment') };
      if (via === 'udp') servers.unreachable(contact.address, heard.unsent === 'no route');
      return {
        kind: 'no use',
        why: `unreachable${via === 'tcp' ? ' over TCP' : ''} (${heard.why})`,
        network: true,
        unsent: via === 'udp' && heard.unsent === 'no route',
      };
    default:
      if (via === 'tcp') return { kind: 'no use', why: 'silent over TCP', network: false };
      if (heard.got === 'silence' && heard.shared !== true) servers.silent(contact.address);
      return { kind: 'silent' };
  }
}

/** What to leave out when asking again; undefined where the reply is about the question itself. */
function humblerManner(
  heard: Heard & { got: 'reply' },
  via: 'udp' | 'tcp',
  manner: Manner,
): Manner | undefined {
  // Whoever guessed port and ID but not the case has to guess both again.
  if (via === 'udp' && manner.randomCase && !heard.caseKept) return { ...manner, randomCase: false };
  return manner.edns && dislikesEdns(heard.message) ? { ...manner, edns: false } : undefined;
}

/** RFC 6891 §6.2.2 and §7: FORMERR, and in practice NOTIMP; BADVERS to version 0 is nonsense (§6.1.3). */
const dislikesEdns = ({ rcode }: Message): boolean =>
  rcode === Rcode.FORMERR || rcode === Rcode.NOTIMP || rcode === Rcode.BADVERS;

function noteHabits({ contact, servers }: Conversation, manner: Manner, message: Message): void {
  const usual = servers.manner(contact.address);
  const understood = message.rcode === Rcode.NOERROR || message.rcode === Rcode.NXDOMAIN;
  if (!understood) return;
  if (usual.randomCase && !manner.randomCase) servers.losesCase(contact.address);
  if (usual.edns && !manner.edns) servers.ednsFault(contact.address);
  if (manner.edns && message.edns !== undefined) servers.ednsUnderstood(contact.address);
}
