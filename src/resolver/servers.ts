/**
 * What we remember of each server's address: how fast it answers, whether it fell silent, what it cannot
 * do, and for which zones it has nothing to say. Enough to ask the living before the dead and the near
 * before the far. Strangers are tried early. Who was not heard of for long is asked beside the one that is
 * counted on, so that this costs a packet and no client's time. Nobody is excluded: when all are bad, the
 * least bad is asked.
 */
import { LRUCache } from 'lru-cache';
import { equalBytes } from '../base/bytes.ts';
import {
  CLIENT_COOKIE_SECONDS,
  DEAD_SERVER_QUESTIONS_MAX,
  EDNS_FAULTS_MAX,
  FIRST_TRY_MS,
  SERVER_HABITS_SECONDS,
  SERVER_QUESTIONS_MAX,
  SERVER_SILENCES_DEAD,
  SERVER_UNHEARD_SECONDS,
  SERVERS_REMEMBERED_MAX,
  SILENCE_SECONDS_MAX,
  TRUNCATIONS_MAX,
  TRY_MS_MAX,
  TRY_MS_MIN,
  TRY_SLACK_MS,
} from '../base/limits.ts';
import { Pace } from '../base/pace.ts';
import type { World } from '../base/world.ts';
import { type Name, nameKey, nameText } from '../wire/name.ts';
import { clientPart, drawCookie, isWhole } from './client-cookies.ts';
import { Families, isOfAnotherFamily } from './families.ts';
import type { ToldServer } from './told-servers.ts';
import type { Manner } from './wish.ts';

interface Habits {
  /** Of queries sent to it. */
  readonly asked: Pace;
  /** Smoothed round trip and its deviation (RFC 6298 §2); undefined until it answered once. */
  rttMs: number | undefined;
  deviationMs: number;
  /** When it answered last, or was asked beside another. */
  heardMs: number;
  /**
   * Times it fell silent without an answer in between, and until when nothing more is made of its silence.
   */
  silences: number;
  dueMs: number;
  ednsFaults: number;
  ednsUntilMs: number;
  caseUntilMs: number;
  /** Answers over UDP in a row that did not fit. */
  truncations: number;
  truncatesUntilMs: number;
  /** Ours alone, or with the server's part, and until when ours is used. */
  cookie: Uint8Array;
  cookieUntilMs: number;
}

/** A stranger is expected to be this fast at worst, which makes us try strangers early. */
const STRANGER_MS = 100;
/** Servers whose times differ by less share the questions. */
const BAND_MS = 30;
const NONE = new Uint8Array(0);
const SILENT_PENALTY_MS = 10_000;
const LAME_PENALTY_MS = 20_000;
const UNROUTED_PENALTY_MS = 40_000;

export class Servers {
  readonly #world: World;
  readonly #randomCase: boolean;
  readonly #habits = new LRUCache<string, Habits>({ max: SERVERS_REMEMBERED_MAX });
  /** Until when, by address and zone. */
  readonly #lame = new LRUCache<string, number>({ max: SERVERS_REMEMBERED_MAX });
  readonly #families: Families;
  /** Asked about last: of one server much is asked in a row. */
  #address = '';
  #habitsThere: Habits | undefined;

  constructor(world: World, randomCase: boolean) {
    this.#world = world;
    this.#randomCase = randomCase;
    this.#families = new Families(world);
  }

