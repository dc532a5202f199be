/**
 * Where complaints about one zone go: into the caller's list, up to a bound for each severity, so that a
 * thousand warnings do not hide an error; what is beyond is counted, and told in one complaint at the end.
 */
import { COMPLAINTS_MAX } from '../base/limits.ts';
import type { Complaint } from './complaint.ts';

type Severity = Complaint['severity'];

export class Report {
  readonly #complaints: Complaint[];
  readonly #told = { error: 0, warning: 0 };

  constructor(complaints: Complaint[]) {
    this.#complaints = complaints;
  }

  /** Errors so far, those beyond the bound included. */
  get errors(): number {
    return this.#told.error;
  }

  error(file: string, line: number, column: number, text: string): void {
    this.#tell('error', file, line, column, text);
  }

  warning(file: string, line: number, column: number, text: string): void {
    this.#tell('warning', file, line, column, text);
  }

  /** Call once, at the end. `file` is the zone's. */
  close(file: string): void {
    for (const severity of ['error', 'warning'] as const) {
      const untold = this.#told[severity] - COMPLAINTS_MAX;
      if (untold <= 0) continue;
      const text = `${untold} more ${severity}s are not told: expected at most ${COMPLAINTS_MAX}`;
      this.#complaints.push({ file, line: 0, column: 0, severity, text });
    }
  }

  #tell(severity: Severity, file: string, line: number, column: number, text: string): void {
    this.#told[severity]++;
    if (this.#told[severity] > COMPLAINTS_MAX) return;
    this.#complaints.push({ file, line, column, severity, text });
  }
}
