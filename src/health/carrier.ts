/** Who carries a probe's conversation: the seam between the kinds of check and the two kinds of sockets. */
import type { TlsTerms } from './check.ts';
import { type Cancel, type Endpoint, type Talk, type Told, up } from './conversation.ts';

export type Way =
  | { readonly by: 'stream' }
  | { readonly by: 'tls'; readonly terms: TlsTerms }
  | { readonly by: 'datagram' };

export interface Carrier {
  /** Tells once, later. Somebody else says when it takes too long. */
  carry(to: Endpoint, way: Way, talk: Talk, told: Told): Cancel;
  /** What would stay open is closed. Probes under way are not heard of again. */
  close(): void;
}

/** The same each time: a thousand probes a second come to it. */
export const CONNECTED = up('connected');
export const CLOSED = 'closed before the answer';
