/**
 * The seam between deciding and doing. The resolver's side of it: one exchange with one server.
 * `transport/upstream` performs it over sockets, tests perform it over a scripted internet in virtual time.
 */

export interface Endpoint {
  /** Text of an IPv4 or IPv6 address. */
  readonly address: string;
  readonly port: number;
}

/** How one exchange ended. */
export type Event =
  | { readonly got: 'reply'; readonly bytes: Uint8Array; readonly ms: number }
  /** Nothing acceptable came in time. */
  | { readonly got: 'silence' }
  /**
   * The system said no. `unsent`: without sending anything, for it has no route to such addresses, or no room
   * for one more socket, which says nothing about the server.
   */
  | { readonly got: 'unreachable'; readonly why: string; readonly unsent?: Unsent };

export type Unsent = 'no route' | 'no room';

/** One query to one server, and who hears what comes of it. */
export interface Exchange {
  readonly to: Endpoint;
  readonly query: Uint8Array;
  readonly via: 'udp' | 'tcp';
  /** For how long a reply is waited for. */
  readonly ms: number;
  /**
   * Whether these bytes are the reply; they are lent for the call. A datagram that is turned down (wrong ID,
   * wrong question, malformed) is counted and waited past: it must not cost the right one that comes later.
   */
  accept(bytes: Uint8Array): boolean;
  /** `ms` have passed. Says for how long its socket listens on. */
  overdue(): number;
  /** Called once, be it before `exchange` returns. The bytes of a reply are lent for the call. */
  end(event: Event): void;
}

export interface Upstream {
  exchange(exchange: Exchange): void;
}
