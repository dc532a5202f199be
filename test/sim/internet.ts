/**
 * The internet that a seed stands for: a root, registries, companies that host others' zones, their
 * customers, zones below zones, some liars. Every delegation works when made, if by roundabout ways: names of
 * servers inside and outside of the zone, with glue and without, on IPv6 only, parent and child on one
 * machine, a lame server beside a sound one. What happens to it later is told in `events.ts`.
 */
import { Type } from '../../src/wire/codes.ts';
import { Chance } from '../support/chance.ts';
import { Contents, isWithin, type Rrset } from './contents.ts';
import { Filling } from './filling.ts';
import { type Host, type Manners, now, type Server, type Tenure, tenureOf, type Zone } from './people.ts';
import { addressRrset, nsRrset, serverAddress, soaRrset } from './rdata.ts';

const TTLS = [60, 300, 3_600, 86_400] as const;
const PERFECT: Manners = {
  roundTripMs: 10,
  edns: 'understood',
  keepsCase: true,
  truncates: false,
  lame: 'no',
  chases: true,
  talks: false,
};

interface Plan {
  readonly apex: string;
  readonly parent: Zone | undefined;
  readonly hosts: readonly Host[];
  readonly isLeaf: boolean;
  readonly liar?: number;
}

export class Internet {
  readonly zones: Zone[] = [];
  readonly servers: Server[] = [];
  readonly chance: Chance;
  readonly filling: Filling;
  readonly #byAddress = new Map<string, Server>();
  readonly #companies: Host[][] = [];

  constructor(seed: number) {
    this.chance = new Chance(seed);
    this.filling = new Filling(this.chance, this.zones);
    const { chance } = this;
    const root = this.#zone({ apex: '', parent: undefined, hosts: this.#own('', 'root', 2), isLeaf: false });
    const registry = this.#own('net', 'gtld', 2);
    const tlds = ['net', ...chance.times(1 + chance.below(3), (i) => ['com', 'org', 'io'][i] as string)];
    const registries = tlds.map((apex, i) => {
      const hosts = i === 0 || chance.percent(40) ? registry : this.#own(apex, 'nic', 1 + chance.below(2));
      return this.#zone({ apex, parent: root, hosts, isLeaf: false });
    });
    const pick = (): Zone => chance.pick(registries);
    for (let i = 1 + chance.below(2); i > 0; i--) {
      const parent = pick();
      const apex = `host${i}.${parent.apex}`;
      const hosts = this.#own(apex, 'ns', 2);
      this.#companies.push(hosts);
      this.#zone({ apex, parent, hosts, isLeaf: false });
    }
    for (let i = 2 + chance.below(4); i > 0; i--) this.#customer(`z${i}`, pick());
    for (let i = chance.below(3); i > 0; i--) this.#liar(i, pick());
    for (const zone of this.zones) if (zone.liar === undefined) this.filling.fill(tenureOf(zone));
  }

  at(address: string): Server | undefined {
    return this.#byAddress.get(address);
  }

  /** Where the resolver begins. */
  get hints(): Host[] {
    return [...tenureOf(this.zones[0] as Zone).hosts];
  }

  /** The zone that a name falls into, as zones are delegated at this moment. */
  zoneOf(name: string, type: number): Zone {
    let zone = this.zones[0] as Zone;
    for (;;) {
      const says = now(tenureOf(zone)).ask(name, type);
      const child =
        says.kind === 'referral' ? zone.children.find(({ apex }) => apex === says.ns.owner) : undefined;
      if (child === undefined) return zone;
      zone = child;
    }
  }

