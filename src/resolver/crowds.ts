/**
 * How many walks wait for the servers of one zone at a time: half of all there may be, so that no zone
 * takes what all others need (water torture, LIMITS C9). Each silence takes places away and each reply
 * gives some back, so that a dead zone soon has few. Who waits is a set, and a walk is in one set at most:
 * nothing is counted that could be forgotten (C18).
 */
import { LRUCache } from 'lru-cache';
import { Counter, type Counters } from '../base/counters.ts';
import {
  RESOLUTIONS_MAX,
  ZONE_WALKS_FIRST,
  ZONE_WALKS_MIN,
  ZONE_WALKS_PER_REPLY,
  ZONE_WALKS_PER_SILENCE,
  ZONES_FULL_MS,
  ZONES_WATCHED_MAX,
} from '../base/limits.ts';
import { Gathering, type Member } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import { labelCount } from '../wire/name.ts';
import { type Place, placeKey } from './delegation.ts';

/** A walk, as far as it waits. */
export interface Waiting extends Member {
  crowd: Crowd | undefined;
  /** Since when it has got no further. */
  sinceMs: number;
}

class Crowd {
  readonly #waiting = new Gathering<Waiting>();
  #most: number;

  /** What all names below the root or a registry have in common is no reason to keep them out. */
  constructor(isOfAll: boolean) {
    this.#most = isOfAll ? RESOLUTIONS_MAX : ZONE_WALKS_FIRST;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#most;
  }

  add(walk: Waiting): void {
    this.#waiting.add(walk);
  }

  remove(walk: Waiting): void {
    this.#waiting.remove(walk);
  }

  heard(): void {
    this.#most = Math.min(this.#most + ZONE_WALKS_PER_REPLY, RESOLUTIONS_MAX);
  }

  silent(): void {
    this.#most = Math.max(this.#most - ZONE_WALKS_PER_SILENCE, ZONE_WALKS_MIN);
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

  /** The walk goes on to this zone; undefined where that is full. */
  enter(walk: Waiting, place: Place): Crowd | undefined {
    leave(walk);
    walk.sinceMs = this.#world.nowMs();
    const key = placeKey(place);
    let crowd = this.#crowds.get(key);
    if (crowd === undefined) {
      crowd = new Crowd(labelCount(place.cut) <= 1);
      this.#crowds.set(key, crowd);
    }
    if (crowd.isFull) {
      this.#turnAway();
      return undefined;
    }
    crowd.add(walk);
    walk.crowd = crowd;
    return crowd;
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

export function leave(walk: Waiting): void {
  walk.crowd?.remove(walk);
  walk.crowd = undefined;
}
