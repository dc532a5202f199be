/**
 * One question to one zone: its servers in turn, until one of them brings us further. Silence is not waited
 * out: the next server is asked, and the silent one again when nobody else is left, but may still answer.
 * Part of a name (RFC 9156) is asked in its place as long as that brings us further, too.
 */
import { ASKS_PER_ZONE_MAX, LOOKUPS_AT_ONCE } from '../base/limits.ts';
import { Ede, Rcode } from '../wire/codes.ts';
import { Flag, type Message } from '../wire/message.ts';
import { ROOT } from '../wire/name.ts';
import type { Budget } from './budget.ts';
import { classify, disappointment, forwardedShape, type Shape } from './classify.ts';
import type { Subnet } from './client-subnet.ts';
import { type Contact, Contacts, isLastTry } from './contacts.ts';
import { askBeside, converse, type Said } from './converse.ts';
import type { Crowd, Waiting } from './crowds.ts';
import type { Delegation } from './delegation.ts';
import { failedBefore } from './failures.ts';
import { crowded, type Journal, plainText } from './journal.ts';
import { addressesIn, type Knowledge } from './knowledge.ts';
import type { Finding, Outcome } from './outcome.ts';
import { type Scrubbed, scrub } from './scrub.ts';
import { Volley } from './volley.ts';
import { type Asked, queue, resolveAll, type Steps } from './wish.ts';

/** What a walk takes along. */
export interface Walk extends Waiting {
  readonly asked: Asked;
  readonly know: Knowledge;
  readonly budget: Budget;
  readonly journal: Journal;
}

export type ZoneSays =
  | {
      readonly kind: 'reply';
      /** What this is the reply to. */
      readonly question: Asked;
      readonly shape: Exclude<Shape, 'lame' | 'useless'>;
      readonly message: Message;
      readonly scrubbed: Scrubbed;
      /** The address of the server. */
      readonly from: string;
    }
  | { readonly kind: 'failure'; readonly outcome: Outcome };

/** `minimised` is part of what the walk asks, or all of it. */
export function* askZone(walk: Walk, place: Delegation, minimised: Asked): Steps<ZoneSays> {
  const { asked, know, budget, journal } = walk;
  journal.enter(place);
  const crowd = yield* join(walk, place);
  if ('rcode' in crowd) return failure(crowd);
  const contacts = new Contacts(place, know, journal);
  const volley = new Volley();
  let cut: Outcome['limited'];
  let lookups = 0;
  let asks = 0;
  let unsent = 0;
  while (asks < ASKS_PER_ZONE_MAX) {
    let contact = contacts.next();
    if (contact === undefined && contacts.unknown > 0) {
      // The first alone: it finds the way that the others take.
      const atOnce = lookups++ === 0 ? 1 : (LOOKUPS_AT_ONCE[budget.depth] ?? 1);
      cut = (yield* lookUpServers(walk, contacts, atOnce)) ?? cut;
      continue;
    }
    // Where there is another way, a resolver that is silent is not waited for.
    if (place.route?.first !== true) contact ??= contacts.again();
    if (contact === undefined) break;
    // RFC 9156 §3 step 6e: who makes nothing of the part may make something of the whole.
    const isWhole = know.minimise === 'relaxed' && isLastTry(contact);
    const question = isWhole ? asked : minimised;
    const toldTo = (address: string): Subnet | undefined =>
      question === asked ? know.subnets?.told(asked, address) : undefined;
    const { address } = contact;
    const talk = {
      ...{ asked: question, contact, servers: know.servers, budget, journal, volley },
      ...{ route: place.route, subnet: toldTo(address) },
    };
    const due = asks === 0 ? contacts.takeDue(contact) : undefined;
    if (due !== undefined) yield* askBeside({ ...talk, contact: due, subnet: toldTo(due.address) });
    const said = yield* converse(talk);
    if (said.kind === 'late') return failure(journal.late());
    // Somebody was silent here, or nobody was asked and nothing is known of the zone.
    if (said.kind === 'gave way') return failure(asks > 0 ? journal.late() : journal.gaveWay());
    if (said.kind === 'limit') return failure(said.outcome);
    if (said.kind === 'silent') crowd.silent();
    if (said.kind === 'reply') {
      crowd.heard();
      const scope = know.subnets?.scopeOf(question, said.from, toldTo(said.from), said.message);
      const reply = weigh(walk, question, place, said.from, said.message, scope);
      if (reply !== undefined) return reply;
      // An earlier one broke in, and this one has not had its say.
      if (said.from !== contact.address) contacts.wasSilent(contact);
      else if (question !== asked && know.minimise === 'relaxed') contacts.tryLast(contact);
    } else {
      note(contacts, contact, said, journal);
    }
    // What the system did not even send bothered nobody.
    if (said.kind === 'no use' && said.unsent === true) unsent++;
    else asks++;
  }
  // Without a network nobody was asked, and nothing is known of the name: it may be tried again at once.
  if (unsent > 0 && asks === 0) cut ??= 'moment';
  const outcome = journal.failure();
  return failure(cut === undefined ? outcome : { ...outcome, limited: cut });
}

