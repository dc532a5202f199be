/**
 * Durations and sizes as people write them: `500ms`, `5s`, `2m`, `1h`; `64MB`, `512KiB`, `1GB`. In: text of
 * cairn.yaml or of a flag. Out: whole milliseconds or bytes, or undefined for what is neither.
 */

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Storage makers' and programmers' units mean the same here: a cache is not sold by the byte. */
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 2 ** 10,
  KIB: 2 ** 10,
  MB: 2 ** 20,
  MIB: 2 ** 20,
  GB: 2 ** 30,
  GIB: 2 ** 30,
};

export const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;
export const SIZE = /^(\d{1,9})\s?(B|KB|KiB|MB|MiB|GB|GiB)$/i;

export const parseDurationMs = (text: string): number | undefined =>
  measure(DURATION.exec(text), MS, (u) => u);

export const parseSizeBytes = (text: string): number | undefined =>
  measure(SIZE.exec(text), BYTES, (unit) => unit.toUpperCase());

function measure(
  parts: RegExpExecArray | null,
  units: Readonly<Record<string, number>>,
  spelling: (unit: string) => string,
): number | undefined {
  const worth = units[spelling(parts?.[2] ?? '')];
  return worth === undefined ? undefined : Number(parts?.[1]) * worth;
}

/** `1500` → `1.5s`; for log lines and complaints. */
export const durationText = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)}ms` : `${Number((ms / 1_000).toFixed(1))}s`;
