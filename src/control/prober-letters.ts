/**
 * What the control thread tells the prober, and what it asks it: which images with which plans there are, how
 * to check, whom the operator holds; how members stand. As between all threads, publications are laid over
 * the ones before.
 */
import type { MessagePort } from 'node:worker_threads';
import type { HeldMember } from '../health/board.ts';
import type { Check, ProbeTerms } from '../health/check.ts';
import type { Endpoint } from '../health/conversation.ts';
import type { ToldMember } from '../health/told.ts';
import type { ImageVersion } from '../zone/image.ts';
import type { Report } from './reports.ts';

/** What the settings say of health, and what this server listens at. */
export interface HealthTerms {
  readonly checks: readonly Check[];
  readonly probes: ProbeTerms;
  readonly doors: readonly Endpoint[];
}

export interface ProberPublication {
  readonly images: readonly ImageVersion[];
  readonly health: HealthTerms;
  readonly holds: readonly HeldMember[];
  /** What others said to a thread before this one, and holds. */
  readonly reports: readonly Report[];
  readonly stop: boolean;
  /** Where it is asked how members stand. */
  readonly inquiries: MessagePort | undefined;
  /** Where to tell how many stand how (health/standings). */
  readonly standings: SharedArrayBuffer;
  /** Where to count how long probes take, by kind (health/probe). */
  readonly probeTimes: SharedArrayBuffer;
  /** Where to note what it opens (transport/left-open). */
  readonly descriptors: SharedArrayBuffer;
}

/** A question and what it is answered with, by the word that it is asked with. */
export interface HealthInquiries {
  /** All members, or those of one pool, as many as are told at a time. */
  readonly members: {
    readonly asked: { readonly pool: string | undefined };
    readonly told: readonly ToldMember[];
  };
  /** Somebody says how an address is; of how many targets it was news. */
  readonly report: {
    readonly asked: Report;
    readonly told: number;
  };
}

export type PostedHealthInquiry = {
  readonly [W in keyof HealthInquiries]: {
    readonly ticket: number;
    readonly about: W;
    readonly asked: HealthInquiries[W]['asked'];
  };
}[keyof HealthInquiries];

export const NO_PROBER = 'no pool of this server has checks, and none is held';
