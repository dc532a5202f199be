/**
 * A scenario as its file tells it: what every part of the grammar becomes. See `parse.ts` for the text.
 */
import type { Packet } from './packet.ts';

/** A packet to be matched, or to be sent, as one `ENTRY_BEGIN` … `ENTRY_END` describes it. */
export interface Entry {
  readonly line: number;
  /** The words behind MATCH; none match anything. */
  readonly match: ReadonlySet<string>;
  readonly adjust: ReadonlySet<string>;
  readonly packet: Packet;
  /** To be sent as it is, but for the ID. */
  readonly hex: Uint8Array | undefined;
}

/** What a server says from one step to another. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** None stand for any. */
  readonly addresses: readonly string[];
  readonly entries: readonly Entry[];
}

export const STEP_KINDS = [
  'QUERY',
  'CHECK_ANSWER',
  'CHECK_OUT_QUERY',
  'REPLY',
  'TIMEOUT',
  'ERROR',
  'TIME_PASSES',
  'TRAFFIC',
  'NOTHING',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

export interface Step {
  readonly number: number;
  readonly line: number;
  readonly kind: StepKind;
  readonly entry: Entry | undefined;
  readonly address: string | undefined;
  readonly seconds: number;
}

export interface Setting {
  /** `server`, `stub-zone`. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

export interface Scenario {
  readonly title: string;
  readonly settings: readonly Setting[];
  readonly ranges: readonly Range[];
  readonly steps: readonly Step[];
}

export interface Complaint {
  readonly line: number;
  readonly expected: string;
}

/** A part of the grammar that is sound and that we have no use for. */
export interface Unknown {
  readonly line: number;
  readonly what: string;
}
