/**
 * What a zone of the simulated internet says at one time, and what the textbook makes of it for one question
 * (RFC 1034 §4.3.2 step 3, RFC 4592, RFC 6672). Its honest servers answer by it and the truth is judged by
 * it; it shares no code with the resolver that is judged. Names are lower-case text without a final dot, the
 * root's is empty; RDATA is wire bytes.
 */
import { Type } from '../../src/wire/codes.ts';
import { isWithin } from '../scenarios/scripted-zone.ts';

export interface Rrset {
  readonly owner: string;
  readonly type: number;
  readonly ttl: number;
  readonly rdatas: readonly Uint8Array[];
  /** Of an alias. */
  readonly target?: string;
}

export type Says =
  | { readonly kind: 'answer'; readonly rrsets: readonly Rrset[] }
  | { readonly kind: 'alias'; readonly rrset: Rrset; readonly target: string }
  /** No target: the name would be too long. */
  | { readonly kind: 'renamed'; readonly rrset: Rrset; readonly target: string | undefined }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly soa: Rrset }
  | { readonly kind: 'referral'; readonly ns: Rrset };

const NAME_CHARS_MAX = 253;

export const parentOf = (name: string): string => name.slice(name.indexOf('.') + 1 || name.length);

export function wireName(name: string): Uint8Array {
  const wire = new Uint8Array(name === '' ? 1 : name.length + 2);
  let at = 0;
  for (const label of name === '' ? [] : name.split('.')) {
    wire[at++] = label.length;
    for (let i = 0; i < label.length; i++) wire[at++] = label.charCodeAt(i);
  }
  return wire;
}

/** Which of two RRsets say the same: their RDATA as a set. */
export const rdatasKey = (rdatas: readonly Uint8Array[]): string =>
  rdatas
    .map((rdata) => Buffer.from(rdata).toString('latin1'))
    .sort()
    .join('|');

export class Contents {
  readonly apex: string;
  readonly #rrsets = new Map<string, Map<number, Rrset>>();
  /** With the empty non-terminals (RFC 4592 §2.2.2). */
  readonly #names = new Set<string>();
  readonly #said = new Map<string, Says>();

  constructor(apex: string, rrsets: Iterable<Rrset>) {
    this.apex = apex;
    for (const rrset of rrsets) {
      const types = this.#rrsets.get(rrset.owner) ?? new Map<number, Rrset>();
      this.#rrsets.set(rrset.owner, types.set(rrset.type, rrset));
      for (let name = rrset.owner; !this.#names.has(name); name = parentOf(name)) {
        this.#names.add(name);
        if (name === apex) break;
      }
    }
  }

  *rrsets(): Iterable<Rrset> {
    for (const types of this.#rrsets.values()) yield* types.values();
  }

  at(owner: string, type: number): Rrset | undefined {
    return this.#rrsets.get(owner)?.get(type);
  }

  get soa(): Rrset {
    const soa = this.at(this.apex, Type.SOA);
    if (soa === undefined) throw new Error(`${this.apex} has no SOA`);
    return soa;
  }

  ask(name: string, type: number): Says {
    const key = `${type} ${name}`;
    const known = this.#said.get(key);
    if (known !== undefined) return known;
    const says = this.#walk(name, type);
    this.#said.set(key, says);
    return says;
  }

  #walk(name: string, type: number): Says {
    const path: string[] = [];
    for (let at = name; at !== this.apex; at = parentOf(at)) path.unshift(at);
    for (const at of [this.apex, ...path]) {
      const ns = at === this.apex ? undefined : this.at(at, Type.NS);
      // RFC 4035 §3.1.4.1: the DS of a cut is the parent's to tell.
      if (ns !== undefined && !(at === name && type === Type.DS)) return { kind: 'referral', ns };
      const dname = at === name ? undefined : this.at(at, Type.DNAME);
      if (dname !== undefined) return renamed(name, dname);
    }
    if (this.#names.has(name)) return this.#told(name, name, type);
    for (let at = parentOf(name); ; at = parentOf(at)) {
      const wildcard = at === '' ? '*' : `*.${at}`;
      if (this.#rrsets.has(wildcard)) return this.#told(name, wildcard, type);
      if (this.#names.has(at) || at === this.apex) return { kind: 'nxdomain', soa: this.soa };
    }
  }

  #told(name: string, from: string, type: number): Says {
    const types = this.#rrsets.get(from);
    const all = [...(types?.values() ?? [])].map((rrset) => ({ ...rrset, owner: name }));
    const rrsets = all.filter((rrset) => type === Type.ANY || rrset.type === type);
    if (rrsets.length > 0) return { kind: 'answer', rrsets };
    const alias = all.find((rrset) => rrset.type === Type.CNAME);
    if (alias?.target !== undefined) return { kind: 'alias', rrset: alias, target: alias.target };
    return { kind: 'nodata', soa: this.soa };
  }
}

function renamed(name: string, rrset: Rrset): Says {
  const kept = name.slice(0, name.length - rrset.owner.length);
  const target = (kept + (rrset.target ?? '')).replace(/\.$/, '');
  return { kind: 'renamed', rrset, target: target.length > NAME_CHARS_MAX ? undefined : target };
}

export { isWithin };
