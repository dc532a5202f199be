/**
 * What happens in the simulated internet while it is asked: zones are edited, moved to other servers and
 * withdrawn, servers die and come back, the weather changes, the process stands still. Knows until when a
 * failure may be blamed on it.
 */
import { Type } from '../../src/wire/codes.ts';
import type { VirtualWorld } from '../scenarios/virtual-world.ts';
import type { Chance } from '../support/chance.ts';
import type { Rrset } from './contents.ts';
import { isFree } from './filling.ts';
import { type Internet, isAddress } from './internet.ts';
import { now, tenureOf, type Zone } from './people.ts';
import { soaRrset } from './rdata.ts';
import { CALM, type Sky } from './weather.ts';

interface Place {
  readonly world: VirtualWorld;
  readonly internet: Internet;
  readonly sky: Sky;
  readonly chance: Chance;
  readonly note: (line: string) => void;
}

/** RFC 9520 §3.2: a failure is remembered this long, and a resolution may have been under way. */
const AFTERMATH_MS = 320_000;
const TTL_SECONDS_MAX = 86_400;
const CLIMATES = { fair: 3, changing: 2, rough: 4 } as const;

const isWhole = ({ type }: Rrset): boolean => type !== Type.SOA && type !== Type.NS;

export class Events {
  readonly #place: Place;
  /** `fair`: nothing happens that a resolver may fail for. `changing`: zones come and go. */
  readonly #climate: keyof typeof CLIMATES;
  flushedMs = 0;
  /** The longest time that it stood still, perhaps in several goes. */
  stalledMs = 0;
  #standstill: { untilMs: number; ms: number } = { untilMs: -1, ms: 0 };
  troubledUntilMs = 0;
  /** Since when it may have been that nobody answered for a zone. */
  faultyFromMs = Number.POSITIVE_INFINITY;
  #isRough = false;

  constructor(place: Place) {
    this.#place = place;
    this.#climate = place.chance.weighted(CLIMATES);
    if (place.chance.percent(50)) this.#nuisance();
  }

  question(): { readonly name: string; readonly type: number } {
    return this.#place.internet.filling.question();
  }

  /** Why a question may fail now. */
  excuse(): string | undefined {
    if (this.#isRough) return 'packets are lost';
    if (this.#place.internet.servers.some(({ isAlive }) => !isAlive)) return 'a server is dead';
    return this.#place.world.nowMs() < this.troubledUntilMs ? 'shortly after trouble' : undefined;
  }

  async happen(): Promise<void> {
    const { chance } = this.#place;
    const changing = this.#climate === 'fair' ? 0 : 2;
    const rough = this.#climate === 'rough' ? 3 : 0;
    const what = {
      edit: 4,
      move: changing,
      withdraw: changing,
      life: rough,
      weather: rough,
      stall: rough / 3,
    };
    switch (chance.weighted(what)) {
      case 'edit':
        return this.#edit();
      case 'move':
        return this.#move();
      case 'withdraw':
        return this.#withdraw();
      case 'life':
        return this.#lifeAndDeath();
      case 'weather':
        return this.#turn();
      case 'stall':
        return this.#stall();
    }
  }

  /** Everything works again, and is going to be left alone. */
  heal(): void {
    const { sky, internet, note } = this.#place;
    sky.weather = CALM;
    for (const server of internet.servers) server.isAlive = true;
    note('all is well');
    this.#trouble(0);
    this.#isRough = false;
  }

  #fault(): void {
    this.faultyFromMs = Math.min(this.faultyFromMs, this.#place.world.nowMs());
    this.#trouble(0);
  }

  #trouble(ms: number): void {
    this.troubledUntilMs = Math.max(this.troubledUntilMs, this.#place.world.nowMs() + ms + AFTERMATH_MS);
  }

  /** Old and new aliases together may go round in a circle, for as long as the old ones are remembered. */
  #troubleByAliases(changed: readonly Rrset[]): void {
    const ttls = changed.filter(({ target }) => target !== undefined).map(({ ttl }) => ttl);
    if (ttls.length > 0) this.#trouble(1_000 * Math.min(Math.max(...ttls), TTL_SECONDS_MAX));
  }

  /** What a resolver has to put up with: replies that are none, and forgers. */
  #nuisance(): void {
    const { sky, chance } = this.#place;
    sky.weather = {
      ...CALM,
      jitterMs: chance.pick([0, 20]),
      duplicates: chance.pick([0, 20]),
      junk: chance.pick([0, 30, 100]),
      forgery: chance.pick([0, 0, 30, 100]),
    };
  }

