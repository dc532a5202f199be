/**
 * One question to one server, in the fullest manner it can take: EDNS and random case over UDP, less of
 * either where it cannot, TCP where its answer does not fit. Every packet pays from the budget, every reply
 * is weighed, and what was learned of the server is remembered.
 */
import { FORWARD_TRY_MS_MIN, LAST_TRY_MS, TRIES_PER_SERVER_MAX, TRY_MS_MAX } from '../base/limits.ts';
import { Rcode } from '../wire/codes.ts';
import { Flag, type Message } from '../wire/message.ts';
import type { Budget } from './budget.ts';
import type { Subnet } from './client-subnet.ts';
import type { Contact } from './contacts.ts';
import type { Journal } from './journal.ts';
import { limited, type Outcome } from './outcome.ts';
import type { Route } from './routes.ts';
import type { Servers } from './servers.ts';
import type { Volley } from './volley.ts';
import { type Asked, type Heard, heardFrom, type Manner, type Sending, type Steps } from './wish.ts';

export type Said =
  /** `from`: the one asked, or one asked before, who took its time. */
  | { readonly kind: 'reply'; readonly message: Message; readonly from: string }
  /** Nothing over UDP; it may be asked again. */
  | { readonly kind: 'silent' }
  /** Nothing more to be had from it for this question; `unsent` where it was not even bothered. */
  | { readonly kind: 'no use'; readonly why: string; readonly network: boolean; readonly unsent?: boolean }
  /** A limit of ours ended it, and not just for this server. */
  | { readonly kind: 'limit'; readonly outcome: Outcome }
  | { readonly kind: 'late' }
  | { readonly kind: 'gave way' };

export interface Conversation {
  readonly asked: Asked;
  readonly contact: Contact;
  readonly servers: Servers;
  readonly budget: Budget;
  readonly journal: Journal;
  readonly volley: Volley;
  readonly route: Route | undefined;
  /** What the server is told of who asks. */
  readonly subnet: Subnet | undefined;
}

/** In full, with a new cookie, without random case, without EDNS, over TCP. */
const ROUNDS_MAX = 5;

/** How it is asked this time. */
interface Form {
  readonly via: 'udp' | 'tcp';
  readonly manner: Manner;
  readonly hasNewCookie: boolean;
}

export function* converse(talk: Conversation): Steps<Said> {
  const { asked, contact, servers, budget, journal, volley, route, subnet } = talk;
  const to = contact.address;
  const usual = usualWay(talk);
  const recursionDesired = route?.how === 'forward';
  let form: Form = {
    via: contact.tries < TRIES_PER_SERVER_MAX && usual === 'udp' ? servers.via(to) : 'tcp',
    manner: servers.manner(to),
    hasNewCookie: false,
  };
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const spent = budget.spendQuery();
    if (spent !== undefined) return gaveUp(spent);
    const { via, manner } = form;
    const ms = via === 'udp' ? udpMs(talk) : tcpMs(contact, servers);
    const sending: Sending = { do: 'send', to, asked, via, manner, recursionDesired, subnet, ms, volley };
    const heard = heardFrom(yield sending);
    journal.asked(sending, heard);
    if (heard.got === 'reply') {
      const overspent = budget.spendBytes(heard.bytes);
      if (overspent !== undefined) return gaveUp(overspent);
      if (heard.from !== to) return { kind: 'reply', message: heard.message, from: heard.from };
      if (via === 'tcp' && usual === 'tcp') servers.answered(to, heard.ms);
    }
    const better = betterForm(heard, form, talk);
    if (better !== undefined) {
      form = better;
      continue;
    }
    if (heard.got !== 'reply') return unanswered(talk, via, heard);
    const { message } = heard;
    noteHabits(talk, manner, message);
    const fits = (message.flags & Flag.TC) === 0;
    if (via === 'udp') servers.fitted(to, fits);
    if (fits) return { kind: 'reply', message, from: to };
    // RFC 2181 §9: what is truncated is not used but asked for again, over TCP (RFC 7766 §5).
    if (via === 'tcp') return { kind: 'no use', why: 'truncated even over TCP', network: false };
    form = { ...form, via: 'tcp' };
  }
  return { kind: 'no use', why: 'understands no form of our question', network: false };
}

