/**
 * The resolver thread as the control thread has it: there while recursion is on, in a place of its own, with
 * a line from everybody who hands over. When it dies, or is replaced, all lines are dead, and whoever had one
 * is told to connect again.
 */
import type { Worker } from 'node:worker_threads';
import { Counter } from '../base/counters.ts';
import { FRONT_WAKE_MS, RESOLUTION_MS_MAX } from '../base/limits.ts';
import type { RuleTerms } from '../rules/rulebook.ts';
import { closeLeftOpen, newDescriptorNotes } from '../transport/left-open.ts';
import {
  type Changed,
  type LocalRootCopy,
  laidOver,
  type Publication,
  type ResolverPublication,
  type ThreadStart,
} from './front-letters.ts';
import type { Switchboard } from './fronts.ts';
import { InquiryDesk } from './inquiries.ts';
import { type Line, newLine, unread as unreadOf } from './line.ts';
import { Place, type ThreadRoom } from './place.ts';
import { Gauges, type ResolverStanding } from './resolver-gauges.ts';
import type { WalkTerms } from './walk-terms.ts';

/** What the house says of its resolver. */
export interface ForResolver extends Publication {
  /** Undefined where recursion is off. */
  readonly walk: WalkTerms | undefined;
  readonly localRoot: LocalRootCopy | undefined;
  readonly neverQuery: readonly string[];
  readonly rules: RuleTerms;
  readonly learnedFile: string | undefined;
}

export interface ResolverRoom extends ThreadRoom {
  /** Starts the thread; a test may start another one. */
  readonly spawn: (start: ThreadStart<ResolverPublication>) => Worker;
  /** All lines are dead: whoever wants one connects. */
  readonly onChange: () => void;
}

/** How often it is looked whether the last answer has left. */
const LEAVE_LOOK_MS = 5;

export class ResolverThread implements Switchboard {
  readonly #room: ResolverRoom;
  readonly #place: Place<ResolverPublication>;
  readonly inquiries: InquiryDesk;
  readonly #gauges = new Gauges();
  /** Its sockets, in case it cannot close them. */
  readonly #descriptors = newDescriptorNotes();
  readonly #lines = new Map<object, Pick<Line, 'queries'>>();
  #told: ForResolver | undefined;
  #open: readonly number[] = [];
  #isStarted = false;
  #isWanted = false;
  #left: Promise<void> = Promise.resolve();

  constructor(room: ResolverRoom) {
    this.#room = room;
    this.inquiries = new InquiryDesk(room.world);
    this.#place = new Place(room, {
      name: 'resolver',
      died: Counter.resolversDied,
      spawn: room.spawn,
      publication: () => this.#publication(),
      onChange: () => {
        if (!this.#place.isAlive) closeLeftOpen(this.#descriptors);
        this.#lines.clear();
        this.#connectInquiries();
        room.onChange();
      },
    });
  }

  /** What the house publishes, laid over what it did before. `isAhead`: as yet to nobody else. */
  follow(changed: Changed<ForResolver>, isAhead = false): void {
    this.#told = laidOver(this.#told as ForResolver, changed);
    const { walk, ...others } = changed;
    const told = { ...others, isAhead };
    this.#place.tell(walk === undefined ? told : { ...told, walk });
    this.#adjust();
  }

  /** From now on there is one where one is wanted. */
  async start(): Promise<void> {
    this.#isStarted = true;
    this.#adjust();
    await this.#left;
    await this.settled();
  }

  /** Nothing that is handed over from now on is answered. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#adjust();
    await this.#left;
  }

  connect(who: object): Line | undefined {
    if (!this.#place.isAlive || !this.#isWanted) return undefined;
    const { near, far } = newLine();
    this.#lines.set(who, near);
    this.#place.tell({ line: far }, [far.port]);
    return near;
  }

  #connectInquiries(): void {
    if (!this.#place.isAlive) {
      this.inquiries.disconnect();
      return;
    }
    const port = this.inquiries.connect();
    this.#place.tell({ inquiries: port }, [port]);
  }

  allow(open: readonly number[]): void {
    this.#open = open;
    this.#place.tell({ open });
  }

  /** Drops what is remembered of such a name, of all below it too, or everything. */
  flush(what: ResolverPublication['flush']): void {
    this.#place.tell({ flush: what });
  }

  settled(): Promise<void> {
    return this.#place.settled();
  }

  /** Queries handed over whose answers have not left. */
  get underway(): number {
    // In this order: what is read is pending before it counts as read.
    const unread = [...this.#lines.values()].reduce((sum, line) => sum + unreadOf(line), 0);
    return this.#place.isAlive ? unread + this.#place.underway : 0;
  }

  get standing(): ResolverStanding {
    return this.#gauges.standing(this.#place.isAlive);
  }

  #adjust(): void {
    const isWanted = this.#isStarted && this.#told?.walk !== undefined;
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    // One after the other: whoever is to leave answers first what it has.
    this.#left = this.#left.then(async () => {
      if (!isWanted) await this.#leave();
      else if (this.#isWanted && !this.#place.isAlive) this.#place.start();
    });
  }

  async #leave(): Promise<void> {
    const { world } = this.#room;
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void world.after(ms, resolve));
    const deadlineMs = world.nowMs() + RESOLUTION_MS_MAX;
    // By then every front knows, and hands over nothing more.
    if (this.#isStarted) await pause(FRONT_WAKE_MS);
    while (this.#isStarted && this.underway > 0 && world.nowMs() < deadlineMs) await pause(LEAVE_LOOK_MS);
    await this.#place.stop();
  }

  #publication(): ResolverPublication {
    const { walk, ...told } = this.#told as ForResolver;
    const shared = { gauges: this.#gauges.memory, descriptors: this.#descriptors };
    const once = { line: undefined, inquiries: undefined, flush: undefined, isAhead: false };
    return { ...told, ...once, ...shared, open: this.#open, stop: false, walk: walk as WalkTerms };
  }
}
