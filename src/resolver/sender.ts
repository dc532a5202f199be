/**
 * What is out to other servers, and who waits for which of it. In comes how a question is to be put to a
 * server; what was heard is told to whoever waits, at once where nothing leaves. Bounded are the queries that
 * are out to one server, and those that nobody waits for any longer.
 */
import { Counter, type Counters } from '../base/counters.ts';
import { LATE_ANSWER_MS, LATE_ANSWERS_MAX } from '../base/limits.ts';
import { Roster } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import { Outgoing } from './outgoing.ts';
import type { Upstream } from './upstream.ts';
import { type Heard, type Sending, typedKey } from './wish.ts';

/** What all that are asked tell of themselves, whether anybody still waits for it or not. */
export interface Listener {
  /** A query leaves for it. */
  asked(address: string): void;
  answered(address: string, ms: number): void;
  /** What cookie its reply had. */
  gaveCookie(address: string, cookie: Uint8Array | undefined, via: 'udp' | 'tcp'): void;
  /** Questions that may be out to it at a time. */
  questionsMax(address: string): number;
}

const LATE: Heard = { got: 'late' };
const FULL: Heard = { got: 'full' };
const SILENCE: Heard = { got: 'silence', puzzled: false };

export class Sender {
  readonly #world: World;
  readonly #upstream: Upstream;
  readonly #port: number;
  readonly #listener: Listener;
  readonly #counters: Counters | undefined;
  /** What is out and not overdue, by question; others of the same question behind it. */
  readonly #underWay = new Roster<string, Outgoing>();
  /** Queries that have not ended, by address. */
  readonly #out = new Map<string, number>();
  #overdue = 0;

  constructor(world: World, upstream: Upstream, port: number, listener: Listener, counters?: Counters) {
    this.#world = world;
    this.#upstream = upstream;
    this.#port = port;
    this.#listener = listener;
    this.#counters = counters;
  }

  /**
   * Gives what is known at once, or tells it later. Many names have the same part, so many walks may ask one
   * server the same. It is asked once, lest a forger has many queries to guess at (VU#457875, LIMITS B3).
   */
  send(
    sending: Sending,
    deadlineMs: number,
    tell: (heard: Heard) => void,
    fail: (bug: unknown) => void,
  ): Heard | undefined {
    const { to, asked, volley } = sending;
    const isBeside = sending.beside === true;
    const patienceMs = Math.min(sending.ms, deadlineMs - this.#world.nowMs());
    if (patienceMs <= 0) return LATE;
    const key = typedKey(asked.name, asked.type);
    const first = this.#underWay.get(key);
    let same = first;
    while (same !== undefined && !same.isFor(sending)) same = same.next;
    const out = this.#out.get(to) ?? 0;
    if (same === undefined && out >= this.#listener.questionsMax(to)) return FULL;
    if (!isBeside) volley.wait(sending, tell, fail);
    if (same === undefined) this.#begin(key, sending, patienceMs, first, out);
    else same.waiters.push(sending);
    return isBeside ? SILENCE : undefined;
  }

  #begin(key: string, sending: Sending, ms: number, next: Outgoing | undefined, out: number): void {
    const { to } = sending;
    const outgoing = new Outgoing(sending, {
      key,
      next,
      ms,
      port: this.#port,
      world: this.#world,
      keeper: this,
    });
    this.#underWay.set(key, outgoing);
    this.#out.set(to, out + 1);
    this.#listener.asked(to);
    try {
      this.#upstream.exchange(outgoing);
    } catch (error) {
      outgoing.breaks(error);
    }
  }

  overdue(outgoing: Outgoing): number {
    if (this.#overdue >= LATE_ANSWERS_MAX) return 0;
    this.#overdue++;
    this.#letGo(outgoing);
    outgoing.isOverdue = true;
    outgoing.tell({ got: 'silence', puzzled: outgoing.isPuzzled });
    return LATE_ANSWER_MS;
  }

  ended(outgoing: Outgoing, heard: Heard): void {
    const { to, via, manner } = outgoing.sending;
    const left = (this.#out.get(to) as number) - 1;
    if (left > 0) this.#out.set(to, left);
    else this.#out.delete(to);
    if (outgoing.isOverdue) this.#overdue--;
    else this.#letGo(outgoing);
    if (heard.got === 'forged') this.#counters?.bump(Counter.upstreamForged);
    if (heard.got === 'reply') {
      if (via === 'udp' && !heard.isDoubtful) this.#listener.answered(to, heard.ms);
      if (manner.edns) this.#listener.gaveCookie(to, outgoing.cookie, via);
    }
    outgoing.tell(heard);
  }

  /** It is not waited for any more. */
  #letGo(outgoing: Outgoing): void {
    const { key, next } = outgoing;
    let before = this.#underWay.get(key) as Outgoing;
    if (before !== outgoing) {
      while (before.next !== outgoing) before = before.next as Outgoing;
      before.next = next;
    } else if (next !== undefined) this.#underWay.set(key, next);
    else this.#underWay.delete(key);
  }
}
