/**
 * What a list of rules is told by the configuration, and what all that reads one writes to.
 */
import type { Bytes } from '../base/bytes.ts';
import type { Report } from '../zone/report.ts';
import type { RuleBuilder } from './builder.ts';

/** `domains` are names with all that is below; `hosts` are names; `rpz` and `records` are master files. */
export const RULE_FORMATS = ['domains', 'hosts', 'rpz', 'records'] as const;
export type RuleFormat = (typeof RULE_FORMATS)[number];

export const RULE_ANSWERS = ['nxdomain', 'nodata', 'refused', 'drop', 'pass'] as const;
export type RuleAnswer =
  | (typeof RULE_ANSWERS)[number]
  | { readonly addresses: readonly string[] }
  | { readonly alias: string };

export interface RuleListSettings {
  /** As complaints, metrics and Extended DNS Errors have it. */
  readonly name: string;
  /** A file, or else the text itself. */
  readonly file: string | undefined;
  readonly text: string;
  readonly format: RuleFormat;
  /** To names of lists that say no more than names. */
  readonly answer: RuleAnswer;
  /** An Extended DNS Error that tells of the rule. */
  readonly ede: number | undefined;
  /** Of answers whose records do not say it themselves. */
  readonly ttlSeconds: number;
}

/** The text of a list, and where what is in it goes. */
export interface Page {
  readonly text: Bytes;
  /** As complaints have it. */
  readonly file: string;
  readonly report: Report;
  readonly builder: RuleBuilder;
}
