/**
 * What the control thread and another one, a front or the resolver thread, tell each other: publications down
 * (each laid over the ones before), letters up, at most one a batch. The words that both can read without a
 * letter:
 *
 *   0  generation: the last publication, bumped after it was posted          (control writes)
 *   1  seen: the last publication in effect, its old sockets read empty      (the thread writes)
 *   2  posted: letters written                                               (the thread writes)
 *   3  taken: letters read, so that nobody writes more than can be read      (control writes)
 *   4  beat: moves as long as the thread goes round                          (the thread writes)
 *   5  pending: answers promised and not sent, of the resolver thread        (the thread writes)
 */
import type { MessagePort } from 'node:worker_threads';
import type { Identity } from '../answer/chaos.ts';
import { copyOf } from '../base/bytes.ts';
import type { RuleTerms } from '../rules/rulebook.ts';
import type { Sighting } from '../server/observer.ts';
import { triage } from '../server/triage.ts';
import type { UdpSocket } from '../transport/udp-socket.ts';
import { Query } from '../wire/query.ts';
import type { ImageVersion } from '../zone/image.ts';
import type { GuardTerms } from './guard-terms.ts';
import type { LimitNote } from './limit-notes.ts';
import type { Line } from './line.ts';
import type { WalkTerms } from './walk-terms.ts';

export const FrontWord = { GENERATION: 0, SEEN: 1, POSTED: 2, TAKEN: 3, BEAT: 4, PENDING: 5 } as const;

export const newFrontWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(24));

/** What a thread sees for others. */
export interface Watching {
  readonly isTimed: boolean;
  /** One query of so many goes to the query log. */
  readonly logEvery: number | undefined;
}

/** As plain values, which can be posted; what all threads share is in shared memory. */
export interface FrontSettings {
  readonly allow: readonly string[];
  /** Who is to have DNS64; absent where nobody is. */
  readonly ipv6Only?: readonly string[] | undefined;
  /** Who may see the records of pools themselves. */
  readonly showPoolsTo: readonly string[];
  readonly chaos: Identity;
  readonly watching: Watching;
  readonly guard: GuardTerms;
}

/** What every thread is told that answers queries. */
export interface Publication {
  readonly settings: FrontSettings;
  /** All zones. */
  readonly images: readonly ImageVersion[];
  /** The answer cache (server/answer-memory), and what of it holds. Undefined where nobody recurses. */
  readonly answers: { readonly memory: SharedArrayBuffer; readonly era: number } | undefined;
  /** Where clients are (pool/whereabouts); undefined where nobody asks. */
  readonly whereabouts: SharedArrayBuffer | undefined;
  /** Addresses of hosts that are members (pool/flattened); undefined while there are none. */
  readonly hosts: SharedArrayBuffer | undefined;
  readonly stop: boolean;
}

export interface FrontPublication extends Publication {
  /** One of each address we listen on. */
  readonly sockets: readonly UdpSocket[];
  /** Where to hand over; undefined while there is no resolver thread. */
  readonly line: Line | undefined;
  /** Where to count who asks for what (server/tally); the same for whoever comes after a thread that died. */
  readonly tally: SharedArrayBuffer | undefined;
}

/** The root zone (RFC 8806), and until when it may be used, in seconds since 1970. */
export interface LocalRootCopy {
  readonly image: ImageVersion;
  readonly untilSeconds: number;
}

export interface ResolverPublication extends Publication {
  readonly walk: WalkTerms;
  /** Others answer from the zones of before, and need the hosts of those too. */
  readonly isAhead: boolean;
  readonly localRoot: LocalRootCopy | undefined;
  /** Prefixes that are never asked. */
  readonly neverQuery: readonly string[];
  readonly rules: RuleTerms;
  /** The file for what was learned, from one start to the next (control/learned-file). */
  readonly learnedFile: string | undefined;
  /** File descriptors that answers may leave from. */
  readonly open: readonly number[];
  /** One more that hands over. */
  readonly line: Line | undefined;
  /** What is to be forgotten, once: a name, in lower-case wire form, what is below it too, or everything. */
  readonly flush: Flush | undefined;
  /** Where it is asked what it alone knows (control/inquiries). */
  readonly inquiries: MessagePort | undefined;
  /** Where to tell how it stands (control/resolver-gauges). */
  readonly gauges: SharedArrayBuffer;
  /** Where to note what it opens (transport/left-open). */
  readonly descriptors: SharedArrayBuffer;
}

export type Flush = 'all' | { readonly name: Uint8Array; readonly below: boolean };

/** What one of the images is from now on. */
export interface PlacedImage {
  readonly place: number;
  readonly end: number;
  /** Undefined where it is the memory of before, which nobody is given twice: to V8 it would be another. */
  readonly buffer: SharedArrayBuffer | undefined;
  /** Likewise 'kept' where it is the one of before; undefined where there is none. */
  readonly plan?: SharedArrayBuffer | 'kept' | undefined;
}

export type Changed<P> = Partial<P> & { readonly image?: PlacedImage };

export interface Published<P> {
  readonly generation: number;
  readonly changed: Changed<P>;
}

/** What is told to who comes later. */
export function laidOver<P extends Pick<Publication, 'images'>>(
  before: P,
  { image, ...changed }: Changed<P>,
): P {
  if (image === undefined) return { ...before, ...changed };
  const next = placed(before.images[image.place] as ImageVersion, image);
  return { ...before, ...changed, images: before.images.with(image.place, next) };
}

/** What stands in that place from now on. */
export const placed = (before: ImageVersion, { end, buffer, plan }: PlacedImage): ImageVersion => ({
  buffer: buffer ?? before.buffer,
  end,
  plan: plan === 'kept' ? before.plan : plan,
});

/** What a thread is started with. */
export interface ThreadStart<P> {
  readonly words: Int32Array;
  readonly counters: SharedArrayBuffer;
  readonly latency: SharedArrayBuffer;
  readonly generation: number;
  readonly publication: P;
}

/** A line for the log. */
export interface ThreadNote {
  readonly level: 'info' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Letter {
  readonly notes: readonly ThreadNote[];
  /** For the query log. */
  readonly sightings: readonly PostedSighting[];
  /** Somebody is being limited. */
  readonly limited: LimitNote | undefined;
  readonly bugs: readonly { readonly bug: unknown; readonly packet: string }[];
}

/** A sighting whose bytes are its own: the query as it came, to be read again. */
export interface PostedSighting extends Omit<Sighting, 'query' | 'length'> {
  readonly packet: Uint8Array;
}

export function packSighting({ query, length, ...seen }: Sighting): PostedSighting {
  return {
    ...seen,
    client: { ...seen.client, address: copyOf(seen.client.address) },
    packet: copyOf(query.packet, 0, query.length),
    out: copyOf(seen.out, 0, length),
  };
}

export function unpackSighting({ packet, ...seen }: PostedSighting): Sighting {
  const query = new Query();
  // As in the pipeline, of what is no question nothing but the header is read.
  if (triage(packet, packet.length) === 'serve') query.read(packet, packet.length);
  else query.readHeader(packet, packet.length);
  return { ...seen, query, length: seen.out.length };
}
