/**
 * A worker for one piece of work: it is given all at the start, says its result, and ends, so that what the
 * work needed goes back to the system.
 *
 * It should find its code compiled (NODE_COMPILE_CACHE, from `bin/cairn`): else Node strips the types first,
 * with a compiler in WebAssembly for each thread, which doubles what a small reload costs. And V8 is
 * known to lose track of such code (`jit_page.has_value()`), which ends the process.
 */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';

export function askWorker<Result>(entry: URL, workerData: unknown): Promise<Result> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData });
    let said: { readonly result: Result } | undefined;
    worker.on('message', (result: Result) => {
      said = { result };
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (said !== undefined) resolve(said.result);
      else reject(new Error(`a worker ended without a result, with code ${code}`));
    });
  });
}

/**
 * For a worker while others answer: what it does can wait for them. On Linux a priority is a thread's own,
 * and its number stands at the end of where this leads; elsewhere all threads share one, which stays.
 */
export function giveWay(): void {
  try {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1);
    setPriority(Number(thread), constants.priority.PRIORITY_LOW);
  } catch {
    // Then it takes its share of the time, like any other.
  }
}
