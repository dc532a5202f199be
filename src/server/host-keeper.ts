/**
 * Keeps the addresses of hosts that are members of pools (pool/flattened), ahead of time: asks the resolver
 * for both kinds of each, our own zones first as it does, and again when their TTL is over; shortly before,
 * it has what the answer is made of asked for anew. What cannot be found out is as it was, for a day, and
 * asked again soon. In: the zones of the moment. Out: the table, of which this is the one writer, and word
 * of each host that fails or is back.
 */
import { type Bytes, copyOf } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../base/ip.ts';
import {
  HOST_ABSENT_SECONDS,
  HOST_ADDRESSES_MAX,
  HOST_QUESTIONS_MAX,
  HOST_RETRY_MS_MAX,
  HOST_RETRY_MS_MIN,
  HOST_SECONDS_MAX,
  HOST_SECONDS_MIN,
  HOST_STALE_SECONDS,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { leadsTo } from '../pool/circles.ts';
import { Flattened, HostState } from '../pool/flattened.ts';
import { hostsIn } from '../pool/hosts-in.ts';
import { isStale, type Outcome } from '../resolver/outcome.ts';
import type { Recursor } from '../resolver/recursor.ts';
import { Class, Rcode, rcodeText, Type, typeText } from '../wire/codes.ts';
import type { Question } from '../wire/message.ts';
import { equalNames, type Name, nameHash, nameText } from '../wire/name.ts';
import { PoolKind } from '../wire/pool.ts';
import { rdatasOf, rrsetType } from '../wire/rrset.ts';
import type { Catalog } from '../zone/catalog.ts';

export interface HostKeeperTerms {
  readonly world: World;
  readonly counters: Counters;
  readonly recursor: () => Pick<Recursor, 'resolve' | 'cached' | 'isOfOthers'>;
  /** It cannot be found out, and why; undefined: it can again. */
  readonly tell: (question: Question, why: string | undefined) => void;
}

/** What there is to be told of a host whose addresses are not known, or only as they were. */
export interface ToldHost {
  readonly host: string;
  readonly type: string;
  readonly why: string;
  /** Since it was asked for last. */
  readonly agoMs: number;
  /** Until it is asked for again. */
  readonly nextMs: number;
}

const KINDS = [PoolKind.IPV4, PoolKind.IPV6] as const;
const EARLY_PERMILLE = 920;
const JITTER_PERMILLE = 60;
const LEADS_BACK = 'it leads back to itself, by pools or aliases';

export class HostKeeper {
  readonly #terms: HostKeeperTerms;
  readonly #table: Flattened;
  /** By slot; of each host one for each kind of address. */
  readonly #hosts = new Map<number, readonly Watch[]>();
  readonly #due: Watch[] = [];
  #catalog: Catalog;
  /** It has hosts of earlier zones, too. */
  #hasOthers = false;
  #underWay = 0;

  constructor(memory: SharedArrayBuffer, catalog: Catalog, terms: HostKeeperTerms) {
    this.#terms = terms;
    this.#table = new Flattened(memory);
    this.#catalog = catalog;
    this.#adopt();
  }

  get memory(): SharedArrayBuffer {
    return this.#table.memory;
  }

  /**
   * What our own zones say may be otherwise now; of others it has its time. `isAhead`: others answer from
   * earlier zones as yet, and hosts of theirs stay until they do not.
   */
  follow(catalog: Catalog, isAhead = false): void {
    const plans = this.#catalog.images.map(({ plan }) => plan);
    const isSame =
      plans.length === catalog.images.length && catalog.images.every(({ plan }, i) => plan === plans[i]);
    this.#catalog = catalog;
    if (!isSame || this.#hasOthers) this.#adopt(isAhead);
    this.#hasOthers = isAhead;
    // A host of zones that go is perhaps not to be found in those that come, and is told as yet.
    const asked = isAhead ? hostsIn(catalog.images) : this.#hosts;
    for (const [slot, watches] of this.#hosts)
      for (const watch of watches) if (watch.hangsOnUs && asked.has(slot)) this.#enqueue(watch);
  }

  /** What is wrong with the addresses of these, where something is. */
  troubles(hosts: readonly string[]): ToldHost[] {
    const wanted = new Set(hosts);
    const nowMs = this.#terms.world.nowMs();
    return [...this.#hosts.values()].flat().flatMap(({ name, question, trouble, askedMs, dueMs }) => {
      const host = nameText(name).toLowerCase();
      if (trouble === undefined || !wanted.has(host)) return [];
      const times = { agoMs: nowMs - askedMs, nextMs: Math.max(dueMs - nowMs, 0) };
      return [{ host, type: typeText(question.type), why: trouble, ...times }];
    });
  }

  /** All hosts of the zones, and others only where that is said. */
  #adopt(keepsOthers = false): void {
    const hosts = hostsIn(this.#catalog.images);
    for (const [slot, watches] of this.#hosts) {
      const name = hosts.get(slot);
      const isOther = name === undefined || !equalNames(name, (watches[0] as Watch).name);
      if (!isOther || keepsOthers) continue;
      for (const watch of watches) this.#drop(watch);
      this.#hosts.delete(slot);
    }
    for (const [slot, name] of hosts) {
      if (this.#hosts.has(slot)) continue;
      const watches = KINDS.map((kind) => new Watch(slot, name, kind));
      this.#hosts.set(slot, watches);
      for (const watch of watches) this.#begin(watch);
    }
  }

  /** What a thread that died had found is not lost. */
  #begin(watch: Watch): void {
    const { slot, hash, kind } = watch;
    const table = this.#table;
    table.read(slot, hash, kind);
    if (table.isTold) {
      const size = kind === PoolKind.IPV4 ? IPV4_BYTES : IPV6_BYTES;
      const found = Array.from({ length: table.count }, (_, i) =>
        copyOf(table.addresses, i * size, (i + 1) * size),
      );
      watch.learn(found, this.#terms.world.nowMs());
    }
    this.#enqueue(watch);
  }

  #drop(watch: Watch): void {
    watch.isGone = true;
    watch.cancel();
    this.#table.write(watch.slot, 0, watch.kind, HostState.PENDING, [], 0);
  }

  #enqueue(watch: Watch): void {
    if (watch.isDue) return;
    watch.isDue = true;
    this.#due.push(watch);
    this.#askSome();
  }

  #askSome(): void {
    while (this.#underWay < HOST_QUESTIONS_MAX) {
      const watch = this.#due.shift();
      if (watch === undefined) return;
      if (!watch.isGone) this.#ask(watch);
    }
  }

  #ask(watch: Watch): void {
    const catalog = this.#catalog;
    this.#underWay++;
    watch.cancel();
    void this.#terms
      .recursor()
      .resolve(watch.question)
      .then((outcome) => {
        this.#underWay--;
        watch.isDue = false;
        if (!watch.isGone) this.#take(watch, outcome);
        if (!watch.isGone && watch.hangsOnUs && catalog !== this.#catalog) this.#enqueue(watch);
        this.#askSome();
      });
  }

  #take(watch: Watch, outcome: Outcome): void {
    const { name, question } = watch;
    watch.askedMs = this.#terms.world.nowMs();
    watch.hangsOnUs = !this.#terms.recursor().isOfOthers(question, outcome);
    const owners = outcome.answer.map(({ owner }) => owner);
    const kept = watch.kept(this.#terms.world.nowMs());
    if (leadsTo(name, [name, ...owners], this.#catalog)) this.#fail(watch, LEADS_BACK, undefined);
    else if (outcome.rcode !== Rcode.NOERROR && outcome.rcode !== Rcode.NXDOMAIN)
      this.#fail(watch, failureText(outcome), kept);
    else if (isStale(outcome)) this.#fail(watch, outcome.ede?.text ?? '', kept ?? watch.in(outcome));
    else this.#know(watch, outcome);
  }

  #know(watch: Watch, outcome: Outcome): void {
    const { world, counters, recursor } = this.#terms;
    const addresses = watch.in(outcome);
    const lifeMs = 1_000 * secondsOf(outcome);
    const untilMs = world.nowMs() + lifeMs;
    counters.bump(Counter.hostsFound);
    this.#say(watch, outcome.rcode === Rcode.NXDOMAIN ? 'there is no such name' : undefined);
    watch.learn(addresses, untilMs);
    this.#write(watch, HostState.KNOWN, addresses, untilMs);
    const earlyMs = (lifeMs * (EARLY_PERMILLE + world.draw(JITTER_PERMILLE))) / 1_000;
    watch.wait(world, earlyMs, () => {
      // What is in the last tenth of its life is asked for anew, while it goes on to be told.
      recursor().cached(watch.question);
      watch.wait(world, lifeMs - earlyMs, () => this.#enqueue(watch));
    });
  }

  /** `kept` is told meanwhile, if there is something, be it that there are no addresses. */
  #fail(watch: Watch, why: string, kept: readonly Bytes[] | undefined): void {
    const { world, counters } = this.#terms;
    counters.bump(Counter.hostsFailed);
    this.#say(watch, why);
    const state = kept === undefined ? HostState.FAILED : HostState.STALE;
    this.#write(watch, state, kept ?? [], world.nowMs());
    const retryMs = Math.min(HOST_RETRY_MS_MIN * 2 ** watch.failures++, HOST_RETRY_MS_MAX);
    watch.wait(world, retryMs - world.draw(retryMs / 4), () => this.#enqueue(watch));
  }

  #say(watch: Watch, trouble: string | undefined): void {
    const isNews = (trouble === undefined) !== (watch.trouble === undefined);
    watch.trouble = trouble;
    if (isNews) this.#terms.tell(watch.question, trouble);
  }

  #write({ slot, hash, kind }: Watch, state: number, addresses: readonly Bytes[], untilMs: number): void {
    this.#table.write(slot, hash, kind, state, addresses, untilMs);
  }
}

