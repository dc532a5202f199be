/**
 * What zones are filled with, and what is asked for: names from a small alphabet, so that wildcards meet
 * data, empty non-terminals and delegations, and aliases lead from zone to zone, in circles, nowhere, and to
 * liars.
 */
import { Type } from '../../src/wire/codes.ts';
import type { Chance } from '../support/chance.ts';
import { Contents, isWithin, parentOf, type Rrset } from './contents.ts';
import { now, type Tenure, type Zone } from './people.ts';
import { aliasRrset, factAddress, mailRdata, textRdata } from './rdata.ts';

const LABELS = ['www', 'mail', 'a', 'b', 'a.b', 'x.y.z', '*', '*.w', 'old', 'l1.l2.l3.l4.l5'] as const;
const ASKED = [
  'www',
  'mail',
  'a',
  'b',
  'a.b',
  'y.z',
  'x.y.z',
  'q',
  'p.w',
  'n.p.w',
  'old',
  'www.old',
  'w',
] as const;
const TYPES_ASKED = [
  ...Array.from({ length: 10 }, () => Type.A),
  ...[Type.AAAA, Type.TXT, Type.MX, Type.NS, Type.SOA, Type.CNAME, Type.ANY, Type.DS, Type.DNAME, Type.HTTPS],
];
const TTLS = [0, 1, 5, 30, 60, 300, 3_600, 200_000] as const;

const under = (label: string, apex: string): string => (apex === '' ? label : `${label}.${apex}`);

export class Filling {
  readonly #chance: Chance;
  readonly #zones: readonly Zone[];
  #facts = 0;

  constructor(chance: Chance, zones: readonly Zone[]) {
    this.#chance = chance;
    this.#zones = zones;
  }

  /** The first contents of a zone, besides what makes it one. */
  fill(tenure: Tenure): void {
    const { apex } = tenure.zone;
    const rrsets = [...now(tenure).rrsets()];
    const count = apex.includes('.') ? 3 + this.#chance.below(6) : this.#chance.below(3);
    for (let i = 0; i < count; i++) {
      const owner = under(this.#chance.pick(LABELS), apex);
      if (isFree(rrsets, owner, apex)) rrsets.push(...this.rrsetsAt(owner));
    }
    // What was there while the internet was being made was never there for anybody else.
    tenure.versions.splice(0, tenure.versions.length, {
      fromMs: tenure.fromMs,
      contents: new Contents(apex, rrsets),
    });
  }

  /** Data of a type or two, an alias, or a new name for all below. */
  rrsetsAt(owner: string): Rrset[] {
    const chance = this.#chance;
    const ttl = chance.pick(TTLS);
    switch (chance.weighted({ data: 7, alias: 4, dname: owner.startsWith('*') ? 0 : 1 })) {
      case 'alias':
        return [aliasRrset(owner, Type.CNAME, this.someName(), ttl)];
      case 'dname':
        return [aliasRrset(owner, Type.DNAME, this.#somewhereElse(owner), ttl)];
      case 'data':
        return chance.percent(30)
          ? [this.fact(owner, Type.A, ttl), this.fact(owner, Type.TXT, chance.pick(TTLS))]
          : [this.fact(owner, chance.pick([Type.A, Type.A, Type.AAAA, Type.MX, Type.TXT]), ttl)];
    }
  }

  fact(owner: string, type: number, ttl: number): Rrset {
    const rdatas = this.#chance.times(1 + this.#chance.below(3), () => this.#rdata(type));
    return { owner, type, ttl, rdatas };
  }

  #rdata(type: number): Uint8Array {
    const number = ++this.#facts;
    if (type === Type.A) return factAddress(number);
    if (type === Type.AAAA)
      return Uint8Array.from({ length: 16 }, (_, i) => [0x2b, number >> 8, number][i] ?? 0);
    if (type === Type.MX) return mailRdata(`mx${number}.invalid`);
    // Now and then more than fits a datagram.
    return textRdata(`fact ${number}${' and more'.repeat(this.#chance.percent(20) ? 20 : 0)}`);
  }

  /** A name that is likely to be there, and likely to be asked for. */
  someName(): string {
    return under(this.#chance.pick(ASKED), this.#chance.pick(this.#zones).apex);
  }

  question(): { readonly name: string; readonly type: number } {
    const chance = this.#chance;
    const zone = chance.pick(this.#zones);
    const type = chance.pick(TYPES_ASKED);
    if (chance.percent(10)) return { name: zone.apex, type };
    // What was never there.
    if (chance.percent(8)) return { name: under(`no${chance.below(1_000)}`, zone.apex), type };
    const isDeep = zone.apex.includes('.') || chance.percent(20);
    return { name: under(chance.pick(ASKED), isDeep ? zone.apex : chance.pick(this.#zones).apex), type };
  }

  #somewhereElse(owner: string): string {
    const target = this.#chance.percent(50) ? this.#chance.pick(this.#zones).apex : this.someName();
    return isWithin(target, owner) ? 'nowhere.invalid' : target;
  }
}

/** Nothing below a DNAME or beside a CNAME, and nothing that hides the zone's own servers or a cut. */
export function isFree(rrsets: readonly Rrset[], owner: string, apex: string): boolean {
  for (let at = owner; at !== apex; at = parentOf(at)) {
    const blocks = (rrset: Rrset): boolean =>
      rrset.owner === at && (rrset.type === Type.NS || rrset.type === Type.DNAME);
    if (rrsets.some(blocks)) return false;
  }
  return rrsets.every((rrset) => !isWithin(rrset.owner, owner));
}
