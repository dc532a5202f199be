/**
 * The zones that are served, and the one writer of their images and of the plans for their pools. A change is
 * published as a version of the image that is there; before the room behind it runs out, the zone is compiled
 * anew in the background, and what was changed meanwhile is changed there too. Whoever answers reads on,
 * whatever happens here. Reloads, and changes that take a compiling, come one at a time, and other changes
 * wait for them.
 */
import { assert } from '../base/assert.ts';
import type { HostSlots } from '../pool/host-slots.ts';
import { planned, renewed } from '../pool/plan-builder.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { type Name, nameText } from '../wire/name.ts';
import { Catalog, NOWHERE } from '../zone/catalog.ts';
import { change } from '../zone/change.ts';
import type { Complaint } from '../zone/complaint.ts';
import type { Image } from '../zone/image.ts';
import type { rebuild } from '../zone/rebuild.ts';
import type { Change } from '../zone/thaw.ts';
import type { PlacedImage } from './front-letters.ts';

export interface Keeping {
  /** One image is another now; all of them where none is named. */
  readonly publish: (catalog: Catalog, changed?: PlacedImage) => void;
  /** Resolves when zones may be answered from; nothing else changes meanwhile. */
  readonly ready?: (coming: Catalog) => Promise<void>;
  readonly rebuild: typeof rebuild;
  /** For the hosts that are members of pools. */
  readonly slots?: HostSlots;
  readonly onBug: (bug: unknown) => void;
}

interface Compaction {
  /** Made since it was begun. */
  readonly missed: (readonly Change[])[];
  readonly done: Promise<void>;
}

export class ZoneKeeper {
  readonly #keeping: Keeping;
  readonly #compactions = new Map<number, Compaction>();
  #catalog: Catalog;
  #held: Promise<void> | undefined;

  constructor(catalog: Catalog, keeping: Keeping) {
    this.#keeping = keeping;
    this.#catalog = new Catalog(catalog.images.map((image) => planned(image, undefined, keeping.slots)));
  }

  get catalog(): Catalog {
    return this.#catalog;
  }

  /** Resolves when the change is published, or with why it is refused. */
  async change(apex: Name, changes: readonly Change[]): Promise<readonly Complaint[]> {
    while (this.#held !== undefined) await this.#held;
    const place = this.#placeOf(apex);
    if (place === NOWHERE) return [notServed(apex)];
    const verdict = change(this.#catalog.images[place] as Image, changes);
    if (verdict.kind === 'refused') return verdict.complaints;
    if (verdict.kind === 'rebuild') return this.exclusively(() => this.#changeAnew(place, changes));
    this.#put(place, verdict.image);
    this.#compactions.get(place)?.missed.push(changes);
    this.#compactIfCrowded(place);
    return [];
  }

  /** Changes wait while `work` is done: it reads zones that are to replace those served. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    while (this.#held !== undefined) await this.#held;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    try {
      await Promise.all([...this.#compactions.values()].map(({ done }) => done));
      return await work();
    } finally {
      this.#held = undefined;
      resolve();
    }
  }

  /** Takes what was loaded, while nothing else is; `changes` are to be made of those images that stay. */
  async adopt({ images }: Catalog, changes: ReadonlyMap<Image, readonly Change[]>): Promise<void> {
    const before = new Map(this.#catalog.images.map((image) => [image.apexText, image]));
    const changed = images.map((image) => changedBy(image, changes.get(image) ?? []));
    const { slots, publish, ready } = this.#keeping;
    slots?.tidy(this.#catalog.images);
    const coming = changed.map((image) => planned(image, before.get(image.apexText), slots));
    const catalog = new Catalog(coming);
    await ready?.(catalog);
    for (const image of coming) renewed(image, before.get(image.apexText));
    this.#catalog = catalog;
    publish(catalog);
  }

  #placeOf(apex: Name): number {
    const name = new HashedName();
    name.set(apex, 0);
    return this.#catalog.placeOf(name, 0);
  }

  #put(place: number, put: Image): void {
    this.#publish(place, this.#planned(place, put));
  }

  #planned(place: number, image: Image): Image {
    const { slots } = this.#keeping;
    slots?.tidy(this.#catalog.images);
    return planned(image, this.#catalog.images[place], slots);
  }

  #publish(place: number, image: Image): void {
    const before = this.#catalog.images[place] as Image;
    const buffer = image.buffer === before.buffer ? undefined : image.buffer;
    const plan = image.plan !== undefined && image.plan === before.plan ? 'kept' : image.plan;
    this.#catalog = this.#catalog.with(place, image);
    this.#keeping.publish(this.#catalog, { place, end: image.end, buffer, plan });
  }

  /** Of a zone that was compiled anew meanwhile, perhaps, which is then enough. */
  async #changeAnew(place: number, changes: readonly Change[]): Promise<readonly Complaint[]> {
    const served = this.#catalog.images[place] as Image;
    const verdict = change(served, changes);
    if (verdict.kind === 'refused') return verdict.complaints;
    const rebuilt = verdict.kind === 'rebuild' ? await this.#keeping.rebuild(served, changes) : verdict;
    if (rebuilt.image === undefined) return rebuilt.complaints;
    const image = this.#planned(place, rebuilt.image);
    await this.#keeping.ready?.(this.#catalog.with(place, image));
    this.#publish(place, renewed(image, served));
    this.#compactIfCrowded(place);
    return [];
  }

  #compactIfCrowded(place: number): void {
    if (this.#compactions.has(place) || !this.#catalog.images[place]?.isCrowded()) return;
    const missed: (readonly Change[])[] = [];
    // One at a time: each takes a thread, and a zone read anew for itself.
    const before = [...this.#compactions.values()].at(-1)?.done;
    const done = Promise.resolve(before)
      .then(() => this.#compact(place, missed))
      .catch(this.#keeping.onBug)
      .finally(() => this.#compactions.delete(place));
    this.#compactions.set(place, { missed, done });
  }

  async #compact(place: number, missed: (readonly Change[])[]): Promise<void> {
    missed.length = 0; // So far all of it is in the image.
    for (let from = this.#catalog.images[place] as Image; ; ) {
      const { image } = await this.#keeping.rebuild(from, missed.splice(0).flat());
      assert(image !== undefined, 'what is served passes its checks');
      const verdict = change(image, missed.flat());
      if (verdict.kind === 'changed') return this.#put(place, verdict.image);
      from = image; // No room for what came meanwhile: it is folded in.
    }
  }
}

function changedBy(image: Image, changes: readonly Change[]): Image {
  if (changes.length === 0) return image;
  const verdict = change(image, changes);
  assert(verdict.kind === 'changed', 'the loader gives changes that can be made');
  return verdict.image;
}

function notServed(apex: Name): Complaint {
  const text = 'no such zone is served: expected the apex of one that is';
  return { file: `change of ${nameText(apex)}`, line: 0, column: 0, severity: 'error', text };
}
