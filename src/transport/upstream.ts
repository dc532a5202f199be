/**
 * Exchanges with other servers over real sockets: the doing half of `resolver/upstream`. A socket for UDP is
 * bound to a port nobody can foresee (RFC 5452 §9.2) and connected, so that the kernel turns away other
 * senders and tells when a port is closed. How many questions are out, and so how many sockets, is bounded.
 */
import { isIP } from 'node:net';
import { Counter, Counters } from '../base/counters.ts';
import { UPSTREAM_SOCKETS_ALONE, UPSTREAM_SOCKETS_MAX } from '../base/limits.ts';
import { realWorld, type World } from '../base/world.ts';
import type { Event, Unsent, Upstream } from '../resolver/upstream.ts';
import type { Native } from './native.ts';
import type { Ended, Judge, Refusal } from './upstream-asker.ts';
import { DgramAsker } from './upstream-dgram.ts';
import { NativeAsker } from './upstream-native.ts';
import type { Loop } from './upstream-readiness.ts';
import { TcpLinks } from './upstream-tcp.ts';

export interface SocketUpstream extends Upstream {
  /** Closes what would stay open; exchanges under way may end, in silence. */
  close(): void;
}

export interface UpstreamSettings {
  readonly world?: World;
  readonly counters?: Counters;
  readonly socketsMax?: number;
  /** Questions to one server that have each a socket of its own, before others share. */
  readonly aloneMax?: number;
  /** Without both, the sockets are Node's. */
  readonly native?: Native | undefined;
  readonly loop?: Loop | undefined;
}

export function socketUpstream({
  world = realWorld,
  counters = new Counters(),
  socketsMax = UPSTREAM_SOCKETS_MAX,
  aloneMax = UPSTREAM_SOCKETS_ALONE,
  native,
  loop,
}: UpstreamSettings = {}): SocketUpstream {
  const links = new TcpLinks(world, counters);
  const dgram = new DgramAsker(world);
  const datagrams = native && loop ? new NativeAsker(world, native, loop, aloneMax) : dgram;
  let open = 0;

  function exchange(
    ...[to, query, via, ms, accept, overdue]: Parameters<Upstream['exchange']>
  ): Promise<Event> {
    return new Promise((resolve) => {
      const settle = (event: Event): void => {
        counters.bump(endCounter[event.got]);
        resolve(event);
      };
      if (isIP(to.address) === 0 || !(to.port > 0 && to.port <= 0xffff)) {
        settle({ got: 'unreachable', why: 'not an address' });
        return;
      }
      if (open >= socketsMax) {
        counters.bump(Counter.upstreamSocketsFull);
        settle({ got: 'unreachable', why: 'too many sockets are open', unsent: 'no room' });
        return;
      }
      const judge: Judge = (bytes) => {
        const good = accept(bytes);
        if (!good) counters.bump(Counter.upstreamMismatched);
        return good;
      };
      const beganMs = world.nowMs();
      open++;
      const ended: Ended = (reply, refusal) => {
        open--;
        if (refusal !== undefined) settle(unreachable(refusal));
        else if (reply === undefined) settle({ got: 'silence' });
        else settle({ got: 'reply', bytes: reply, ms: world.nowMs() - beganMs });
      };
      counters.bump(via === 'udp' ? Counter.upstreamUdpSent : Counter.upstreamTcpSent);
      // A scope (`%eth0`) is for Node to look up.
      const asker = via === 'tcp' ? links : to.address.includes('%') ? dgram : datagrams;
      asker.ask(to, query, ms, judge, ended, overdue);
    });
  }

  return {
    exchange,
    close() {
      links.close();
      datagrams.close();
    },
  };
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
