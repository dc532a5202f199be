/**
 * A batch of queries looked over before the first is answered, so that the memory of our zones is waited for
 * once, and not by one query after another: a lookup waits for the hash slot, which is in no cache of the
 * processor, and then for the node that it leads to; asked for together, they come together. In: packets.
 * Out: their names, read already. It decides nothing: who was not foreseen gets the same answer.
 */
import type { Bytes } from '../base/bytes.ts';
import { UDP_BATCH_MAX } from '../base/limits.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { HEADER_BYTES } from '../wire/header.ts';
import type { Catalog } from '../zone/catalog.ts';
import type { Image } from '../zone/image.ts';

export class Foresight {
  readonly #names = Array.from({ length: UDP_BATCH_MAX }, () => new HashedName());
  #packets: readonly Bytes[] = [];
  #count = 0;
  /** So many of them were taken, or passed over. */
  #taken = 0;
  /** The zones asked, and for each question its hash, then its slot's node, then words of that. */
  readonly #images = new Array<Image | undefined>(UDP_BATCH_MAX).fill(undefined);
  readonly #found = new Int32Array(UDP_BATCH_MAX);

  /** Takes the place of what was foreseen before. No packet is looked at but up to its length. */
  look(catalog: Catalog, packets: readonly Bytes[], lengths: Uint16Array, count: number): void {
    this.#packets = packets;
    this.#count = Math.min(count, UDP_BATCH_MAX);
    this.#taken = 0;
    let ours = 0;
    for (let i = 0; i < this.#count; i++) {
      const name = this.#names[i] as HashedName;
      name.read(packets[i] as Bytes, HEADER_BYTES, lengths[i] as number);
      const image = catalog.find(name);
      if (image === undefined) continue;
      this.#found[ours] = name.hash[0] as number;
      this.#images[ours++] = image;
    }
    this.#fetch(ours);
  }

  /** Loops so short that the processor is many turns ahead of the memory that it waits for. */
  #fetch(count: number): void {
    const images = this.#images;
    const found = this.#found;
    for (let i = 0; i < count; i++) found[i] = (images[i] as Image).slot(found[i] as number);
    for (let i = 0; i < count; i++) found[i] = (images[i] as Image).touch(found[i] as number);
  }

  /** The question's name in a packet that was foreseen; each is given once, in the order of the batch. */
  take(packet: Bytes): HashedName | undefined {
    while (this.#taken < this.#count) {
      const i = this.#taken++;
      if (this.#packets[i] === packet) return this.#names[i];
    }
    return undefined;
  }

  /** Nothing is foreseen any more; and lets go of the zones, so that a replaced image can be freed. */
  forget(): void {
    this.#count = 0;
    this.#images.fill(undefined);
  }
}
