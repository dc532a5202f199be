/** What a resolver remembers takes the memory that it is given, whatever is put into it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

interface Grown {
  readonly empty: number;
  readonly full: number;
  readonly bytesPerFact: number;
}

async function fill(kind: string): Promise<Grown> {
  // A small nursery: what is measured is what is remembered, and not what the engine holds in reserve.
  const flags = ['--expose-gc', '--max-semi-space-size=1'];
  const { stdout } = await run(process.execPath, [...flags, 'test/resolver/fill-knowledge.ts', kind]);
  return JSON.parse(stdout) as Grown;
}

/** Three quarters are for answers, a tenth each for delegations and failures; the rest is for their books. */
test.concurrent.each([
  ['answers', 0.75],
  ['names that do not exist', 0.75],
  ['names with every type there is', 0.75],
  ['RRsets of eight thousand bytes', 0.75],
  ['delegations and failures', 0.2],
  ['all of them', 1],
])(
  'full of %s it takes what it was given, within a tenth of the whole [LIMITS R17]',
  // Memory that the engine has given back counts until the system takes it: by chance it is late.
  { timeout: 180_000, retry: 2 },
  async (kind, share) => {
    const { empty, full, bytesPerFact } = await fill(kind);
    expect(empty).toBeLessThan(0.05);
    expect(full).toBeGreaterThan(share - 0.1);
    expect(full).toBeLessThan(share + 0.1);
    // An address, all in all.
    if (kind === 'answers') expect(bytesPerFact).toBeLessThan(100);
  },
);
