/**
 * How much garbage the engine lets lie. V8 lets a small heap grow to four times what is alive before it looks
 * it over. With this, a resolver's memory follows the size of its cache, which is outside of the heap, and
 * what is in flight.
 */
import { setFlagsFromString } from 'node:v8';

/** In percent of what is alive; 60 costs some 5 % of a resolver's time where every name is new. */
const GROWTH = 60;

/**
 * For the whole process. An engine that does not know a word says so on stderr and goes on. While hundreds of
 * questions wait, V8 takes what belongs to them for lasting and makes it old from the start: it is dead soon,
 * and keeps alive all that it points to until the old are looked over.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * Of a resolver, whatever is in flight: what it remembers is none of the engine's. What is new lives for one
 * question; with as much room as the engine would take for it, twice as much memory lies there empty.
 */
export const RESOLVER_HEAP = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 48 };

/** Of the prober: some 1 kB for each target, and little that is new at a time. */
export const PROBER_HEAP = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 };
