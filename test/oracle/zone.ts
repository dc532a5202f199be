/**
 * Makes one zone. Each owner is given one role: data, alias, DNAME, or delegation with whatever may stand at
 * and below it. What no server would load is never made: other data beside a CNAME, names below a DNAME.
 */
import type { Chance } from '../support/chance.ts';
import { makeRdata, type RdataType, TYPES_MADE } from './rdata.ts';
import { isBelow, type MadeRecord, under } from './record.ts';

const LABELS = ['a', 'b', 'c', '*', 'ns'] as const;
const TTLS = [0, 60, 300, 3600] as const;
const ROLES = { data: 9, alias: 5, dname: 2, cut: 4, large: 1 } as const;
const OWNERS_MIN = 6;
const OWNERS_MORE = 14;

export function makeZone(apex: string, apexes: readonly string[], chance: Chance): MadeRecord[] {
  return new ZoneMaker(apex, apexes, chance).make();
}

class ZoneMaker {
  readonly #apex: string;
  readonly #apexes: readonly string[];
  readonly #chance: Chance;
  readonly #records: MadeRecord[] = [];
  /** Owners that take no more records: aliases. */
  readonly #full = new Set<string>();
  readonly #ttls = new Map<string, number>();

  constructor(apex: string, apexes: readonly string[], chance: Chance) {
    this.#apex = apex;
    this.#apexes = apexes;
    this.#chance = chance;
  }

  make(): MadeRecord[] {
    const chance = this.#chance;
    this.#makeApex();
    // A zone served beside this one, below it: most often delegated, sometimes not.
    for (const child of this.#apexes) {
      if (child !== this.#apex && isBelow(child, this.#apex) && chance.percent(60)) this.#makeCut(child);
    }
    for (let left = OWNERS_MIN + chance.below(OWNERS_MORE); left > 0; left--) {
      const owner = this.#newName();
      if (this.#has(owner)) continue;
      switch (chance.weighted(ROLES)) {
        case 'data':
          this.#makeData(owner);
          break;
        case 'alias':
          this.#add(owner, 'CNAME', this.#target());
          this.#full.add(owner);
          break;
        case 'dname':
          this.#makeDname(owner);
          break;
        case 'cut':
          if (!owner.startsWith('*')) this.#makeCut(owner); // RFC 4592 §4.2: it would have no meaning.
          break;
        case 'large':
          for (let i = 5 + chance.below(80); i > 0; i--) this.#add(owner, 'A', `10.0.0.${i}`);
      }
    }
    return withoutOccludedByDname(this.#records);
  }

  /** BIND loads no zone whose own servers lie within it and have no address. */
  #makeApex(): void {
    const chance = this.#chance;
    const ns = under('ns', this.#apex);
    const minimum = chance.pick([0, 30, 900]);
    this.#add(this.#apex, 'SOA', `${ns} host.${ns} ${1 + chance.below(100)} 3600 600 86400 ${minimum}`);
    if (chance.percent(40)) this.#makeData(this.#apex);
    const elsewhere = this.#target();
    if (!isBelow(elsewhere, this.#apex)) this.#add(this.#apex, 'NS', elsewhere);
    if (this.#apex !== '.' && chance.percent(8)) {
      this.#add(this.#apex, 'NS', 'ns.outside.');
      this.#add(this.#apex, 'DNAME', this.#dnameTarget(this.#apex));
    } else {
      this.#add(this.#apex, 'NS', ns);
      this.#addMade(ns, 'A');
    }
  }

  #makeData(owner: string): void {
    const chance = this.#chance;
    for (let types = 1 + chance.below(3); types > 0; types--) {
      const type = chance.pick(TYPES_MADE);
      for (let i = 1 + chance.below(3); i > 0; i--) this.#addMade(owner, type);
    }
  }

  /** Beside a DNAME other data may stand, but no CNAME and no cut (RFC 6672 §2.4). */
  #makeDname(owner: string): void {
    if (owner.startsWith('*')) return; // RFC 6672 §3.3: it would have no meaning.
    this.#add(owner, 'DNAME', this.#dnameTarget(owner));
    if (this.#chance.percent(40)) this.#makeData(owner);
  }

  /** Seldom below the owner: then every name grows without end, and tells the same story each time. */
  #dnameTarget(owner: string): string {
    const target = this.#target();
    const isTold = isBelow(target, owner) && target !== owner;
    return isTold && this.#chance.percent(80) ? 'a.other.' : target;
  }

  #makeCut(owner: string): void {
    const chance = this.#chance;
    for (let servers = 1 + chance.below(3); servers > 0; servers--) {
      const target = chance.percent(50)
        ? chance.pick([under('ns', owner), under('a.b', owner), owner])
        : this.#target();
      this.#add(owner, 'NS', target);
      const isBelowUs = isBelow(target, this.#apex);
      if (isBelowUs && chance.percent(80)) this.#addMade(target, 'A');
      if (isBelowUs && chance.percent(40)) this.#addMade(target, 'AAAA');
    }
    if (chance.percent(40)) this.#addMade(owner, 'DS');
    // What a parent has no business to hold, yet may.
    if (chance.percent(20)) this.#addMade(owner, chance.pick(TYPES_MADE));
    if (chance.percent(20)) this.#addMade(under(chance.pick(LABELS), owner), chance.pick(TYPES_MADE));
    if (chance.percent(10)) this.#add(under('c', owner), 'NS', this.#target());
  }

  #addMade(owner: string, type: RdataType): void {
    this.#add(
      owner,
      type,
      makeRdata(type, this.#chance, () => this.#target()),
    );
  }

  /** RFC 2181 §5.2: one TTL for an RRset; the same record never twice. */
  #add(owner: string, type: string, rdata: string): void {
    const isTaken = type === 'CNAME' ? this.#has(owner) : this.#full.has(owner);
    if (isTaken || !isBelow(owner, this.#apex)) return;
    const key = `${owner} ${type}`;
    const ttl = this.#ttls.get(key) ?? this.#chance.pick(TTLS);
    this.#ttls.set(key, ttl);
    const isThere = this.#records.some((r) => r.owner === owner && r.type === type && r.rdata === rdata);
    if (!isThere) this.#records.push({ owner, ttl, type, rdata });
  }

  #has(owner: string): boolean {
    return this.#records.some((record) => record.owner === owner);
  }

  #newName(): string {
    const depth = 1 + this.#chance.below(this.#chance.percent(20) ? 4 : 2);
    return under(this.#chance.times(depth, () => this.#chance.pick(LABELS)).join('.'), this.#apex);
  }

  /** Where an alias, a DNAME, a server may lead: mostly to names that are likely to be there. */
  #target(): string {
    const chance = this.#chance;
    switch (chance.weighted({ known: 5, made: 5, elsewhere: 3, apex: 1, outside: 1 })) {
      case 'known':
        return chance.pick(this.#records).owner;
      case 'made':
        return this.#newName();
      case 'elsewhere':
        return under(chance.pick(LABELS), chance.pick(this.#apexes));
      case 'apex':
        return chance.pick(this.#apexes);
      case 'outside':
        return 'ns.outside.';
    }
  }
}

/** RFC 6672 §2.4: nothing may exist below a DNAME. */
function withoutOccludedByDname(records: readonly MadeRecord[]): MadeRecord[] {
  const owners = records.filter(({ type }) => type === 'DNAME').map(({ owner }) => owner);
  const isOccluded = (name: string): boolean =>
    owners.some((owner) => name !== owner && isBelow(name, owner));
  return records.filter(({ owner }) => !isOccluded(owner));
}
