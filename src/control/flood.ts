/**
 * Keeps one message from flooding the log: of the same words at most LOG_LINES_PER_SECOND_MAX are told in a
 * second, the others are counted and told as a number with the next line. A complaint's place is part of its
 * words, so that all complaints are told. One line per query is what an operator has asked for.
 */
import { LOG_LINES_PER_SECOND_MAX, LOG_MESSAGES_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';

export const HELD_BACK = 'log lines were held back';
const UNBOUNDED: ReadonlySet<unknown> = new Set(['query', HELD_BACK]);

interface Second {
  readonly beganMs: number;
  lines: number;
}

export class Flood {
  readonly #world: World;
  readonly #seconds = new Map<string, Second>();
  #held = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether a line may be told; `words` are a logger's: fields and message, or a message alone. */
  admits(words: readonly unknown[]): boolean {
    const [first, second] = words;
    const message = typeof first === 'string' ? first : second;
    if (UNBOUNDED.has(message)) return true;
    const { file = '', line = '', column = '' } = (first ?? {}) as Partial<Record<string, unknown>>;
    const key = `${String(file)}:${String(line)}:${String(column)} ${String(message)}`;
    if (this.#count(key) <= LOG_LINES_PER_SECOND_MAX) return true;
    this.#held.set(String(message), (this.#held.get(String(message)) ?? 0) + 1);
    return false;
  }

  #count(key: string): number {
    const nowMs = this.#world.nowMs();
    const now = this.#seconds.get(key);
    if (now !== undefined && nowMs - now.beganMs < 1_000) return ++now.lines;
    this.#seconds.delete(key);
    const [oldest] = this.#seconds.keys();
    if (this.#seconds.size >= LOG_MESSAGES_MAX && oldest !== undefined) this.#seconds.delete(oldest);
    this.#seconds.set(key, { beganMs: nowMs, lines: 1 });
    return 1;
  }

  /** What was held back since this was last asked: `12 × message`. */
  heldBack(): string[] {
    if (this.#held.size === 0) return [];
    const told = [...this.#held].map(([message, count]) => `${count} × ${message}`);
    this.#held = new Map();
    return told;
  }
}
