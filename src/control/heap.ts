/**
 * How much garbage the engine lets lie. V8 lets a small heap grow to four times what is alive before it looks
 * it over, and a full cache makes nothing but old garbage: each answer that comes in puts one out. With this,
 * a resolver's memory follows the size of its cache.
 */
import { setFlagsFromString } from 'node:v8';

/** In percent of what is alive; 60 costs some 5 % of a resolver's time where every name is new. */
const GROWTH = 60;

/** For the whole process. An engine that does not know the word says so on stderr and goes on. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}

/** Of a resolver, whose garbage comes on top of its cache, and whatever is in flight on top of that. */
export const heapMbFor = (cacheBytes: number): number => 512 + Math.ceil((2 * cacheBytes) / 2 ** 20);
