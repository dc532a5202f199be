/**
 * One sitting of the bench: its folder, how much effort it makes, the zones and lists that several parts
 * share, each written once, and what could not be measured.
 */
import type { Start } from './servers.ts';
import { type Workload, writeBigZone, writeQueries, writeZone } from './zone.ts';

export class Sitting {
  readonly folder: string;
  readonly isQuick: boolean;
  readonly unmeasured = new Set<string>();
  readonly skip = (why: string): void => void this.unmeasured.add(why);
  #zone: Promise<Workload> | undefined;
  #queries: Promise<string> | undefined;
  #bigZone: Promise<Workload> | undefined;

  constructor(folder: string, isQuick: boolean) {
    this.folder = folder;
    this.isQuick = isQuick;
  }

  zone(): Promise<Workload> {
    return (this.#zone ??= writeZone(this.folder));
  }

  queries(): Promise<string> {
    return (this.#queries ??= writeQueries(this.folder));
  }

  bigZone(): Promise<Workload> {
    return (this.#bigZone ??= writeBigZone(this.folder));
  }

  /** For servers of a zone of hosts. */
  startFor({ apex }: Workload): Start {
    return { folder: this.folder, question: `h1.${apex}`, skip: this.skip };
  }
}
