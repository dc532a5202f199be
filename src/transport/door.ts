/**
 * What stands between bytes and meaning. A transport is handed an `Answerer` and knows nothing of the server
 * behind it; a test of either side is a function call.
 */
import type { Bytes } from '../base/bytes.ts';

export interface Endpoint {
  /** 4 or 16 bytes. */
  readonly address: Bytes;
  readonly port: number;
}

export interface Client {
  readonly transport: 'udp' | 'tcp';
  /** 4 or 16 bytes; `base/ip` makes text of them where somebody reads it. */
  readonly address: Bytes;
  readonly port: number;
  /** Where it asked; looked up when somebody wants to know, and unknown of who came by no socket. */
  readonly local?: Endpoint | undefined;
}

/** No response, ever. */
export const DROP = 0;
/** The response comes later, through `send`, exactly once; without bytes where nothing is to be sent. */
export const LATER = -1;

/**
 * UDP ports that nobody asks from. What listens there answers anything, so a forged question would have it
 * and us talk for ever: echo, daytime, qotd, chargen, time (RFC 862 to RFC 868). Port 0 cannot be answered
 * at all.
 */
const NEVER_ASKING: ReadonlySet<number> = new Set([0, 7, 13, 17, 19, 37]);
const NEVER_ASKING_MAX = Math.max(...NEVER_ASKING);

/** Whether nobody asks from this UDP port. */
export const neverAsks = (port: number): boolean => port <= NEVER_ASKING_MAX && NEVER_ASKING.has(port);

export interface Answerer {
  /**
   * Tells of a batch before its first message is answered: what comes next are messages of these, unchanged
   * and in this order, though not all need come. It changes no answer; what they have in common can be done
   * in common. The packets are borrowed until the next batch is told of.
   */
  foresee?(packets: readonly Uint8Array[], lengths: Uint16Array, count: number): void;

  /**
   * Answers one message of `length` bytes at the start of `packet`. Writes the response to the start of `out`
   * (65,535 bytes) and returns its length, or DROP, or LATER. `packet` and `out` are borrowed until the
   * return; `client` too, unless it answers LATER itself. Never throws.
   */
  answer(
    packet: Uint8Array,
    length: number,
    client: Client,
    out: Uint8Array,
    send: (response: Uint8Array) => void,
  ): number;
}