  #turn(): void {
    const { sky, chance, note } = this.#place;
    if (this.#isRough) {
      sky.weather = CALM;
      this.#isRough = false;
    } else {
      this.#isRough = true;
      sky.weather = {
        loss: chance.pick([0, 5, 30, 60, 100]),
        jitterMs: chance.pick([0, 50, 400]),
        duplicates: chance.pick([0, 30]),
        lateness: chance.pick([0, 10, 40]),
        junk: chance.pick([0, 30]),
        cut: chance.pick([0, 5, 30]),
        forgery: chance.pick([0, 50]),
      };
    }
    this.#fault();
    note(`weather ${JSON.stringify(sky.weather)}`);
  }

  #lifeAndDeath(): void {
    const { internet, chance, note } = this.#place;
    const server = chance.pick(internet.servers);
    server.isAlive = !server.isAlive;
    note(`${server.addresses.join(' ')} ${server.isAlive ? 'is back' : 'dies'}`);
    this.#fault();
  }

  /** The whole machine sleeps: timers ring late, all at once. */
  async #stall(): Promise<void> {
    const { world, chance, note } = this.#place;
    const ms = chance.pick([50, 1_000, 30_000, 4_000_000]);
    note(`stands still for ${ms} ms`);
    const isNoLonger = world.nowMs() > this.#standstill.untilMs;
    world.stall(ms);
    this.#standstill = { untilMs: world.nowMs(), ms: ms + (isNoLonger ? 0 : this.#standstill.ms) };
    this.stalledMs = Math.max(this.stalledMs, this.#standstill.ms);
    this.#fault();
  }

  #leaf(): Zone | undefined {
    const leaves = this.#place.internet.zones.filter(({ isLeaf }) => isLeaf);
    return leaves.length === 0 ? undefined : this.#place.chance.pick(leaves);
  }

  /** A name gets something else to say, or nothing. */
  #edit(): void {
    const { internet, chance, world, note } = this.#place;
    const zone = chance.pick(internet.zones.filter(({ liar, apex }) => liar === undefined && apex !== ''));
    const nowMs = world.nowMs();
    const hosts = new Set(internet.zones.flatMap((each) => tenureOf(each).hosts.map(({ name }) => name)));
    const editable = (rrset: Rrset): boolean =>
      isWhole(rrset) && !(isAddress(rrset.type) && hosts.has(rrset.owner));
    const all = [...now(tenureOf(zone)).rrsets()].filter(editable);
    const fresh = `${chance.pick(['www', 'a', 'q', 'p.w', 'y.z'])}.${zone.apex}`;
    const victim = all.length > 0 && chance.percent(75) ? chance.pick(all) : undefined;
    const owner = victim?.owner ?? fresh;
    internet.edit(zone, nowMs, (rrsets) => {
      const kept = rrsets.filter(
        (rrset) => !(rrset.owner === owner && editable(rrset)) && rrset.type !== Type.SOA,
      );
      const soa = soaRrset(zone.apex, nowMs, chance.pick([60, 900]), chance.pick([5, 60, 7_200]));
      const isGone = victim !== undefined && chance.percent(30);
      const more = isGone || !isFree(kept, owner, zone.apex) ? [] : internet.filling.rrsetsAt(owner);
      this.#troubleByAliases([...more, ...(victim === undefined ? [] : [victim])]);
      note(`${owner} ${more.length === 0 ? 'has no data any more' : 'says something else'}`);
      return [...kept, soa, ...more];
    });
  }

  /** A zone moves; its old servers forget it, or go on as if nothing had happened. */
  #move(): void {
    const { internet, chance, world, note } = this.#place;
    const zone = this.#leaf();
    if (zone === undefined) return;
    this.#take(zone, chance.percent(50));
    const tenure = internet.delegate(zone, internet.hostsFor(zone.apex), world.nowMs());
    internet.filling.fill(tenure);
    note(`${zone.apex} moves to ${tenure.hosts.map(({ server }) => server.addresses[0]).join(', ')}`);
  }

  #take(zone: Zone, isForgotten: boolean): void {
    const old = tenureOf(zone);
    old.reachableUntilMs = Math.min(
      old.reachableUntilMs,
      this.#place.world.nowMs() + 1_000 * zone.delegationTtl,
    );
    this.#trouble(1_000 * zone.delegationTtl);
    this.#troubleByAliases([...now(old).rrsets()]);
    for (const { server } of old.hosts) {
      // Who serves the parent too would speak for the zone as long as it liked.
      const speaksForParent = [...server.serves.keys()].some(
        (apex) => apex !== zone.apex && isAbove(apex, zone),
      );
      if (isForgotten || speaksForParent) server.serves.delete(zone.apex);
    }
  }

  #withdraw(): void {
    const { internet, chance, world, note } = this.#place;
    const zone = this.#leaf();
    if (zone?.parent === undefined) return;
    this.#take(zone, chance.percent(30));
    internet.edit(zone.parent, world.nowMs(), (rrsets) =>
      rrsets.filter(({ owner }) => owner !== zone.apex && !owner.endsWith(`.${zone.apex}`)),
    );
    note(`${zone.apex} is taken out of its parent`);
  }
}

const isAbove = (apex: string, zone: Zone): boolean => apex === '' || zone.apex.endsWith(`.${apex}`);
