/**
 * What a probe says and hears, apart from who carries it: a sans-I/O half of each kind, fed with bytes until
 * it knows. Whoever carries it opens the way, says the request, and cuts it off when it has heard a verdict.
 */

export interface Endpoint {
  /** Canonical text, without a scope. */
  readonly address: string;
  readonly port: number;
}

/** What a probe came to. */
export interface Verdict {
  readonly isUp: boolean;
  /** In words, for the log and whoever asks; of what a stranger wrote it has numbers at most. */
  readonly why: string;
}

export interface Conversation {
  /** Said first. */
  readonly request: Uint8Array;
  /** Bytes that came, of a datagram all, lent for the call; undefined: they decide nothing yet. */
  hear(bytes: Uint8Array): Verdict | undefined;
  /** The other side says no more. */
  ended(): Verdict;
}

/** Undefined: to get through is all that is wanted. */
export type Talk = Conversation | undefined;

export const up = (why: string): Verdict => ({ isUp: true, why });
export const down = (why: string): Verdict => ({ isUp: false, why });

export type Told = (verdict: Verdict) => void;
/** Ends a probe whose verdict is not wanted any more; it is not told then. */
export type Cancel = () => void;
