/**
 * The engine's own threads, which compile what has become hot and help to collect garbage. At the first
 * minute of a flood there is much of both, and where there are no more cores than threads, each such piece of
 * work held up whoever answers for as long as it took: with this they stand behind. On Linux a priority is a
 * thread's own; elsewhere nothing happens.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const THREADS = '/proc/self/task';
const NAME = 'V8Worker';

/** To be called when all is started: until then there is nobody to be held up. */
export function engineGivesWay(): void {
  try {
    for (const thread of readdirSync(THREADS)) {
      if (!readFileSync(`${THREADS}/${thread}/comm`, 'latin1').startsWith(NAME)) continue;
      setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
    }
  } catch {
    // Then they take their share of the time, like any other.
  }
}
