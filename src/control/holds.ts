/**
 * Whom an operator has taken out of a pool, or keeps in, whatever checks say: kept in a file where there is
 * one, so that a restart changes nothing. JSON lines that people can read, written beside their place and
 * renamed. A file that is damaged is no more than a line in the log: what it held is free again.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { HOLDS_FILE_BYTES_MAX, HOLDS_MAX } from '../base/limits.ts';
import { HOLDS, type Hold } from '../health/pool-state.ts';
import type { HeldMember } from '../health/reading.ts';
import { systemText } from '../zone/files.ts';
import type { Logger } from './log.ts';

const held = z.strictObject({ pool: z.string(), member: z.string(), hold: z.enum(HOLDS) });

export class Holds {
  readonly #logger: Logger;
  readonly #file: string | undefined;
  readonly #held = new Map<string, HeldMember>();

  /** `file` undefined: they end with this process. */
  constructor(file: string | undefined, logger: Logger) {
    this.#logger = logger;
    this.#file = file;
    if (file !== undefined) this.#read(file);
  }

  get all(): readonly HeldMember[] {
    return [...this.#held.values()];
  }

  /** Undefined releases. False where there is no room for more. */
  set(pool: string, member: string, hold: Hold | undefined): boolean {
    const key = `${pool} ${member}`;
    if (hold === undefined) this.#held.delete(key);
    else if (this.#held.size >= HOLDS_MAX && !this.#held.has(key)) return false;
    else this.#held.set(key, { pool, member, hold });
    if (this.#file !== undefined) this.#write(this.#file);
    return true;
  }

  #read(file: string): void {
    try {
      if (statSync(file).size > HOLDS_FILE_BYTES_MAX) throw new Error('too large');
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      const read = lines.slice(0, HOLDS_MAX).map((line) => held.parse(JSON.parse(line)));
      for (const each of read) this.#held.set(`${each.pool} ${each.member}`, each);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      const why = error instanceof z.ZodError || error instanceof SyntaxError ? 'damaged' : systemText(error);
      this.#logger.warn({ file, why }, 'no member of a pool is held any more');
    }
  }

  #write(file: string): void {
    const temporary = `${file}.new`;
    try {
      rmSync(temporary, { force: true });
      writeFileSync(temporary, this.all.map((each) => `${JSON.stringify(each)}\n`).join(''), {
        ...{ flag: 'wx', mode: 0o600, flush: true },
      });
      renameSync(temporary, file);
    } catch (error) {
      this.#logger.warn({ file, why: systemText(error) }, 'who is held in pools is forgotten at a restart');
    }
  }
}
