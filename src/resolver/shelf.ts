/**
 * A store of facts that expire, bounded in bytes: the one door to `lru-cache`. The clock is the world's. What
 * has expired is not served, and makes room when its turn comes.
 */
import { LRUCache } from 'lru-cache';
import type { World } from '../base/world.ts';
import { type Name, nameKey, ownName } from '../wire/name.ts';

export interface Fact {
  /** By the world's clock. */
  readonly expiresMs: number;
}

/** What an entry costs beyond its bytes: key, objects, and the store's own books; measured on Node 24. */
const ENTRY_BYTES = 500;

export class Shelf<F extends Fact> {
  readonly #facts: LRUCache<string, F>;
  readonly #world: World;

  constructor(bytesMax: number, world: World) {
    // A share of a budget may be a fraction; the library takes whole bytes.
    this.#facts = new LRUCache({ maxSize: Math.max(ENTRY_BYTES, Math.floor(bytesMax)) });
    this.#world = world;
  }

  get size(): number {
    return this.#facts.size;
  }

  get bytes(): number {
    return this.#facts.calculatedSize;
  }

  nowMs(): number {
    return this.#world.nowMs();
  }

  live(key: string): F | undefined {
    const fact = this.#facts.get(key);
    return fact !== undefined && fact.expiresMs > this.#world.nowMs() ? fact : undefined;
  }

  /** Be it expired. */
  latest(key: string): F | undefined {
    return this.#facts.get(key);
  }

  /** `bytes` are the fact's own; a fact larger than the shelf is not kept. */
  put(key: string, fact: F, bytes: number): void {
    this.#facts.set(key, fact, { size: ENTRY_BYTES + key.length + bytes });
  }

  drop(key: string): void {
    this.#facts.delete(key);
  }

  /** All, or what is kept of such names: a key begins with its name's. */
  clear(isDoomed?: (name: Name) => boolean): void {
    for (const key of isDoomed === undefined ? [] : [...this.#facts.keys()]) {
      if (isDoomed?.(nameOfKey(key))) this.#facts.delete(key);
    }
    if (isDoomed === undefined) this.#facts.clear();
  }

  /** Seconds that are left of a live fact: never 0, for it is still true. */
  secondsLeft(fact: F): number {
    return Math.ceil((fact.expiresMs - this.#world.nowMs()) / 1000);
  }
}

/** One byte per char, so that the string stays one byte per char inside the engine as well. */
export const typedKey = (name: Name, type: number): string => nameKey(name) + typeKey(type);

/** What `typedKey` puts behind the name's own key. */
export const typeKey = (type: number): string => String.fromCharCode(type >> 8, type & 0xff);

const nameOfKey = (key: string): Name => ownName(Buffer.from(key, 'latin1'));
