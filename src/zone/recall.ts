/**
 * What of a zone need not be made again: the image that was kept of it, where its files are as they were.
 * In: zones, one by one; out: their images. What is wrong with kept images is never more than a complaint,
 * one for each kind.
 */
import type { Name } from '../wire/name.ts';
import type { Complaint } from './complaint.ts';
import { isAsRead } from './content.ts';
import { systemText } from './files.ts';
import { KeptImages, type Origin } from './kept.ts';
import type { LoadJob } from './loader.ts';

/** Where images are kept from one start to the next. */
export interface Keeping {
  readonly folder: string;
  /** Which Cairn, in a word: another one might make something else of the same zone. */
  readonly program: string;
}

export interface Recalled {
  readonly image: SharedArrayBuffer;
  readonly origin: Origin;
}

export class Recall {
  readonly #kept: KeptImages | undefined;
  /** For each kind the first file, and how many more. */
  readonly #faults = new Map<string, { readonly file: string; more: number }>();

  /** What is kept of others than these zones is removed. */
  constructor({ folder, program }: Keeping, apexes: readonly Name[]) {
    try {
      this.#kept = new KeptImages(folder, program);
      this.#kept.keepOnly(apexes);
    } catch (error) {
      const text = `no images are kept: expected a folder that they can be written to (${systemText(error)})`;
      this.#fault(folder, text);
    }
  }

  /** False where the folder cannot be used. */
  get isPossible(): boolean {
    return this.#kept !== undefined;
  }

  get complaints(): Complaint[] {
    return [...this.#faults].map(([text, { file, more }]) => ({
      ...{ file, line: 0, column: 0, severity: 'warning' },
      text: more === 0 ? text : `${text}; ${more} more are like it`,
    }));
  }

  find(zone: LoadJob): Recalled | undefined {
    const kept = this.#kept?.find(zone.apex);
    if (kept === undefined) return undefined;
    if (typeof kept === 'string') return this.#distrust(zone.apex, kept);
    const { origin } = kept;
    if (!isAsRead(origin.content, zone)) {
      kept.drop();
      return undefined;
    }
    const image = kept.take();
    return typeof image === 'string' ? this.#distrust(zone.apex, image) : { image, origin };
  }

  keep(apex: Name, image: SharedArrayBuffer, origin: Origin): void {
    try {
      this.#kept?.keep(apex, image, origin);
    } catch (error) {
      this.#fault(this.#kept?.pathOf(apex) ?? '', `an image cannot be kept: ${systemText(error)}`);
    }
  }

  #distrust(apex: Name, why: string): undefined {
    const text = `a kept image that cannot be used is made anew: ${why}`;
    this.#fault(this.#kept?.pathOf(apex) ?? '', text);
  }

  #fault(file: string, text: string): void {
    const first = this.#faults.get(text);
    if (first) first.more++;
    else this.#faults.set(text, { file, more: 0 });
  }
}
