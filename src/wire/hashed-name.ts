/**
 * A name made ready for looking up: lower-case wire bytes, the offset of every label, and the hash of every
 * suffix, so that the zone (longest suffix), the node and the closest encloser are found without reading the
 * name again. One object is filled anew for each query; nothing here allocates.
 */
import type { Bytes } from '../base/bytes.ts';
import { extendHash, FOLD, LABEL_BYTES_MAX, LABELS_MAX, NAME_BYTES_MAX, ROOT_HASH } from './name.ts';

/** No label is that long. */
const MALFORMED = 0xff;

export class HashedName {
  /** Lower-case wire bytes; only the first `length` are the name. */
  readonly bytes = new Uint8Array(NAME_BYTES_MAX + 1);
  length = 1;
  /** As `read` gave it. */
  end = -1;
  labels = 0;
  /** Offset of each label; the root's stands after the last. */
  readonly labelAt = new Uint8Array(LABELS_MAX + 1);
  /** `hash[i]` is the hash of the name from label `i` on; `hash[labels]` is the root's. */
  readonly hash = new Int32Array(LABELS_MAX + 1);

  /** Takes an uncompressed name that is known to be well formed. */
  set(from: Bytes, at: number): void {
    let length = 0;
    let labels = 0;
    for (let label = from[at] as number; label !== 0; label = from[at + length] as number) {
      this.labelAt[labels++] = length;
      for (let end = length + label + 1; length < end; length++) {
        this.bytes[length] = FOLD[from[at + length] as number] as number;
      }
    }
    this.#finish(length, labels);
  }

  /** Becomes the root. */
  clear(): void {
    this.#finish(0, 0);
  }

  /**
   * Takes the name at `at` of a stranger's packet that ends at `end`; gives the offset behind it, or -1, and
   * is the root, when it is malformed. A first name has nothing to point back to (RFC 1035 §4.1.4), so a
   * pointer is malformed too.
   */
  read(packet: Bytes, at: number, end: number): number {
    let length = 0;
    let labels = 0;
    for (;;) {
      const label = at + length < end ? (packet[at + length] as number) : MALFORMED;
      if (label === 0) break;
      if (label > LABEL_BYTES_MAX || length + label + 2 > NAME_BYTES_MAX || at + length + label + 1 >= end) {
        this.clear(); // What was written so far ends in the middle of an older name.
        this.end = -1;
        return -1;
      }
      this.labelAt[labels++] = length;
      for (const stop = length + label + 1; length < stop; length++) {
        this.bytes[length] = FOLD[packet[at + length] as number] as number;
      }
    }
    this.#finish(length, labels);
    this.end = at + length + 1;
    return this.end;
  }

  #finish(rootAt: number, labels: number): void {
    this.bytes[rootAt] = 0;
    this.labelAt[labels] = rootAt;
    this.length = rootAt + 1;
    this.labels = labels;
    let h = ROOT_HASH;
    this.hash[labels] = h;
    for (let i = labels - 1; i >= 0; i--) {
      h = extendHash(h, this.bytes, this.labelAt[i] as number);
      this.hash[i] = h;
    }
  }

  /** Whether the name from label `i` on is the uncompressed, lower-case name at `at`. */
  suffixIs(i: number, bytes: Bytes, at: number): boolean {
    const from = this.labelAt[i] as number;
    const length = this.length - from;
    for (let k = 0; k < length; k++) if (this.bytes[from + k] !== bytes[at + k]) return false;
    return true;
  }
}
