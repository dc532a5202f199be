/**
 * Notices that zone files have changed, and waits until they lie still. The system's events are only a hint
 * to look: what counts is whether inode, size or change time of a file differ from what they were before it
 * was read, so editors that rename, links that are swapped and folders without events are all seen, at the
 * latest after ZONES_LOOK_MS.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ZONES_LOOK_MS, ZONES_SETTLE_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { isZoneFile } from './zone-files.ts';

export interface Watched {
  /** Where new zone files may appear. */
  readonly folder: string | undefined;
  /** Every file that was read, wherever it lies. */
  readonly files: readonly string[];
  /** After a load that failed: what was missing may appear under any name in the folder. */
  readonly anyName: boolean;
}

/** What each file is, as far as the system tells without reading it. */
export type Prints = ReadonlyMap<string, string>;

/** To be taken before the files are read: what changes meanwhile then differs at the next look. */
export async function takePrints({ folder, files }: Pick<Watched, 'folder' | 'files'>): Promise<Prints> {
  const listed = folder === undefined ? [] : await readdir(folder).catch(() => []);
  const paths = new Set([...listed.map((name) => join(folder ?? '', name)), ...files]);
  const prints = await Promise.all([...paths].map(async (path) => [path, await printOf(path)] as const));
  return new Map(prints.filter((each): each is readonly [string, string] => each[1] !== undefined));
}

/**
 * The change time moves with the content and with the permissions, and cannot be set back as the other times
 * can.
 */
const printOf = (path: string): Promise<string | undefined> =>
  stat(path, { bigint: true }).then(
    (stats) => (stats.isFile() ? `${stats.dev}:${stats.ino}:${stats.size}:${stats.ctimeNs}` : undefined),
    () => undefined,
  );

export class ZoneWatch {
  readonly #world: World;
  readonly #changed: () => Promise<void>;
  readonly #watchers = new Map<string, FSWatcher>();
  #watched: Watched = { folder: undefined, files: [], anyName: false };
  #prints: Prints = new Map();
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #closed = false;
  #cancel = (): void => {};

  /** `changed` reads the files anew and calls `follow`, whether it could use them or not. */
  constructor(world: World, changed: () => Promise<void>) {
    this.#world = world;
    this.#changed = changed;
  }

  follow(watched: Watched, prints: Prints): void {
    this.#watched = watched;
    this.#prints = prints;
    if (this.#closed) return;
    const folders = new Set(watched.files.map(dirname));
    if (watched.folder !== undefined) folders.add(watched.folder);
    for (const [folder, watcher] of this.#watchers) if (!folders.has(folder)) this.#forget(folder, watcher);
    const unseen = [...folders].filter((folder) => !this.#watchers.has(folder));
    for (const folder of unseen) this.#listen(folder);
    // What changed before the system was asked to tell.
    if (unseen.length > 0) void this.look();
    else this.#lookLater();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    for (const [folder, watcher] of this.#watchers) this.#forget(folder, watcher);
  }

  #listen(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => void this.look());
      // A folder that goes away, a system out of watches: looking now and then is enough.
      watcher.on('error', () => this.#forget(folder, watcher));
      this.#watchers.set(folder, watcher);
    } catch {
      // As above.
    }
  }

  #forget(folder: string, watcher: FSWatcher): void {
    watcher.close();
    this.#watchers.delete(folder);
  }

  #lookLater(): void {
    this.#cancel();
    if (!this.#closed) this.#cancel = this.#world.after(ZONES_LOOK_MS, () => void this.look());
  }

  /** Resolves when nothing differs any more. */
  look(): Promise<void> {
    this.#lookAgain = true;
    this.#looking ??= this.#lookUntilSettled().finally(() => {
      this.#looking = undefined;
      this.#lookLater();
    });
    return this.#looking;
  }

  async #lookUntilSettled(): Promise<void> {
    while (this.#lookAgain && !this.#closed) {
      this.#lookAgain = false;
      if (await this.#settledChange()) await this.#changed();
    }
  }

  async #settledChange(): Promise<boolean> {
    let now = await takePrints(this.#watched);
    if (!this.#differ(this.#prints, now)) return false;
    for (;;) {
      await new Promise<void>((resolve) => void this.#world.after(ZONES_SETTLE_MS, resolve));
      const later = await takePrints(this.#watched);
      if (!this.#differ(now, later)) return !this.#closed;
      now = later;
    }
  }

  #differ(a: Prints, b: Prints): boolean {
    const { folder, files, anyName } = this.#watched;
    const isNew = (path: string): boolean =>
      folder !== undefined &&
      join(folder, basename(path)) === path &&
      (anyName || isZoneFile(basename(path)));
    const matters = (path: string): boolean => files.includes(path) || isNew(path);
    for (const path of new Set([...a.keys(), ...b.keys()])) {
      if (a.get(path) !== b.get(path) && matters(path)) return true;
    }
    return false;
  }
}
