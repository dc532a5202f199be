/**
 * A worker that gives way, and says how nice it is, and how nice the process.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { giveWay } from '../../src/zone/worker.ts';

const niceOf = (thread: string): number =>
  Number(readFileSync(`/proc/${thread}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]);

giveWay();
parentPort?.postMessage([niceOf(readlinkSync('/proc/thread-self')), niceOf('self')]);
