/**
 * How many walks wait for the servers of one zone at a time: half of all there may be, so that no zone
 * takes what all others need (water torture, LIMITS C9). Each silence takes places away and each reply
 * gives some back, so that a dead zone soon has few. Of these, few ask at a time where nobody has answered
 * yet, and with each reply more; the others are in line, and cost no packet. Who waits is a set, and a walk
 * is in one set at most: nothing is counted that could be forgotten (C18).
 */
import { LRUCache } from 'lru-cache';
import { Counter, type Counters } from '../base/counters.ts';
import {
  RESOLUTIONS_MAX,
  ZONE_WALKS_ASKING_FIRST,
  ZONE_WALKS_FIRST,
  ZONE_WALKS_MIN,
  ZONE_WALKS_PER_REPLY,
  ZONE_WALKS_PER_SILENCE,
  ZONES_FULL_MS,
  ZONES_WATCHED_MAX,
} from '../base/limits.ts';
import { Gathering, type Member, Roster } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import { labelCount } from '../wire/name.ts';
import { type Place, placeKey } from './delegation.ts';

/** A walk, as far as it waits. */
export interface Waiting extends Member {
  crowd: Crowd | undefined;
  /** Since when it has got no further. */
  sinceMs: number;
  /** When whoever it asks answers, as a rule. */
  expectedMs: number;
  /** In line. */
  ticket: number | undefined;
  /** Another walk waits for it, which may have its turn in the same line: it does not queue. */
  isNeeded: boolean;
}

interface InLine {
  readonly walk: Waiting;
  readonly call: (hasTurn: boolean) => void;
}

export class Crowd {
  readonly #world: World;
  readonly #asking = new Gathering<Waiting>();
  /** Nobody, unless as many ask as may: so there is an end of waiting. Most zones never have one. */
  #line: Roster<number, InLine> | undefined;
  #lastTicket = 0;
  #most: number;
  #mostAsking: number;

  /** What all names below the root or a registry have in common is no reason to keep them out. */
  constructor(isOfAll: boolean, world: World) {
    this.#world = world;
    this.#most = isOfAll ? RESOLUTIONS_MAX : ZONE_WALKS_FIRST;
    this.#mostAsking = isOfAll ? RESOLUTIONS_MAX : ZONE_WALKS_ASKING_FIRST;
  }

  get size(): number {
    return this.#asking.size + this.#inLine;
  }

  get isFull(): boolean {
    return this.size >= this.#most;
  }

  /** Takes it in; false where it has to queue before it asks. */
  take(walk: Waiting, mayQueue: boolean): boolean {
    if (walk.crowd === this) return true;
    walk.crowd = this;
    if (mayQueue && !walk.isNeeded && (this.#inLine > 0 || !this.#hasTurn)) return false;
    this.#asking.add(walk);
    return true;
  }

  get #inLine(): number {
    return this.#line?.size ?? 0;
  }

  get #hasTurn(): boolean {
    return this.#asking.size < Math.min(this.#mostAsking, this.#most);
  }

  /** Resolves when it may ask; to false when it has left before. */
  queue(walk: Waiting): Promise<boolean> {
    const ticket = this.#lastTicket++;
    walk.ticket = ticket;
    this.#line ??= new Roster();
    const line = this.#line;
    return new Promise((call) => line.set(ticket, { walk, call }));
  }

  remove(walk: Waiting): void {
    const { ticket } = walk;
    if (ticket === undefined) this.#asking.remove(walk);
    else this.#call(ticket, this.#line?.get(ticket) as InLine, false);
    this.#callNext();
  }

  /** Calls it before its turn. */
  hurry({ ticket }: Waiting): void {
    if (ticket !== undefined) this.#call(ticket, this.#line?.get(ticket) as InLine, true);
  }

  heard(): void {
    this.#most = Math.min(this.#most + ZONE_WALKS_PER_REPLY, RESOLUTIONS_MAX);
    this.#mostAsking = Math.min(this.#mostAsking + ZONE_WALKS_PER_REPLY, RESOLUTIONS_MAX);
    this.#callNext();
  }

  silent(): void {
    this.#most = Math.max(this.#most - ZONE_WALKS_PER_SILENCE, ZONE_WALKS_MIN);
  }

  #callNext(): void {
    if (this.#line === undefined) return;
    for (const [ticket, next] of this.#line) {
      if (!this.#hasTurn) return;
      this.#call(ticket, next, true);
    }
  }

  #call(ticket: number, { walk, call }: InLine, hasTurn: boolean): void {
    this.#line?.delete(ticket);
    walk.ticket = undefined;
    walk.sinceMs = this.#world.nowMs();
    if (hasTurn) this.#asking.add(walk);
    call(hasTurn);
  }
}

export class Crowds {
  readonly #world: World;
  readonly #counters: Counters | undefined;
  /** When somebody was turned away last. */
  #turnedAwayMs = Number.NEGATIVE_INFINITY;
  /** One that is forgotten while somebody waits in it begins anew; who waits leaves the old one. */
  readonly #crowds = new LRUCache<string, Crowd>({ max: ZONES_WATCHED_MAX });

  constructor(world: World, counters?: Counters) {
    this.#world = world;
    this.#counters = counters;
  }

  /** Who takes in a walk that goes on to this zone; undefined where that is full. */
  enter(walk: Waiting, place: Place): Crowd | undefined {
    walk.sinceMs = this.#world.nowMs();
    const key = placeKey(place);
    let crowd = this.#crowds.get(key);
    if (crowd !== undefined && crowd === walk.crowd) return crowd;
    leave(walk);
    if (crowd === undefined) {
      crowd = new Crowd(labelCount(place.cut) <= 1, this.#world);
      this.#crowds.set(key, crowd);
    }
    if (!crowd.isFull) return crowd;
    this.#turnAway();
    return undefined;
  }

  /** How many wait there. */
  sizeAt(place: Place): number {
    return this.#crowds.get(placeKey(place))?.size ?? 0;
  }

  /** Whether there may be a zone that is full. */
  get areFull(): boolean {
    return this.#world.nowMs() < this.#turnedAwayMs + ZONES_FULL_MS;
  }

  /** Whether a walk that is not even begun would be turned away. */
  turnsAway(place: Place): boolean {
    if (this.#crowds.get(placeKey(place))?.isFull !== true) return false;
    this.#turnAway();
    return true;
  }

  #turnAway(): void {
    this.#turnedAwayMs = this.#world.nowMs();
    this.#counters?.bump(Counter.resolutionsZoneFull);
  }
}

/** Lest walks that wait for one another stand in each other's lines. */
export function need(walk: Waiting): void {
  walk.isNeeded = true;
  walk.crowd?.hurry(walk);
}

export function leave(walk: Waiting): void {
  walk.crowd?.remove(walk);
  walk.crowd = undefined;
}
