/**
 * One question to one zone: its servers in turn, until one of them brings us further. Silence is not waited
 * out: the next server is asked, and the silent one again when nobody else is left, but may still answer.
 * Part of a name (RFC 9156) is asked in its place as long as that brings us further, too.
 */
import { ASKS_PER_ZONE_MAX, LOOKUPS_AT_ONCE } from '../base/limits.ts';
import { Ede, Rcode, Type } from '../wire/codes.ts';
import { Flag, type Message } from '../wire/message.ts';
import { equalNames, ROOT } from '../wire/name.ts';
import type { Budget } from './budget.ts';
import { classify, disappointment, forwardedShape, type Shape } from './classify.ts';
import type { Subnet } from './client-subnet.ts';
import { type Contact, Contacts, isLastTry } from './contacts.ts';
import { askBeside, type Conversation, converse, type Said } from './converse.ts';
import { type Crowd, leave, type Waiting } from './crowds.ts';
import type { Delegation } from './delegation.ts';
import { failedBefore } from './failures.ts';
import { crowded, type Journal, plainText } from './journal.ts';
import type { Knowledge } from './knowledge.ts';
import { addressesIn, addressesOf, type Finding, type Outcome } from './outcome.ts';
import { type Scrubbed, scrub } from './scrub.ts';
import { Volley } from './volley.ts';
import { type Asked, findingsOf, queue, type Steps } from './wish.ts';

/** What a walk takes along. */
export interface Walk extends Waiting {
  readonly asked: Asked;
  readonly know: Knowledge;
  readonly budget: Budget;
  readonly journal: Journal;
}

type Reply = ZoneSays & { kind: 'reply' };

export type ZoneSays =
  | {
      readonly kind: 'reply';
      /** What this is the reply to. */
      readonly question: Asked;
      readonly shape: Exclude<Shape, 'bare' | 'lame' | 'useless'>;
      readonly message: Message;
      readonly scrubbed: Scrubbed;
      /** The address of the server. */
      readonly from: string;
      /** Believed where nobody says more. */
      readonly isBare: boolean;
    }
  | { readonly kind: 'failure'; readonly outcome: Outcome };

/** `minimised` is part of what the walk asks, or all of it. */
export function* askZone(walk: Walk, place: Delegation, minimised: Asked): Steps<ZoneSays> {
  const { asked, know, journal } = walk;
  journal.enter(place);
  const crowd = know.crowds.enter(walk, place);
  if (crowd === undefined) return failure(crowded(place.cut));
  const obstacle = crowd.take(walk, mayQueue(walk, place)) ? undefined : yield* awaitTurn(crowd, walk, place);
  if (obstacle !== undefined) return failure(obstacle);
  const contacts = new Contacts(place, know, journal);
  const volley = new Volley();
  let bare: Reply | undefined;
  let cut: Outcome['limited'];
  let lookups = 0;
  let asks = 0;
  let unsent = 0;
  while (asks < ASKS_PER_ZONE_MAX) {
    let contact = contacts.next();
    if (contact === undefined && contacts.mayFindMore) {
      cut = (yield* findMore(walk, contacts, place, lookups++)) ?? cut;
      continue;
    }
    // Where there is another way, a resolver that is silent is not waited for.
    if (place.route?.first !== true) contact ??= contacts.again();
    if (contact === undefined) break;
    // RFC 9156 §3 step 6e: who makes nothing of the part may make something of the whole.
    const isWhole = know.minimise === 'relaxed' && isLastTry(contact);
    const question = isWhole ? asked : minimised;
    const talk = conversation(walk, place, question, contact, volley);
    walk.expectedMs = know.servers.expectedMs(contact.address);
    const due = asks === 0 ? contacts.takeDue(contact) : undefined;
    if (due !== undefined) yield* askBeside(conversation(walk, place, question, due, volley));
    const said = yield* converse(talk);
    const end = endBy(said, asks, journal);
    if (end !== undefined) return failure(end);
    if (said.kind === 'silent') crowd.silent();
    if (said.kind === 'reply') {
      crowd.heard();
      const reply = weigh(walk, question, place, said.from, said.message);
      if (reply?.isBare === false) return reply;
      bare = reply ?? bare;
      // An earlier one broke in, and this one has not had its say.
      if (said.from !== contact.address) contacts.wasSilent(contact);
      else if (question !== asked && know.minimise === 'relaxed') contacts.tryLast(contact);
    } else {
      note(contacts, contact, said, journal);
    }
    // What the system did not even send bothered nobody.
    if (said.kind === 'no use' && said.unsent === true) {
      contacts.hadNoRoute(contact);
      unsent++;
    } else asks++;
  }
  // Without a network nobody was asked, and nothing is known of the name: it may be tried again at once.
  if (unsent > 0 && asks === 0) cut ??= 'moment';
  if (bare !== undefined) return bare;
  const outcome = journal.failure();
  return failure(cut === undefined ? outcome : { ...outcome, limited: cut });
}