/**
 * Takes its place among those who ask there, or says why it has none. Who looks for addresses of servers does
 * not queue, for others who have their turn wait for it; nor who has another way to go.
 */
function* join(walk: Walk, place: Delegation): Steps<Crowd | Outcome> {
  const { asked, know, budget, journal } = walk;
  const crowd = know.crowds.enter(walk, place);
  if (crowd === undefined) return crowded(place.cut);
  const mayQueue = budget.depth === 0 && place.route?.first !== true;
  if (crowd.take(walk, mayQueue)) return crowd;
  if (!(yield* queue(crowd))) return journal.gaveWay();
  // What those before it have found out, as if it came only now.
  const obstacle = know.outages.obstacle(place, asked.type);
  return obstacle === undefined ? crowd : { ...failedBefore(obstacle), limited: 'moment' };
}

const failure = (outcome: Outcome): ZoneSays => ({ kind: 'failure', outcome });

/** What of the reply brings us further; undefined, with the blame noted, if nothing does. */
function weigh(
  { asked, know, journal }: Walk,
  question: Asked,
  place: Delegation,
  address: string,
  message: Message,
  scope: Subnet | undefined,
): ZoneSays | undefined {
  know.outages.answered(place, asked.type);
  const { cut: zone, route } = place;
  const isForwarded = route?.how === 'forward';
  const believed = scrub(message, question, zone, isForwarded ? ROOT : zone);
  const scrubbed = scope === undefined ? believed : { ...believed, scope };
  const shape = (isForwarded ? forwardedShape : classify)(message, scrubbed);
  journal.weighed(address, shape, message, scrubbed);
  if (shape === 'lame' || (!isForwarded && isHearsay(message, shape))) know.servers.lame(address, zone);
  if (shape !== 'lame' && shape !== 'useless') {
    return { kind: 'reply', question, shape, message, scrubbed, from: address };
  }
  journal.blame(address, disappointment(message, scrubbed));
  return undefined;
}

/** From the cache of one who resolves for others: as good as any, where nobody else is there. */
const isHearsay = ({ flags }: Message, shape: Shape): boolean =>
  shape !== 'referral' && (flags & (Flag.AA | Flag.RA)) === Flag.RA;

function note(
  contacts: Contacts,
  contact: Contact,
  said: Said & { kind: 'silent' | 'no use' },
  journal: Journal,
): void {
  if (said.kind === 'silent') {
    contacts.wasSilent(contact);
    journal.blame(contact.address, 'silent');
  } else if (said.network) {
    journal.blameNetwork(contact.address, said.why);
  } else {
    journal.blame(contact.address, said.why);
  }
}

/**
 * Finds addresses for names of servers that came without. Few at once, fewer the deeper we are, and five that
 * fail, or lead to silence, are enough (NXNSAttack, CVE-2020-8616; NRDelegation, CVE-2022-3204). Says which
 * limit of ours kept it from finding more.
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
  const findings = yield* resolveAll(all);
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

const isNodata = (finding: Finding): boolean =>
  finding.kind === 'end' && finding.outcome.rcode === Rcode.NOERROR && finding.outcome.answer.length === 0;

function whyNoAddress(finding: Finding): string {
  if (finding.kind === 'alias') return 'is an alias';
  if (finding.outcome.rcode === Rcode.NXDOMAIN) return 'does not exist';
  if (finding.outcome.rcode === Rcode.NOERROR) return 'has no address';
  return `cannot be resolved (${finding.outcome.ede?.text ?? 'no reason known'})`;
}
