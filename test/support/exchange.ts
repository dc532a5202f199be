/** Exchanges with other servers as promises, for tests that wait for one at a time. */
import { copyOf } from '../../src/base/bytes.ts';
import type { Endpoint, Event, Exchange, Upstream } from '../../src/resolver/upstream.ts';

/** By an upstream that tells its end; the bytes are the caller's. */
export const exchanged = (
  upstream: Upstream,
  to: Endpoint,
  query: Uint8Array,
  via: 'udp' | 'tcp',
  ms: number,
  accept: (bytes: Uint8Array) => boolean,
  overdue: () => number = () => 0,
): Promise<Event> =>
  new Promise((resolve) =>
    upstream.exchange({
      ...{ to, query, via, ms, accept, overdue },
      end: (event) => resolve(event.got === 'reply' ? { ...event, bytes: copyOf(event.bytes) } : event),
    }),
  );

/** An upstream that gives its end. */
export const upstreamOf = (perform: (exchange: Exchange) => Promise<Event>): Upstream => ({
  exchange: (exchange) => void perform(exchange).then((event) => exchange.end(event)),
});
