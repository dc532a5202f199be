/**
 * The prober thread as the control thread has it: there while a pool has checks or a member is held, in a
 * place of its own. It keeps nothing that would be missed: what it knew of members stands in their plans,
 * from which the next one reads it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { Counter } from '../base/counters.ts';
import { Histograms } from '../base/histogram.ts';
import { FIRST_ROUND_MS_MAX } from '../base/limits.ts';
import type { HeldMember } from '../health/board.ts';
import type { Endpoint } from '../health/conversation.ts';
import type { Hold } from '../health/pool-state.ts';
import { PROBE_ROWS } from '../health/probe.ts';
import { type CheckStanding, type Load, Standings } from '../health/standings.ts';
import { MemberWord, membersOf, poolsIn } from '../pool/plan.ts';
import { concreteAddresses, type Listen } from '../transport/addresses.ts';
import { closeLeftOpen, newDescriptorNotes } from '../transport/left-open.ts';
import type { ImageVersion } from '../zone/image.ts';
import { type Changed, laidOver, type Publication, type ThreadStart } from './front-letters.ts';
import { Holds } from './holds.ts';
import { InquiryDesk } from './inquiries.ts';
import { Place, type ThreadRoom } from './place.ts';
import {
  type HealthInquiries,
  type HealthTerms,
  NO_PROBER,
  type ProberPublication,
} from './prober-letters.ts';
import { type Report, Reports } from './reports.ts';

/** What the house says of health. */
export interface ForProber extends Pick<Publication, 'images'> {
  readonly health: HealthTerms;
}

export interface ProberRoom extends ThreadRoom {
  /** Starts the thread; a test may start another one. */
  readonly spawn: (start: ThreadStart<ProberPublication>) => Worker;
  /** Where holds are kept from one start to the next, if anywhere. */
  readonly holdsFile: string | undefined;
}

export interface HealthStanding {
  readonly isAlive: boolean;
  readonly load: Load;
  readonly checks: readonly CheckStanding[];
  readonly held: number;
}

/** How often it is looked whether the first round is over. */
const ROUND_LOOK_MS = 10;

export class ProberThread {
  readonly #room: ProberRoom;
  readonly #place: Place<ProberPublication>;
  readonly inquiries: InquiryDesk<HealthInquiries>;
  readonly #holds: Holds;
  readonly #reports: Reports;
  readonly #standings = new Standings();
  readonly probeTimes = new Histograms(PROBE_ROWS);
  /** Its sockets, in case it cannot close them. */
  readonly #descriptors = newDescriptorNotes();
  #told: ForProber | undefined;
  #isStarted = false;
  #isWanted = false;
  #left: Promise<void> = Promise.resolve();

  constructor(room: ProberRoom) {
    this.#room = room;
    this.#holds = new Holds(room.holdsFile, room.logger);
    this.#reports = new Reports(room.world);
    this.inquiries = new InquiryDesk(room.world, NO_PROBER);
    this.#place = new Place(room, {
      name: 'prober',
      died: Counter.probersDied,
      spawn: room.spawn,
      publication: () => this.#publication(),
      onChange: () => {
        if (!this.#place.isAlive) closeLeftOpen(this.#descriptors);
        this.#connectInquiries();
      },
    });
  }

  /** What the house publishes, laid over what it did before. */
  follow({ images, image, health }: Changed<ForProber>): void {
    const before = this.#told;
    const isHealthNew = health !== undefined && !isDeepStrictEqual(health, before?.health);
    const changed = { ...(images && { images }), ...(image && { image }), ...(isHealthNew && { health }) };
    this.#told = laidOver(before as ForProber, changed);
    const plans = [before, this.#told].map((told) => image && told?.images[image.place]?.plan);
    // Most changes of a zone touch no pool.
    if (images === undefined && !isHealthNew && plans[0] === plans[1]) return;
    this.#place.tell(changed);
    this.#adjust();
  }

  /** From now on there is one where one is wanted. Resolves when the first results are in, or late. */
  async start(): Promise<void> {
    this.#isStarted = true;
    this.#adjust();
    await this.#left;
    if (!this.#place.isAlive) return;
    await this.#place.settled();
    const { world } = this.#room;
    const endMs = world.nowMs() + FIRST_ROUND_MS_MAX;
    while (this.#standings.load.awaited > 0 && world.nowMs() < endMs) {
      await new Promise<void>((resolve) => void world.after(ROUND_LOOK_MS, resolve));
    }
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#adjust();
    await this.#left;
  }

  /** Undefined releases. False where too many are held. */
  hold(pool: string, member: string, hold: Hold | undefined): boolean {
    if (!this.#holds.set(pool, member, hold)) return false;
    this.#place.tell({ holds: this.#holds.all });
    this.#adjust();
    return true;
  }

  /** Of how many targets it was news. */
  async report(report: Report): Promise<number> {
    const told = await this.inquiries.ask('report', report);
    if (told > 0) this.#reports.keep(report);
    return told;
  }

  /** By the operator's word. */
  get held(): readonly HeldMember[] {
    return this.#holds.all;
  }

  get standing(): HealthStanding {
    const { checks } = this.#told?.health ?? { checks: [] };
    const isAlive = this.#place.isAlive;
    return {
      isAlive,
      load: this.#standings.load,
      checks: isAlive ? checks.map(({ name }, place) => this.#standings.check(place, name)) : [],
      held: this.#holds.all.length,
    };
  }

  #connectInquiries(): void {
    if (!this.#place.isAlive) {
      this.inquiries.disconnect();
      return;
    }
    const port = this.inquiries.connect();
    this.#place.tell({ inquiries: port }, [port]);
  }

  #adjust(): void {
    const isWanted =
      this.#isStarted && (this.#holds.all.length > 0 || this.#told?.images.some(hasChecks) === true);
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    this.#left = this.#left.then(async () => {
      if (!isWanted) await this.#place.stop();
      else if (this.#isWanted && !this.#place.isAlive) this.#place.start();
    });
  }

  #publication(): ProberPublication {
    const { images, health } = this.#told as ForProber;
    const shared = {
      standings: this.#standings.memory,
      probeTimes: this.probeTimes.memory,
      descriptors: this.#descriptors,
    };
    return {
      images,
      health,
      holds: this.#holds.all,
      reports: this.#reports.all,
      ...shared,
      inquiries: undefined,
      stop: false,
    };
  }
}

/** Where this server is reached; no zone is to have it probed there. */
export function ownDoors(listen: readonly Listen[], http: Listen | false): Endpoint[] {
  const named = listen.length === 0 ? [{ address: '*', port: 53 }] : listen;
  return [...named, ...(http === false ? [] : [http])].flatMap(({ address, port }) =>
    concreteAddresses(address).map((each) => ({ address: each.replace(/%.*/, ''), port })),
  );
}

function hasChecks({ plan }: ImageVersion): boolean {
  if (plan === undefined) return false;
  const words = new Int32Array(plan);
  for (const pool of poolsIn(words))
    for (const member of membersOf(words, pool)) if (words[member + MemberWord.CHECKS] !== 0) return true;
  return false;
}
