/**
 * Keeps the doors in step with the addresses of the machine, where all of them were asked for, and the
 * resolver from asking, and the guard from answering, ourselves. A door that cannot be opened is told once,
 * and tried again at every look.
 */
import { ADDRESS_RESCAN_MS } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { listenText } from '../transport/addresses.ts';
import type { Doors, Refusal } from './doors.ts';
import type { Logger } from './log.ts';
import { refusalTexts } from './refusals.ts';

export class AddressWatch {
  readonly #doors: Pick<Doors, 'adjust'>;
  readonly #noted: () => void;
  readonly #world: World;
  readonly #logger: Logger;
  #told = new Set<string>();
  #looking: Promise<void> = Promise.resolve();
  #cancel = (): void => {};

  /** `noted` is called when addresses may have changed. */
  constructor(doors: Pick<Doors, 'adjust'>, noted: () => void, world: World, logger: Logger) {
    this.#doors = doors;
    this.#noted = noted;
    this.#world = world;
    this.#logger = logger;
    this.#lookLater();
  }

  /** One after the other: two at once would both open what is missing. */
  look(): Promise<void> {
    const looking = this.#looking.then(() => this.#look());
    this.#looking = looking.catch(() => {});
    return looking;
  }

  /** Resolves when nothing is being opened any more. */
  async close(): Promise<void> {
    this.#cancel();
    this.#lookLater = () => {};
    await this.#looking;
  }

  async #look(): Promise<void> {
    this.#cancel();
    try {
      this.#noted();
      const { came, went, refused } = await this.#doors.adjust();
      if (came.length > 0 || went.length > 0) this.#logger.info({ came, went }, 'addresses changed');
      this.#tell(refused);
    } finally {
      this.#lookLater();
    }
  }

  #lookLater = (): void => {
    this.#cancel = this.#world.after(ADDRESS_RESCAN_MS, () => void this.look());
  };

  #tell(refused: readonly Refusal[]): void {
    const keyOf = ({ listen, via, code }: Refusal): string => `${listenText(listen)} ${via} ${code}`;
    const fresh = refused.filter((refusal) => !this.#told.has(keyOf(refusal)));
    this.#told = new Set(refused.map(keyOf));
    for (const text of refusalTexts(fresh)) this.#logger.warn(text);
  }
}
