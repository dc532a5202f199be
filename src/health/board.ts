/**
 * The pools of all zones that have checks or are held, and how they stand: what the plans want probed, and
 * what comes of it written into their words STATUS and UNTIL, which nobody else writes. A result marks the
 * pools that have it; those are worked out anew together, a moment later, and who warms up once a second.
 */
import { HOST_VIEWS_LOOK_MS, HOST_VIEWS_REST, PROBE_MOMENT_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Flattened } from '../pool/flattened.ts';
import { MemberWord, type PlanWords, PoolWord, poolOfFirst, Status, UNTIL_EVER } from '../pool/plan.ts';
import type { Image } from '../zone/image.ts';
import type { Cancel } from './conversation.ts';
import { both, type Health } from './health.ts';
import { HostView } from './host-view.ts';
import { type Condition, isWarming, type MemberState, poolState } from './pool-state.ts';
import { type Pool, type ReadHost, Reading, type ReadingTerms, type ReadSeat } from './reading.ts';
import type { Target, Targets } from './targets.ts';

/** A member, as it is watched. */
interface Seat extends Pick<ReadSeat, 'at' | 'subject' | 'port' | 'hold'> {
  readonly targets: readonly Target[];
  readonly view: HostView | undefined;
}

interface Row extends Pool<Seat> {
  /** Of its hosts, each once. */
  readonly views: ReadonlySet<HostView>;
  isMarked: boolean;
  /** Nobody warms up, nobody is kept in for another: who stands as before has another promise, no more. */
  isSettled: boolean;
}

export interface BoardMember {
  readonly pool: string;
  readonly member: string;
  readonly port: number;
  readonly state: MemberState;
  readonly targets: readonly Target[];
}

/** Where a result counts. */
interface Place {
  readonly row: Row;
  readonly seat: Seat;
}

const WARMING_MS = 1_000;

export class Board {
  readonly #world: World;
  readonly #targets: Targets;
  #rows: readonly Row[] = [];
  readonly #placesOf = new Map<Target, Place[]>();
  /** Rows that have a new result, each once. */
  readonly #marked: Row[] = [];
  readonly #warming = new Set<Row>();
  /** By their slots. */
  #views: ReadonlyMap<number, HostView> = new Map();
  readonly #onHosts: () => void;
  #cancelWrite: Cancel | undefined;
  #cancelWarming: Cancel | undefined;
  #cancelLook: Cancel | undefined;

  /** `onHosts` is told when a host has other addresses: then all is to be followed anew. */
  constructor(world: World, targets: Targets, onHosts: () => void) {
    this.#world = world;
    this.#targets = targets;
    this.#onHosts = onHosts;
  }

