/**
 * Our own mistakes, told. Each kind of bug (its first two lines of stack) is logged with its stack once, then
 * at most once in BUG_QUIET_MS with the number of times it happened meanwhile, so that a bug a stranger can
 * reach cannot flood the log. An exception nobody caught is a bug too; once the server has started, it lives
 * on.
 */
import { BUG_KINDS_MAX, BUG_QUIET_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Logger } from './log.ts';

interface Sighting {
  toldMs: number;
  untold: number;
}

export class BugLog {
  readonly #logger: Logger;
  readonly #world: World;
  readonly #seen = new Map<string, Sighting>();

  constructor(logger: Logger, world: World) {
    this.#logger = logger;
    this.#world = world;
  }

  tell(bug: unknown, where: Readonly<Record<string, unknown>> = {}): void {
    const stack = bug instanceof Error ? (bug.stack ?? String(bug)) : String(bug);
    const kind = stack.split('\n', 2).join('\n');
    const nowMs = this.#world.nowMs();
    const seen = this.#seen.get(kind);
    if (seen !== undefined && nowMs - seen.toldMs < BUG_QUIET_MS) {
      seen.untold += 1;
      return;
    }
    const untold = seen?.untold ?? 0;
    this.#remember(kind, { toldMs: nowMs, untold: 0 });
    this.#logger.error(
      { ...where, stack, ...(untold > 0 ? { alsoTimes: untold } : {}) },
      'bug in cairn: please report',
    );
  }

  /** The oldest kind is forgotten first: a message that differs each time must not grow the memory. */
  #remember(kind: string, sighting: Sighting): void {
    this.#seen.delete(kind);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size >= BUG_KINDS_MAX && oldest !== undefined) this.#seen.delete(oldest);
    this.#seen.set(kind, sighting);
  }
}

/**
 * Until `started()` is true an uncaught exception ends the process through `fatal`: errors at start are
 * fatal.
 */
export function catchStrays(bugs: BugLog, started: () => boolean, fatal: () => void): () => void {
  const stray = (bug: unknown): void => {
    bugs.tell(bug);
    if (!started()) fatal();
  };
  process.on('uncaughtException', stray);
  process.on('unhandledRejection', stray);
  return () => {
    process.off('uncaughtException', stray);
    process.off('unhandledRejection', stray);
  };
}
