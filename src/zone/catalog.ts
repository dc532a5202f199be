/**
 * All zones served, found by the longest suffix of a name (RFC 1034 §4.3.2 step 2). Immutable: a reload or
 * change makes a new catalog and swaps one reference.
 */
import type { HashedName } from '../wire/hashed-name.ts';
import { nameHash } from '../wire/name.ts';
import { APEX, type Image } from './image.ts';

export class Catalog {
  readonly images: readonly Image[];
  readonly zoneCount: number;
  readonly recordCount: number;
  /** Open addressing by the hash of the apex, at most half full. */
  readonly #slots: (Image | undefined)[];
  readonly #hashes: Int32Array;
  readonly #mask: number;
  /** Labels of the deepest apex, so that a long name is not tried for suffixes no zone has. */
  readonly #labelsMax: number;

  constructor(images: readonly Image[]) {
    const slots = 2 ** Math.ceil(Math.log2(2 * images.length + 2));
    this.images = images;
    this.zoneCount = images.length;
    this.recordCount = images.reduce((sum, image) => sum + image.recordCount, 0);
    this.#slots = new Array<Image | undefined>(slots).fill(undefined);
    this.#hashes = new Int32Array(slots);
    this.#mask = slots - 1;
    this.#labelsMax = images.reduce((most, image) => Math.max(most, image.apexLabels), 0);
    for (const image of images) this.#insert(image);
  }

  /** The same zones, that in this place by another image of it. */
  with(place: number, image: Image): Catalog {
    return new Catalog(this.images.with(place, image));
  }

  #insert(image: Image): void {
    const hash = nameHash(image.bytes, image.nameAt(APEX));
    let slot = hash & this.#mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = image;
    this.#hashes[slot] = hash;
  }

  /** The zone whose apex is the longest suffix of the name from label `from` on. */
  find(name: HashedName, from = 0): Image | undefined {
    for (let i = Math.max(from, name.labels - this.#labelsMax); i <= name.labels; i++) {
      const image = this.#at(name, i);
      if (image !== undefined) return image;
    }
    return undefined;
  }

  #at(name: HashedName, i: number): Image | undefined {
    const hash = name.hash[i] as number;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const image = this.#slots[slot];
      if (image === undefined) return undefined;
      const isSame =
        this.#hashes[slot] === hash &&
        image.apexLabels === name.labels - i &&
        name.suffixIs(i, image.bytes, image.nameAt(APEX));
      if (isSame) return image;
    }
  }
}
