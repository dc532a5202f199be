/**
 * The values of a database in MaxMind's format, read where they lie: a value begins with a byte of type and
 * size; maps and arrays hold others, pointers lead to others. In: positions in the file. Out: numbers, texts,
 * and positions of what is inside. Nothing throws: of a damaged file the first fault is kept, what is read
 * then is nothing, and no more values are read in all than a whole file can have.
 */
import { u8 } from '../base/bytes.ts';
import { PLACE_DEPTH_MAX, PLACE_VALUES_MAX } from '../base/limits.ts';

/** As the format numbers them; above 7 behind a byte of their own. */
const Kind = {
  EXTENDED: 0,
  POINTER: 1,
  TEXT: 2,
  DOUBLE: 3,
  MAP: 7,
  INT32: 8,
  ARRAY: 11,
  BOOLEAN: 14,
  FLOAT: 15,
};
const UNSIGNED: ReadonlySet<number> = new Set([5, 6, 9]);

/** What the five bits of a size begin to count at, where more bytes of it follow. */
const SIZES_BEGIN = [29, 285, 65_821] as const;
const POINTERS_BEGIN = [0, 2_048, 526_336, 0] as const;

export class DatabaseValues {
  readonly #bytes: Buffer;
  /** What pointers count from. */
  readonly #section: number;
  #left = PLACE_VALUES_MAX;
  #fault: string | undefined;
  // Of the value read last.
  #kind = 0;
  #size = 0;
  #payload = 0;

  constructor(bytes: Buffer, section: number) {
    this.#bytes = bytes;
    this.#section = section;
  }

  /** What is wrong with the file, if something is. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Where a map has the value of a key; -1 without one, and of what is no map. */
  member(at: number, key: string): number {
    if (at < 0) return -1;
    this.#follow(at);
    if (this.#kind !== Kind.MAP) return -1;
    let next = this.#payload;
    for (let left = this.#size; left > 0 && this.#fault === undefined; left--) {
      const isIt = this.#isText(next, key);
      next = this.#behind(next, 0);
      if (isIt) return next;
      next = this.#behind(next, 0);
    }
    return -1;
  }

  /** Where an array has its first value; -1 where it is none, or empty. */
  first(at: number): number {
    if (at < 0) return -1;
    this.#follow(at);
    return this.#kind === Kind.ARRAY && this.#size > 0 ? this.#payload : -1;
  }

  /** Nothing where there is none. */
  text(at: number): string {
    return at < 0 ? '' : this.#text(at);
  }

  /** Also of a text that is one; undefined where there is none. */
  number(at: number): number | undefined {
    if (at < 0) return undefined;
    this.#follow(at);
    const [from, size] = [this.#payload, this.#size];
    if (!this.#has(from, size)) return undefined;
    if (UNSIGNED.has(this.#kind))
      return size === 0 ? 0 : size <= 6 ? this.#bytes.readUIntBE(from, size) : undefined;
    if (this.#kind === Kind.DOUBLE && size === 8) return this.#bytes.readDoubleBE(from);
    if (this.#kind === Kind.FLOAT && size === 4) return this.#bytes.readFloatBE(from);
    if (this.#kind === Kind.INT32 && size <= 4) return size === 0 ? 0 : this.#bytes.readIntBE(from, size);
    return undefined;
  }

  #text(at: number): string {
    this.#follow(at);
    if (this.#kind !== Kind.TEXT || !this.#has(this.#payload, this.#size)) return '';
    return this.#bytes.toString('latin1', this.#payload, this.#payload + this.#size);
  }

  /** Of ASCII; makes no text. */
  #isText(at: number, text: string): boolean {
    this.#follow(at);
    const [bytes, from, size] = [this.#bytes, this.#payload, this.#size];
    if (this.#kind !== Kind.TEXT || size !== text.length) return false;
    for (let i = 0; i < size; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** Reads a value, or the one that a pointer leads to; a pointer never leads to another. */
  #follow(at: number): void {
    this.#read(at);
    if (this.#kind === Kind.POINTER) this.#read(this.#size);
    if (this.#kind === Kind.POINTER) this.#break('a pointer leads to another');
  }

  /** Where the next value begins. */
  #behind(at: number, depth: number): number {
    this.#read(at);
    const [kind, size] = [this.#kind, this.#size];
    if (kind === Kind.POINTER || kind === Kind.BOOLEAN) return this.#payload;
    if (kind !== Kind.MAP && kind !== Kind.ARRAY) return this.#payload + size;
    if (depth === PLACE_DEPTH_MAX) return this.#break('its values nest too deeply');
    let next = this.#payload;
    for (let left = kind === Kind.MAP ? 2 * size : size; left > 0 && this.#fault === undefined; left--) {
      next = this.#behind(next, depth + 1);
    }
    return next;
  }

  #read(at: number): void {
    this.#kind = Kind.BOOLEAN;
    this.#size = 0;
    this.#payload = at;
    if (--this.#left < 0) this.#break('it has more values than a database of places can have');
    // The longest head: type, further type, three bytes of size; a pointer has five.
    if (this.#fault !== undefined || !this.#has(at, 1)) return;
    const head = u8(this.#bytes, at);
    this.#kind = head >> 5;
    let next = at + 1;
    if (this.#kind === Kind.POINTER) {
      this.#readPointer(head, next);
      return;
    }
    if (this.#kind === Kind.EXTENDED) this.#kind = 7 + u8(this.#bytes, next++);
    const size = head & 0x1f;
    const more = Math.max(0, size - 28);
    this.#size = more === 0 ? size : (SIZES_BEGIN[more - 1] as number) + this.#unsigned(next, more);
    this.#payload = next + more;
  }

  /** `001SSVVV`: how many bytes follow, and the first bits of the value. */
  #readPointer(head: number, at: number): void {
    const bytes = 1 + ((head >> 3) & 3);
    const bits = bytes === 4 ? 0 : (head & 7) * 2 ** (8 * bytes);
    this.#size = this.#section + (POINTERS_BEGIN[bytes - 1] as number) + bits + this.#unsigned(at, bytes);
    this.#payload = at + bytes;
  }

  #unsigned(at: number, bytes: number): number {
    return this.#has(at, bytes) ? this.#bytes.readUIntBE(at, bytes) : 0;
  }

  #has(at: number, bytes: number): boolean {
    if (at >= 0 && at + bytes <= this.#bytes.length) return true;
    this.#break('a value lies outside of the file');
    return false;
  }

  /** Keeps the first fault. */
  #break(fault: string): number {
    this.#fault ??= fault;
    return this.#bytes.length;
  }
}
