/**
 * `answer` alone: a pipeline over the zone, fed a recorded batch of packets, no socket anywhere. Prints one
 * line of JSON: nanoseconds per query (median round) and bytes allocated per query. Run by run.ts in a
 * process of its own: node bench/micro.ts ZONEFILE APEX QUERIES
 */
import { readFileSync } from 'node:fs';
import type { Pipeline } from '../src/server/pipeline.ts';
import type { Client } from '../src/transport/door.ts';
import { type Allocations, allocations } from './allocations.ts';
import { queriesOf } from './pace.ts';
import { pipelineOver } from './pipeline.ts';

const WARM_ROUNDS = 5;
const ROUNDS = 15;

export interface MicroRow extends Allocations {
  readonly nsPerQuery: number;
  readonly bestNsPerQuery: number;
}

/** One pass over the batch; what comes out is added up, so that nothing can be left undone. */
function pass(pipeline: Pipeline, packets: readonly Uint8Array[], client: Client, out: Uint8Array): number {
  let bytes = 0;
  for (let i = 0; i < packets.length; i++) {
    const packet = packets[i] as Uint8Array;
    bytes += pipeline.answer(packet, packet.length, client, out, noSend);
  }
  return bytes;
}
const noSend = (): void => undefined;

function rounds(run: () => void, count: number, queries: number): number[] {
  return Array.from({ length: count }, () => {
    const began = performance.now();
    run();
    return (1e6 * (performance.now() - began)) / queries;
  }).sort((a, b) => a - b);
}

const [file = '', apex = '', queries = ''] = process.argv.slice(2);
const pipeline = await pipelineOver(file, apex);
const packets = queriesOf(readFileSync(queries, 'utf8'));
const client: Client = { transport: 'udp', address: Uint8Array.of(127, 0, 0, 1), port: 5353 };
const out = new Uint8Array(65_535);
const run = (): void => {
  if (pass(pipeline, packets, client, out) === 0) throw new Error('nothing was answered');
};
rounds(run, WARM_ROUNDS, packets.length);
const times = rounds(run, ROUNDS, packets.length);
const row: MicroRow = {
  nsPerQuery: Math.round(times[times.length >> 1] as number),
  bestNsPerQuery: Math.round(times[0] as number),
  ...(await allocations(run, packets.length)),
};
console.log(JSON.stringify(row));
