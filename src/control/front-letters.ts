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
import { copyOf } from '../base/bytes.ts';
import type { Sighting } from '../server/observer.ts';
import { triage } from '../server/triage.ts';
import type { UdpSocket } from '../transport/udp-socket.ts';
import { Query } from '../wire/query.ts';
import type { ImageVersion } from '../zone/image.ts';
import type { GuardTerms } from './guard-terms.ts';
import type { LimitNote } from './limit-notes.ts';

export const FrontWord = { GENERATION: 0, SEEN: 1, POSTED: 2, TAKEN: 3 } as const;

export const newFrontWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(16));

/** What a front sees for others. */
export interface Watching {
  readonly isTimed: boolean;
  /** One query of so many goes to the query log. */
  readonly logEvery: number | undefined;
}

/** As plain values, which can be posted; what all threads share is in shared memory. */
export interface FrontSettings {
  readonly offersRecursion: boolean;
  readonly allow: readonly string[];
  readonly chaos: Identity;
  readonly watching: Watching;
  readonly guard: GuardTerms;
}

export interface Publication {
  readonly settings: FrontSettings;
  /** All zones. */
  readonly images: readonly ImageVersion[];
  /** One of each address we listen on. */
  readonly sockets: readonly UdpSocket[];
  readonly stop: boolean;
}

/** What one of the images is from now on. */
export interface PlacedImage extends ImageVersion {
  readonly place: number;
}

export interface Published {
  readonly generation: number;
  readonly changed: Partial<Publication> & { readonly image?: PlacedImage };
}

/** What is told to who comes later. */
export function laidOver<P extends Partial<Publication>>(
  before: P,
  { image, ...changed }: Published['changed'],
): P {
  const images = image && before.images?.with(image.place, { buffer: image.buffer, end: image.end });
  return { ...before, ...changed, ...(images ? { images } : {}) };
}

/** What a front is started with. */
export interface FrontStart {
  readonly words: Int32Array;
  readonly counters: SharedArrayBuffer;
  readonly latency: SharedArrayBuffer;
  readonly generation: number;
  readonly publication: Publication;
}

export interface Letter {
  /** Queries that need recursion (transport/udp-return). */
  readonly bag: Uint8Array | undefined;
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
