/**
 * What a list says and this server does not do: told once for each kind, with how often, and where first.
 * The rest of the list counts.
 */
import type { Report } from '../zone/report.ts';

export class LeftOut {
  readonly #report: Report;
  readonly #file: string;
  readonly #kinds = new Map<string, { readonly line: number; times: number }>();

  constructor(report: Report, file: string) {
    this.#report = report;
    this.#file = file;
  }

  note(kind: string, line: number): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { line, times: 1 });
    else known.times += 1;
  }

  tell(): void {
    for (const [kind, { line, times }] of this.#kinds) {
      const where = times === 1 ? '' : `, ${times} times from here on`;
      this.#report.warning(this.#file, line, 0, `left out${where}: ${kind}`);
    }
  }
}
