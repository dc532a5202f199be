/**
 * The resolver's front door. A question comes in; an outcome comes out, always, and within the client's time:
 * work that takes longer goes on and fills the cache. Where no server answers in time, what has expired does
 * (RFC 8767); what is asked for in the last tenth of its life is asked for anew. What is known and what is in
 * flight are shared among all questions.
 */
import type { Counters } from '../base/counters.ts';
import { Counter } from '../base/counters.ts';
import { CLIENTS_WAITING_MAX } from '../base/limits.ts';
import { Gathering } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import { Rcode, Type } from '../wire/codes.ts';
import type { Question } from '../wire/message.ts';
import { type Name, ownName } from '../wire/name.ts';
import { rrsetType } from '../wire/rrset.ts';
import { aliasTarget } from './alias.ts';
import { type ClientQuestion, unanswerable } from './client-question.ts';
import type { ClientSubnetSettings } from './client-subnet.ts';
import { Crowds } from './crowds.ts';
import type { NameServer } from './delegation.ts';
import { Dns64, type Dns64Settings } from './dns64.ts';
import { drive } from './drive.ts';
import { type Freshness, isDue } from './freshness.ts';
import type { Hosts } from './hosts.ts';
import { Journal } from './journal.ts';
import { Knowledge } from './knowledge.ts';
import { LocalNames } from './local-names.ts';
import type { Minimisation } from './minimise.ts';
import { Mishaps, type ToldMishap } from './mishaps.ts';
import { ended, type Finding, isStale, limited, type Outcome } from './outcome.ts';
import type { OwnZones } from './own-zones.ts';
import { recall, recallStale, resolve, type Treatment } from './resolve.ts';
import type { Route } from './routes.ts';
import type { Court, Rules } from './rules.ts';
import { Sender } from './sender.ts';
import { Servers } from './servers.ts';
import type { ToldServer } from './told-servers.ts';
import { type Account, Traffic } from './traffic.ts';
import { type TrailStep, trailOf } from './trail.ts';
import type { Upstream } from './upstream.ts';
import type { Asked } from './wish.ts';

export type { AnswerRrset, ExtendedError, Outcome } from './outcome.ts';

export interface RecursorSettings {
  readonly rootHints: readonly NameServer[];
  /** A copy of the root zone, asked in place of its servers as long as it says something (RFC 8806). */
  readonly localRoot?: OwnZones;
  /** Addresses, as canonical text, that are never asked. */
  readonly neverQuery: { has(address: string): boolean };
  readonly upstreamPort: number;
  readonly cacheBytes: number;
  /** Zones answered here and not asked for (`LOCAL_NAMES_DEFAULT`), as text. */
  readonly localNames: readonly string[];
  readonly hosts: Hosts | undefined;
  /** What a client waits for at most. */
  readonly clientMs: number;
  readonly useCaseRandomisation: boolean;
  readonly minimise: Minimisation;
  /** Whom to ask for some names, if not whoever is delegated to. */
  readonly routes?: readonly Route[];
  /** Absent where no AAAA is synthesised. */
  readonly dns64?: Dns64Settings | undefined;
  /** Absent where nobody is told of clients' networks. */
  readonly clientSubnet?: ClientSubnetSettings | undefined;
  readonly freshness: Freshness;
  /** A mistake of ours: the question got SERVFAIL. */
  readonly onBug: (error: unknown) => void;
}

interface WaitingClient {
  readonly question: ClientQuestion;
  readonly account: Account;
  readonly settle: (outcome: Outcome) => void;
  /** That it failed, when its time was up. */
  isNoted: boolean;
  stopWatch: (() => void) | undefined;
}

/** How a question was resolved. */
export interface Explained {
  readonly outcome: Outcome;
  readonly steps: readonly TrailStep[];
  readonly tookMs: number;
}

export class Recursor {
  readonly #settings: RecursorSettings;
  readonly #world: World;
  readonly #know: Knowledge;
  readonly #counters: Counters | undefined;
  readonly #dns64: Dns64 | undefined;
  readonly #traffic: Traffic;
  /** One for each client that waits, or whose question goes on without it. */
  readonly #clients = new Gathering<Account>();
  readonly #mishaps: Mishaps;
  /** None where there are no rules. */
  #court: Court | undefined;
  /** What `cached` looked for last, in vain: whoever then wants it resolved need not look at once again. */
  #unknown: ClientQuestion | undefined;

  constructor(
    settings: RecursorSettings,
    world: World,
    upstream: Upstream,
    ownZones: OwnZones,
    counters?: Counters,
  ) {
    this.#settings = settings;
    this.#world = world;
    this.#counters = counters;
    this.#dns64 = settings.dns64 && new Dns64(settings.dns64);
    this.#mishaps = new Mishaps(world);
    const servers = new Servers(world, settings.useCaseRandomisation);
    const sender = new Sender(world, upstream, settings.upstreamPort, servers, counters);
    const crowds = new Crowds(world, counters);
    const localNames = new LocalNames(settings.localNames);
    this.#know = new Knowledge({ ...settings, localNames }, ownZones, servers, crowds, world);
    const { onBug } = settings;
    this.#traffic = new Traffic({ world, know: this.#know, sender, counters, onBug });
  }

