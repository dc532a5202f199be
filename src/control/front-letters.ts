/**
 * What the control thread and a front tell each other: publications down (each laid over the ones before),
 * letters up, at most one a batch. The words that both can read without a letter:
 *
 *   0  generation: the last publication, bumped after it was posted          (control writes)
 *   1  seen: the last publication in effect, its old sockets read empty      (front writes)
 *   2  posted: letters written                                               (front writes)
 *   3  taken: letters read, so that nobody writes more than can be read      (control writes)
 */
import type { Identity } from '../answer/chaos.ts';
import type { UdpSocket } from '../transport/udp-socket.ts';
import type { GuardTerms } from './guard-terms.ts';
import type { LimitNote } from './limit-notes.ts';

export const FrontWord = { GENERATION: 0, SEEN: 1, POSTED: 2, TAKEN: 3 } as const;

export const newFrontWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(16));

/** As plain values, which can be posted; what all threads share is in shared memory. */
export interface FrontSettings {
  readonly offersRecursion: boolean;
  readonly allow: readonly string[];
  readonly chaos: Identity;
  readonly guard: GuardTerms;
  readonly logQueries: boolean;
}

export interface Publication {
  readonly settings: FrontSettings;
  /** All zones. */
  readonly images: readonly SharedArrayBuffer[];
  /** One of each address we listen on. */
  readonly sockets: readonly UdpSocket[];
  readonly stop: boolean;
}

export interface Published {
  readonly generation: number;
  readonly changed: Partial<Publication>;
}

/** What a front is started with. */
export interface FrontStart {
  readonly words: Int32Array;
  readonly counters: SharedArrayBuffer;
  readonly generation: number;
  readonly publication: Publication;
}

export interface Letter {
  /** Queries that need recursion (transport/udp-return). */
  readonly bag: Uint8Array | undefined;
  /** For the query log. */
  readonly lines: readonly object[];
  /** Somebody is being limited. */
  readonly limited: LimitNote | undefined;
  readonly bugs: readonly { readonly bug: unknown; readonly packet: string }[];
}
