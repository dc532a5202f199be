/**
 * What we remember of each server's address: how fast it answers, whether it fell silent, what it cannot do,
 * and for which zones it has nothing to say. Enough to ask the living before the dead and the near before the
 * far, with now and then a draw for the others. Nobody is excluded: when all are bad, the least bad is asked.
 */
import { LRUCache } from 'lru-cache';
import {
  EDNS_FAULTS_MAX,
  FIRST_TRY_MS,
  SERVER_HABITS_SECONDS,
  SERVERS_REMEMBERED_MAX,
  TRY_MS_MAX,
  TRY_MS_MIN,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { type Name, nameKey, nameText } from '../wire/name.ts';
import type { ToldServer } from './told-servers.ts';
import type { Manner } from './wish.ts';

interface Habits {
  /** Smoothed round trip and its deviation (RFC 6298 §2); undefined until it answered once. */
  rttMs: number | undefined;
  deviationMs: number;
  /** Queries in a row without an answer, and until when that counts against it. */
  silences: number;
  silentUntilMs: number;
  ednsFaults: number;
  ednsUntilMs: number;
  caseUntilMs: number;
}

/** A stranger is expected to be this fast at worst, which makes us try strangers early. */
const STRANGER_MS = 100;
/** Servers whose times differ by less share the questions. */
const BAND_MS = 30;
/** One time in so many, another than the best is asked, to learn whether it got better. */
const EXPLORE_ONE_IN = 20;
const SILENT_PENALTY_MS = 10_000;
const LAME_PENALTY_MS = 20_000;
const SILENT_SECONDS_MAX = 300;
/** So many addresses of a family in a row to which the system has no route: it has none to any of them. */
const UNREACHED_MAX = 4;
const UNROUTED_SECONDS = 60;
const ROUTED = { unreached: 0, unroutedUntilMs: 0 };

export class Servers {
  readonly #world: World;
  readonly #randomCase: boolean;
  readonly #habits = new LRUCache<string, Habits>({ max: SERVERS_REMEMBERED_MAX });
  /** Until when, by address and zone. */
  readonly #lame = new LRUCache<string, number>({ max: SERVERS_REMEMBERED_MAX });
  /** Addresses in a row without a route, and until when we take that for all of the family. */
  readonly #families = {
    ipv4: { ...ROUTED },
    ipv6: { ...ROUTED },
  };

  constructor(world: World, randomCase: boolean) {
    this.#world = world;
    this.#randomCase = randomCase;
  }

  /** The best first. */
  order(addresses: readonly string[], zone: Name): string[] {
    const key = nameKey(zone);
    const ranked = addresses
      .map((address) => ({ address, cost: this.#cost(address, key) }))
      .sort((a, b) => a.cost - b.cost);
    const hopeful = ranked.filter(({ cost }) => cost < SILENT_PENALTY_MS).length;
    if (hopeful > 1 && this.#world.draw(EXPLORE_ONE_IN) === 0) {
      const other = 1 + this.#world.draw(hopeful - 1);
      ranked.unshift(...ranked.splice(other, 1));
    }
    return ranked.map(({ address }) => address);
  }

  /** Whether the system has a way to addresses of this kind, as far as we know. */
  isRouted(address: string): boolean {
    return this.#families[familyOf(address)].unroutedUntilMs <= this.#world.nowMs();
  }

  #cost(address: string, zoneKey: string): number {
    const nowMs = this.#world.nowMs();
    const habits = this.#habits.get(address);
    let cost = this.#world.draw(BAND_MS);
    if ((this.#lame.get(lameKey(address, zoneKey)) ?? 0) > nowMs) cost += LAME_PENALTY_MS;
    if (!this.isRouted(address)) cost += LAME_PENALTY_MS;
    if (habits === undefined) return cost + this.#world.draw(STRANGER_MS);
    if (habits.silentUntilMs > nowMs) cost += SILENT_PENALTY_MS + habits.silences;
    return cost + (habits.rttMs ?? (habits.silences > 0 ? FIRST_TRY_MS : STRANGER_MS));
  }

  /** Doubles with each try of one question. */
  tryMs(address: string, tries: number): number {
    const habits = this.#habits.get(address);
    const usual = habits?.rttMs === undefined ? FIRST_TRY_MS : habits.rttMs + 4 * habits.deviationMs;
    return Math.min(Math.max(usual, TRY_MS_MIN) * 2 ** tries, TRY_MS_MAX);
  }

  manner(address: string): Manner {
    const nowMs = this.#world.nowMs();
    const habits = this.#habits.get(address);
    if (habits === undefined) return { edns: true, randomCase: this.#randomCase };
    const lacksEdns = habits.ednsFaults >= EDNS_FAULTS_MAX && habits.ednsUntilMs > nowMs;
    return { edns: !lacksEdns, randomCase: this.#randomCase && habits.caseUntilMs <= nowMs };
  }

  answered(address: string, ms: number): void {
    Object.assign(this.#families[familyOf(address)], ROUTED);
    const habits = this.#of(address);
    habits.silences = 0;
    habits.silentUntilMs = 0;
    if (habits.rttMs === undefined) {
      habits.rttMs = ms;
      habits.deviationMs = ms / 2;
      return;
    }
    // RFC 6298 §2.3
    habits.deviationMs += (Math.abs(habits.rttMs - ms) - habits.deviationMs) / 4;
    habits.rttMs += (ms - habits.rttMs) / 8;
  }

  silent(address: string): void {
    const habits = this.#of(address);
    habits.silences++;
    const seconds = Math.min(2 ** habits.silences, SILENT_SECONDS_MAX);
    habits.silentUntilMs = this.#world.nowMs() + seconds * 1000;
  }

  /**
   * The system would not send there: this address or, without a route, all of its family on a host without
   * IPv6.
   */
  unreachable(address: string, noRoute: boolean): void {
    if (!noRoute) {
      this.silent(address);
      return;
    }
    const family = this.#families[familyOf(address)];
    if (++family.unreached < UNREACHED_MAX) return;
    family.unroutedUntilMs = this.#world.nowMs() + UNROUTED_SECONDS * 1000;
  }

  /**
   * It understood a question only without EDNS; a single time proves nothing, it may be forged (LIMITS B15).
   */
  ednsFault(address: string): void {
    const habits = this.#of(address);
    habits.ednsFaults++;
    habits.ednsUntilMs = this.#untilMs();
  }

  ednsUnderstood(address: string): void {
    this.#of(address).ednsFaults = 0;
  }

  losesCase(address: string): void {
    this.#of(address).caseUntilMs = this.#untilMs();
  }

  /** It was named for the zone and does not serve it. */
  lame(address: string, zone: Name): void {
    this.#lame.set(lameKey(address, nameKey(zone)), this.#untilMs());
  }

  /** What is remembered, for whoever wants to know. */
  get told(): ToldServer[] {
    const nowMs = this.#world.nowMs();
    const lame = new Map<string, string[]>();
    for (const [key, untilMs] of this.#lame.entries()) {
      const [address = '', zoneKey = ''] = splitLameKey(key);
      if (untilMs > nowMs) lame.set(address, [...(lame.get(address) ?? []), zoneKey]);
    }
    const addresses = new Set([...this.#habits.keys(), ...lame.keys()]);
    return [...addresses].map((address) => {
      const habits = this.#habits.peek(address);
      const { edns, randomCase } = this.manner(address);
      return {
        address,
        rttMs: habits?.rttMs,
        deviationMs: habits?.deviationMs ?? 0,
        silences: habits?.silences ?? 0,
        withoutEdns: !edns,
        withoutRandomCase: this.#randomCase && !randomCase,
        lameFor: (lame.get(address) ?? []).map((zone) => nameText(Buffer.from(zone, 'latin1'))),
      };
    });
  }

  clear(): void {
    this.#habits.clear();
    this.#lame.clear();
    for (const family of Object.values(this.#families)) Object.assign(family, ROUTED);
  }

  #untilMs(): number {
    return this.#world.nowMs() + SERVER_HABITS_SECONDS * 1000;
  }

  #of(address: string): Habits {
    const known = this.#habits.get(address);
    if (known !== undefined) return known;
    const habits: Habits = {
      rttMs: undefined,
      deviationMs: 0,
      silences: 0,
      silentUntilMs: 0,
      ednsFaults: 0,
      ednsUntilMs: 0,
      caseUntilMs: 0,
    };
    this.#habits.set(address, habits);
    return habits;
  }
}

const lameKey = (address: string, zoneKey: string): string => `${address} ${zoneKey}`;
const splitLameKey = (key: string): string[] => [
  key.slice(0, key.indexOf(' ')),
  key.slice(key.indexOf(' ') + 1),
];

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');
