/**
 * What operators ask and decide of pools: how each member stands, who is taken out or kept in whatever checks
 * say, and how an address is that others look after. In: names as they were written. Out: plain values, or a
 * `RequestFault` that says what was meant, perhaps.
 */
import { ipText, parseIp } from '../base/ip.ts';
import { HOLD_LOOK_MS, HOLD_MS_MAX, HOLDS_TOLD_MAX, MEMBERS_NAMED_MAX } from '../base/limits.ts';
import { nearest } from '../base/nearest.ts';
import type { World } from '../base/world.ts';
import type { Hold } from '../health/pool-state.ts';
import type { ToldTarget } from '../health/told.ts';
import { type Name, nameFromText, nameText } from '../wire/name.ts';
import { RequestFault } from './control-socket.ts';
import type { House } from './house.ts';
import { type SeatState, seatKey, seatsOf, type ToldSeat, usesOf } from './pool-seats.ts';
import type { ProberThread } from './prober-thread.ts';
import type { Report } from './reports.ts';

export interface ListedSeat extends ToldSeat {
  readonly targets: readonly ToldTarget[];
}

/** What came of it, in one pool. */
export interface HeldPlace {
  readonly pool: string;
  /** Undefined where no zone has it any more. */
  readonly was: SeatState | undefined;
  readonly is: SeatState | undefined;
  /** Members beside it that are in. */
  readonly others: number;
}

export interface ToldHold {
  /** How many. */
  readonly pools: number;
  readonly member: string;
  /** Where a pool was named that has no members of its own: whose it has. */
  readonly uses: { readonly by: string; readonly pool: string } | undefined;
  /** The first of them. */
  readonly places: readonly HeldPlace[];
}

export class PoolDesk {
  readonly #house: Pick<House, 'served' | 'settings'>;
  readonly #prober: Pick<ProberThread, 'hold' | 'held' | 'report' | 'inquiries'>;
  readonly #world: World;

  constructor(
    house: Pick<House, 'served' | 'settings'>,
    prober: Pick<ProberThread, 'hold' | 'held' | 'report' | 'inquiries'>,
    world: World,
  ) {
    this.#house = house;
    this.#prober = prober;
    this.#world = world;
  }

  /** All members, or those of one pool. */
  async list(pool: Name | undefined): Promise<ListedSeat[]> {
    const owner = this.#withMembers(pool);
    const seats = this.#seatsOf(owner);
    const { inquiries } = this.#prober;
    const told = inquiries.isOpen ? await inquiries.ask('members', { pool: owner }) : [];
    const targets = new Map(told.map((each) => [seatKey(each), each.targets]));
    return seats.map((seat) => ({ ...seat, targets: targets.get(seatKey(seat)) ?? [] }));
  }

  /** In one pool, or all that have the member. When it is told, answers are so. */
  async hold(pool: Name | undefined, text: string, hold: Hold | undefined): Promise<ToldHold> {
    const member = memberNamed(text);
    const owner = this.#withMembers(pool);
    const pools = hold === undefined ? this.#whereHeld(owner, member) : this.#whereIs(owner, member);
    const before = this.#standingIn(pools, member);
    for (const each of pools) {
      if (!this.#prober.hold(each, member, hold)) throw new RequestFault('too many members are held');
    }
    await this.#untilSeen(new Set(pools), member, hold);
    const after = this.#standingIn(pools, member);
    const by = pool && nameText(pool);
    const uses = by === undefined || owner === undefined || by === owner ? undefined : { by, pool: owner };
    const places = pools.slice(0, HOLDS_TOLD_MAX).map((each) => ({
      ...{ pool: each, was: before.get(each)?.state, is: after.get(each)?.state },
      others: after.get(each)?.others ?? 0,
    }));
    return { pools: pools.length, member, uses, places };
  }

  async report(report: Report): Promise<number> {
    const { check, address } = report;
    const { checks } = this.#house.settings;
    const known = checks.find(({ name }) => name === check);
    if (known === undefined) {
      throw new RequestFault(
        `there is no check ${check}${meant(
          check,
          checks.map(({ name }) => name),
        )}`,
      );
    }
    const { kind } = known.procedure;
    if (kind !== 'external') throw new RequestFault(`${check} is a check by ${kind}, which needs no reports`);
    const told = await this.#prober.report(report);
    if (told === 0) throw new RequestFault(`no member with the check ${check} is ${ipText(address)}`);
    return told;
  }

  /** The pool of that name, or the one whose members it has. */
  #withMembers(pool: Name | undefined): string | undefined {
    const owner = pool && nameText(pool);
    return owner && (usesOf(this.#house.served.catalog.images).get(owner) ?? owner);
  }

  #seatsOf(owner: string | undefined): ToldSeat[] {
    const { images } = this.#house.served.catalog;
    const all = [...seatsOf(images)];
    if (owner === undefined) return all;
    const seats = all.filter((seat) => seat.pool === owner);
    if (seats.length > 0) return seats;
    const uses = usesOf(images);
    const users = [...uses].filter(([, used]) => used === owner).map(([user]) => bare(user));
    if (users.length > 0)
      throw new RequestFault(`${users[0]} uses ${bare(owner)}, which is no pool of this server`);
    const owners = new Set([...all.map((seat) => seat.pool), ...uses.keys()].map(bare));
    throw new RequestFault(`there is no pool ${bare(owner)}${meant(bare(owner), owners)}`);
  }

  #whereIs(owner: string | undefined, member: string): string[] {
    const seats = this.#seatsOf(owner);
    const found = seats.filter((seat) => seat.member === member);
    if (found.length > 0) return [...new Set(found.map((seat) => seat.pool))];
    const members = new Set(seats.map((seat) => bare(seat.member)));
    const near = meant(bare(member), members);
    if (owner === undefined) throw new RequestFault(`no pool has a member ${bare(member)}${near}`);
    const hint = members.size > MEMBERS_NAMED_MAX ? near : `: it has ${[...members].join(', ')}`;
    throw new RequestFault(`${bare(owner)} has no member ${bare(member)}${hint}`);
  }

