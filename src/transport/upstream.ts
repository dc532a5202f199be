/**
 * Exchanges with other servers over real sockets: the doing half of `resolver/upstream`. A socket for UDP is
 * bound to a port nobody can foresee (RFC 5452 §9.2) and connected, so that the kernel turns away other
 * senders and tells when a port is closed. How many questions are out, and so how many sockets, is bounded.
 */
import { isIP } from 'node:net';
import { Counter, Counters } from '../base/counters.ts';
import { UPSTREAM_SOCKETS_ALONE, UPSTREAM_SOCKETS_MAX } from '../base/limits.ts';
import { realWorld, type World } from '../base/world.ts';
import type { Exchange, Unsent, Upstream } from '../resolver/upstream.ts';
import type { Native } from './native.ts';
import { Asking, type Desk } from './upstream-asking.ts';
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
  const desk: Desk = { world, counters, open: 0 };

  function refuse(exchange: Exchange, why: string, unsent?: Unsent): void {
    counters.bump(Counter.upstreamUnreachable);
    exchange.end({ got: 'unreachable', why, ...(unsent && { unsent }) });
  }

  return {
    exchange(exchange) {
      const { to, via } = exchange;
      if (isIP(to.address) === 0 || !(to.port > 0 && to.port <= 0xffff)) {
        refuse(exchange, 'not an address');
        return;
      }
      if (desk.open >= socketsMax) {
        counters.bump(Counter.upstreamSocketsFull);
        refuse(exchange, 'too many sockets are open', 'no room');
        return;
      }
      // A scope (`%eth0`) is for Node to look up.
      const asker = via === 'tcp' ? links : to.address.includes('%') ? dgram : datagrams;
      asker.ask(new Asking(exchange, desk));
    },
    close() {
      links.close();
      datagrams.close();
    },
  };
}
