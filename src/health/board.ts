/**
 * The pools of all zones that have checks or are held, and how they stand: what the plans want probed, and
 * what comes of it written into their words STATUS and UNTIL, which nobody else writes. A result marks the
 * pools that have it; those are worked out anew together, a moment later, and who warms up once a second.
 */
import { u8 } from '../base/bytes.ts';
import { PROBE_MOMENT_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import {
  MemberWord,
  membersOf,
  type PlanWords,
  PoolWord,
  poolOfFirst,
  poolsIn,
  Status,
  UNTIL_EVER,
} from '../pool/plan.ts';
import { nameText } from '../wire/name.ts';
import { attributeLength, PoolKind } from '../wire/pool.ts';
import { memberText } from '../wire/pool-record.ts';
import type { Image } from '../zone/image.ts';
import { type Check, probedPort } from './check.ts';
import type { Cancel, Endpoint } from './conversation.ts';
import { both, type Health } from './health.ts';
import {
  type Condition,
  type Hold,
  isWarming,
  type MemberState,
  type PoolTerms,
  poolState,
} from './pool-state.ts';
import type { Refuses } from './reach.ts';
import { type Target, type Targets, targetKey, type Wanted } from './targets.ts';

/** An operator's word on the members of a pool that have this address or are this host. */
export interface HeldMember {
  /** The owner of the pool and the member, as text in lower case. */
  readonly pool: string;
  readonly member: string;
  readonly hold: Hold;
}

export interface BoardTerms {
  readonly checks: readonly Check[];
  readonly holds: readonly HeldMember[];
  readonly refuses: Refuses;
}

/** A member, as it is read. */
interface ReadSeat {
  /** Of the member, in the plan. */
  readonly at: number;
  readonly subject: string;
  readonly port: number;
  readonly targets: readonly string[];
  readonly hold: Hold | undefined;
  /** It has checks, or is held, or was. */
  readonly isWatched: boolean;
}

/** A member, as it is watched. */
interface Seat extends Pick<ReadSeat, 'at' | 'subject' | 'port' | 'hold'> {
  readonly targets: readonly Target[];
}

interface Pool<Each> {
  readonly plan: PlanWords;
  readonly pool: string;
  readonly terms: PoolTerms;
  readonly seats: readonly Each[];
}

interface Row extends Pool<Seat> {
  isMarked: boolean;
}

export interface BoardMember {
  readonly pool: string;
  readonly member: string;
  readonly port: number;
  readonly state: MemberState;
  readonly targets: readonly Target[];
}

const WARMING_MS = 1_000;

export class Board {
  readonly #world: World;
  readonly #targets: Targets;
  #rows: readonly Row[] = [];
  readonly #rowsOf = new Map<Target, Row[]>();
  /** Rows that have a new result, each once. */
  readonly #marked: Row[] = [];
  readonly #warming = new Set<Row>();
  #cancelWrite: Cancel | undefined;
  #cancelWarming: Cancel | undefined;

  constructor(world: World, targets: Targets) {
    this.#world = world;
    this.#targets = targets;
  }

  /** From now on these. Targets beyond what there is room for are not probed; says how many. */
  follow(images: readonly Image[], terms: BoardTerms, targetsMax: number): number {
    const reading = new Reading(terms, targetsMax);
    for (const image of images) if (image.pools !== undefined) reading.read(image, image.pools);
    this.#targets.follow(reading.wanted);
    this.#rows = reading.pools.map((pool) => ({
      ...pool,
      seats: pool.seats.map((each) => this.#seat(each)),
      isMarked: false,
    }));
    this.#rowsOf.clear();
    this.#warming.clear();
    this.#marked.length = 0;
    for (const row of this.#rows) {
      for (const target of new Set(row.seats.flatMap(({ targets }) => targets))) {
        const rows = this.#rowsOf.get(target);
        if (rows === undefined) this.#rowsOf.set(target, [row]);
        else rows.push(row);
      }
      this.#write(row);
    }
    return reading.left;
  }

  /** There is a result of that target. */
  mark(target: Target): void {
    for (const row of this.#rowsOf.get(target) ?? []) {
      if (!row.isMarked) this.#marked.push(row);
      row.isMarked = true;
    }
    this.#cancelWrite ??= this.#world.after(PROBE_MOMENT_MS, () => this.write());
  }

  /** What is marked, now. */
  write(): void {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
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
  }

  #seat({ at, subject, port, hold, targets: keys }: ReadSeat): Seat {
    return { at, subject, port, hold, targets: keys.flatMap((key) => this.#targets.get(key) ?? []) };
  }

  #write(row: Row): void {
    const nowMs = this.#world.nowMs();
    const conditions = row.seats.map(conditionOf);
    for (const [i, state] of poolState(conditions, row.terms, nowMs).entries()) {
      const { at } = row.seats[i] as Seat;
      // In this order: who reads them in the other one never takes a new promise for what was before.
      const word = statusWord(state);
      const was = Atomics.exchange(row.plan, at + MemberWord.STATUS, word);
      if (isTurn(was, word))
        Atomics.add(row.plan, poolOfFirst((row.seats[0] as Seat).at) + PoolWord.CHANGES, 1);
      Atomics.store(row.plan, at + MemberWord.UNTIL, untilWord(state, nowMs));
    }
    if (!isWarming(conditions, row.terms, nowMs)) this.#warming.delete(row);
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

const conditionOf = ({ targets, hold }: Seat): Condition => ({ health: healthOf(targets), hold });

/** Undefined where there is no check. */
function healthOf(targets: readonly Target[]): Health | undefined {
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

function untilWord({ untilMs }: MemberState, nowMs: number): number {
  return untilMs === Infinity ? UNTIL_EVER : Math.floor(Math.max(untilMs, nowMs) / 1_000);
}

/** What a member was, as its word has it; undefined where it says nothing, or what an operator said. */
function wasUp(status: number): boolean | undefined {
  if ((status & Status.CHECKED) === 0 || (status & (Status.PENDING | Status.HELD)) !== 0) return undefined;
  return (status & Status.SHARE) > 0 && (status & Status.EJECT_SPARED) === 0;
}

/** Reads plans: which pools have to do with health, and what they want. */
class Reading {
  readonly pools: Pool<ReadSeat>[] = [];
  readonly wanted = new Map<string, Wanted>();
  left = 0;
  readonly #checks: ReadonlyMap<string, Check>;
  readonly #holds: ReadonlyMap<string, Hold>;
  readonly #refuses: Refuses;
  readonly #targetsMax: number;

  constructor({ checks, holds, refuses }: BoardTerms, targetsMax: number) {
    this.#checks = new Map(checks.map((check) => [check.name, check]));
    this.#holds = new Map(holds.map(({ pool, member, hold }) => [`${pool} ${member}`, hold]));
    this.#refuses = refuses;
    this.#targetsMax = targetsMax;
  }

  read(image: Image, plan: PlanWords): void {
    for (const pool of poolsIn(plan)) {
      const owner = nameText(image.bytes, image.nameAt(plan[pool + PoolWord.NODE] as number));
      const seats = [...membersOf(plan, pool)].map((at) => this.#seat(image, plan, owner, at));
      const terms = {
        warmUpMs: 1_000 * (plan[pool + PoolWord.WARM_UP] as number),
        ejectAtMost: plan[pool + PoolWord.EJECT_AT_MOST] as number,
      };
      if (seats.some(({ isWatched }) => isWatched)) this.pools.push({ plan, pool: owner, terms, seats });
    }
  }

  #seat({ bytes }: Image, plan: PlanWords, owner: string, at: number): ReadSeat {
    const rdata = plan[at + MemberWord.RDATA] as number;
    const isHost = plan[at + MemberWord.KIND] === PoolKind.HOST;
    const subject = memberText(bytes, rdata);
    const port = plan[at + MemberWord.PORT] as number;
    const status = Atomics.load(plan, at + MemberWord.STATUS);
    const checks = checkNames(bytes, plan[at + MemberWord.CHECKS] as number);
    const memberPort = port === 0 ? undefined : port;
    const wanted = isHost ? [] : checks.flatMap((name) => this.#wantedBy(name, subject, memberPort));
    const targets = wanted.flatMap((each) => this.#want(each, wasUp(status)) ?? []);
    const hold = this.#holds.get(`${owner} ${subject}`);
    const isWatched = checks.length > 0 || hold !== undefined || (status & Status.HELD) !== 0;
    return { at, subject, port, targets, hold, isWatched };
  }

  /** None: it is not probed, and not out for it; when the zone was loaded somebody was told. */
  #wantedBy(name: string, address: string, memberPort: number | undefined): Pick<Wanted, 'check' | 'to'>[] {
    const check = this.#checks.get(name);
    const port = check && probedPort(check, memberPort);
    if (check === undefined || port === undefined) return [];
    const to: Endpoint = { address, port };
    const isRefused = check.procedure.kind !== 'external' && this.#refuses(to) !== undefined;
    return isRefused ? [] : [{ check, to }];
  }

  /** Its key; undefined where there is no room for more. */
  #want(target: Pick<Wanted, 'check' | 'to'>, was: boolean | undefined): string | undefined {
    const key = targetKey(target);
    const known = this.wanted.get(key);
    if (known === undefined && this.wanted.size >= this.#targetsMax) {
      this.left++;
      return undefined;
    }
    // Of several members that have it, one that was up says most: all of its checks were.
    const isKnownUp = known?.wasUp === true || was === true;
    this.wanted.set(key, { ...target, wasUp: isKnownUp || (known?.wasUp ?? was) });
    return key;
  }
}

/** Names, each counted by a byte. */
export function checkNames(bytes: Uint8Array, valueAt: number): string[] {
  const names: string[] = [];
  const end = valueAt === 0 ? 0 : valueAt + attributeLength(bytes, valueAt);
  for (let at = valueAt; at < end; at += 1 + u8(bytes, at)) {
    names.push(Buffer.from(bytes.subarray(at + 1, at + 1 + u8(bytes, at))).toString('latin1'));
  }
  return names;
}