/** In which form to ask again; undefined where what was heard is about the question itself. */
function betterForm(heard: Heard, form: Form, { contact, servers }: Conversation): Form | undefined {
  const { via, manner, hasNewCookie } = form;
  // Whoever guessed the port has to open a connection now (LIMITS B4).
  if (heard.got === 'forged') return { ...form, via: 'tcp' };
  if (heard.got === 'silence' && heard.puzzled && manner.edns) {
    return { ...form, manner: { ...manner, edns: false } };
  }
  if (heard.got !== 'reply') return undefined;
  if (heard.isDoubtful) return { ...form, via: 'tcp' };
  if (heard.message.rcode === Rcode.BADCOOKIE && via === 'udp') {
    // RFC 7873 §5.3: once more with the cookie that came along, then over TCP.
    if (hasNewCookie) return { ...form, via: 'tcp' };
    const { cookie } = servers.manner(contact.address);
    return { ...form, manner: { ...manner, cookie }, hasNewCookie: true };
  }
  // Whoever guessed port and ID but not the case has to guess both again.
  if (via === 'udp' && manner.randomCase && !heard.caseKept) {
    return { ...form, manner: { ...manner, randomCase: false } };
  }
  if (!manner.edns || !dislikesEdns(heard.message)) return undefined;
  return { ...form, manner: { ...manner, edns: false } };
}

/** Asks it without waiting for it. */
export function* askBeside(talk: Conversation): Steps<void> {
  const { asked, contact, servers, budget, volley, route, subnet } = talk;
  const to = contact.address;
  if (usualWay(talk) === 'tcp') return;
  if (budget.spendQuery() !== undefined) return;
  const ms = servers.tryMs(to, 0);
  const recursionDesired = route?.how === 'forward';
  const common = { do: 'send', to, asked, via: 'udp', recursionDesired, subnet, volley } as const;
  yield { ...common, manner: servers.manner(to), ms, beside: true };
}

/** A resolver may have to ask others first. */
function udpMs({ contact, servers, route }: Conversation): number {
  const ms = servers.tryMs(contact.address, contact.tries);
  return route?.how === 'forward' ? Math.max(ms, FORWARD_TRY_MS_MIN) : ms;
}

function tcpMs({ address, tries, isFinal }: Contact, servers: Servers): number {
  if (tries < TRIES_PER_SERVER_MAX) return TRY_MS_MAX;
  return isFinal ? LAST_TRY_MS : servers.tryMs(address, 1);
}

const gaveUp = (limit: string): Said => ({ kind: 'limit', outcome: limited(`gave up after ${limit}`) });

/** By how it does there a server is known. */
const usualWay = ({ route }: Conversation): 'udp' | 'tcp' => route?.via ?? 'udp';

function unanswered(talk: Conversation, via: 'udp' | 'tcp', heard: Heard): Said {
  const { contact, servers } = talk;
  const usual = usualWay(talk);
  switch (heard.got) {
    case 'late':
      return { kind: 'late' };
    case 'gave way':
      return { kind: 'gave way' };
    case 'full':
      return { kind: 'no use', why: 'is asked too much already', network: false, unsent: true };
    case 'unreachable':
      if (heard.unsent === 'no room') return { kind: 'limit', outcome: limited(heard.why, 'moment') };
      if (via === usual) servers.unreachable(contact.address, heard.unsent === 'no route');
      return {
        kind: 'no use',
        why: `unreachable${via === 'tcp' ? ' over TCP' : ''} (${heard.why})`,
        network: true,
        unsent: via === 'udp' && heard.unsent === 'no route',
      };
    default:
      return silence(talk, via, heard);
  }
}

/** RFC 6891 §6.2.2 and §7: FORMERR, and in practice NOTIMP; BADVERS to version 0 is nonsense (§6.1.3). */
const dislikesEdns = ({ rcode }: Message): boolean =>
  rcode === Rcode.FORMERR || rcode === Rcode.NOTIMP || rcode === Rcode.BADVERS;

/** It is blamed for silence where it is asked by its usual way, or by no other any more. */
function silence(talk: Conversation, via: 'udp' | 'tcp', heard: Heard): Said {
  const { contact, servers } = talk;
  const isLastResort = contact.tries >= TRIES_PER_SERVER_MAX;
  const isBlamed = heard.got === 'silence' && heard.shared !== true;
  if (isBlamed && (isLastResort || via === usualWay(talk))) servers.silent(contact.address);
  if (via === 'tcp' && !isLastResort) return { kind: 'no use', why: 'silent over TCP', network: false };
  return { kind: 'silent' };
}

function noteHabits({ contact, servers }: Conversation, manner: Manner, message: Message): void {
  const understood = message.rcode === Rcode.NOERROR || message.rcode === Rcode.NXDOMAIN;
  if (!understood) return;
  const usual = servers.manner(contact.address);
  if (usual.randomCase && !manner.randomCase) servers.losesCase(contact.address);
  if (usual.edns && !manner.edns) servers.ednsFault(contact.address);
  if (manner.edns && message.edns !== undefined) servers.ednsUnderstood(contact.address);
}
