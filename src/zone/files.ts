/**
 * The files one zone is read from: the zone's own, and what it includes, directly or not. An included file
 * lies inside the zones' folder once symbolic links are followed, is no file that is being read already, and
 * is a plain file: a zone from somebody else may not show us /etc/shadow in complaints, or hang us on a pipe.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { INCLUDE_DEPTH_MAX, INCLUDES_MAX } from '../base/limits.ts';
import { type Content, contentOf, type FileContent } from './content.ts';

/** `expected` finishes the sentence of a complaint. */
export interface FileFault {
  readonly expected: string;
}

export class ZoneFiles {
  readonly #root: string;
  /** Real paths of the files being read, the zone's own first. */
  readonly #open: string[] = [];
  /** Of all that were read. */
  readonly #contents: FileContent[] = [];
  #includesLeft = INCLUDES_MAX;

  constructor(root: string) {
    this.#root = root;
  }

  /** What the zone was read from, when it was. */
  get content(): Omit<Content, 'checks'> {
    return { root: this.#root, realRoot: realpathSync(this.#root), files: this.#contents };
  }

  /** The zone's own file may lie anywhere: the operator named it. */
  openZone(path: string): Uint8Array | FileFault {
    return attempt(() => {
      const text = readFileSync(path);
      this.#note(path, realpathSync(path), text);
      return text;
    });
  }

  /** Where `named` is when the file `from` names it: beside that one. */
  static pathOf(named: string, from: string): string {
    return isAbsolute(named) ? named : join(dirname(from), named);
  }

  /** To be followed by `close`, unless it is a fault. */
  openIncluded(path: string): Uint8Array | FileFault {
    if (this.#open.length > INCLUDE_DEPTH_MAX) {
      return { expected: `files included at most ${INCLUDE_DEPTH_MAX} deep` };
    }
    if (this.#includesLeft-- <= 0) return { expected: `at most ${INCLUDES_MAX} files included in all` };
    return attempt(() => this.#read(path));
  }

  close(): void {
    this.#open.pop();
  }

  #read(path: string): Uint8Array | FileFault {
    const real = realpathSync(path);
    const root = realpathSync(this.#root);
    const inside = real.startsWith(root.endsWith(sep) ? root : root + sep);
    if (!inside) return { expected: `a file inside the folder ${this.#root}` };
    if (this.#open.includes(real)) return { expected: 'a file that is not being read already' };
    if (!statSync(real).isFile()) return { expected: 'a plain file' };
    const text = readFileSync(real);
    this.#note(path, real, text);
    return text;
  }

  #note(path: string, real: string, text: Uint8Array): void {
    this.#open.push(real);
    this.#contents.push(contentOf(path, real, text));
  }
}

function attempt(read: () => Uint8Array | FileFault): Uint8Array | FileFault {
  try {
    return read();
  } catch (error) {
    return { expected: `a file that can be read (${systemText(error)})` };
  }
}

/** What the system says, less the path, which the operator wrote or we tell anyway. */
export const systemText = (error: unknown): string =>
  error instanceof Error ? (error.message.split(', ')[0] as string) : String(error);
