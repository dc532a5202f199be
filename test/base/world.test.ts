import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { realWorld } from '../../src/base/world.ts';

test('all threads have one clock, however late they start', async () => {
  const world = new URL('../../src/base/world.ts', import.meta.url).href;
  const text = `import { parentPort } from 'node:worker_threads';
    const { realWorld } = await import('${world}');
    parentPort.postMessage(realWorld.nowMs());`;
  const before = realWorld.nowMs();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`));
  const [there] = (await once(worker, 'message')) as [number];
  const after = realWorld.nowMs();
  expect(there).toBeGreaterThanOrEqual(before);
  expect(there).toBeLessThanOrEqual(after);
});
