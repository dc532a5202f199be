/**
 * An exchange under way, between the resolver, who judges what comes, and the sockets that perform it: its
 * time, its counters, and how it ended in the resolver's words.
 */
import { Counter, type Counters } from '../base/counters.ts';
import type { World } from '../base/world.ts';
import type { Event, Exchange, Unsent } from '../resolver/upstream.ts';
import type { Refusal } from './upstream-asker.ts';

/** What all exchanges have in common. */
export interface Desk {
  readonly world: World;
  readonly counters: Counters;
  /** Exchanges under way. */
  open: number;
}

/** An exchange, as whoever performs it has it. */
export class Asking {
  readonly exchange: Exchange;
  readonly #desk: Desk;
  #sinceMs = 0;
  #cancel: (() => void) | undefined;

  constructor(exchange: Exchange, desk: Desk) {
    this.exchange = exchange;
    this.#desk = desk;
    desk.open++;
    desk.counters.bump(exchange.via === 'udp' ? Counter.upstreamUdpSent : Counter.upstreamTcpSent);
  }

  /** It leaves and its time begins: when that is over `late` is called, when nobody listens on, `over`. */
  begin(over: () => void, late?: () => void): void {
    const { world } = this.#desk;
    this.#sinceMs = world.nowMs();
    this.#cancel = world.after(this.exchange.ms, () => {
      late?.();
      const moreMs = this.exchange.overdue();
      if (moreMs > 0) this.#cancel = world.after(moreMs, over);
      else over();
    });
  }

  /** Whether these bytes are the reply. They are lent for the call. */
  judge(bytes: Uint8Array): boolean {
    const isGood = this.exchange.accept(bytes);
    if (!isGood) this.#desk.counters.bump(Counter.upstreamMismatched);
    return isGood;
  }

  /** To be called once: with the reply, with a refusal, or with neither when no reply came in time. */
  end(reply?: Uint8Array, refusal?: Refusal): void {
    this.#cancel?.();
    this.#desk.open--;
    if (refusal !== undefined) this.#settle(unreachable(refusal));
    else if (reply === undefined) this.#settle({ got: 'silence' });
    else this.#settle({ got: 'reply', bytes: reply, ms: this.#desk.world.nowMs() - this.#sinceMs });
  }

  #settle(event: Event): void {
    this.#desk.counters.bump(endCounter[event.got]);
    this.exchange.end(event);
  }
}

const endCounter: Record<Event['got'], number> = {
  reply: Counter.upstreamReplies,
  silence: Counter.upstreamTimeouts,
  unreachable: Counter.upstreamUnreachable,
};

/** Not ECONNREFUSED: that is told by a machine that was reached. */
const unsentCodes: Readonly<Record<string, Unsent>> = {
  ENETUNREACH: 'no route',
  EHOSTUNREACH: 'no route',
  EADDRNOTAVAIL: 'no route',
  EAFNOSUPPORT: 'no route',
  EMFILE: 'no room',
  ENFILE: 'no room',
  ENOBUFS: 'no room',
  EAGAIN: 'no room',
  ENOMEM: 'no room',
  EADDRINUSE: 'no room',
};

const unreachable = ({ code, why }: Refusal): Event => {
  const unsent = unsentCodes[code];
  return unsent === undefined ? { got: 'unreachable', why } : { got: 'unreachable', why, unsent };
};
