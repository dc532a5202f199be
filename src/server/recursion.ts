/**
 * The counter between the synchronous pipeline and the resolver. A question whose outcome is known is
 * answered now: from the answer cache that all threads read, or, in the resolver's own thread, from what the
 * resolver remembers. Any other is copied, its aliases from our own zones with it, and the query is put back
 * in hand when the outcome is there. What others than we have told goes to the answer cache from here.
 */
import { type KeptRrset, ORDERED, type Reply, Section } from '../answer/reply.ts';
import { assert } from '../base/assert.ts';
import { type Bytes, copyOf } from '../base/bytes.ts';
import type { PrefixSet } from '../base/prefix.ts';
import type { ClientQuestion } from '../resolver/client-question.ts';
import type { ClientNetwork } from '../resolver/own-zones.ts';
import type { AnswerRrset, Outcome, Recursor } from '../resolver/recursor.ts';
import { type Client, DROP, LATER } from '../transport/door.ts';
import { Type } from '../wire/codes.ts';
import type { HashedName } from '../wire/hashed-name.ts';
import { Flag } from '../wire/header.ts';
import { ownName } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';
import type { AnswerReader } from './answer-reader.ts';
import type { AnswerWriter } from './answer-writer.ts';
import type { Held } from './observer.ts';
import { Waiting } from './waiting.ts';

export type Send = (response: Uint8Array) => void;

/** Where another thread recurses; its answers, once known, are read here. */
export interface Elsewhere {
  readonly answers: AnswerReader | undefined;
}

/** What recursion comes to, for others to read. */
export interface Shared {
  readonly answers: AnswerWriter;
  /** Of zones and settings as they are now. */
  readonly era: number;
}

export interface Here {
  readonly recursor: Recursor;
  readonly shared: Shared | undefined;
}

/** Who is to be answered later. */
export interface Waiter {
  readonly client: Client;
  readonly send: Send;
  /** What the observer will want back. */
  readonly held: Held | undefined;
}

/** How that ends. */
export interface Ends {
  /** Query and reply are back in hand. */
  finish(waiter: Waiter): void;
  drop(waiter: Waiter): void;
  onBug(waiter: Waiter, bug: unknown, packet: Bytes): void;
}

const isHere = (by: Here | Elsewhere): by is Here => 'recursor' in by;

export class Recursion {
  /** Absent where recursion is off. A resolver that is replaced still ends what it began. */
  by: Here | Elsewhere | undefined;
  /** Who is to have DNS64; undefined where nobody is. */
  ipv6Only: PrefixSet | undefined;
  readonly #ends: Ends;
  readonly #waiting = new Waiting();
  #pending = 0;
  /** What `fromCache` had nothing for last. */
  #inHand: ClientQuestion | undefined;

  constructor(by: Here | Elsewhere | undefined, ends: Ends) {
    this.by = by;
    this.#ends = ends;
  }

  get isOffered(): boolean {
    return this.by !== undefined;
  }

  get isElsewhere(): boolean {
    return this.by !== undefined && !isHere(this.by);
  }

  get pending(): number {
    return this.#pending;
  }

  /** Completes the reply with what is known, if that can be done at once. */
  fromCache(query: Query, reply: Reply, client: Client, network: ClientNetwork | undefined): boolean {
    const { by } = this;
    assert(by !== undefined, 'nobody is sent here where recursion is off');
    const variant = variantOf(query, this.#synthesises(query, client));
    if (!isHere(by)) {
      const name = nameInHand(query, reply);
      return by.answers?.complete(name.bytes, name.length, query.type, variant, reply) === true;
    }
    const { recursor, shared } = by;
    const told = recursor.tellsSubnets ? client : undefined;
    const question = { ...questionInHand(query, reply, variant, told), network };
    const outcome = recursor.cached(question);
    this.#inHand = outcome === undefined ? question : undefined;
    if (outcome === undefined) return false;
    share(recursor, shared, question, variant, outcome, true);
    complete(reply, reply.answers(), reply.scope, outcome);
    return true;
  }

  /** RFC 6147 §5.5 item 3: who validates for itself is told what there is. */
  #synthesises({ type, dnssecOk, flags }: Query, { address }: Client): boolean {
    if (this.ipv6Only === undefined || (type !== Type.AAAA && type !== Type.PTR)) return false;
    return !(dnssecOk && (flags & Flag.CD) !== 0) && this.ipv6Only.hasBytes(address);
  }

