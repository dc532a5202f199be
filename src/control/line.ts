/**
 * A line to the resolver thread: bags of queries go one way (transport/udp-return), and answers to those that
 * came with a ticket go the other. Queries are counted at both ends in memory that both share, so that
 * whoever hands over stops before more waits than can be read.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { HAND_OVERS_MAX } from '../base/limits.ts';

/** One end of it: plain values, but for the port, which is given away. */
export interface Line {
  readonly port: MessagePort;
  /** Queries written, queries read. */
  readonly queries: Int32Array;
}

/** Answers by ticket; without bytes where nothing is to be sent. */
export interface PostedAnswer {
  readonly ticket: number;
  readonly response: Uint8Array;
}

const WRITTEN = 0;
const READ = 1;

export function newLine(): { readonly near: Line; readonly far: Line } {
  const { port1, port2 } = new MessageChannel();
  const queries = new Int32Array(new SharedArrayBuffer(8));
  return { near: { port: port1, queries }, far: { port: port2, queries } };
}

/** Queries that nobody has read yet. */
export const unread = ({ queries }: Pick<Line, 'queries'>): number =>
  (Atomics.load(queries, WRITTEN) - Atomics.load(queries, READ)) | 0;

/** False, and nothing is written, when too many wait to be read. */
export function handOver(line: Line, bag: Uint8Array<ArrayBuffer>, count: number): boolean {
  if (unread(line) >= HAND_OVERS_MAX) return false;
  Atomics.add(line.queries, WRITTEN, count);
  line.port.postMessage(bag, [bag.buffer]);
  return true;
}

/** To be called when so many are either answered or counted as pending. */
export const hasRead = ({ queries }: Line, count: number): void => void Atomics.add(queries, READ, count);
