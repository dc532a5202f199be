/**
 * What a run allocates, garbage included, by V8's sampling heap profiler.
 */
import { Session } from 'node:inspector/promises';

const SAMPLE_BYTES = 256;
const ALLOCATORS_SHOWN = 8;

export interface Allocations {
  readonly bytesPerQuery: number;
  /** Who allocates, most first; empty when nobody does. */
  readonly allocators: readonly string[];
}

export async function allocations(run: () => void, queries: number): Promise<Allocations> {
  const places = await bytesByPlace(run);
  // To a tenth of a byte: the profiler itself, and the first run of a line, are below that.
  const perQuery = (bytes: number): number => Math.round((10 * bytes) / queries) / 10;
  return {
    bytesPerQuery: perQuery([...places.values()].reduce((sum, bytes) => sum + bytes, 0)),
    allocators: [...places]
      .filter(([, bytes]) => perQuery(bytes) > 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, ALLOCATORS_SHOWN)
      .map(([place, bytes]) => `${place} ${perQuery(bytes)} B`),
  };
}

async function bytesByPlace(run: () => void): Promise<Map<string, number>> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLE_BYTES,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  run();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  const bytes = new Map<string, number>();
  const visit = (node: typeof profile.head): void => {
    const { functionName, url, lineNumber } = node.callFrame;
    const place = `${functionName || '(top)'} ${url.replace(/^.*\/(src|bench)\//, '$1/')}:${lineNumber + 1}`;
    // The profiler allocates too, when it starts and stops.
    if (node.selfSize > 0 && url !== 'node:inspector')
      bytes.set(place, (bytes.get(place) ?? 0) + node.selfSize);
    node.children.forEach(visit);
  };
  visit(profile.head);
  return bytes;
}
