/**
 * An operator's mistake: where, what was found, what was expected. Collected, never thrown; all of them are
 * told.
 */

export interface Complaint {
  readonly file: string;
  /** From 1; 0 where the whole file is meant. */
  readonly line: number;
  /** From 1; 0 where the whole line is meant. */
  readonly column: number;
  readonly severity: 'error' | 'warning';
  /** One sentence without a final dot: what is wrong, and what was expected. */
  readonly text: string;
}

/** `zones/a.zone:12:5: error: …`, the form compilers taught everybody's editor to read. */
export const complaintText = (c: Complaint): string =>
  `${c.file}${c.line > 0 ? `:${c.line}${c.column > 0 ? `:${c.column}` : ''}` : ''}: ${c.severity}: ${c.text}`;

export const hasErrors = (complaints: readonly Complaint[]): boolean =>
  complaints.some((c) => c.severity === 'error');
