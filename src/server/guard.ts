/**
 * The guard at the door: who may ask at all, who gets silence, and what a decided reply may cost us to send.
 * In: query, client and reply. Out: a verdict, and the options that the response carries. It decides nothing
 * about names. Synchronous, allocating nothing.
 */
import type { Reply } from '../answer/reply.ts';
import type { Bytes } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import { UDP_BYTES_MAX } from '../base/limits.ts';
import type { PrefixSet } from '../base/prefix.ts';
import type { Client } from '../transport/door.ts';
import { Rcode } from '../wire/codes.ts';
import type { Query } from '../wire/query.ts';
import type { CookieState, Cookies } from './cookies.ts';
import { type OwnDoor, wouldLoop } from './loops.ts';
import { ResponseOptions } from './options.ts';
import type { AnswerKind, LimitKind, RateLimit } from './rate-limit.ts';

export interface GuardSettings {
  /** Who may ask anything; undefined for everybody. */
  readonly allowQuery: PrefixSet | undefined;
  readonly own: readonly OwnDoor[];
  readonly limit: RateLimit | undefined;
  /** Clients that are never limited. */
  readonly exempt: PrefixSet | undefined;
  readonly cookies: Cookies | undefined;
  /** Whether who is over the limit is asked for a cookie, if it seems to know of them. */
  readonly requireOverLimit: boolean;
  /** Empty for none. */
  readonly nsid: Bytes;
  /** Resolvers whose word is taken for the networks of their clients; undefined for nobody's. */
  readonly subnetsFrom: PrefixSet | undefined;
  /** How long a connection may idle; undefined to tell nobody. */
  readonly idleMs: number | undefined;
  /** What goes over UDP at most, and what we say that we take. */
  readonly udpBytes: number;
  /** Called for every response held back; the address is borrowed. */
  readonly onLimited: (kind: LimitKind, address: Bytes) => void;
}

export type GuardVerdict = 'send' | 'truncate' | 'bad-cookie' | 'drop';

/** A house without a guard. */
export const OPEN_DOOR: GuardSettings = {
  allowQuery: undefined,
  own: [],
  limit: undefined,
  exempt: undefined,
  cookies: undefined,
  requireOverLimit: false,
  nsid: new Uint8Array(0),
  subnetsFrom: undefined,
  idleMs: undefined,
  udpBytes: UDP_BYTES_MAX,
  onLimited: () => {},
};

