/**
 * A worker for one piece of work: it is given all at the start, says its result, and ends, so that what the
 * work needed goes back to the system.
 */
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
