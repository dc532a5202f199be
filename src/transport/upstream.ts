/**
 * Exchanges with other servers over real sockets: the doing half of `resolver/upstream`. Every query over UDP
 * has a socket of its own, bound to a port nobody can foresee (RFC 5452 §9.2) and connected, so that the
 * kernel turns away other senders and tells when a port is closed. How many are open at once is bounded.
 */
import type { Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { getSystemErrorMessage } from 'node:util';
import { Counter, Counters } from '../base/counters.ts';
import { UPSTREAM_PORT_TRIES_MAX, UPSTREAM_SOCKETS_MAX } from '../base/limits.ts';
import { realWorld, type World } from '../base/world.ts';
import type { Endpoint, Event, Unsent, Upstream } from '../resolver/upstream.ts';
import { literalSocket } from './udp.ts';
import { type Judge, TcpLinks } from './upstream-tcp.ts';

/** Below are ports of services, for which a system may ask privileges. */
const PORT_MIN = 1024;
const PORTS = 65_536 - PORT_MIN;

export interface SocketUpstream extends Upstream {
  /** Closes what is kept open between exchanges; exchanges under way end by themselves. */
  close(): void;
}

export function socketUpstream(
  world: World = realWorld,
  counters: Counters = new Counters(),
  socketsMax = UPSTREAM_SOCKETS_MAX,
): SocketUpstream {
  const links = new TcpLinks(world, counters);
  let open = 0;

  async function exchange(
    ...[to, query, via, ms, accept, overdue]: Parameters<Upstream['exchange']>
  ): Promise<Event> {
    if (isIP(to.address) === 0 || !(to.port > 0 && to.port <= 0xffff)) return unreachable('not an address');
    if (open >= socketsMax) {
      counters.bump(Counter.upstreamSocketsFull);
      return unreachable('too many sockets are open', 'no room');
    }
    const judge: Judge = (bytes) => {
      const good = accept(bytes);
      if (!good) counters.bump(Counter.upstreamMismatched);
      return good;
    };
    const beganMs = world.nowMs();
    open++;
    try {
      counters.bump(via === 'udp' ? Counter.upstreamUdpSent : Counter.upstreamTcpSent);
      const reply = await (via === 'udp'
        ? overUdp(world, to, query, ms, judge, overdue)
        : links.ask(to, query, ms, judge));
      return reply ? { got: 'reply', bytes: reply, ms: world.nowMs() - beganMs } : { got: 'silence' };
    } catch (refused) {
      const error = refused as NodeJS.ErrnoException;
      return unreachable(reason(error), unsentCodes[error.code ?? '']);
    } finally {
      open--;
    }
  }

  return {
    async exchange(...asked) {
      const event = await exchange(...asked);
      counters.bump(endCounter[event.got]);
      return event;
    },
    close: () => links.close(),
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
  ENOMEM: 'no room',
  EADDRINUSE: 'no room',
};

const unreachable = (why: string, unsent?: Unsent): Event =>
  unsent === undefined ? { got: 'unreachable', why } : { got: 'unreachable', why, unsent };

/** The system's own words, where it is the system that refused. */
const reason = (error: NodeJS.ErrnoException): string =>
  error.errno === undefined ? error.message : getSystemErrorMessage(error.errno);

/** The reply; undefined when none came in time. Rejects with what the system said. */
function overUdp(
  world: World,
  to: Endpoint,
  query: Uint8Array,
  ms: number,
  judge: Judge,
  overdue: () => number = () => 0,
): Promise<Uint8Array | undefined> {
  const socket = literalSocket(to.address);
  let cancel = () => {};
  return new Promise<Uint8Array | undefined>((resolve, reject) => {
    bindUnforeseeably(socket, world);
    cancel = world.after(ms, () => {
      const moreMs = overdue();
      if (moreMs > 0) cancel = world.after(moreMs, () => resolve(undefined));
      else resolve(undefined);
    });
    socket.on('message', (bytes) => judge(bytes) && resolve(bytes));
    // On a connected socket an ICMP "port unreachable" arrives here.
    socket.on('error', reject);
    socket.connect(to.port, to.address, (unconnected?: Error) => {
      if (unconnected) reject(unconnected);
      else socket.send(query, (unsent) => unsent && reject(unsent));
    });
  }).finally(() => {
    cancel();
    socket.close();
  });
}

/**
 * Binds to a port drawn from all there are: the system's own choice is from a narrower range (RFC 6056 §3.2).
 * Throws the system's error where no port is to be had.
 */
function bindUnforeseeably(socket: Socket, world: World): void {
  for (let tries = 1; ; tries++) {
    let failure: NodeJS.ErrnoException | undefined;
    const note = (error: Error): void => {
      failure = error;
    };
    socket.once('error', note);
    // With nothing to look up, the socket is bound or has failed when this returns.
    socket.bind({ port: PORT_MIN + world.draw(PORTS), exclusive: true });
    socket.off('error', note);
    if (failure === undefined) return;
    if (failure.code !== 'EADDRINUSE' || tries === UPSTREAM_PORT_TRIES_MAX) throw failure;
  }
}
