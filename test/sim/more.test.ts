/**
 * The second thousand of the runs in CI, in a process of its own.
 */
import { describe } from 'vitest';
import { proveSeeds } from './proof.ts';

describe('the resolver in more simulated internets', () => {
  proveSeeds(1_001, 1_000);
});