  /** The best first. */
  order(addresses: readonly string[], zone: Name): string[] {
    const ranked = [...addresses];
    if (ranked.length < 2) return ranked;
    const costs = ranked.map((address) => this.#cost(address, zone));
    sortTogether(ranked, costs);
    const first = ranked[0] as string;
    // RFC 8305 §4: where the first is a stranger, the next is of the other family, if that is as good as any.
    if (this.#known(first)?.rttMs !== undefined) return ranked;
    const other = ranked.findIndex((address) => isOfAnotherFamily(address, first) && this.isRouted(address));
    if (other > 1) ranked.splice(1, 0, ...ranked.splice(other, 1));
    return ranked;
  }

  /** Whether there is a way to addresses of this kind, as far as we know. */
  isRouted(address: string): boolean {
    return this.#families.isRouted(address);
  }

  #cost(address: string, zone: Name): number {
    const habits = this.#known(address);
    let cost = this.#world.draw(BAND_MS);
    if (this.#isLame(address, zone)) cost += LAME_PENALTY_MS;
    if (!this.isRouted(address)) cost += UNROUTED_PENALTY_MS;
    if (habits === undefined) return cost + this.#world.draw(STRANGER_MS);
    if (habits.silences > 0) cost += SILENT_PENALTY_MS + habits.silences * FIRST_TRY_MS;
    return cost + (habits.rttMs ?? STRANGER_MS);
  }

  /**
   * Which of `others` is to be asked beside `first`, to learn how it does: one that fell silent and is due,
   * or was not heard of for long. Whoever takes it gives it its turn, so that no two questions do.
   */
  takeDue(first: string, others: readonly string[], zone: Name): string | undefined {
    const nowMs = this.#world.nowMs();
    const best = this.#known(first);
    if (best?.rttMs === undefined || best.silences > 0) return undefined;
    for (const address of others) {
      const habits = this.#known(address);
      if (habits === undefined) continue;
      const isSilent = habits.silences > 0;
      const dueMs = isSilent ? habits.dueMs : habits.heardMs + SERVER_UNHEARD_SECONDS * 1000;
      if (dueMs > nowMs || !this.isRouted(address) || this.#isLame(address, zone)) continue;
      habits.heardMs = nowMs;
      // It counts as silent again until it answers.
      if (isSilent) this.#fallSilent(habits);
      return address;
    }
    return undefined;
  }

  /**
   * Doubles with each try of one question; spread a little, lest what was lost together comes together
   * again.
   */
  tryMs(address: string, tries: number): number {
    const usualMs = this.#usualMs(address) ?? FIRST_TRY_MS;
    const ms = Math.min(Math.max(usualMs, TRY_MS_MIN) * 2 ** tries, TRY_MS_MAX);
    return tries === 0 ? ms : ms - this.#world.draw(Math.ceil(ms / 4));
  }

  /** When it answers, as a rule, what it is asked now; at once where it is not known to answer. */
  expectedMs(address: string): number {
    const isSilent = (this.#known(address)?.silences ?? 0) > 0;
    const usualMs = isSilent ? undefined : this.#usualMs(address);
    return this.#world.nowMs() + Math.min(usualMs ?? 0, TRY_MS_MAX);
  }

  /** Undefined until it answered once. */
  #usualMs(address: string): number | undefined {
    const habits = this.#known(address);
    if (habits?.rttMs === undefined) return undefined;
    // RFC 6298 §2.3: however steady it is, we are not.
    return habits.rttMs + Math.max(4 * habits.deviationMs, TRY_SLACK_MS);
  }

  manner(address: string): Manner {
    const nowMs = this.#world.nowMs();
    const habits = this.#of(address);
    const lacksEdns = habits.ednsFaults >= EDNS_FAULTS_MAX && habits.ednsUntilMs > nowMs;
    if (habits.cookieUntilMs <= nowMs) {
      habits.cookie = drawCookie(this.#world);
      habits.cookieUntilMs = nowMs + CLIENT_COOKIE_SECONDS * 1000;
    }
    return {
      edns: !lacksEdns,
      randomCase: this.#randomCase && habits.caseUntilMs <= nowMs,
      cookie: habits.cookie,
    };
  }

  /**
   * RFC 7873 §5.3: the newest is the one to use. Who has given cookies and gives none over TCP, where
   * nobody else can have answered, does not keep them any longer.
   */
  gaveCookie(address: string, cookie: Uint8Array | undefined, via: 'udp' | 'tcp'): void {
    if (cookie === undefined && via === 'udp') return;
    const habits = this.#of(address);
    if (cookie !== undefined) {
      if (isWhole(cookie) && equalBytes(clientPart(cookie), clientPart(habits.cookie)))
        habits.cookie = cookie;
    } else if (isWhole(habits.cookie)) {
      habits.cookie = clientPart(habits.cookie);
    }
  }

  /** Over what to ask it: TCP where nothing fits over UDP anyway. */
  via(address: string): 'udp' | 'tcp' {
    const habits = this.#known(address);
    const truncates = habits !== undefined && habits.truncations >= TRUNCATIONS_MAX;
    return truncates && habits.truncatesUntilMs > this.#world.nowMs() ? 'tcp' : 'udp';
  }

  /** So long without an answer, and asked again and again, that one try a question is enough. */
  isDead(address: string): boolean {
    return (this.#known(address)?.silences ?? 0) >= SERVER_SILENCES_DEAD;
  }

  /** Questions that may be out to it at a time. */
  questionsMax(address: string): number {
    return this.isDead(address) ? DEAD_SERVER_QUESTIONS_MAX : SERVER_QUESTIONS_MAX;
  }

  /** RFC 9520 §3.1: there is reason to believe that TCP may do better where UDP did not. */
  mayTakeTcp(address: string): boolean {
    return this.#known(address)?.rttMs !== undefined && !this.isDead(address);
  }

  /** A query leaves for it. */
  asked(address: string): void {
    this.#of(address).asked.count(this.#world.nowMs());
  }

  answered(address: string, ms: number): void {
    const nowMs = this.#world.nowMs();
    this.#families.heard(address, nowMs);
    const habits = this.#of(address);
    habits.silences = 0;
    habits.dueMs = 0;
    habits.heardMs = nowMs;
    if (habits.rttMs === undefined) {
      habits.rttMs = ms;
      habits.deviationMs = ms / 2;
      return;
    }
    // RFC 6298 §2.3
    habits.deviationMs += (Math.abs(habits.rttMs - ms) - habits.deviationMs) / 4;
    habits.rttMs += (ms - habits.rttMs) / 8;
  }

  /** Many questions may be out when it falls silent, and all of them tell: it is one silence. */
  silent(address: string): void {
    const habits = this.#of(address);
    if (habits.rttMs === undefined && habits.silences === 0) this.#families.unheard(address);
    if (habits.silences === 0 || habits.dueMs <= this.#world.nowMs()) this.#fallSilent(habits);
  }

  /** Each time it is left alone twice as long, give or take an eighth. */
  #fallSilent(habits: Habits): void {
    const ms = Math.min(1000 * 2 ** habits.silences, 1000 * SILENCE_SECONDS_MAX);
    habits.silences++;
    habits.dueMs = this.#world.nowMs() + ms - ms / 8 + this.#world.draw(Math.ceil(ms / 4));
  }

  /**
   * The system would not send there: this address or, without a route, all of its family on a host without
   * IPv6.
   */
  unreachable(address: string, noRoute: boolean): void {
    if (noRoute) this.#families.unreached(address);
    else this.silent(address);
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

  /** Whether what it said over UDP fitted. */
  fitted(address: string, fits: boolean): void {
    const habits = this.#of(address);
    habits.truncations = fits ? 0 : habits.truncations + 1;
    if (!fits) habits.truncatesUntilMs = this.#untilMs();
  }

  /** It was named for the zone and does not serve it, or tells only what it has heard itself. */
  lame(address: string, zone: Name): void {
    this.#lame.set(lameKey(address, nameKey(zone)), this.#untilMs());
  }

  #isLame(address: string, zone: Name): boolean {
    if (this.#lame.size === 0) return false;
    return (this.#lame.get(lameKey(address, nameKey(zone))) ?? 0) > this.#world.nowMs();
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
        perSecond: habits?.asked.perSecond(nowMs) ?? 0,
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
    this.#address = '';
    this.#habitsThere = undefined;
    this.#lame.clear();
    this.#families.clear();
  }

  #untilMs(): number {
    return this.#world.nowMs() + SERVER_HABITS_SECONDS * 1000;
  }

  #known(address: string): Habits | undefined {
    if (address !== this.#address) {
      this.#address = address;
      this.#habitsThere = this.#habits.get(address);
    }
    return this.#habitsThere;
  }

  #of(address: string): Habits {
    const known = this.#known(address);
    if (known !== undefined) return known;
    const habits: Habits = {
      asked: new Pace(),
      rttMs: undefined,
      deviationMs: 0,
      heardMs: 0,
      silences: 0,
      dueMs: 0,
      ednsFaults: 0,
      ednsUntilMs: 0,
      caseUntilMs: 0,
      truncations: 0,
      truncatesUntilMs: 0,
      cookie: NONE,
      cookieUntilMs: 0,
    };
    this.#habits.set(address, habits);
    this.#habitsThere = habits;
    return habits;
  }
}

/** By cost, the least first; what costs the same stays in order. They are few. */
function sortTogether(addresses: string[], costs: number[]): void {
  for (let i = 1; i < addresses.length; i++) {
    const address = addresses[i] as string;
    const cost = costs[i] as number;
    let at = i;
    for (; at > 0 && (costs[at - 1] as number) > cost; at--) {
      addresses[at] = addresses[at - 1] as string;
      costs[at] = costs[at - 1] as number;
    }
    addresses[at] = address;
    costs[at] = cost;
  }
}

const lameKey = (address: string, zoneKey: string): string => `${address} ${zoneKey}`;
const splitLameKey = (key: string): string[] => [
  key.slice(0, key.indexOf(' ')),
  key.slice(key.indexOf(' ') + 1),
];
