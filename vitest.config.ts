/**
 * Tests run in processes, not threads: they start servers, send signals and drop privileges. Two at a time, as
 * many as the smallest machine we care for has cores.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 5_000,
  },
});
