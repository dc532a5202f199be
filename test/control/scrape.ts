/**
 * Reads the text format of Prometheus as strictly as its documentation has it: HELP and TYPE once and before
 * the values of their metric, all values of one metric together, every line well-formed.
 */

export interface Metric {
  readonly type: string;
  readonly help: string;
  /** By name and labels, as they were written. */
  readonly values: Map<string, number>;
}

const VALUE = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)*\})? (\+Inf|-?[\d.]+(?:e[+-]\d+)?)$/;

export function parseScrape(text: string): Map<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const metrics = new Map<string, Metric>();
  let current = '';
  let help = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (metrics.has(name)) throw new Error(`${name} comes twice`);
      [current, help] = [name, rest];
    } else if (keyword === 'TYPE') {
      if (name !== current) throw new Error(`TYPE of ${name} without HELP`);
      metrics.set(name, { type: rest, help, values: new Map() });
    } else {
      const [, series = '', labels = '', value] = VALUE.exec(line) ?? [];
      const metric = metrics.get(current);
      const own = metric?.type === 'histogram' ? series.replace(/_(bucket|sum|count)$/, '') : series;
      if (metric === undefined || own !== current) throw new Error(`not a value of ${current}: ${line}`);
      if (metric.values.has(series + labels)) throw new Error(`twice: ${line}`);
      metric.values.set(series + labels, Number(value === '+Inf' ? Number.POSITIVE_INFINITY : value));
    }
  }
  return metrics;
}

/** One value; NaN where there is none. */
export const valueIn = (metrics: Map<string, Metric>, series: string): number => {
  for (const { values } of metrics.values()) {
    const value = values.get(series);
    if (value !== undefined) return value;
  }
  return Number.NaN;
};
