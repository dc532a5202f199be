/**
 * All zones served, found by the longest suffix of a name (RFC 1034 §4.3.2 step 2). Immutable: a reload or
 * change makes a new catalog and swaps one reference.
 */
import type { HashedName } from '../wire/hashed-name.ts';
import { nameHash } from '../wire/name.ts';
import { APEX, type Image } from './image.ts';

export const NOWHERE = -1;

/** Where zones stand among the images. */
interface Index {
  /** Places, open addressing by the hash of the apex, at most half full. */
  readonly slots: Int32Array;
  readonly hashes: Int32Array;
  /** Labels of the deepest apex, so that a long name is not tried for suffixes no zone has. */
  readonly labelsMax: number;
}

export class Catalog {
  readonly images: readonly Image[];
  readonly zoneCount: number;
  readonly hasPools: boolean;
  readonly #index: Index;
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  readonly #mask: number;

  constructor(images: readonly Image[], index = indexOf(images)) {
    this.images = images;
    this.zoneCount = images.length;
    this.hasPools = images.some(({ pools }) => pools !== undefined);
    this.#index = index;
    this.#slots = index.slots;
    this.#hashes = index.hashes;
    this.#mask = index.slots.length - 1;
  }

  get recordCount(): number {
    return this.images.reduce((sum, image) => sum + image.recordCount, 0);
  }

  /** The same zones, that in this place by another image of it. */
  with(place: number, image: Image): Catalog {
    return new Catalog(this.images.with(place, image), this.#index);
  }

  /** The zone whose apex is the longest suffix of the name from label `from` on. */
  find(name: HashedName, from = 0): Image | undefined {
    for (let i = Math.max(from, name.labels - this.#index.labelsMax); i <= name.labels; i++) {
      const place = this.placeOf(name, i);
      if (place !== NOWHERE) return this.images[place];
    }
    return undefined;
  }

  /** Among the images, of the zone whose apex is the name from label `i` on; or NOWHERE. */
  placeOf(name: HashedName, i: number): number {
    const hash = name.hash[i] as number;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const place = this.#slots[slot] as number;
      if (place === NOWHERE) return NOWHERE;
      if (this.#hashes[slot] !== hash) continue;
      const image = this.images[place] as Image;
      const isSame =
        image.apexLabels === name.labels - i && name.suffixIs(i, image.bytes, image.nameAt(APEX));
      if (isSame) return place;
    }
  }
}

function indexOf(images: readonly Image[]): Index {
  const size = 2 ** Math.ceil(Math.log2(2 * images.length + 2));
  const slots = new Int32Array(size).fill(NOWHERE);
  const hashes = new Int32Array(size);
  for (const [place, image] of images.entries()) {
    const hash = nameHash(image.bytes, image.nameAt(APEX));
    let slot = hash & (size - 1);
    while (slots[slot] !== NOWHERE) slot = (slot + 1) & (size - 1);
    slots[slot] = place;
    hashes[slot] = hash;
  }
  return { slots, hashes, labelsMax: images.reduce((most, each) => Math.max(most, each.apexLabels), 0) };
}
