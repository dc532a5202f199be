/**
 * The walks in flight, and who waits for which: a client's question, or a walk that needs the address of a
 * server. Whoever wants what is being walked for already joins it; whoever wants anything else starts a walk
 * of its own, while there is room. Nobody waits for what is only refreshed.
 */
import { assert } from '../base/assert.ts';
import { Counter, type Counters } from '../base/counters.ts';
import {
  GIVE_WAY_MS,
  REFRESHES_MAX,
  RESOLUTION_MS_MAX,
  RESOLUTIONS_MAX,
  WAITERS_PER_QUESTION_MAX,
} from '../base/limits.ts';
import { type Member, Roster } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import { Ede } from '../wire/codes.ts';
import type { Walk } from './ask-zone.ts';
import { Budget } from './budget.ts';
import { leave, need } from './crowds.ts';
import { drive, type Grant } from './drive.ts';
import { Flight, firstThat } from './flight.ts';
import { crowded, Journal } from './journal.ts';
import type { Knowledge } from './knowledge.ts';
import { ended, type Finding, failed, limited, type Outcome } from './outcome.ts';
import type { Sender } from './sender.ts';
import { walk } from './walk.ts';
import { type Asked, type Happening, typedKey } from './wish.ts';

/** Who pays, and which flight waits. */
export interface Account extends Member {
  readonly budget: Budget;
  /** None where a client asks. */
  readonly flight: Flight | undefined;
  /** Of a client, only where it wants to know how it went. */
  readonly journal: Journal | undefined;
  /** It was looked for just now, and is not known. */
  readonly unknown: Asked | undefined;
  /** What is waited for last, to tell a client who is out of time what the matter was. */
  waitingFor: Flight | undefined;
}

export interface TrafficTerms {
  readonly world: World;
  readonly know: Knowledge;
  readonly sender: Sender;
  readonly counters: Counters | undefined;
  /** A mistake of ours: whoever waits is told SERVFAIL. */
  readonly onBug: (error: unknown) => void;
}

/** What somebody wants to know, and waits for. */
interface Search {
  readonly asked: Asked;
  readonly account: Account;
  readonly tell: (finding: Finding) => void;
  readonly giveUp: (bug: unknown) => void;
}

const READY = Promise.resolve();

export class Traffic {
  readonly #world: World;
  readonly #know: Knowledge;
  readonly #sender: Sender;
  readonly #counters: Counters | undefined;
  readonly #onBug: TrafficTerms['onBug'];
  readonly #inFlight = new Roster<string, Flight>();
  /** Questions asked anew that nobody waits for. */
  #refreshes = 0;

  constructor({ world, know, sender, counters, onBug }: TrafficTerms) {
    this.#world = world;
    this.#know = know;
    this.#sender = sender;
    this.#counters = counters;
    this.#onBug = onBug;
  }

  /** Questions being walked for; derived, so that it cannot leak. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** A question that is too much for us is so for the next client, too (RFC 9520 §3.2). */
  remember(asked: Asked, { limited, ede }: Outcome): void {
    if (limited === 'question') this.#know.failures.keep(asked.name, asked.type, ede);
  }

  /** As `drive` wants it. */
  granter(account: Account): Grant {
    const { flight } = account;
    return (wish, goOn, giveUp) => {
      if (wish.do === 'resolve') return this.#findAll(wish.all, account, goOn, giveUp);
      if (flight?.hasLanded) return { got: 'gave way' };
      if (wish.do === 'queue') {
        assert(flight !== undefined, 'who queues is a walk');
        void wish.crowd.queue(flight.walk).then((may) => goOn({ got: may ? 'turn' : 'gave way' }), giveUp);
        return undefined;
      }
      return this.#sender.send(wish, account.budget.deadlineMs, goOn, giveUp);
    };
  }

