/** Who carries a probe's conversation: the seam between the kinds of check and the two kinds of sockets. */
import type { TlsTerms } from './check.ts';
import type { Cancel, Endpoint, Talk, Told } from './conversation.ts';

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

export const CONNECTED = 'connected';
export const CLOSED = 'closed before the answer';
