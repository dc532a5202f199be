/**
 * What a front and the resolver thread have in common: a pipeline over the zones and settings of the moment,
 * which follow what is published; and the mail to the control thread of what it alone may log, which gives
 * way when too much of it waits. Whose thread it is says when to look, and what else is published to it.
 */
import { isDeepStrictEqual } from 'node:util';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { toHex } from '../base/bytes.ts';
import { Counter, Counters } from '../base/counters.ts';
import { Histograms } from '../base/histogram.ts';
import { FRONT_LETTERS_MAX, FRONT_SIGHTING_LETTERS_MAX } from '../base/limits.ts';
import { realWorld, type World } from '../base/world.ts';
import { Flattened } from '../pool/flattened.ts';
import { Whereabouts } from '../pool/whereabouts.ts';
import { LATENCY_ROWS, Observer, type Sighting } from '../server/observer.ts';
import { Pipeline, type PipelineSettings } from '../server/pipeline.ts';
import { Catalog } from '../zone/catalog.ts';
import { Image, type ImageVersion } from '../zone/image.ts';
import {
  type Changed,
  type FrontSettings,
  FrontWord,
  type Letter,
  type PlacedImage,
  type PostedSighting,
  type Publication,
  type Published,
  packSighting,
  placed,
  type ThreadNote,
  type ThreadStart,
  type Watching,
} from './front-letters.ts';
import { guardSettings } from './guard-terms.ts';
import { type LimitNote, LimitNotes } from './limit-notes.ts';
import { prefixSet } from './settings.ts';

const imageOf = ({ buffer, end, plan }: ImageVersion): Image => new Image(buffer, end, plan);

export const located = (table: SharedArrayBuffer | undefined): Pick<PipelineSettings, 'whereabouts'> => ({
  whereabouts: table && new Whereabouts(table),
});

type OnPublished<P> = (changed: Changed<P>) => void;

