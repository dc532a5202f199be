/**
 * The oracle: what the authorities for a name said, and when. It knows the history of the whole internet, and
 * nothing of the resolver but for how long it may believe what it was told: a delegation for its TTL after it
 * was withdrawn, whoever has been told of it for as long.
 */
import { Type } from '../../src/wire/codes.ts';
import { isWithin } from '../scenarios/scripted-zone.ts';
import type { Says } from './contents.ts';
import type { Internet } from './internet.ts';
import { type Tenure, tenureOf, type Zone } from './people.ts';

/** What somebody who could be found through delegations said from `fromMs` to `untilMs`. */
export interface Statement {
  readonly says: Exclude<Says, { kind: 'referral' }>;
  readonly fromMs: number;
  readonly untilMs: number;
  /** The same, where nobody above answers, and who was delegated to is still asked. */
  readonly lapsedMs: number;
}

const HOPS_MAX = 11;
/** RFC 8767 §5. */
const LAPSED_MS_MAX = 86_400_000;

export class Truth {
  readonly #internet: Internet;
  readonly #hasIpv6: boolean;

  constructor(internet: Internet, hasIpv6: boolean) {
    this.#internet = internet;
    this.#hasIpv6 = hasIpv6;
  }

  /** Who may tell lies about the name. */
  liarOver(name: string): Zone | undefined {
    return this.#internet.zones.find(({ liar, apex }) => liar !== undefined && isWithin(name, apex));
  }

  *statements(name: string, type: number): Iterable<Statement> {
    for (const zone of this.#internet.zones) {
      if (!isWithin(name, zone.apex)) continue;
      // RFC 4035 §3.1.4.1: the child has no say about its DS.
      if (type === Type.DS && zone.apex === name && name !== '') continue;
      for (const tenure of zone.tenures) yield* statementsOf(tenure, name, type);
    }
  }

  /** Why the question may fail though no packet is lost; undefined where it has to be answered. */
  whyItMayFail(question: string, type: number): string | undefined {
    const seen = new Set<string>();
    let name = question;
    for (let hops = 0; hops <= HOPS_MAX; hops++) {
      if (seen.has(name)) return 'its aliases go round in a circle';
      seen.add(name);
      if (this.liarOver(name) !== undefined) return `${name} is a liar's`;
      const zone = this.#internet.zoneOf(name, type);
      if (!this.isSound(zone)) return `${zone.apex} cannot be reached`;
      const says = tenureOf(zone).versions.at(-1)?.contents.ask(name, type);
      const target = says?.kind === 'alias' || says?.kind === 'renamed' ? says.target : undefined;
      if (target === undefined) return undefined;
      name = target;
    }
    return 'it has too many aliases';
  }

  /** Whether one of the zone's servers can be found, reached, and answers. */
  isSound(zone: Zone, asking = new Set<Zone>()): boolean {
    if (asking.has(zone)) return false;
    const beside = new Set(asking).add(zone);
    const { parent } = zone;
    if (parent !== undefined && !this.isSound(parent, asking)) return false;
    return tenureOf(zone).hosts.some(({ name, server }) => {
      if (!server.isAlive || server.manners.lame !== 'no') return false;
      if (!server.addresses.some((address) => this.#hasIpv6 || !address.includes(':'))) return false;
      // A name in the zone's parent comes with glue; others have to be found.
      if (parent === undefined || isWithin(name, parent.apex)) return true;
      return this.isSound(this.#internet.zoneOf(name, Type.A), beside);
    });
  }
}

function* statementsOf(tenure: Tenure, name: string, type: number): Iterable<Statement> {
  for (const [i, { fromMs, contents }] of tenure.versions.entries()) {
    const nextMs = tenure.versions[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const untilMs = Math.min(nextMs, tenure.reachableUntilMs);
    const lapsedMs = Math.min(nextMs, tenure.reachableUntilMs + LAPSED_MS_MAX);
    const says = contents.ask(name, type);
    if (says.kind !== 'referral' && fromMs <= lapsedMs) yield { says, fromMs, untilMs, lapsedMs };
  }
}
