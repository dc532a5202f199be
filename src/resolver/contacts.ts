/**
 * The servers of one zone in the order in which they are asked one question: first every address that is
 * known, the best first; then those of names that have to be looked up. Where the zone itself says who serves
 * it, those come first and what its parent says behind them; in the end what the zone says of the addresses
 * of its own servers, and glue that the parent left out. Then once more those that were silent, at last over
 * TCP. Each address once per round, whatever number of names it goes by.
 */
import { SERVER_LOOKUPS_FAILED_MAX, TRIES_PER_SERVER_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { isWithin, type Name } from '../wire/name.ts';
import { apexServers, knownAddresses } from './apex.ts';
import type { Delegation, NameServer } from './delegation.ts';
import { type Journal, plainText } from './journal.ts';
import type { Knowledge } from './knowledge.ts';
import type { Asked } from './wish.ts';

export interface Contact {
  readonly address: string;
  /** How often it was tried for this question; over UDP three times, then over TCP (RFC 9520 §3.1). */
  readonly tries: number;
  /** Nobody is left to be asked after this: it is worth waiting for, and for whom was asked before. */
  readonly isFinal?: boolean;
}

export const isLastTry = ({ tries }: Contact): boolean => tries >= TRIES_PER_SERVER_MAX - 1;

/** Stands for its family. */
const ANY_IPV4 = '0.0.0.0';

export class Contacts {
  readonly #know: Knowledge;
  readonly #journal: Journal;
  readonly #place: Delegation;
  /** A few at most, as all of these. */
  readonly #seen: string[] = [];
  #fresh: string[] = [];
  readonly #silent: Contact[] = [];
  readonly #unknown: Asked[] = [];
  /** Servers inside the zone that came without an address. */
  readonly #glueless: Asked[] = [];
  /** By the zone's own word, or the parent's. */
  readonly #own: readonly NameServer[];
  /** Whom the parent names besides those of the zone's own word. */
  #besides: readonly NameServer[];
  /** There is no way to these. */
  readonly #unrouted: string[] = [];
  #isExhausted = false;
  /** Addresses that had to be looked up, and how many of them fell silent. */
  readonly #lookedUp: string[] = [];
  #fruitless = 0;

  constructor(place: Delegation, know: Knowledge, journal: Journal) {
    this.#know = know;
    this.#journal = journal;
    this.#place = place;
    const own = apexServers(place, know);
    this.#besides = own === undefined ? [] : place.servers.filter((server) => !own.includes(server));
    this.#own = own ?? place.servers;
    this.#consider(this.#own);
  }

  #consider(servers: readonly NameServer[]): void {
    const know = this.#know;
    const later: Asked[] = [];
    const [first, second] = know.servers.isRouted(ANY_IPV4) ? [Type.A, Type.AAAA] : [Type.AAAA, Type.A];
    for (const { name, addresses } of servers) {
      const isInside = isWithin(name, this.#place.cut);
      // What the zone says of its own servers, one has to reach them to hear.
      if (isInside && addresses.length > 0) {
        this.#take(addresses);
        continue;
      }
      const ofFirst = know.addresses(name, first);
      const ofSecond = know.addresses(name, second);
      const known = [...(ofFirst ?? []), ...(ofSecond ?? []), ...addresses];
      this.#take(known);
      if (known.some((address) => this.#isRouted(address))) continue;
      if (isInside) {
        // A server inside the zone it serves can be found by glue only: asking for it would be asking it.
        if (known.length === 0) this.#glueless.push({ name, type: first });
        continue;
      }
      if (known.length === 0 && ofFirst !== undefined && ofSecond !== undefined) {
        this.#journal.blame(plainText(name), 'has no address');
      }
      if (ofFirst === undefined) this.#unknown.push({ name, type: first });
      if (ofSecond === undefined) later.push({ name, type: second });
    }
    this.#unknown.push(...later);
    this.#rank();
  }

  /** The next that was not asked yet. */
  next(): Contact | undefined {
    if (this.#fresh.length === 0 && this.#unknown.length === 0) this.#widen();
    const address = this.#fresh.shift();
    return address === undefined ? undefined : { address, tries: 0 };
  }

  /** RFC 2181 §5.4.1: who is less credible on who serves the zone, and where, may still be right. */
  #widen(): void {
    if (this.#isExhausted) return;
    const besides = this.#besides;
    this.#besides = [];
    this.#consider(besides);
    if (this.#fresh.length > 0 || this.#unknown.length > 0) return;
    this.#isExhausted = true;
    const { cut, servers } = this.#place;
    for (const { name } of servers) if (isWithin(name, cut)) this.#take(knownAddresses(name, this.#know));
    this.#rank();
    if (this.#unrouted.length > 0) this.#consider(this.#own.filter((server) => this.#isCutOff(server)));
  }

  /** Whoever is known by addresses only that there is no way to may have others. */
  #isCutOff({ name, addresses }: NameServer): boolean {
    if (isWithin(name, this.#place.cut)) return false;
    const known = [...knownAddresses(name, this.#know), ...addresses];
    return known.length > 0 && !known.some((address) => this.#isRouted(address));
  }

  #isRouted(address: string): boolean {
    return this.#know.servers.isRouted(address) && !this.#unrouted.includes(address);
  }

  /** The next of those that were silent and may be tried again. */
  again(): Contact | undefined {
    const contact = this.#silent.shift();
    if (contact === undefined || this.#silent.length > 0) return contact;
    return { ...contact, isFinal: contact.tries + 1 === this.#triesMax(contact.address) };
  }

  /** Another one that it is time to hear of, while `first` is asked. */
  takeDue({ address }: Contact): Contact | undefined {
    if (this.#fresh.length === 0) return undefined;
    const due = this.#know.servers.takeDue(address, this.#fresh, this.#place.cut);
    return due === undefined ? undefined : { address: due, tries: 0 };
  }

  hadNoRoute({ address }: Contact): void {
    this.#unrouted.push(address);
  }

  /** RFC 9520 §3.1: silence may be loss, so a server is asked three times; but the others come first. */
  wasSilent({ address, tries }: Contact): void {
    if (tries === 0 && this.#lookedUp.includes(address)) this.#fruitless++;
    if (tries + 1 < this.#triesMax(address)) this.#silent.push({ address, tries: tries + 1 });
  }

  /** Over TCP once, if it ever answered; twice, if it is alone (LIMITS C14). */
  #triesMax(address: string): number {
    const { servers } = this.#know;
    if (servers.isDead(address)) return 1;
    if (!servers.mayTakeTcp(address)) return TRIES_PER_SERVER_MAX;
    return TRIES_PER_SERVER_MAX + (this.#seen.length === 1 ? 2 : 1);
  }

  /** It said something, if nothing of use; when nobody else is left, one more try is worth it. */
  tryLast({ address }: Contact): void {
    this.#silent.push({ address, tries: TRIES_PER_SERVER_MAX - 1 });
  }

  /** Up to `count` server addresses that have to be found out. */
  takeUnknown(count: number): Asked[] {
    return this.#unknown.splice(0, count);
  }

  /** A look-up that leads to silence is as good as one that fails (NRDelegation, CVE-2022-3204). */
  get lookupsLeft(): number {
    return Math.max(0, SERVER_LOOKUPS_FAILED_MAX - this.#fruitless);
  }

  /** One whose address is to be asked for above the zone; each once. */
  takeGlueless(): Asked | undefined {
    return this.#glueless.shift();
  }

  get mayFindMore(): boolean {
    return this.#unknown.length > 0 || this.#glueless.length > 0;
  }

  get unknown(): number {
    return this.#unknown.length;
  }

  forgetUnknown(): void {
    this.#unknown.length = 0;
  }

  /** Whether the name's addresses of another kind are still to be found out. */
  mayStillFind(name: Name): boolean {
    return this.#unknown.some((asked) => asked.name === name);
  }

  /** A name that has addresses of one kind, or does not exist, needs no second look. */
  settle(name: Name): void {
    const others = this.#unknown.filter((asked) => asked.name !== name);
    this.#unknown.splice(0, this.#unknown.length, ...others);
  }

  /** What a look-up has found. */
  addFound(addresses: readonly string[]): void {
    for (const address of addresses) if (!this.#seen.includes(address)) this.#lookedUp.push(address);
    this.#take(addresses);
    this.#rank();
  }

  #take(addresses: readonly string[]): void {
    for (const address of addresses) {
      if (this.#seen.includes(address)) continue;
      this.#seen.push(address);
      if (this.#isTold(address) || this.#know.mayAsk(address)) this.#fresh.push(address);
      else this.#journal.blame(address, 'is not to be asked');
    }
  }

  #rank(): void {
    this.#fresh = this.#know.servers.order(this.#fresh, this.#place.cut);
  }

  /** Whether the operator said to ask it for this zone. */
  #isTold(address: string): boolean {
    const { route, servers } = this.#place;
    return route !== undefined && servers.some(({ addresses }) => addresses.includes(address));
  }
}