/**
 * Who looks for addresses of servers does not queue, for others who have their turn wait for it; nor does
 * whom they come to wait for (`need`), or who has another way to go.
 */
const mayQueue = ({ budget }: Walk, { route }: Delegation): boolean =>
  budget.depth === 0 && route?.first !== true;

/** Says why it does not ask, when it is called. */
function* awaitTurn(
  crowd: Crowd,
  { asked, know, journal }: Walk,
  place: Delegation,
): Steps<Outcome | undefined> {
  if (!(yield* queue(crowd))) return journal.gaveWay();
  // What those before it have found out, as if it came only now.
  const obstacle = know.outages.obstacle(place, asked.type);
  return obstacle === undefined ? undefined : { ...failedBefore(obstacle), limited: 'moment' };
}

export const failure = (outcome: Outcome): ZoneSays => ({ kind: 'failure', outcome });

const conversation = (
  walk: Walk,
  { route }: Delegation,
  asked: Asked,
  contact: Contact,
  volley: Volley,
): Conversation => ({
  asked,
  contact,
  servers: walk.know.servers,
  budget: walk.budget,
  journal: walk.journal,
  volley,
  route,
  subnet: toldTo(contact.address, asked, walk),
});

/** What a server is told of who asks: nothing where it is asked for part of the name. */
const toldTo = (address: string, question: Asked, { asked, know }: Walk): Subnet | undefined =>
  question === asked ? know.subnets?.told(asked, address) : undefined;

/** What of the reply brings us further; undefined, with the blame noted, if nothing does. */
function weigh(
  walk: Walk,
  question: Asked,
  place: Delegation,
  address: string,
  message: Message,
): Reply | undefined {
  const { asked, know, journal } = walk;
  know.outages.answered(place, asked.type);
  const { cut: zone, route } = place;
  const isForwarded = route?.how === 'forward';
  const believed = scrub(message, question, zone, isForwarded ? ROOT : zone);
  const scope = know.subnets?.scopeOf(question, address, toldTo(address, question, walk), message);
  const scrubbed = scope === undefined ? believed : { ...believed, scope };
  const shape = (isForwarded ? forwardedShape : classify)(message, scrubbed);
  journal.weighed(address, shape, message, scrubbed);
  const isBare = shape === 'bare';
  const isDoubtful = isBare || (!isForwarded && isHearsay(message, shape));
  if (shape === 'lame' || isDoubtful) know.servers.lame(address, zone);
  const reply = { kind: 'reply', question, message, scrubbed, from: address, isBare } as const;
  if (shape !== 'bare' && shape !== 'lame' && shape !== 'useless') return { ...reply, shape };
  journal.blame(address, disappointment(message, scrubbed));
  return isBare ? { ...reply, shape: message.rcode === Rcode.NXDOMAIN ? 'nxdomain' : 'nodata' } : undefined;
}

/** From the cache of one who resolves for others: as good as any, where nobody else is there. */
const isHearsay = ({ flags }: Message, shape: Shape): boolean =>
  shape !== 'referral' && (flags & (Flag.AA | Flag.RA)) === Flag.RA;

function note(contacts: Contacts, contact: Contact, said: Said, journal: Journal): void {
  if (said.kind === 'silent') {
    contacts.wasSilent(contact);
    journal.blame(contact.address, 'silent');
  } else if (said.kind === 'no use') {
    journal[said.network ? 'blameNetwork' : 'blame'](contact.address, said.why);
  }
}

