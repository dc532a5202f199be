/**
 * Rehearses what clients will be answered from a pool: chooses for many of them, by the walk that answers
 * them, from the zones as they are and as a changed zone file would make them. In: a question, clients, a
 * file. Out: the share of each member. Others have their turn between any few clients.
 */
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Authority, zoneOf } from '../answer/authority.ts';
import { Reply } from '../answer/reply.ts';
import { Counters } from '../base/counters.ts';
import { IPV4_BYTES } from '../base/ip.ts';
import { REHEARSED_AT_ONCE, REHEARSED_CLIENTS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Check } from '../health/check.ts';
import { Projection } from '../pool/able.ts';
import type { Choice } from '../pool/choice.ts';
import type { Stage } from '../pool/choose.ts';
import { Lots } from '../pool/lots.ts';
import { MemberWord, membersOf, type PlanWords, poolsIn, Status } from '../pool/plan.ts';
import { planned } from '../pool/plan-builder.ts';
import { Class, typeText } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { type Name, nameText } from '../wire/name.ts';
import { Query } from '../wire/query.ts';
import type { Catalog } from '../zone/catalog.ts';
import { complaintText, hasErrors } from '../zone/complaint.ts';
import type { Image } from '../zone/image.ts';
import { loadZones } from '../zone/loader.ts';
import { RequestFault } from './control-socket.ts';
import type { HostPost } from './host-post.ts';
import type { AllServed } from './load.ts';
import { located } from './outpost.ts';
import { ownerText, seatKey, seatOf, seatsOf, type ToldSeat } from './pool-seats.ts';
import { type Client, type Population, populationFrom, worldOf } from './population.ts';

export interface ToRehearse {
  readonly name: Name;
  readonly type: number;
  /** A file of prefixes, one a line, each with its weight, perhaps. */
  readonly clients?: string | undefined;
  /** So many of the world, where there is no file. */
  readonly world?: number | undefined;
  /** Of the zone that has the name, as it would be. */
  readonly zone?: string | undefined;
}

/** From what is answered. */
export interface Stock extends Pick<AllServed, 'catalog' | 'places'> {
  readonly checks: readonly Pick<Check, 'name'>[];
  /** Absent where nobody resolves any. */
  readonly hosts?: HostPost;
}

export interface ToldShare extends ToldSeat {
  /** Of the clients, those that go there, if they go to the first address, or by SRV as RFC 2782 has it. */
  readonly share: number;
  /** Those that are told of it. */
  readonly told: number;
  /** Of the clients of each family those that go there, where both were asked. */
  readonly byFamily: { readonly ipv4: number; readonly ipv6: number } | undefined;
}

export interface ToldShares {
  readonly name: string;
  readonly type: string;
  readonly clients: { readonly who: string; readonly count: number };
  readonly now: readonly ToldShare[];
  /** With the zone as it would be. */
  readonly coming: readonly ToldShare[] | undefined;
}

export async function rehearse(asked: ToRehearse, stock: Stock, world: World): Promise<ToldShares> {
  const { name, type, clients: file, zone } = asked;
  const { whereabouts } = located(stock.places?.table);
  const lots = new Lots(world);
  const population =
    file === undefined
      ? worldOf(asked.world ?? REHEARSED_CLIENTS, whereabouts, lots)
      : populationFrom(file, lots);
  const ground = { world, whereabouts, hosts: stock.hosts?.table };
  const now = await sharesIn(stock.catalog, asked, population, ground);
  const changed = zone === undefined ? undefined : await withZone(zone, name, stock);
  return {
    name: nameText(name),
    type: typeText(type),
    clients: { who: population.who, count: population.count },
    now,
    coming: changed && (await sharesIn(changed, asked, population, ground)),
  };
}

type Question = Pick<ToRehearse, 'name' | 'type'>;

async function sharesIn(
  catalog: Catalog,
  { name, type }: Question,
  population: Population,
  ground: Pick<ConstructorParameters<typeof Authority>[0], 'world' | 'whereabouts' | 'hosts'>,
): Promise<ToldShare[]> {
  const poll = new Poll();
  const authority = new Authority({
    ...{ ...ground, counters: new Counters() },
    witness: (stage, choice, projection) => poll.note(stage, choice, projection),
  });
  const query = new Query();
  query.class = Class.IN;
  query.name.set(name, 0);
  query.type = type;
  const zone = zoneOf(catalog, query.name, type);
  if (zone === undefined) throw new RequestFault(`no zone of this server has ${nameText(name)}`);
  const reply = new Reply();
  let chosen = 0;
  for (const client of population) {
    reply.reset();
    authority.steering.serve(client.address, client.address, 8 * client.address.length);
    authority.answer(catalog, zone, query, reply);
    if (!poll.count(client))
      throw new RequestFault(`${nameText(name)} ${typeText(type)} is not answered from a pool`);
    if (++chosen % REHEARSED_AT_ONCE === 0) await setImmediate();
  }
  return poll.shares(catalog);
}

