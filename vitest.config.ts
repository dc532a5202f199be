/**
 * Tests run in processes, not threads: they start servers, send signals and drop privileges. Two at a time, as
 * many as the smallest machine we care for has cores. None asserts how long something takes: the timeouts end
 * what hangs, on a machine that others use too. With a compile cache, a thread that a test starts from our
 * source does not bring up Node's compiler of types, which is WebAssembly, first (`zone/worker`).
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    env: { NODE_COMPILE_CACHE: 'node_modules/.cache/test' },
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 5_000,
  },
});
