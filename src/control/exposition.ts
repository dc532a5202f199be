/**
 * The text that Prometheus reads, version 0.0.4: a HELP and a TYPE line for each metric, then a line for each
 * of its values. Numbers are written as JavaScript writes them, which the format allows.
 */
import { BOUNDS_US, type HistogramRow } from '../base/histogram.ts';

export type Labels = Readonly<Record<string, string>>;

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export class Exposition {
  #text = '';

  /** A counter or gauge with one value. */
  single(name: string, type: 'counter' | 'gauge', help: string, value: number): void {
    this.several(name, type, help, [[{}, value]]);
  }

  several(name: string, type: string, help: string, values: readonly (readonly [Labels, number])[]): void {
    this.#head(name, type, help);
    for (const [labels, value] of values) this.#line(name, labels, value);
  }

  /** In seconds; buckets count everything up to their bound. */
  histogram(name: string, help: string, rows: readonly (readonly [Labels, HistogramRow])[]): void {
    this.#head(name, 'histogram', help);
    for (const [labels, { counts, sumUs }] of rows) {
      let total = 0;
      for (const [i, us] of BOUNDS_US.entries()) {
        total += counts[i] ?? 0;
        this.#line(`${name}_bucket`, { ...labels, le: String(us / 1e6) }, total);
      }
      total += counts[BOUNDS_US.length] ?? 0;
      this.#line(`${name}_bucket`, { ...labels, le: '+Inf' }, total);
      this.#line(`${name}_sum`, labels, sumUs / 1e6);
      this.#line(`${name}_count`, labels, total);
    }
  }

  get text(): string {
    return this.#text;
  }

  #head(name: string, type: string, help: string): void {
    this.#text += `# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}\n# TYPE ${name} ${type}\n`;
  }

  #line(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([key, v]) => `${key}="${v.replace(/[\\\n"]/g, escaped)}"`);
    this.#text += `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
  }
}

const escaped = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`);
