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

export interface Upstream {
  /**
   * Sends `query` and waits up to `ms`. Over UDP a datagram that `accept` turns down (wrong ID, wrong
   * question, malformed) is counted and waited past: it must not cost the right one that comes later. When
   * `ms` have passed, `overdue` is told, and says for how long its socket listens on. Never rejects.
   */
  exchange(
    to: Endpoint,
    query: Uint8Array,
    via: 'udp' | 'tcp',
    ms: number,
    accept: (bytes: Uint8Array) => boolean,
    overdue?: () => number,
  ): Promise<Event>;
}