/** Addresses of servers that came without. Says which limit of ours kept it from finding more. */
function* findMore(
  walk: Walk,
  contacts: Contacts,
  place: Delegation,
  nth: number,
): Steps<Outcome['limited']> {
  const wanted = contacts.unknown > 0 ? undefined : contacts.takeGlueless();
  if (wanted === undefined) {
    // The first alone: it finds the way that the others take.
    return yield* lookUpServers(walk, contacts, nth === 0 ? 1 : (LOOKUPS_AT_ONCE[walk.budget.depth] ?? 1));
  }
  const { know, budget, journal } = walk;
  const glue = budget.spendLookups(1) === 0 ? [] : yield* askAbove(walk, place, wanted);
  if (glue.length === 0) {
    budget.noteFailedLookup();
    journal.blame(plainText(wanted.name), 'has no glue');
  } else {
    know.delegations.addGlue(place.cut, wanted.name, glue);
    contacts.addFound(glue);
  }
  return undefined;
}

/**
 * Who delegates a zone has the glue, also where the referral left it out (RFC 1034 §4.2.1): what servers
 * above the cut say of one of its own is as good, be it in a referral once more or as an answer.
 */
function* askAbove(walk: Walk, { cut, route }: Delegation, wanted: Asked): Steps<readonly string[]> {
  const budget = walk.budget.deeper();
  if (route !== undefined || budget === undefined) return [];
  const { know } = walk;
  const journal = walk.journal.branch(wanted);
  const aside: Walk = { ...walk, asked: wanted, budget, journal, crowd: undefined, ticket: undefined };
  // RFC 4035 §4.2: where a DS is asked for is above the cut.
  let place = know.closest({ name: cut, type: Type.DS }) ?? know.hints;
  try {
    while (place.cut.length < cut.length) {
      const says = yield* askZone(aside, place, wanted);
      if (says.kind === 'failure') return [];
      const { rrsets, referral } = says.scrubbed;
      if (referral === undefined) return rrsets.flatMap(addressesOf);
      const named = referral.servers.find(({ name }) => equalNames(name, wanted.name));
      if (equalNames(referral.cut, cut)) return named?.addresses ?? [];
      place = know.learnReferral(referral, place, wanted);
    }
    return [];
  } finally {
    leave(aside);
  }
}

/**
 * Finds addresses for names of servers outside of the zone. Few at once, fewer the deeper we are, and five
 * that fail, or lead to silence, are enough (NXNSAttack, CVE-2020-8616; NRDelegation, CVE-2022-3204). Says
 * which limit of ours kept it from finding more.
 */
function* lookUpServers(
  { budget, journal }: Walk,
  contacts: Contacts,
  atOnce: number,
): Steps<Outcome['limited']> {
  const wanted = Math.min(atOnce, contacts.unknown, contacts.lookupsLeft);
  const all = contacts.takeUnknown(budget.spendLookups(wanted));
  if (all.length === 0) {
    contacts.forgetUnknown();
    journal.blame('other servers', 'not looked up, too many failed');
    return 'question';
  }
  const findings = findingsOf(yield { do: 'resolve', all }, all);
  let cut: Outcome['limited'];
  for (const [i, { name }] of all.entries()) {
    const finding = findings[i] as Finding;
    const addresses = addressesIn(finding);
    contacts.addFound(addresses);
    if (isNodata(finding) && contacts.mayStillFind(name)) continue;
    contacts.settle(name);
    if (addresses.length > 0) continue;
    budget.noteFailedLookup();
    const outcome = finding.kind === 'end' ? finding.outcome : undefined;
    const isNetwork = outcome?.ede?.code === Ede.NETWORK_ERROR;
    journal[isNetwork ? 'blameNetwork' : 'blame'](plainText(name), whyNoAddress(finding));
    cut = outcome?.limited ?? cut;
  }
  return cut;
}

/** Where what was said is no server's doing. */
function endBy(said: Said, asks: number, journal: Journal): Outcome | undefined {
  if (said.kind === 'late') return journal.late();
  // Somebody was silent here, or nobody was asked and nothing is known of the zone.
  if (said.kind === 'gave way') return asks > 0 ? journal.late() : journal.gaveWay();
  return said.kind === 'limit' ? said.outcome : undefined;
}

const isNodata = (finding: Finding): boolean =>
  finding.kind === 'end' && finding.outcome.rcode === Rcode.NOERROR && finding.outcome.answer.length === 0;

function whyNoAddress(finding: Finding): string {
  if (finding.kind === 'alias') return 'is an alias';
  if (finding.outcome.rcode === Rcode.NXDOMAIN) return 'does not exist';
  if (finding.outcome.rcode === Rcode.NOERROR) return 'has no address';
  return `cannot be resolved (${finding.outcome.ede?.text ?? 'no reason known'})`;
}
