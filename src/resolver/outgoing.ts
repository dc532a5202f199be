/**
 * One query that is out: the bytes that leave, the judge of what comes, and who waits for it. A reply is
 * heard with what it is worth: whether the case of our letters came back, and the cookie.
 */
import { UDP_BYTES_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Class, EdnsOption } from '../wire/codes.ts';
import { type EdnsOptionValue, writeQuery } from '../wire/message.ts';
import type { Name } from '../wire/name.ts';
import { isWhole, repeatedCookie } from './client-cookies.ts';
import { optionOf, type Subnet, speaksOf, subnetKey } from './client-subnet.ts';
import { type Match, match, type Sent } from './match.ts';
import { respell } from './spelling.ts';
import type { Endpoint, Event, Exchange } from './upstream.ts';
import type { Heard, Sending } from './wish.ts';

interface Terms {
  /** Of its question. */
  readonly key: string;
  /** Another one with the same question, put to another server or in another way. */
  readonly next: Outgoing | undefined;
  readonly ms: number;
  /** Where the server has none of its own. */
  readonly port: number;
  readonly world: World;
  readonly keeper: Keeper;
}

export interface Keeper {
  /** Says for how long it is listened to yet. */
  overdue(outgoing: Outgoing): number;
  ended(outgoing: Outgoing, heard: Heard): void;
}

export class Outgoing implements Exchange, Sent {
  readonly sending: Sending;
  readonly key: string;
  next: Outgoing | undefined;
  readonly to: Endpoint;
  readonly via: 'udp' | 'tcp';
  readonly ms: number;
  readonly id: number;
  readonly spelled: Name;
  readonly type: number;
  readonly query: Uint8Array;
  /** They want the same, and wait for this. */
  readonly waiters: Sending[];
  /** Nobody waits any more. */
  isOverdue = false;
  /** A FORMERR came that does not say to which question. */
  isPuzzled = false;
  /** Of its reply. */
  cookie: Uint8Array | undefined;
  readonly #keeper: Keeper;
  #accepted: Match | undefined;
  #isForged = false;
  #hasEnded = false;
  /** A mistake of ours. */
  #bug: { readonly error: unknown } | undefined;

  constructor(sending: Sending, { key, next, ms, port, world, keeper }: Terms) {
    const { asked, via, manner } = sending;
    this.sending = sending;
    this.key = key;
    this.next = next;
    this.to = endpointOf(sending.to, port);
    this.via = via;
    this.ms = ms;
    // RFC 5452 §9.2: an ID nobody can foresee; the port is the transport's to draw.
    this.id = world.draw(0x1_0000);
    this.spelled = manner.randomCase ? respell(asked.name, world) : asked.name;
    this.type = asked.type;
    this.query = queryFor(this, sending);
    this.waiters = [sending];
    this.#keeper = keeper;
  }

  /** Whether its reply answers that as well; the question is the same. */
  isFor({ to, via, recursionDesired, manner, subnet }: Sending): boolean {
    const own = this.sending;
    return (
      own.to === to &&
      own.via === via &&
      own.recursionDesired === recursionDesired &&
      own.manner.edns === manner.edns &&
      own.manner.randomCase === manner.randomCase &&
      keyOf(own.subnet) === keyOf(subnet)
    );
  }

  accept(bytes: Uint8Array): boolean {
    try {
      return this.#judge(bytes);
    } catch (error) {
      this.#bug = { error };
      return true;
    }
  }

  /** By a mistake of ours; whoever waits is to meet it. */
  breaks(error: unknown): void {
    this.#bug = { error };
    this.end({ got: 'silence' });
  }

  #judge(bytes: Uint8Array): boolean {
    const { via, manner, subnet } = this.sending;
    const matched = match(bytes, this);
    if (matched === 'near miss') this.#isForged = via === 'udp';
    // Who keeps cookies has one to show in any mood.
    // Over TCP it is from whom we asked: nothing better comes.
    else if (matched === 'puzzled') this.isPuzzled ||= via === 'tcp' || !isWhole(manner.cookie);
    else if (matched !== undefined && (subnet === undefined || speaksOf(matched.message, subnet))) {
      const repeated = manner.edns ? repeatedCookie(matched.message.edns, manner.cookie) : undefined;
      if (repeated === 'forged') return false;
      this.cookie = repeated;
      this.#accepted = matched;
    }
    return this.#isForged || this.#accepted !== undefined || (this.isPuzzled && via === 'tcp');
  }

  overdue(): number {
    return this.#keeper.overdue(this);
  }

  end(event: Event): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#keeper.ended(this, this.#heard(event));
  }

  #heard(event: Event): Heard {
    if (event.got === 'unreachable') return event;
    if (this.#isForged) return FORGED;
    const accepted = this.#accepted;
    if (event.got === 'silence' || accepted === undefined) return { got: 'silence', puzzled: this.isPuzzled };
    const { to, via, manner } = this.sending;
    const { message, caseKept } = accepted;
    const isDoubtful = via === 'udp' && manner.edns && this.cookie === undefined && isWhole(manner.cookie);
    return { got: 'reply', from: to, message, caseKept, isDoubtful, bytes: event.bytes.length, ms: event.ms };
  }

  /** Of a silence they share, one blames the server. */
  tell(heard: Heard): void {
    const { waiters } = this;
    const bug = this.#bug;
    for (let i = 0; i < waiters.length; i++) {
      const waiter = waiters[i] as Sending;
      if (bug !== undefined) waiter.volley.fail(bug.error);
      else waiter.volley.hear(waiter, i > 0 && heard.got === 'silence' ? { ...heard, shared: true } : heard);
    }
  }
}

const FORGED: Heard = { got: 'forged' };

const keyOf = (subnet: Subnet | undefined): string => (subnet === undefined ? '' : subnetKey(subnet));

/** `192.0.2.1`, or with a port of its own `192.0.2.1@5353`. */
function endpointOf(to: string, portDefault: number): Endpoint {
  const at = to.indexOf('@');
  return at < 0
    ? { address: to, port: portDefault }
    : { address: to.slice(0, at), port: Number(to.slice(at + 1)) };
}

function queryFor({ id, spelled, type }: Sent, { manner, subnet, recursionDesired }: Sending): Uint8Array {
  const plain = { id, spelled, type, class: Class.IN, recursionDesired };
  if (!manner.edns) return writeQuery(plain);
  const options: EdnsOptionValue[] = [{ code: EdnsOption.COOKIE, value: manner.cookie }];
  if (subnet !== undefined) options.push(optionOf(subnet));
  return writeQuery({ ...plain, edns: { udpSize: UDP_BYTES_MAX, options } });
}
