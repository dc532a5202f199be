/** What a server process takes and counts, as seen from outside: for tests that attack it. */
import { readdirSync, readFileSync } from 'node:fs';
import { type Metric, parseScrape, valueIn } from '../control/scrape.ts';
import type { ServerProcess } from './server.ts';

export class Watched {
  readonly #process: ServerProcess;

  constructor(process: ServerProcess) {
    this.#process = process;
  }

  get openFiles(): number {
    return readdirSync(`/proc/${this.#process.child.pid}/fd`).length;
  }

  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#process.child.pid}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  }

  /** Where the process was told to listen for HTTP. */
  async scrape(): Promise<Map<string, Metric>> {
    const { http } = await this.#process.said('started');
    const page = await fetch(`http://${http}/metrics`);
    return parseScrape(await page.text());
  }

  /** One value as of now. */
  async value(series: string): Promise<number> {
    return valueIn(await this.scrape(), series);
  }
}