  /** From now on; what is in flight ends by those it began with. */
  set rules(rules: Rules | undefined) {
    this.#court = rules && { rules, isHome: (asked) => this.#know.isHome(asked) };
  }

  /** Questions being walked for; derived, so that it cannot leak. */
  get inFlight(): number {
    return this.#traffic.inFlight;
  }

  /** Answers, absences and aliases that are remembered, and what they cost. */
  get cacheSize(): { readonly entries: number; readonly bytes: number } {
    const { size, bytes } = this.#know.cache;
    return { entries: size, bytes };
  }

  /** Whether an answer may depend on the network of who asks. */
  get tellsSubnets(): boolean {
    return this.#know.subnets !== undefined;
  }

  /** What was learned, as bytes that can be kept over a restart. */
  packed(): Generator<Uint8Array, void, void> {
    return this.#know.packed();
  }

  /** Takes such bytes, so long after they were packed; says how many facts there were. */
  unpack(bytes: Uint8Array, awayMs: number): number {
    return this.#know.unpack(bytes, awayMs);
  }

  /** Clients' questions that are not done with. */
  get waiting(): number {
    return this.#clients.size;
  }

  #askedBy({ name, type, client }: ClientQuestion): Asked {
    const subnet = client && this.#know.subnets?.of(client);
    return subnet === undefined ? { name, type } : { name, type, subnet };
  }

  #synthesiser({ synthesise }: ClientQuestion): Dns64 | undefined {
    return synthesise === true ? this.#dns64 : undefined;
  }

  /** The outcome, if it takes no waiting. What is known, but hardly any more, is asked for anew meanwhile. */
  cached(question: ClientQuestion): Outcome | undefined {
    const refusal = unanswerable(question);
    if (refusal !== undefined) return refusal;
    const { freshness } = this.#settings;
    const first = this.#askedBy(question);
    let last = first;
    const find = (asked: Asked): Finding | undefined => {
      last = asked;
      const finding = this.#know.find(asked);
      if (freshness.prefetch && finding !== undefined && isDue(finding)) this.#traffic.refresh(asked);
      return finding;
    };
    const outcome = recall(first, find, this.#treatment(question));
    if (outcome !== undefined) return this.#ratherStale(question, outcome);
    this.#unknown = last === first ? question : undefined;
    const turnedAway = this.#traffic.turnedAway(last);
    if (turnedAway !== undefined) return this.#ratherStale(question, turnedAway);
    // RFC 8767 §5: who would wait for servers that failed just now is not made to.
    if (freshness.stale === undefined || !this.#know.failedLately(last)) return undefined;
    const stale = this.#stale(question, 'servers that failed shortly before are being tried');
    if (stale !== undefined) this.#traffic.refresh(last);
    return stale;
  }

  #stale(question: ClientQuestion, why: string): Outcome | undefined {
    const { stale } = this.#settings.freshness;
    if (stale === undefined) return undefined;
    return recallStale(this.#askedBy(question), this.#know, stale, why, this.#treatment(question));
  }

  #ratherStale(question: ClientQuestion, outcome: Outcome): Outcome {
    if (outcome.rcode !== Rcode.SERVFAIL) return outcome;
    const stale = this.#stale(question, outcome.ede?.text ?? '');
    // Nobody was asked whether there is such a name by now.
    const isUntried = outcome.limited === 'crowd' && stale?.rcode === Rcode.NXDOMAIN;
    return stale === undefined || isUntried ? outcome : stale;
  }

  /** How the last failures came about. */
  get mishaps(): readonly ToldMishap[] {
    return this.#mishaps.told;
  }

  /** What is remembered of other servers. */
  get servers(): readonly ToldServer[] {
    return this.#know.servers.told;
  }

  /** Resolves as for a client, and tells how. */
  async explain(question: ClientQuestion): Promise<Explained> {
    const journal = new Journal(this.#world);
    const beganMs = this.#world.nowMs();
    const outcome = await this.resolve(question, journal);
    if (isStale(outcome)) this.#noteStale(question, outcome, journal);
    const nowMs = this.#world.nowMs();
    return { outcome, steps: trailOf(journal, beganMs, nowMs), tookMs: nowMs - beganMs };
  }

  /** Whose word it was, and how long ago. */
  #noteStale({ name, type }: Question, outcome: Outcome, journal: Journal): void {
    const last = outcome.answer.at(-1);
    const asked = last === undefined ? { name, type } : { name: last.owner, type: rrsetType(last.block, 0) };
    const standing = this.#know.cache.standingOf(asked.name, asked.type, true);
    journal.found(asked, ended(outcome), { from: 'expired', standing });
  }

  /** Never rejects; settles within the client's time. */
  resolve(question: ClientQuestion, journal?: Journal): Promise<Outcome> {
    const refusal = unanswerable(question);
    if (refusal !== undefined) return Promise.resolve(refusal);
    if (this.#clients.size >= CLIENTS_WAITING_MAX) {
      this.#counters?.bump(Counter.resolutionsTurnedAway);
      return Promise.resolve(this.#ratherStale(question, limited('too many clients are waiting', 'crowd')));
    }
    return new Promise((settle) => {
      const asked = this.#askedBy(question);
      const account: Account = {
        budget: this.#traffic.newBudget(),
        flight: undefined,
        journal,
        unknown: this.#unknown === question ? asked : undefined,
        waitingFor: undefined,
        seat: 0,
      };
      this.#unknown = undefined;
      const client: WaitingClient = { question, account, settle, isNoted: false, stopWatch: undefined };
      this.#clients.add(account);
      client.stopWatch = this.#world.after(this.#firstMs, () => this.#tellFirst(client));
      const steps = resolve(asked, this.#treatment(question, journal));
      const end = (outcome: Outcome): void => this.#end(client, outcome);
      drive(steps, this.#traffic.granter(account), end, (bug) => this.#traffic.bug(bug));
    });
  }

  #end({ question, account, settle, isNoted, stopWatch }: WaitingClient, outcome: Outcome): void {
    this.#traffic.remember(question, outcome);
    this.#clients.remove(account);
    stopWatch?.();
    // Also where something that has expired is told in its place, or was.
    if (!isNoted) this.#mishaps.note(question, outcome, account.waitingFor?.walk.journal);
    settle(this.#ratherStale(question, outcome));
  }

  /** What becomes of others' answers before this client gets them. */
  #treatment(question: ClientQuestion, journal?: Journal): Treatment {
    return { dns64: this.#synthesiser(question), court: this.#courtFor(journal) };
  }

  /** Who wants to know how it went is told of rules, too. */
  #courtFor(journal: Journal | undefined): Court | undefined {
    if (this.#court === undefined || journal === undefined) return this.#court;
    const note: Court['note'] = (asked, finding, { list, line }) =>
      journal.found(asked, finding, { from: `rule ${list.name}:${line}` });
    return { ...this.#court, note };
  }

  /** RFC 8767 §5: what has expired is told before the client gives up; or else, then, that it is late. */
  get #firstMs(): number {
    const { clientMs, freshness } = this.#settings;
    return Math.min(freshness.stale?.waitMs ?? clientMs, clientMs);
  }

  #tellFirst(client: WaitingClient): void {
    const leftMs = this.#settings.clientMs - this.#firstMs;
    if (this.#tellInTime(client, leftMs === 0)) return;
    client.stopWatch = this.#world.after(leftMs, () => this.#tellInTime(client, true));
  }

  /** Whether there was something to tell. */
  #tellInTime(client: WaitingClient, isLast: boolean): boolean {
    const { question, account, settle } = client;
    const journal = account.waitingFor?.walk.journal ?? new Journal(this.#world);
    const outcome = this.#ratherStale(question, journal.late());
    const isFailed = outcome.rcode === Rcode.SERVFAIL;
    if (isFailed && !isLast) return false;
    if (isFailed) this.#counters?.bump(Counter.resolutionsLate);
    client.isNoted = isFailed;
    this.#mishaps.note(question, outcome, journal);
    settle(outcome);
    return true;
  }

  /** Everything learned is unlearned, or what was learned of such names; what is in flight lands. */
  flush(isDoomed?: (name: Name) => boolean): void {
    this.#know.forget(isDoomed);
  }

  /**
   * Whether all of the outcome was told by others, be it that it has expired: no failure, nothing of our own
   * zones, of rules, of the hosts file, or of local names, which may change at any time; and that it is for
   * everybody.
   */
  isOfOthers({ name, type }: Question, outcome: Outcome): boolean {
    const { rcode, ede, answer, rule } = outcome;
    if (rule !== undefined || (rcode !== Rcode.NOERROR && rcode !== Rcode.NXDOMAIN)) return false;
    if (ede !== undefined && !isStale(outcome)) return false;
    // Every name that was asked for on the way: the question's, and where each alias points.
    if (!this.#isOthers(name, type)) return false;
    return answer.every(
      ({ block }) => rrsetType(block, 0) !== Type.CNAME || this.#isOthers(ownName(aliasTarget(block)), type),
    );
  }

  #isOthers(name: Name, type: number): boolean {
    return !this.#know.isOurs({ name, type }) && this.#know.subnets?.covers(name) !== true;
  }
}
