/** A worker with types, for `worker.test`: says whether Node's compiler of types is there. */
import { parentPort } from 'node:worker_threads';

const loaded: readonly string[] = (process as { moduleLoadList?: readonly string[] }).moduleLoadList ?? [];
parentPort?.postMessage(loaded.some((name) => name.includes('amaro')));
