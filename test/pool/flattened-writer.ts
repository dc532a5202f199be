/** Writes into a table of hosts, over and over: so many addresses, each byte of them that number. */
import { parentPort, workerData } from 'node:worker_threads';
import { HOST_ADDRESSES_MAX } from '../../src/base/limits.ts';
import { Flattened, HostState } from '../../src/pool/flattened.ts';
import { PoolKind } from '../../src/wire/pool.ts';

const { memory, stop } = workerData as { readonly memory: SharedArrayBuffer; readonly stop: Int32Array };
const table = new Flattened(memory);
const writings = Array.from({ length: HOST_ADDRESSES_MAX }, (_, i) =>
  Array.from({ length: i + 1 }, () => new Uint8Array(16).fill(i + 1)),
);

function writeAll(): void {
  for (const addresses of writings) table.write(0, 7, PoolKind.IPV6, HostState.KNOWN, addresses, 10_000);
}

writeAll();
parentPort?.postMessage('begun');
while (Atomics.load(stop, 0) === 0) writeAll();