  /** From now on these. Targets beyond what there is room for are not probed. */
  follow(
    images: readonly Image[],
    terms: ReadingTerms,
    targetsMax: number,
  ): Pick<Reading, 'left' | 'unprobed'> {
    const beganMs = this.#world.nowMs();
    const reading = new Reading(terms, targetsMax);
    for (const image of images) if (image.pools !== undefined) reading.read(image, image.pools);
    this.#targets.follow(reading.wanted);
    const views = new Map<number, HostView>();
    this.#rows = reading.pools.map((pool) => {
      const seats = pool.seats.map((each) => this.#seat(each, views, terms.hosts));
      const hosts = new Set(seats.flatMap(({ view }) => view ?? []));
      return { ...pool, seats, views: hosts, isMarked: false, isSettled: false };
    });
    this.#replaceViews(views);
    this.#placesOf.clear();
    this.#warming.clear();
    this.#marked.length = 0;
    for (const row of this.#rows) {
      for (const seat of row.seats) for (const target of seat.targets) this.#place(target, { row, seat });
      this.#write(row);
    }
    if (views.size > 0) this.#lookAfter(HOST_VIEWS_REST * (this.#world.nowMs() - beganMs));
    return reading;
  }

  /** There is a result of that target; `isOther`: and it stands otherwise now. */
  mark(target: Target, isOther: boolean): void {
    for (const { row, seat } of this.#placesOf.get(target) ?? []) {
      if (row.isMarked) continue;
      if (!isOther && row.isSettled) this.#prolong(row.plan, seat);
      else {
        row.isMarked = true;
        this.#marked.push(row);
      }
    }
    if (this.#marked.length > 0) this.#cancelWrite ??= this.#world.after(PROBE_MOMENT_MS, () => this.write());
  }

  /** What is marked, now. */
  write(): void {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    for (const view of new Set(this.#marked.flatMap(({ views }) => [...views]))) view.write();
    for (const row of this.#marked) {
      row.isMarked = false;
      this.#write(row);
    }
    this.#marked.length = 0;
  }

  /** How it stands now. */
  *told(): Generator<BoardMember> {
    for (const row of this.#rows) {
      const states = poolState(row.seats.map(conditionOf), row.terms, this.#world.nowMs());
      for (const [i, { subject: member, port, targets }] of row.seats.entries()) {
        yield { pool: row.pool, member, port, state: states[i] as MemberState, targets };
      }
    }
  }

  close(): void {
    this.#cancelWrite?.();
    this.#cancelWarming?.();
    this.#cancelLook?.();
  }

  #seat(
    { at, subject, port, hold, targets: keys, host }: ReadSeat,
    views: Map<number, HostView>,
    hosts: Flattened | undefined,
  ): Seat {
    const view = host && hosts && this.#view(host, views, hosts);
    const targets = view?.targets ?? this.#those(keys);
    return { at, subject, port, hold, targets, view };
  }

  #those(keys: readonly string[]): Target[] {
    return keys.flatMap((key) => this.#targets.get(key) ?? []);
  }

  /** One for all members that have it. */
  #view(host: ReadHost, views: Map<number, HostView>, table: Flattened): HostView {
    const { place, families } = host;
    const known = views.get(place.view);
    if (known !== undefined) return known;
    const view = new HostView(
      table,
      place,
      families.map(({ addresses, ...family }) => ({
        ...family,
        addresses: addresses.map(({ keys, ...each }) => ({ ...each, targets: this.#those(keys) })),
      })),
    );
    views.set(place.view, view);
    return view;
  }

  #replaceViews(views: ReadonlyMap<number, HostView>): void {
    for (const [slot, view] of this.#views) if (!views.has(slot)) view.forget();
    for (const view of views.values()) view.write();
    this.#views = views;
  }

  #lookAfter(restMs: number): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#world.after(Math.max(HOST_VIEWS_LOOK_MS, restMs), () => {
      this.#look();
      if (this.#views.size > 0) this.#lookAfter(0);
    });
  }

  #look(): void {
    const found = new Set([...this.#views.values()].map((view) => view.follow()));
    if (found.has('others')) this.#onHosts();
    if (found.has('moved')) for (const row of this.#rows) if (row.views.size > 0) this.#write(row);
  }

  #place(target: Target, place: Place): void {
    const places = this.#placesOf.get(target);
    if (places === undefined) this.#placesOf.set(target, [place]);
    else places.push(place);
  }

  /** What almost every result comes to. */
  #prolong(plan: PlanWords, seat: Seat): void {
    const { at, hold } = seat;
    if (hold !== undefined) return;
    const untilMs = healthOf(seat)?.untilMs ?? Infinity;
    Atomics.store(plan, at + MemberWord.UNTIL, untilWord(untilMs, this.#world.nowMs()));
  }

  #write(row: Row): void {
    const nowMs = this.#world.nowMs();
    const conditions = row.seats.map(conditionOf);
    const states = poolState(conditions, row.terms, nowMs);
    for (const [i, state] of states.entries()) {
      const { at } = row.seats[i] as Seat;
      // In this order: who reads them in the other one never takes a new promise for what was before.
      const word = statusWord(state);
      const was = Atomics.exchange(row.plan, at + MemberWord.STATUS, word);
      if (isTurn(was, word))
        Atomics.add(row.plan, poolOfFirst((row.seats[0] as Seat).at) + PoolWord.CHANGES, 1);
      Atomics.store(row.plan, at + MemberWord.UNTIL, untilWord(state.untilMs, nowMs));
    }
    const warms = isWarming(conditions, row.terms, nowMs);
    row.isSettled = !warms && !states.some(({ isSpared }) => isSpared);
    if (!warms) this.#warming.delete(row);
    else {
      this.#warming.add(row);
      this.#warmLater();
    }
  }

  #warmLater(): void {
    this.#cancelWarming ??= this.#world.after(WARMING_MS, () => {
      this.#cancelWarming = undefined;
      for (const row of [...this.#warming]) this.#write(row);
    });
  }
}

const conditionOf = (seat: Seat): Condition => ({ health: healthOf(seat), hold: seat.hold });

/** Undefined where there is no check. */
function healthOf({ targets, view }: Seat): Health | undefined {
  if (view !== undefined) return view.health;
  let health: Health | undefined;
  for (const target of targets) health = health === undefined ? target.health : both(health, target.health);
  return health;
}

function statusWord(state: MemberState): number {
  const share = state.share > 0 ? Math.max(Math.round(state.share * Status.SHARE), 1) : 0;
  return (
    share |
    (state.isChecked ? Status.CHECKED : 0) |
    (state.isPending ? Status.PENDING : 0) |
    (state.isHeld ? Status.HELD : 0) |
    (state.isLastGood ? Status.LAST_GOOD : 0) |
    (state.isSpared ? Status.EJECT_SPARED : 0)
  );
}

/** Whether who was in is out now, or the other way round; who was pending was neither. */
const isTurn = (was: number, now: number): boolean =>
  ((was | now) & Status.PENDING) === 0 && ((was & Status.SHARE) !== 0) !== ((now & Status.SHARE) !== 0);

const untilWord = (untilMs: number, nowMs: number): number =>
  untilMs === Infinity ? UNTIL_EVER : Math.floor(Math.max(untilMs, nowMs) / 1_000);