  #customer(label: string, parent: Zone): Zone {
    const { chance } = this;
    const apex = `${label}.${parent.apex}`;
    const hasChild = chance.percent(40);
    const zone = this.#zone({ apex, parent, hosts: this.hostsFor(apex), isLeaf: !hasChild });
    if (hasChild) {
      // Sometimes further down than the next label: what is between is empty.
      const child = chance.percent(30) ? `d.e.${apex}` : `sub.${apex}`;
      const hosts = chance.percent(30) ? tenureOf(zone).hosts : this.hostsFor(child);
      this.#zone({ apex: child, parent: zone, hosts, isLeaf: true });
    }
    return zone;
  }

  /** A company's servers, its own, or some of both. */
  hostsFor(apex: string): Host[] {
    const { chance } = this;
    const company = chance.pick(this.#companies);
    switch (chance.weighted({ hosted: 3, own: 4, both: 2, lame: 2 })) {
      case 'hosted':
        return [...company];
      case 'own':
        return this.#own(apex, 'ns', 1 + chance.below(3));
      case 'both':
        return [chance.pick(company), ...this.#own(apex, 'ns', 1)];
      case 'lame': {
        const lame = chance.pick(['REFUSED', 'SERVFAIL', 'refers up'] as const);
        return [...this.#own(apex, 'ns', 1 + chance.below(2)), ...this.#own(apex, 'lame', 1, { lame })];
      }
    }
  }

  /** Servers of one's own, named within the zone. */
  #own(apex: string, label: string, count: number, manners: Partial<Manners> = {}): Host[] {
    return this.chance.times(count, (i) => ({
      name: apex === '' ? `${'ab'[i]}.${label}` : `${label}${i + 1}.${apex}`,
      // The root's and the first of all others can be reached over IPv4, so that a host without IPv6 gets on.
      server: this.#server(i === 0 ? 'always IPv4' : 'any', { ...this.#manners(apex), ...manners }),
    }));
  }

  #server(family: 'always IPv4' | 'any', manners: Manners): Server {
    const { chance } = this;
    const number = this.servers.length + 1;
    const kind = chance.weighted({ ipv4: 5, both: 3, ipv6: 2 });
    const families: (4 | 6)[] = kind === 'ipv4' ? [4] : kind === 'both' ? [4, 6] : [6];
    if (family === 'always IPv4' && !families.includes(4)) families.unshift(4);
    const addresses = families.map((each) => serverAddress(number, each));
    return this.#keep({ addresses, manners, serves: new Map(), isAlive: true });
  }

  #keep(server: Server): Server {
    this.servers.push(server);
    for (const address of server.addresses) this.#byAddress.set(address, server);
    return server;
  }

  #manners(apex: string): Manners {
    const { chance } = this;
    const roundTripMs = chance.pick([5, 20, 40, 100, 180]);
    const chases = chance.percent(60);
    const talks = chance.percent(40);
    // The root and the registries are run by people who know how.
    const isWell = !apex.includes('.') || chance.percent(55);
    if (isWell) return { ...PERFECT, roundTripMs, chases, talks };
    return {
      roundTripMs,
      chases,
      talks,
      edns: chance.pick([
        'understood',
        'understood',
        'ignored',
        'FORMERR',
        'bare FORMERR',
        'NOTIMP',
        'BADVERS',
      ]),
      keepsCase: chance.percent(70),
      truncates: chance.percent(20),
      lame: 'no',
    };
  }

  #liar(number: number, parent: Zone): void {
    const apex = `evil${number}.${parent.apex}`;
    const manners = { ...PERFECT, roundTripMs: 5 };
    const server = this.#keep({
      addresses: [`66.${number}.0.1`, `66.${number}.0.2`],
      manners,
      serves: new Map(),
      isAlive: true,
      liar: number,
    });
    this.#zone({ apex, parent, hosts: [{ name: `ns.${apex}`, server }], isLeaf: false, liar: number });
  }

  #zone({ apex, parent, hosts, isLeaf, liar }: Plan): Zone {
    const zone: Zone = {
      apex,
      parent,
      children: [],
      tenures: [],
      delegationTtl: this.chance.pick(TTLS),
      isLeaf,
      ...(liar === undefined ? {} : { liar }),
    };
    this.zones.push(zone);
    parent?.children.push(zone);
    this.delegate(zone, hosts, 0);
    return zone;
  }

  /** From now on the zone is these servers'. */
  delegate(zone: Zone, hosts: readonly Host[], nowMs: number): Tenure {
    const { chance } = this;
    const { apex, parent } = zone;
    const ttl = chance.pick(TTLS);
    const rrsets: Rrset[] = [
      soaRrset(apex, nowMs, chance.pick([60, 900]), chance.pick([5, 60, 7_200])),
      // The child's own idea of who serves it may differ.
      nsRrset(
        apex,
        (chance.percent(80) ? hosts : hosts.slice(0, 1)).map(({ name }) => name),
        ttl,
      ),
      ...hosts.flatMap((host) => addressesOf(host, ttl).filter(({ owner }) => isWithin(owner, apex))),
    ];
    const versions = [{ fromMs: nowMs, contents: new Contents(apex, rrsets) }];
    const tenure: Tenure = {
      zone,
      versions,
      hosts,
      fromMs: nowMs,
      reachableUntilMs: Number.POSITIVE_INFINITY,
    };
    for (const { server } of hosts) server.serves.set(apex, tenure);
    zone.tenures.push(tenure);
    if (parent !== undefined) this.#refer(parent, zone, hosts, nowMs);
    return tenure;
  }

  /** The parent's side of it: NS, and whatever glue it has a right to. */
  #refer(parent: Zone, { apex, delegationTtl }: Zone, hosts: readonly Host[], nowMs: number): void {
    const names = hosts.map(({ name }) => name);
    const glue = hosts
      .flatMap((host) => addressesOf(host, delegationTtl))
      .filter(({ owner }) => isWithin(owner, parent.apex));
    this.edit(parent, nowMs, (rrsets) => [
      ...rrsets.filter(({ owner }) => !isWithin(owner, apex)),
      nsRrset(apex, names, delegationTtl),
      // Glue that is there already was somebody's before.
      ...glue.filter(
        ({ owner, type }) => isWithin(owner, apex) || now(tenureOf(parent)).at(owner, type) === undefined,
      ),
    ]);
  }

  edit(zone: Zone, nowMs: number, change: (rrsets: Rrset[]) => Rrset[]): void {
    const { versions } = tenureOf(zone);
    const rrsets = change([...now(tenureOf(zone)).rrsets()]);
    versions.push({ fromMs: nowMs, contents: new Contents(zone.apex, rrsets) });
  }
}

function addressesOf({ name, server }: Host, ttl: number): Rrset[] {
  return (
    server.addresses
      .map((address) => addressRrset(name, address, ttl))
      // One of a family is enough.
      .filter(({ type }, i, all) => all.findIndex((other) => other.type === type) === i)
  );
}

export const isAddress = (type: number): boolean => type === Type.A || type === Type.AAAA;