export class Guard {
  settings: GuardSettings = OPEN_DOOR;
  /** What the response carries, as of the last verdict. */
  readonly options = new ResponseOptions();
  readonly #counters: Counters;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  wouldLoop(client: Client): boolean {
    return wouldLoop(client, this.settings.own);
  }

  mayAsk(client: Client): boolean {
    const { allowQuery } = this.settings;
    return allowQuery === undefined || allowQuery.hasBytes(client.address);
  }

  /** What is wrong with a query that only the guard understands, as an RCODE. */
  fault(query: Query, client: Client): number {
    // RFC 7828 §3.2.1: a client has no timeout to tell. Over UDP the option is ignored (§3.3.1).
    if (query.keepaliveBytes > 0 && client.transport === 'tcp') return Rcode.FORMERR;
    // RFC 7871 §7.2.1. Of others we know nothing of the option.
    if (query.subnetBytes >= 0 && !query.hasSubnet && this.#mayTell(client)) return Rcode.FORMERR;
    if (query.hasQuestion) return Rcode.NOERROR;
    if (this.settings.cookies === undefined) return Rcode.FORMERR; // RFC 9619 §4 again.
    return this.#cookieState(query, client) === 'invalid' ? Rcode.BADCOOKIE : Rcode.NOERROR; // RFC 7873 §5.4
  }

  /**
   * Whether the query tells whom a choice is for, and its sender may. For a client that hides (RFC 7871
   * §7.1.2) is chosen as for the resolver itself, which is what it gets from who does not know the option.
   */
  heedsSubnet(query: Query, client: Client): boolean {
    return query.hasSubnet && !query.hidesSubnet && this.#mayTell(client);
  }

  judge(query: Query, client: Client, reply: Reply): GuardVerdict {
    const { limit, exempt } = this.settings;
    this.options.begin();
    const cookie = query.hasEdns && query.cookieBytes > 0 ? this.#answerCookie(query, client) : 'none';
    // Over TCP the client's address is its own, as with a valid cookie.
    const isKnown = client.transport === 'tcp' || cookie === 'valid';
    const isFree = limit === undefined || isKnown || exempt?.hasBytes(client.address);
    const verdict = isFree ? 'send' : this.#charge(limit, query, client, reply, cookie);
    // What is held back is kept short: a name that is long would make a lever of it.
    if (verdict === 'send' && query.hasEdns) this.#answerOptions(query, client, reply);
    return verdict;
  }

  /** Whether its cookie shows that the client's address is its own. */
  hasCookie(query: Query, client: Client): boolean {
    return query.hasEdns && query.cookieBytes > 0 && this.#cookieState(query, client) === 'valid';
  }

  #takeCookie(query: Query, client: Client): CookieState {
    if (this.settings.cookies === undefined) return 'none';
    const state = this.#cookieState(query, client);
    this.#counters.bump(Counter.cookies);
    if (state === 'valid') this.#counters.bump(Counter.cookiesValid);
    return state;
  }

  #cookieState(query: Query, client: Client): CookieState {
    return this.settings.cookies?.check(query, client.address) ?? 'none';
  }

  /** RFC 7873 §5.2.3, §5.2.4: with every response, a server cookie that is good. */
  #answerCookie(query: Query, client: Client): CookieState {
    const cookie = this.#takeCookie(query, client);
    const { options } = this;
    if (cookie !== 'none') {
      this.settings.cookies?.put(query, client.address, options.bytes, options.cookie());
    }
    return cookie;
  }

  #mayTell(client: Client): boolean {
    return this.settings.subnetsFrom?.hasBytes(client.address) === true;
  }

  #answerOptions(query: Query, client: Client, reply: Reply): void {
    const { nsid, idleMs } = this.settings;
    if (query.wantsNsid && nsid.length > 0) this.options.nsid(nsid);
    // RFC 7828 §3.3.1: over UDP the option is ignored.
    if (query.keepaliveBytes === 0 && client.transport === 'tcp' && idleMs !== undefined) {
      this.options.keepalive(idleMs);
    }
    // RFC 7871 §7.2.1: always where it is heeded, and to nobody else, who could not tell what it means.
    if (query.hasSubnet && this.#mayTell(client)) {
      this.options.subnet(query, query.hidesSubnet ? 0 : reply.scope);
    }
  }

  #charge(limit: RateLimit, query: Query, client: Client, reply: Reply, cookie: CookieState): GuardVerdict {
    const { rcode } = reply;
    const kind = rcode === Rcode.NOERROR ? 'response' : rcode === Rcode.NXDOMAIN ? 'nxdomain' : 'error';
    const thing = kind === 'error' ? 0 : thingAnswered(kind, query, reply);
    const verdict = limit.charge(kind, client.address, thing);
    if (verdict === 'send') return 'send';
    this.settings.onLimited(limit.heldFor, client.address);
    const counters = this.#counters;
    counters.bump(Counter.limited);
    if (verdict === 'drop') {
      counters.bump(Counter.limitedDropped);
      return 'drop';
    }
    // RFC 7873 §5.2.3: who has a client cookie learns ours, and asks again.
    const isAsked = this.settings.requireOverLimit && cookie !== 'none';
    counters.bump(isAsked ? Counter.limitedBadCookie : Counter.limitedTruncated);
    return isAsked ? 'bad-cookie' : 'truncate';
  }
}

/**
 * From a zone of ours, the RRset that the answer begins with: names made up below a wildcard, a cut or a zone
 * all get the same one, the SOA where there is nothing. Else the question's name; of denials, nothing.
 */
function thingAnswered(kind: AnswerKind, query: Query, reply: Reply): number {
  if (reply.source !== 0) return reply.source;
  return kind === 'response' && query.hasQuestion ? (query.name.hash[0] as number) : 0;
}
