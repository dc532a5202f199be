/**
 * A zone of a scripted internet: records as dns-packet has them, answered by the textbook (RFC 1034 §4.3.2).
 * Written apart from the server's own code on purpose, and kept simple: what it says is judged by reading it.
 */
import type { Answer } from 'dns-packet';

export interface Reply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: Answer[];
  readonly authorities: Answer[];
  readonly additionals: Answer[];
}

const fold = (name: string): string => name.toLowerCase().replace(/\.$/, '');
export const isWithin = (name: string, apex: string): boolean =>
  apex === '' || name === apex || name.endsWith(`.${apex}`);
const parent = (name: string): string => name.split('.').slice(1).join('.');
const rdataOf = (record: Answer): string => String((record as { data?: unknown }).data ?? '');

export class ScriptedZone {
  readonly apex: string;
  readonly records: Answer[];

  constructor(apex: string, records: Answer[]) {
    this.apex = fold(apex);
    this.records = records;
    const soa = {
      mname: 'ns.invalid',
      rname: 'host.invalid',
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
    };
    if (records.some(({ type }) => type === 'SOA')) return;
    this.records.push({ name: this.apex, type: 'SOA', ttl: 3600, data: { ...soa, minimum: 60 } });
  }

  #at(name: string, type?: string): Answer[] {
    return this.records.filter((r) => fold(r.name) === name && (type === undefined || r.type === type));
  }

  #denial(rcode: number, answers: Answer[] = []): Reply {
    return { rcode, authoritative: true, answers, authorities: this.#at(this.apex, 'SOA'), additionals: [] };
  }

  ask(qname: string, type: string, hops = 0): Reply {
    const name = fold(qname);
    const path: string[] = [];
    for (let at = name; at !== this.apex; at = parent(at)) path.unshift(at);
    for (const at of path) {
      const ns = this.#at(at, 'NS');
      if (ns.length > 0 && !(at === name && type === 'DS')) return this.#referral(ns);
      const dname = at === name ? [] : this.#at(at, 'DNAME');
      if (dname[0] !== undefined) return this.#renamed(qname, at, dname[0], type, hops);
    }
    if (path.length > 0 && this.records.every((r) => !isWithin(fold(r.name), name))) {
      return this.#wildcard(qname, type, hops) ?? this.#denial(3);
    }
    return this.#answered(qname, this.#at(name), type, hops);
  }

  #answered(qname: string, records: Answer[], type: string, hops: number): Reply {
    const spelled = records.map((r) => ({ ...r, name: qname }));
    const answers = spelled.filter((r) => type === 'ANY' || r.type === type);
    if (answers.length > 0) {
      const additionals = type === 'NS' ? this.#addressesOf(answers) : [];
      return { rcode: 0, authoritative: true, answers, authorities: [], additionals };
    }
    const cname = spelled.find((r) => r.type === 'CNAME');
    return cname === undefined ? this.#denial(0) : this.#aliased([cname], rdataOf(cname), type, hops);
  }

  /** As servers do, what they hold of the target comes along. */
  #aliased(links: Answer[], target: string, type: string, hops: number): Reply {
    const further =
      isWithin(fold(target), this.apex) && hops < 8 ? this.ask(target, type, hops + 1) : undefined;
    if (further === undefined || !further.authoritative) {
      return { rcode: 0, authoritative: true, answers: links, authorities: [], additionals: [] };
    }
    return { ...further, answers: [...links, ...further.answers] };
  }

  #wildcard(qname: string, type: string, hops: number): Reply | undefined {
    for (let at = parent(fold(qname)); isWithin(at, this.apex); at = parent(at)) {
      const records = this.#at(at === '' ? '*' : `*.${at}`);
      if (records.length > 0) return this.#answered(qname, records, type, hops);
      if (at === this.apex || this.records.some((r) => isWithin(fold(r.name), at))) return undefined;
    }
    return undefined;
  }

  #renamed(qname: string, owner: string, dname: Answer, type: string, hops: number): Reply {
    const target = `${qname.slice(0, qname.length - owner.length)}${rdataOf(dname)}`;
    if (target.length > 253) {
      return { rcode: 6, authoritative: true, answers: [dname], authorities: [], additionals: [] };
    }
    const ttl = (dname as { ttl?: number }).ttl ?? 0;
    const cname: Answer = { name: qname, type: 'CNAME', ttl, data: target };
    return this.#aliased([dname, cname], target, type, hops);
  }

  #referral(ns: Answer[]): Reply {
    const additionals = this.#addressesOf(ns);
    return { rcode: 0, authoritative: false, answers: [], authorities: ns, additionals };
  }

  #addressesOf(ns: Answer[]): Answer[] {
    const targets = new Set(ns.map((r) => fold(rdataOf(r))));
    return this.records.filter((r) => (r.type === 'A' || r.type === 'AAAA') && targets.has(fold(r.name)));
  }
}
