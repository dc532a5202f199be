/**
 * A watch in virtual time over a zone of pools, with members that do as the test says; and how they stand in
 * the plan.
 */
import { Counters } from '../../src/base/counters.ts';
import { Histograms } from '../../src/base/histogram.ts';
import { HEALTH_FOLLOW_MS } from '../../src/base/limits.ts';
import { type Carrier, CONNECTED } from '../../src/health/carrier.ts';
import type { Check } from '../../src/health/check.ts';
import { down } from '../../src/health/conversation.ts';
import { PROBE_ROWS } from '../../src/health/probe.ts';
import { Standings } from '../../src/health/standings.ts';
import { HealthWatch, type Shortage, type WatchTerms } from '../../src/health/watch.ts';
import type { HostSlots } from '../../src/pool/host-slots.ts';
import { MemberWord, membersOf, poolsIn, Status } from '../../src/pool/plan.ts';
import { planned } from '../../src/pool/plan-builder.ts';
import type { Image } from '../../src/zone/image.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { image, SOA_AND_NS } from '../support/authority.ts';

export const APEX = 'z.test.';
export const zone = (pools: string, before?: Image, slots?: HostSlots): Image =>
  planned(image(APEX, `$TTL 60\n${SOA_AND_NS}${pools}\n`), before, slots);

export const tcp = (name: string, over: Partial<Check> = {}): Check => ({
  ...{ name, procedure: { kind: 'tcp', port: 80 }, intervalMs: 1_000, timeoutMs: 500, rise: 2, fall: 2 },
  ...over,
});
export const web = tcp('web');
export const told: Check = tcp('told', { procedure: { kind: 'external' } });

export class Ward {
  readonly world = new VirtualWorld();
  readonly counters = new Counters();
  readonly standings = new Standings();
  readonly changes: string[] = [];
  readonly probed = new Map<string, number>();
  /** Address and port of who does not answer. */
  readonly dead = new Set<string>();
  readonly silent = new Set<string>();
  readonly shortages: Shortage[] = [];
  readonly unprobed: string[] = [];
  /** Names that were asked for, in a handshake or a request, with the address. */
  readonly names = new Set<string>();
  readonly watch: HealthWatch;
  terms: WatchTerms = {
    checks: [web, told],
    probes: { allow: undefined, perSecond: 1_000, atOnce: 100 },
    doors: [],
    holds: [],
  };
  #images: readonly Image[] = [];

  constructor() {
    const { world, counters } = this;
    const probeTimes = new Histograms(PROBE_ROWS);
    this.watch = new HealthWatch(
      { world, carrier: this.#carrier(), counters, probeTimes },
      this.terms.probes,
      this.standings,
      {
        onChange: ({ check, to }, { isUp, why }) =>
          this.changes.push(`${check.name} ${to.address}:${to.port} ${isUp ? 'up' : 'down'} (${why})`),
        onShortage: (shortage) => this.shortages.push(shortage),
        onUnprobed: ({ host, address, check, why }) =>
          this.unprobed.push(`${host} ${address} ${check}: ${why}`),
        onHosts: () =>
          void this.world.after(HEALTH_FOLLOW_MS, () => this.watch.follow(this.#images, this.terms)),
      },
    );
  }

  #carrier(): Carrier {
    return {
      carry: ({ address, port }, way, talk, told) => {
        const key = `${address}:${port}`;
        this.probed.set(key, (this.probed.get(key) ?? 0) + 1);
        if (way.by === 'tls') this.names.add(`${address} by TLS ${way.terms.serverName}`);
        const [, host] = /^Host: (.*)\r$/m.exec(String(Buffer.from(talk?.request ?? []))) ?? [];
        if (host !== undefined) this.names.add(`${address} by HTTP ${host}`);
        if (this.silent.has(key)) return () => undefined;
        return this.world.after(5, () => told(this.dead.has(key) ? down('refused') : CONNECTED));
      },
      close: () => undefined,
    };
  }

  follow(of: Image, over: Partial<WatchTerms> = {}): void {
    this.terms = { ...this.terms, ...over };
    this.#images = [of];
    this.watch.follow(this.#images, this.terms);
  }
}

/** Of each member a word: `up`, `out`, or a share, and flags. */
export function states(of: Image): string[] {
  const plan = of.pools as Int32Array;
  return [...poolsIn(plan)].flatMap((pool) =>
    [...membersOf(plan, pool)].map((member) => {
      const status = plan[member + MemberWord.STATUS] as number;
      const share = status & Status.SHARE;
      const words = [share === Status.SHARE ? 'in' : share === 0 ? 'out' : `${share}`];
      if ((status & Status.PENDING) !== 0) words.push('pending');
      if ((status & Status.HELD) !== 0) words.push('held');
      if ((status & Status.EJECT_SPARED) !== 0) words.push('spared');
      return words.join(' ');
    }),
  );
}