  #findAll(
    all: readonly Asked[],
    account: Account,
    goOn: (happening: Happening) => void,
    giveUp: (bug: unknown) => void,
  ): Happening | undefined {
    const { flight } = account;
    if (flight?.hasLanded) {
      return { got: 'findings', findings: all.map(() => ended(flight.walk.journal.gaveWay())) };
    }
    const findings: Finding[] = [];
    let open = all.length;
    all.forEach((asked, i) => {
      const tell = (finding: Finding): void => {
        findings[i] = finding;
        if (--open === 0) goOn({ got: 'findings', findings });
      };
      const known = this.#find({ asked, account, tell, giveUp });
      if (known === undefined) return;
      findings[i] = known;
      open--;
    });
    return open === 0 ? { got: 'findings', findings } : undefined;
  }

  /** What is known; or else waits for the walk that is under way, or starts one. */
  #find(search: Search): Finding | undefined {
    const { asked, account } = search;
    const known = asked === account.unknown ? undefined : this.#know.find(asked);
    if (known === undefined) return this.#findOut(search);
    account.journal?.found(asked, known, this.#know.sourceOf(asked));
    return known;
  }

  #findOut(search: Search): Finding | undefined {
    const { asked, account } = search;
    const key = typedKey(asked.name, asked.type);
    const open = this.#inFlight.get(key);
    if (open !== undefined) return this.#join(open, search);
    const isClients = account.flight === undefined;
    const crowd = isClients ? this.#crowdBefore(asked) : undefined;
    if (crowd !== undefined) return ended(crowd);
    if (isClients && !this.#makeRoom(asked)) {
      return this.#turnAway(limited('too many questions are being resolved', 'crowd'));
    }
    // Who gave way told its own at once, and one of these may want the same next.
    const begun = this.#inFlight.get(key);
    if (begun !== undefined) return this.#join(begun, search);
    const budget = isClients ? account.budget.forName() : account.budget.deeper();
    if (budget === undefined) return ended(limited('server names lead too deep to other server names'));
    this.#await(this.#launch(key, asked, budget), search, search.tell);
    return undefined;
  }

  #join(open: Flight, search: Search): Finding | undefined {
    const { asked, account, tell } = search;
    const obstacle = obstacleToJoining(open, account);
    if (obstacle !== undefined) return this.#turnAway(obstacle);
    this.#counters?.bump(Counter.resolutionsJoined);
    this.#await(open, search, (finding) => {
      // One at a time for all networks together, lest a forger has many queries to guess at (LIMITS B3).
      const mine = this.#know.isForBoth(open.walk.asked, asked) ? finding : this.#know.find(asked);
      const told = mine !== undefined && open.holdsForAll(mine) ? mine : this.#findOut(search);
      if (told !== undefined) tell(told);
    });
    return undefined;
  }

  /** Where a walk for it would end at once; whoever asks for what is under way joins that. */
  turnedAway(asked: Asked): Outcome | undefined {
    if (!this.#know.crowds.areFull || this.#inFlight.get(typedKey(asked.name, asked.type)) !== undefined)
      return undefined;
    return this.#crowdBefore(asked);
  }

  /** So that nobody gives way to a question that does not take the place. */
  #crowdBefore(asked: Asked): Outcome | undefined {
    const { crowds, hints } = this.#know;
    if (!crowds.areFull) return undefined;
    const place = this.#know.closest(asked) ?? hints;
    return crowds.turnsAway(place) ? crowded(place.cut) : undefined;
  }

  /** Nobody waits for it; what is known goes on being answered. */
  refresh(asked: Asked): void {
    const key = typedKey(asked.name, asked.type);
    const isUnderWay = this.#inFlight.get(key) !== undefined || this.#inFlight.size >= RESOLUTIONS_MAX;
    if (isUnderWay || this.#refreshes >= REFRESHES_MAX || this.#know.failure(asked) !== undefined) return;
    this.#refreshes++;
    this.#counters?.bump(Counter.resolutionsRefreshing);
    const budget = this.newBudget().forName();
    this.#launch(key, asked, budget).onLanding(() => this.#refreshes--);
  }

  newBudget(): Budget {
    return Budget.open(this.#world.nowMs() + RESOLUTION_MS_MAX);
  }

  #turnAway(outcome: Outcome): Finding {
    this.#counters?.bump(Counter.resolutionsTurnedAway);
    return ended(outcome);
  }

  #await(flight: Flight, { asked, account, giveUp }: Search, tell: (finding: Finding) => void): void {
    account.waitingFor = flight;
    account.journal?.walks(asked, flight.walk.journal);
    if (account.flight === undefined) flight.clients++;
    else need(flight.walk);
    account.flight?.waitsFor.push(flight);
    flight.onLanding((finding) => {
      try {
        account.flight?.waitsNoMore(flight);
        account.journal?.found(asked, finding);
        tell(finding);
      } catch (bug) {
        giveUp(bug);
      }
    });
  }

  #launch(key: string, asked: Asked, budget: Budget): Flight {
    this.#counters?.bump(Counter.resolutionsStarted);
    const journal = new Journal(this.#world);
    const own: Walk = {
      asked,
      know: this.#know,
      budget,
      journal,
      crowd: undefined,
      seat: 0,
      sinceMs: this.#world.nowMs(),
      expectedMs: 0,
      ticket: undefined,
      isNeeded: false,
    };
    const flight = new Flight(own);
    this.#inFlight.set(key, flight);
    const account: Account = { budget, flight, journal, unknown: undefined, waitingFor: undefined, seat: 0 };
    const end = (finding: Finding): void => {
      // One that gave way has heard one more reply, which may have led it into another crowd.
      if (flight.hasLanded) leave(own);
      else this.#land(key, flight, finding);
    };
    const onBug = (bug: unknown): Finding => ended(this.bug(bug));
    // It takes off when whoever launched it is known to wait for it: only then are circles seen.
    void READY.then(() => drive(walk(own), this.granter(account), end, onBug));
    return flight;
  }

  #land(key: string, flight: Flight, finding: Finding): void {
    this.#inFlight.delete(key);
    leave(flight.walk);
    if (finding.kind === 'end' && flight.startedFresh) this.remember(flight.walk.asked, finding.outcome);
    flight.land(finding);
  }

  /** Whether one more may start: of many, one that gets no further lands for it (LIMITS C17). */
  #makeRoom(asked: Asked): boolean {
    const { size } = this.#inFlight;
    if (size < RESOLUTIONS_MAX / 2) return true;
    const nowMs = this.#world.nowMs();
    const isOld = ({ sinceMs }: Walk): boolean => sinceMs <= nowMs - GIVE_WAY_MS;
    // Who asks a server that is slow as ever would be asked for again, in vain again (LIMITS R19).
    let found = firstThat(this.#inFlight, (walk) => isOld(walk) && walk.expectedMs <= nowMs);
    if (found === undefined && size < RESOLUTIONS_MAX) return true;
    if (found === undefined) {
      const crowd = this.#know.crowds.sizeAt(this.#know.closest(asked) ?? this.#know.hints);
      found = firstThat(this.#inFlight, (walk) => isOld(walk) && (walk.crowd?.size ?? 0) > crowd);
    }
    if (found === undefined) return false;
    const [key, flight] = found;
    this.#counters?.bump(Counter.resolutionsGaveWay);
    this.#land(key, flight, ended(flight.walk.journal.gaveWay()));
    return true;
  }

  bug(error: unknown): Outcome {
    this.#onBug(error);
    return failed(Ede.OTHER, 'a mistake of this server');
  }
}

function obstacleToJoining(open: Flight, { flight }: Account): Outcome | undefined {
  if (flight !== undefined && open.isHeldUpBy(flight)) {
    return limited('the names of its servers go round in a circle');
  }
  if (flight === undefined && open.clients >= WAITERS_PER_QUESTION_MAX) {
    return limited(`${WAITERS_PER_QUESTION_MAX} clients wait for this already`, 'crowd');
  }
  return undefined;
}
