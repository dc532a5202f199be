/** What is sent is forgotten: nothing of it gets old. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Counters } from '../../src/base/counters.ts';
import type { Native } from '../../src/transport/native.ts';
import { Returns } from '../../src/transport/udp-return.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as NodeJS.GCFunction;

function oldBytes(): number {
  const old = getHeapSpaceStatistics().find((space) => space.space_name === 'old_space');
  return old?.space_used_size ?? 0;
}

test('answers that were sent do not keep those alive that come after them', () => {
  const returns = new Returns({ address: () => 0n } as unknown as Native, new Counters());
  const client = { transport: 'udp', address: Uint8Array.of(127, 0, 0, 1), port: 5353 } as const;
  const add = (): void => {
    for (let ticket = 0; ticket < 200; ticket++)
      returns.add({ fd: 9, ticket, client, envelope: new Uint8Array(64) }, new Uint8Array(64));
  };
  // Those that wait for long get old, with all that holds them.
  add();
  for (let i = 0; i < 3; i++) collect({ type: 'minor' });
  const before = oldBytes();
  for (let i = 0; i < 40; i++) {
    returns.flush(() => false);
    add();
    collect({ type: 'minor' });
  }
  // All that came after them is some 5 MB.
  expect(oldBytes() - before).toBeLessThan(1_000_000);
});