/** Of the clients of one family. */
class Ballot {
  weight = 0;
  readonly went = new Map<number, number>();
  readonly told = new Map<number, number>();
}

/** Counts who is chosen, of the first pool that an answer has to do with. */
class Poll {
  #plan: PlanWords | undefined;
  #pool = 0;
  #projection = 0;
  #list: readonly number[] = [];
  /** How many pools the answer in hand had to do with. */
  #pools = 0;
  readonly #v4 = new Ballot();
  readonly #v6 = new Ballot();

  note(stage: Stage, { plan, pool, members, count }: Choice, projection: number): void {
    if (stage === 'able') this.#pools++;
    if (this.#pools > 1) return;
    this.#plan = plan;
    this.#pool = pool;
    this.#projection = projection;
    this.#list = [...members.subarray(0, count)];
  }

  /** The answer is there. False where no pool had to do with it. */
  count({ address, weight }: Client): boolean {
    if (this.#pools === 0) return false;
    this.#pools = 0;
    const ballot = address.length === IPV4_BYTES ? this.#v4 : this.#v6;
    ballot.weight += weight;
    for (const member of this.#list) add(ballot.told, member, weight);
    for (const [member, part] of this.#destinations()) add(ballot.went, member, part * weight);
    return true;
  }

  shares(catalog: Catalog): ToldShare[] {
    const plan = this.#plan as PlanWords;
    const image = catalog.images.find(({ pools }) => pools === plan) as Image;
    const [v4, v6] = [this.#v4, this.#v6];
    const isMixed = v4.weight > 0 && v6.weight > 0;
    const all = v4.weight + v6.weight;
    const of = (counts: ReadonlyMap<number, number>, member: number): number => counts.get(member) ?? 0;
    const share = (member: number): Pick<ToldShare, 'share' | 'told' | 'byFamily'> => ({
      share: (of(v4.went, member) + of(v6.went, member)) / all,
      told: (of(v4.told, member) + of(v6.told, member)) / all,
      byFamily: isMixed
        ? { ipv4: of(v4.went, member) / v4.weight, ipv6: of(v6.went, member) / v6.weight }
        : undefined,
    });
    const owner = ownerText(image, plan, this.#pool);
    return [...membersOf(plan, this.#pool)].map((member) => ({
      ...seatOf(image, plan, owner, member),
      ...share(member),
    }));
  }

  /** Where such a client goes, in parts of it. */
  #destinations(): (readonly [member: number, part: number])[] {
    const list = this.#list;
    const isDrawn = this.#projection !== Projection.SRV && this.#projection !== Projection.SERVICE;
    if (isDrawn) return list.slice(0, 1).map((member) => [member, 1]);
    const lowest = Math.min(...list.map((member) => this.#word(member, MemberWord.TIER)));
    const first = list.filter((member) => this.#word(member, MemberWord.TIER) === lowest);
    const weights = first.map((member) =>
      this.#projection === Projection.SRV ? this.#word(member, MemberWord.WEIGHT) : 1,
    );
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    return first.map((member, i) => [member, all === 0 ? 1 / first.length : (weights[i] as number) / all]);
  }

  #word(member: number, word: number): number {
    return (this.#plan as PlanWords)[member + word] as number;
  }
}

const add = (counts: Map<number, number>, member: number, weight: number): void =>
  void counts.set(member, (counts.get(member) ?? 0) + weight);

/** The zones as they would be; members that come with checks are taken to be up. */
async function withZone(file: string, name: Name, { catalog, checks, hosts }: Stock): Promise<Catalog> {
  const hashed = new HashedName();
  hashed.set(name, 0);
  const served = catalog.find(hashed);
  if (served === undefined) throw new RequestFault(`no zone of this server has ${nameText(name)}`);
  const order = { apex: served.apexText, file, root: dirname(file) };
  const names = new Set(checks.map((check) => check.name));
  const { zones, complaints } = await loadZones([order], undefined, undefined, names);
  const [loaded] = zones;
  if (loaded === undefined || hasErrors(complaints)) {
    throw new RequestFault(complaints.map(complaintText).join('\n'));
  }
  const known = new Set([...seatsOf([served])].map(seatKey));
  const image = presumedUp(planned(loaded.image, served, hosts?.slots.known), known);
  return catalog.with(catalog.images.indexOf(served), image);
}

/** With a plan that nobody probes: all but those known are up. */
export function presumedUp(image: Image, known: ReadonlySet<string> = new Set()): Image {
  const { pools: plan } = image;
  if (plan === undefined) return image;
  for (const pool of poolsIn(plan)) {
    const owner = ownerText(image, plan, pool);
    for (const member of membersOf(plan, pool)) {
      const seat = seatOf(image, plan, owner, member);
      if (seat.state !== 'pending' || known.has(seatKey(seat))) continue;
      plan[member + MemberWord.STATUS] = Status.CHECKED | Status.SHARE;
    }
  }
  return image;
}
