import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askWorker } from '../../src/zone/worker.ts';

/** Two workers one after the other, in a process of their own: what each says of itself. */
const PROGRAM = `
  const { askWorker } = await import(process.argv[2]);
  const entry = new URL(process.argv[3]);
  console.log(JSON.stringify([await askWorker(entry), await askWorker(entry)]));
`;

test('once there was a worker, the next one finds its code compiled, and no types to strip', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-worker-'));
  const program = join(folder, 'twice.mjs');
  writeFileSync(program, PROGRAM);
  const urls = ['../../src/zone/worker.ts', './typed-worker.ts'].map((path) =>
    String(new URL(path, import.meta.url)),
  );
  const { stdout } = spawnSync(process.execPath, [program, ...urls], {
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'code') },
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  expect(JSON.parse(stdout)).toEqual([true, false]);
});

test.runIf(process.platform === 'linux')('a worker that gives way is the only thread that does', async () => {
  const before = getPriority();
  expect(await askWorker(new URL('./polite-worker.ts', import.meta.url), undefined)).toEqual([19, before]);
});
