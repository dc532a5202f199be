/**
 * Watches over the members of all pools: what the plans and the settings want is probed, what comes of it is
 * written into the plans, told, and counted. In a thread of its own in the server; in tests in any, with a
 * clock and carriers of theirs.
 */
import { isDeepStrictEqual } from 'node:util';
import { Counter } from '../base/counters.ts';
import { CHECK_TARGETS_MAX, TARGETS_TOLD_MAX } from '../base/limits.ts';
import type { Flattened } from '../pool/flattened.ts';
import type { Image } from '../zone/image.ts';
import { Board } from './board.ts';
import type { Check, ProbeTerms } from './check.ts';
import type { Endpoint, Verdict } from './conversation.ts';
import { Deadlines } from './deadlines.ts';
import { Standing } from './health.ts';
import { isDone, type ProbeGround } from './probe.ts';
import { refusesProbes } from './reach.ts';
import type { HeldMember, Unprobed } from './reading.ts';
import { Rounds } from './rounds.ts';
import type { Standings } from './standings.ts';
import { type Target, Targets } from './targets.ts';
import { type ToldMember, toldMember } from './told.ts';

export interface WatchTerms {
  readonly checks: readonly Check[];
  readonly probes: ProbeTerms;
  /** Where this server listens. */
  readonly doors: readonly Endpoint[];
  readonly holds: readonly HeldMember[];
  /** Addresses of the hosts that are members; undefined while there are none. */
  readonly hosts?: Flattened | undefined;
}

export interface Shortage {
  /** Checks of members that are not done. */
  readonly left: number;
  /** What all the others take. */
  readonly probesPerSecond: number;
}

export interface Listener {
  /** A target stands otherwise than before, or is down from the start. */
  readonly onChange: (target: Target, verdict: Verdict) => void;
  /** More is wanted than the bounds allow: targets that are not probed, probes a second. */
  readonly onShortage: (shortage: Shortage) => void;
  /** A host has an address that may not be probed; told once. */
  readonly onUnprobed: (unprobed: Unprobed) => void;
  /** Hosts have other addresses: it is to follow anew. */
  readonly onHosts: () => void;
}

export class HealthWatch {
  readonly #ground: ProbeGround;
  readonly #listener: Listener;
  readonly #standings: Standings;
  readonly #rounds: Rounds;
  readonly #targets: Targets;
  readonly #board: Board;
  #checks: readonly Check[] = [];
  #shortage: Shortage | undefined;
  #unprobed: ReadonlySet<string> = new Set();
  /** Probed targets that have no result yet. */
  readonly #awaited = new Set<Target>();

  constructor(
    watched: Omit<ProbeGround, 'deadlines'>,
    { atOnce, perSecond }: ProbeTerms,
    standings: Standings,
    listener: Listener,
  ) {
    const ground = { ...watched, deadlines: new Deadlines(watched.world) };
    this.#ground = ground;
    this.#listener = listener;
    this.#standings = standings;
    this.#rounds = new Rounds(ground.world, { atOnce, perSecond });
    this.#targets = new Targets(ground, this.#rounds, {
      onResult: (target, verdict, isOther) => this.#take(target, verdict, isOther),
    });
    this.#board = new Board(ground.world, this.#targets, listener.onHosts);
  }

  follow(
    images: readonly Image[],
    { checks, probes, doors, holds, hosts }: WatchTerms,
    targetsMax = CHECK_TARGETS_MAX,
  ): void {
    this.#checks = checks;
    this.#rounds.reconfigure(probes);
    const refuses = refusesProbes(probes, doors);
    const { left, unprobed } = this.#board.follow(images, { checks, holds, refuses, hosts }, targetsMax);
    this.#noteUnprobed(unprobed);
    this.#noteShortage(left, probes.perSecond);
    this.#awaited.clear();
    for (const target of this.#targets)
      if (target.isPending && isDone(target.check.procedure)) this.#awaited.add(target);
    this.#tellLoad();
  }

  /** Of a check that others tell the result of; of how many targets it was news. */
  report(check: string, address: Uint8Array, isUp: boolean, forMs: number): number {
    return this.#targets.report(check, address, isUp, forMs);
  }

  /** As many as are told at a time. */
  members(pool: string | undefined): ToldMember[] {
    const told: ToldMember[] = [];
    let left = TARGETS_TOLD_MAX;
    for (const member of this.#board.told()) {
      if (left <= 0) break;
      if (pool !== undefined && member.pool !== pool) continue;
      told.push(toldMember(member, this.#ground.world));
      left -= Math.max(member.targets.length, 1);
    }
    return told;
  }

  /** For whoever looks at how things stand. */
  tellStandings(): void {
    const places = new Map(this.#checks.map(({ name }, place) => [name, place]));
    const counts = this.#checks.map(() => ({ [Standing.DOWN]: 0, [Standing.PENDING]: 0, [Standing.UP]: 0 }));
    for (const { check, standing } of this.#targets) {
      const count = counts[places.get(check.name) ?? -1];
      if (count !== undefined) count[standing]++;
    }
    for (const [place, count] of counts.entries()) this.#standings.setCheck(place, count);
    this.#tellLoad();
  }

  close(): void {
    this.#targets.close();
    this.#board.close();
    this.#ground.carrier.close();
  }

  /** Once, as long as it is so. */
  #noteUnprobed(all: readonly Unprobed[]): void {
    const told = this.#unprobed;
    const now = new Set<string>();
    for (const each of all) {
      const key = Object.values(each).join(' ');
      if (!told.has(key) && !now.has(key)) this.#listener.onUnprobed(each);
      now.add(key);
    }
    this.#unprobed = now;
  }

  /** Once for each that is another one. */
  #noteShortage(left: number, perSecond: number): void {
    let wanted = 0;
    for (const { check } of this.#targets) if (isDone(check.procedure)) wanted += 1_000 / check.intervalMs;
    const isShort = left > 0 || wanted > perSecond;
    const shortage = isShort ? { left, probesPerSecond: Math.ceil(wanted) } : undefined;
    if (shortage !== undefined && !isDeepStrictEqual(shortage, this.#shortage))
      this.#listener.onShortage(shortage);
    this.#shortage = shortage;
  }

  #tellLoad(): void {
    const { late, underway } = this.#rounds;
    this.#standings.load = { awaited: this.#awaited.size, late, underway };
  }

  #take(target: Target, verdict: Verdict, isOther: boolean): void {
    const { world, counters } = this.#ground;
    const wasAwaited = this.#awaited.delete(target);
    this.#board.mark(target, isOther);
    // Whoever waits for the first round is to find it written.
    if (wasAwaited && this.#awaited.size === 0) world.after(0, () => this.#firstRoundIsOver());
    if (!isOther) return;
    counters.bump(verdict.isUp ? Counter.targetsUp : Counter.targetsDown);
    if (!wasAwaited || !verdict.isUp) this.#listener.onChange(target, verdict);
  }

  #firstRoundIsOver(): void {
    this.#board.write();
    this.tellStandings();
  }
}