/** The addresses of one kind of one host. */
class Watch {
  readonly slot: number;
  readonly name: Name;
  readonly hash: number;
  readonly kind: number;
  readonly question: Question;
  /** What is wrong now. */
  trouble: string | undefined;
  /** When there was an answer last, and when it is asked for next. */
  askedMs = 0;
  dueMs = 0;
  /** In a row. */
  failures = 0;
  /** It waits for its turn, or for an answer. */
  isDue = false;
  isGone = false;
  /** Our own zones had a part in the answer, or there was none. */
  hangsOnUs = false;
  #last: readonly Bytes[] | undefined;
  #staleMs = 0;
  #cancel: () => void = () => {};

  constructor(slot: number, name: Name, kind: number) {
    this.slot = slot;
    this.name = name;
    this.hash = nameHash(name);
    this.kind = kind;
    this.question = { name, type: kind === PoolKind.IPV4 ? Type.A : Type.AAAA, class: Class.IN };
  }

  learn(addresses: readonly Bytes[], untilMs: number): void {
    this.#last = addresses;
    this.#staleMs = untilMs + 1_000 * HOST_STALE_SECONDS;
    this.failures = 0;
  }

  /** What may still be told though it has expired. */
  kept(nowMs: number): readonly Bytes[] | undefined {
    return nowMs < this.#staleMs ? this.#last : undefined;
  }

  in({ answer }: Outcome): readonly Bytes[] {
    const found = answer.find(({ block }) => rrsetType(block, 0) === this.question.type);
    return found === undefined ? [] : rdatasOf(found.block).slice(0, HOST_ADDRESSES_MAX);
  }

  wait(world: World, ms: number, call: () => void): void {
    this.dueMs = world.nowMs() + ms;
    this.#cancel = world.after(ms, call);
  }

  cancel(): void {
    this.#cancel();
  }
}

function failureText({ rcode, ede }: Outcome): string {
  return ede?.text ? `${rcodeText(rcode)}: ${ede.text}` : rcodeText(rcode);
}

/** RFC 2308 §5: what is not there is so for as long as its SOA says. */
function secondsOf({ answer, authority }: Outcome): number {
  const ttls = [...answer, ...authority].map(({ ttl }) => ttl);
  const least = ttls.length === 0 ? HOST_ABSENT_SECONDS : Math.min(...ttls);
  return Math.max(HOST_SECONDS_MIN, Math.min(least, HOST_SECONDS_MAX));
}