  /** Whoever is held may be in no zone any more. */
  #whereHeld(owner: string | undefined, member: string): string[] {
    const { held } = this.#prober;
    const ofPool = held.filter((each) => owner === undefined || each.pool === owner);
    const pools = ofPool.filter((each) => each.member === member).map((each) => each.pool);
    if (pools.length > 0) return pools;
    const where = owner === undefined ? '' : ` in ${bare(owner)}`;
    if (ofPool.length === 0) throw new RequestFault(`nobody is drained or forced${where}`);
    const members = new Set(ofPool.map((each) => bare(each.member)));
    const hint =
      members.size > MEMBERS_NAMED_MAX ? meant(bare(member), members) : `, but ${[...members].join(', ')}`;
    throw new RequestFault(`${bare(member)} is neither drained nor forced${where}${hint}`);
  }

  /** How it stands in each of them, with several ports by the one that is in, and how many others are in. */
  #standingIn(pools: readonly string[], member: string): Map<string, { state: SeatState; others: number }> {
    const wanted = new Set(pools);
    const standing = new Map<string, { state: SeatState; others: number }>();
    const seats = [...seatsOf(this.#house.served.catalog.images)].filter(({ pool }) => wanted.has(pool));
    for (const seat of seats)
      if (seat.member === member && (seat.share > 0 || !standing.has(seat.pool)))
        standing.set(seat.pool, { state: seat.state, others: 0 });
    for (const { pool, member: other, share } of seats) {
      const of = standing.get(pool);
      if (of !== undefined && other !== member && share > 0) of.others++;
    }
    return standing;
  }

  async #untilSeen(pools: ReadonlySet<string>, member: string, hold: Hold | undefined): Promise<void> {
    const { images } = this.#house.served.catalog;
    const seats = (): ToldSeat[] =>
      [...seatsOf(images)].filter((seat) => seat.member === member && pools.has(seat.pool));
    const endMs = this.#world.nowMs() + HOLD_MS_MAX;
    while (seats().some(({ state }) => HELD_AS[state] !== hold)) {
      if (this.#world.nowMs() > endMs)
        throw new RequestFault('it is kept, and will be so: nobody has followed');
      await new Promise<void>((resolve) => void this.#world.after(HOLD_LOOK_MS, resolve));
    }
  }
}

const HELD_AS: Readonly<Partial<Record<ToldSeat['state'], Hold>>> = { drained: 'drain', forced: 'force' };

/** As plans are read: addresses in one way of writing, hosts with the final dot. */
function memberNamed(text: string): string {
  const address = parseIp(text);
  if (address !== undefined) return ipText(address);
  const name = nameFromText(text);
  if (name === undefined) throw new RequestFault(`'${text}' is neither an address nor a host`);
  return nameText(name).toLowerCase();
}

/** As people write it. */
const bare = (name: string): string => name.replace(/(?<=.)\.$/, '');

function meant(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `: did you mean ${near}?`;
}