  /** What `fromCache` had nothing for, just now. LATER, or DROP where too many wait already. */
  later(query: Query, reply: Reply, hasCookie: boolean, waiter: Waiter): number {
    const { by } = this;
    const question = this.#inHand;
    assert(by !== undefined && isHere(by), 'who recurses elsewhere does not wait for it here');
    assert(question !== undefined, 'what is known is not found out');
    this.#inHand = undefined;
    const leave = this.#waiting.enter(waiter.client, hasCookie);
    if (leave === undefined) return DROP;
    const variant = variantOf(query, question.synthesise === true);
    const kept = reply.answers();
    const { scope } = reply;
    const packet = copyOf(query.packet, 0, query.length);
    // What changes meanwhile may be another era; the outcome belongs to the one in which it was asked for.
    const { recursor, shared } = by;
    this.#pending++;
    const answer = async (): Promise<void> => {
      try {
        const outcome = await recursor.resolve(question);
        // Who asks again is answered; SERVFAIL would send it away. Over TCP nobody asks again.
        if (outcome.limited === 'crowd' && waiter.client.transport === 'udp') return this.#ends.drop(waiter);
        query.read(packet, packet.length);
        // A chain took its time, and its first links have grown older than they say.
        const isChain = outcome.answer.length + outcome.authority.length > 1;
        const isKept = shared !== undefined && recursor.isOfOthers(question, outcome);
        const known = isKept && isChain ? recursor.cached(question) : outcome;
        if (known !== undefined) share(recursor, shared, question, variant, known, isChain);
        complete(reply, kept, scope, outcome);
        this.#ends.finish(waiter);
      } catch (bug) {
        this.#ends.onBug(waiter, bug, packet);
      } finally {
        leave();
        this.#pending--;
      }
    };
    void answer();
    return LATER;
  }
}

/** What besides the question an answer may depend on: DO and CD (RFC 4035 §3.2), and who asks. */
const variantOf = ({ dnssecOk, flags }: Query, synthesise: boolean): number =>
  (synthesise ? SYNTHESISE : 0) | (dnssecOk ? 2 : 0) | ((flags & Flag.CD) === 0 ? 0 : 1);

const SYNTHESISE = 4;

function share(
  recursor: Recursor,
  shared: Shared | undefined,
  question: ClientQuestion,
  variant: number,
  outcome: Outcome,
  isRecalled: boolean,
): void {
  if (shared === undefined || !recursor.isOfOthers(question, outcome)) return;
  const { name, type } = question;
  shared.answers.keep(name, type, variant, shared.era, outcome, isRecalled);
}

/** The question itself, or the alias target at which our zones ended. */
const nameInHand = (query: Query, reply: Reply): HashedName =>
  reply.hasAnswers() ? reply.chase : query.name;

/** `told` is who asks, where servers may be told of that. */
const questionInHand = (
  query: Query,
  reply: Reply,
  variant: number,
  told: Client | undefined,
): ClientQuestion => ({
  name: ownName(nameInHand(query, reply).bytes),
  type: query.type,
  class: query.class,
  synthesise: (variant & SYNTHESISE) !== 0,
  client: told && !query.hidesSubnet ? copyOf(told.address, 0, told.address.length) : undefined,
});

/** `kept` is what our zones answered to begin with, for clients of that scope. */
function complete(reply: Reply, kept: readonly KeptRrset[], scope: number, outcome: Outcome): void {
  outcome.rule?.list.count();
  reply.reset();
  reply.scope = Math.max(scope, scopeOf(outcome.answer), scopeOf(outcome.authority));
  reply.isSilent = outcome.isSilent === true;
  reply.rcode = outcome.rcode;
  // AA speaks of the question's own name (RFC 1035 §4.1.1).
  reply.authoritative = kept.length > 0 || outcome.authoritative === true;
  for (const k of kept) reply.add(Section.ANSWER, k.owner, k.ownerAt, k.block, k.blockAt, k.ttl);
  for (const { owner, block, ttl, isOrdered } of outcome.answer)
    reply.add(isOrdered ? Section.ANSWER | ORDERED : Section.ANSWER, owner, 0, block, 0, ttl);
  for (const { owner, block, ttl } of outcome.authority)
    reply.add(Section.AUTHORITY, owner, 0, block, 0, ttl);
  if (outcome.ede === undefined) return;
  reply.edeCode = outcome.ede.code;
  reply.edeText = outcome.ede.text;
}

/** What pools chose on the way. */
const scopeOf = (rrsets: readonly AnswerRrset[]): number =>
  rrsets.reduce((most, { scope = 0 }) => Math.max(most, scope), 0);