export class Outpost<P extends Publication> {
  readonly counters: Counters;
  readonly pipeline: Pipeline;
  catalog: Catalog;
  /** Addresses of hosts that are members of pools. */
  hosts: Flattened | undefined;
  /** Where clients are. */
  whereabouts: Whereabouts | undefined;
  readonly #world: World;
  /** Whoever is charged for an answer need not have the clock read for it. */
  readonly #guardWorld: World;
  readonly #words: Int32Array;
  readonly #latency: Histograms;
  readonly #onPublished: OnPublished<P>;
  #generation: number;
  #watching: Watching | undefined;
  #observer: Observer | undefined;
  #sightings: PostedSighting[] = [];
  #limited: LimitNote | undefined;
  readonly #limitNotes = new LimitNotes(realWorld, (note) => {
    this.#limited = note;
  });
  #bugs: Letter['bugs'][number][] = [];
  #notes: ThreadNote[] = [];

  /** Without recursion, which is the thread's own matter. */
  constructor(
    { words, counters, latency, generation, publication }: ThreadStart<P>,
    world: World,
    onPublished: OnPublished<P>,
    guardWorld = world,
  ) {
    this.#world = world;
    this.#guardWorld = guardWorld;
    this.#words = words;
    this.#generation = generation;
    this.#onPublished = onPublished;
    this.counters = new Counters(counters);
    this.#latency = new Histograms(LATENCY_ROWS, latency);
    this.hosts = publication.hosts && new Flattened(publication.hosts);
    this.whereabouts = located(publication.whereabouts).whereabouts;
    this.catalog = new Catalog(publication.images.map(imageOf));
    this.pipeline = new Pipeline({
      ...this.#pipelineSettings(publication.settings),
      whereabouts: this.whereabouts,
      hosts: this.hosts,
      recursion: undefined,
      catalog: this.catalog,
      counters: this.counters,
      world: guardWorld,
      onBug: (bug, packet) => this.tellBug(bug, packet),
    });
  }

  /** Takes what was published. True when there was something. */
  look(): boolean {
    if (Atomics.load(this.#words, FrontWord.GENERATION) === this.#generation) return false;
    assert(parentPort !== null, 'an outpost is a worker');
    for (let next = receiveMessageOnPort(parentPort); next; next = receiveMessageOnPort(parentPort)) {
      this.take(next.message as Published<P>);
    }
    return true;
  }

  /** Takes one publication. */
  take({ generation, changed }: Published<P>): void {
    this.#generation = generation;
    const { settings, images, image } = changed;
    if ('whereabouts' in changed) {
      this.whereabouts = located(changed.whereabouts).whereabouts;
      this.pipeline.reconfigure({ whereabouts: this.whereabouts });
    }
    if (changed.hosts) this.hosts ??= new Flattened(changed.hosts);
    if (this.hosts) this.pipeline.reconfigure({ hosts: this.hosts });
    if (settings) this.pipeline.reconfigure(this.#pipelineSettings(settings));
    if (images) this.#publish(new Catalog(images.map(imageOf)));
    if (image) this.#publish(this.#catalogWith(image));
    this.#onPublished(changed);
  }

  #catalogWith(image: PlacedImage): Catalog {
    const before = this.catalog.images[image.place] as Image;
    return this.catalog.with(image.place, imageOf(placed(before, image)));
  }

  #publish(catalog: Catalog): void {
    this.catalog = catalog;
    this.pipeline.publish(catalog);
  }

  /** Everything that was published is in effect. */
  hasFollowed(): void {
    Atomics.store(this.#words, FrontWord.SEEN, this.#generation);
  }

  /** Shows that the thread goes round. */
  beat(): void {
    Atomics.add(this.#words, FrontWord.BEAT, 1);
  }

  /** Waits for a publication, when there is nothing else to wait for. */
  rest(ms: number): void {
    Atomics.wait(this.#words, FrontWord.GENERATION, this.#generation, ms);
  }

  tellBug(bug: unknown, packet: Uint8Array): void {
    this.#bugs.push({ bug, packet: toHex(packet) });
  }

  note(note: ThreadNote): void {
    this.#notes.push(note);
  }

  /** Answers that are promised. */
  set pending(count: number) {
    Atomics.store(this.#words, FrontWord.PENDING, count);
  }

  post(): void {
    if (!this.#hasMail) return;
    const posted = this.#words[FrontWord.POSTED] as number;
    const unread = (posted - Atomics.load(this.#words, FrontWord.TAKEN)) | 0;
    if (unread >= FRONT_SIGHTING_LETTERS_MAX) this.#dropSightings();
    if (this.#hasMail && unread < FRONT_LETTERS_MAX) {
      const [notes, sightings, limited, bugs] = [this.#notes, this.#sightings, this.#limited, this.#bugs];
      const letter: Letter = { notes, sightings, limited, bugs };
      Atomics.store(this.#words, FrontWord.POSTED, posted + 1);
      parentPort?.postMessage(letter);
    }
    this.#notes = [];
    this.#sightings = [];
    this.#limited = undefined;
    this.#bugs = [];
  }

  get #hasMail(): boolean {
    const lines = this.#notes.length + this.#sightings.length + this.#bugs.length;
    return lines > 0 || this.#limited !== undefined;
  }

  #dropSightings(): void {
    const { length } = this.#sightings;
    this.counters.add(Counter.queryLogTaken, length);
    this.counters.add(Counter.queryLogDropped, length);
    this.#sightings = [];
  }

  #pipelineSettings(
    settings: FrontSettings,
  ): Pick<PipelineSettings, 'mayRecurse' | 'ipv6Only' | 'showPoolsTo' | 'chaos' | 'guard' | 'observer'> {
    const { allow, ipv6Only, showPoolsTo, chaos, guard, watching } = settings;
    if (!isDeepStrictEqual(watching, this.#watching)) this.#observer = this.#observerOf(watching);
    this.#watching = watching;
    return {
      mayRecurse: prefixSet(allow),
      ipv6Only: ipv6Only && prefixSet(ipv6Only),
      showPoolsTo: prefixSet(showPoolsTo),
      chaos,
      guard: guardSettings(guard, this.#guardWorld, this.#limitNotes.add),
      observer: this.#observer,
    };
  }

  #observerOf({ isTimed, logEvery: every }: Watching): Observer | undefined {
    if (!isTimed && every === undefined) return undefined;
    const take = (seen: Sighting): void => void this.#sightings.push(packSighting(seen));
    const tap = every === undefined ? undefined : { every, take };
    return new Observer(this.#world, isTimed ? this.#latency : undefined, tap);
  }
}
