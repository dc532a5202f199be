/**
 * What operators ask and decide of pools: how each member stands, who is taken out or kept in whatever checks
 * say, and how an address is that others look after. In: names as they were written. Out: plain values, or a
 * `RequestFault` that says what was meant, perhaps.
 */
import { ipText, parseIp } from '../base/ip.ts';
import { HOLD_LOOK_MS, HOLD_MS_MAX } from '../base/limits.ts';
import { nearest } from '../base/nearest.ts';
import type { World } from '../base/world.ts';
import type { Hold } from '../health/pool-state.ts';
import type { ToldTarget } from '../health/told.ts';
import { type Name, nameFromText, nameText } from '../wire/name.ts';
import { RequestFault } from './control-socket.ts';
import type { House } from './house.ts';
import { seatKey, seatsOf, type ToldSeat } from './pool-seats.ts';
import type { ProberThread } from './prober-thread.ts';
import type { Report } from './reports.ts';

export interface ListedSeat extends ToldSeat {
  readonly targets: readonly ToldTarget[];
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
    const seats = this.#seatsOf(pool);
    const { inquiries } = this.#prober;
    const owner = pool && nameText(pool);
    const told = inquiries.isOpen ? await inquiries.ask('members', { pool: owner }) : [];
    const targets = new Map(told.map((each) => [seatKey(each), each.targets]));
    return seats.map((seat) => ({ ...seat, targets: targets.get(seatKey(seat)) ?? [] }));
  }

  /** In one pool, or all that have the member; says how many. When it is told, answers are so. */
  async hold(pool: Name | undefined, text: string, hold: Hold | undefined): Promise<number> {
    const member = memberNamed(text);
    const pools = hold === undefined ? this.#whereHeld(pool, member) : [...this.#whereIs(pool, member)];
    for (const owner of pools) {
      if (!this.#prober.hold(owner, member, hold)) throw new RequestFault('too many members are held');
    }
    await this.#untilSeen(new Set(pools), member, hold);
    return pools.length;
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

  #seatsOf(pool: Name | undefined): ToldSeat[] {
    const all = [...seatsOf(this.#house.served.catalog.images)];
    if (pool === undefined) return all;
    const owner = nameText(pool);
    const seats = all.filter((seat) => seat.pool === owner);
    if (seats.length === 0) {
      const owners = new Set(all.map((seat) => seat.pool));
      throw new RequestFault(`there is no pool ${owner} with members${meant(owner, owners)}`);
    }
    return seats;
  }

  #whereIs(pool: Name | undefined, member: string): Set<string> {
    const seats = this.#seatsOf(pool);
    const found = seats.filter((seat) => seat.member === member);
    if (found.length === 0) {
      const nobody = pool === undefined ? 'no pool has a' : `${nameText(pool)} has no`;
      const members = new Set(seats.map((seat) => seat.member));
      throw new RequestFault(`${nobody} member ${member}${meant(member, members)}`);
    }
    return new Set(found.map((seat) => seat.pool));
  }

  /** Whoever is held may be in no zone any more. */
  #whereHeld(pool: Name | undefined, member: string): string[] {
    const { held } = this.#prober;
    const owner = pool && nameText(pool);
    const pools = held
      .filter((each) => each.member === member && (owner === undefined || each.pool === owner))
      .map((each) => each.pool);
    if (pools.length > 0) return pools;
    const of = owner === undefined ? '' : ` in ${owner}`;
    throw new RequestFault(
      `${member} is not held${of}${meant(
        member,
        held.map((each) => each.member),
      )}`,
    );
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

function meant(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `: did you mean ${near}?`;
}
