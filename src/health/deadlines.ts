/**
 * Ends what takes too long: one alarm for all that is under way, where thousands begin and end in a second
 * and hardly one is late. In no order: when the alarm rings, all are looked over.
 */
import { Gathering, type Member } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import type { Cancel } from './conversation.ts';

export interface Awaited extends Member {
  readonly endMs: number;
  /** Called once, from then on, unless it was removed; it is not awaited any more. */
  late(): void;
}

export class Deadlines {
  readonly #world: World;
  readonly #awaited = new Gathering<Awaited>();
  #alarmMs = Infinity;
  #cancelAlarm: Cancel | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  add(awaited: Awaited): void {
    this.#awaited.add(awaited);
    this.#ringAt(awaited.endMs);
  }

  remove(awaited: Awaited): void {
    this.#awaited.remove(awaited);
  }

  #ringAt(atMs: number): void {
    if (atMs >= this.#alarmMs) return;
    this.#cancelAlarm?.();
    this.#alarmMs = atMs;
    this.#cancelAlarm = this.#world.after(Math.max(atMs - this.#world.nowMs(), 0), this.#ring);
  }

  readonly #ring = (): void => {
    this.#alarmMs = Infinity;
    const nowMs = this.#world.nowMs();
    const all = [...this.#awaited];
    for (const awaited of all) {
      if (awaited.endMs > nowMs) this.#ringAt(awaited.endMs);
      else if (this.#awaited.remove(awaited)) awaited.late();
    }
  };
}
