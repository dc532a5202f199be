/**
 * What happened on the way to one name: a bounded list of steps, plain values that cost a little each and are
 * told (`trail`) only when somebody asks or something failed; and what went wrong, for the one line of text
 * that a SERVFAIL carries: which zone is being asked, and how each of its servers disappointed.
 */
import { JOURNAL_STEPS_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Ede } from '../wire/codes.ts';
import type { Message } from '../wire/message.ts';
import { isWithin, type Name, nameText, ROOT } from '../wire/name.ts';
import type { CacheStanding } from './cache.ts';
import type { Shape } from './classify.ts';
import type { Delegation } from './delegation.ts';
import { type Finding, failed, limited, type Outcome } from './outcome.ts';
import { keptOf, type Scrubbed } from './scrub.ts';
import type { Asked, Heard, Sending } from './wish.ts';

/** More would not be read. */
const FAULTS_TOLD_MAX = 6;
/** Owners of records that no server of the zone may speak of; more of them say nothing more. */
const FOREIGN_TOLD_MAX = 3;

export const plainText = (name: Name): string => (name.length === 1 ? '.' : nameText(name).slice(0, -1));

/** The zone has as many walks as it may have. */
export const crowded = (zone: Name): Outcome =>
  limited(
    `too many questions wait for the servers of ${plainText(zone)}`,
    'moment',
    Ede.NO_REACHABLE_AUTHORITY,
  );

/** Where something is known from without asking. */
export interface Source {
  readonly from:
    | 'own zone'
    | 'hosts file'
    | 'local names'
    | 'local root'
    | 'cache'
    | 'expired'
    | 'failed before'
    /** Its list and line. */
    | `rule ${string}`;
  readonly standing?: CacheStanding | undefined;
}

/** One query and what came of it. */
export interface Exchange {
  readonly kind: 'ask';
  readonly atMs: number;
  readonly sending: Sending;
  /** Who replied: the one asked, or one asked before. */
  readonly server: string;
  readonly got: Heard['got'];
  readonly why: string | undefined;
  readonly tookMs: number;
  readonly bytes: number;
  readonly rcode: number;
  readonly flags: number;
  /** RRs in each section. */
  readonly answer: number;
  readonly authority: number;
  readonly additional: number;
  /** What the reply was taken for; undefined where it was put aside before it was weighed. */
  shape: Shape | undefined;
  /** Records of which nothing is believed, and owners among them that the zone does not speak for. */
  unused: number;
  foreign: readonly string[];
  fault: string | undefined;
}

export type Step =
  | { readonly kind: 'zone'; readonly place: Delegation; readonly isReferred: boolean }
  | Exchange
  | { readonly kind: 'fault'; readonly atMs: number; readonly server: string; readonly fault: string }
  | {
      readonly kind: 'walk';
      readonly atMs: number;
      readonly asked: Asked;
      readonly journal: Journal;
      readonly joined: boolean;
    }
  | {
      readonly kind: 'found';
      readonly atMs: number;
      readonly asked: Asked;
      readonly finding: Finding;
      /** Undefined where a walk found it. */
      readonly source: Source | undefined;
    };

const NOBODY: readonly string[] = [];

export class Journal {
  readonly steps: Step[] = [];
  /** Steps there was no room for. */
  missed = 0;
  readonly #world: World;
  #place: Delegation | undefined;
  #isReferred = false;
  /** By server address or server name, the last thing that can be said of it. */
  #faults: Map<string, string> | undefined;
  #onlyNetwork = true;

  constructor(world: World) {
    this.#world = world;
  }

  /** The zone that was asked last, whose servers the faults are of. */
  get zone(): Name {
    return this.#place?.cut ?? ROOT;
  }

  enter(place: Delegation): void {
    if (place !== this.#place) this.#note({ kind: 'zone', place, isReferred: this.#isReferred });
    this.#place = place;
    this.#isReferred = false;
    this.#faults = undefined;
    this.#onlyNetwork = true;
  }

  asked(sending: Sending, heard: Heard): void {
    const reply = heard.got === 'reply' ? heard : undefined;
    const message = reply?.message;
    this.#note({
      kind: 'ask',
      atMs: this.#world.nowMs(),
      sending,
      server: reply?.from ?? sending.to,
      got: heard.got,
      why: heard.got === 'unreachable' ? heard.why : undefined,
      tookMs: reply?.ms ?? (heard.got === 'silence' ? sending.ms : 0),
      bytes: reply?.bytes ?? 0,
      rcode: message?.rcode ?? 0,
      flags: message?.flags ?? 0,
      answer: message?.answer.length ?? 0,
      authority: message?.authorities ?? 0,
      additional: message?.additionals ?? 0,
      shape: undefined,
      unused: 0,
      foreign: NOBODY,
      fault: undefined,
    });
  }

  /** What was made of what the server replied last. */
  weighed(server: string, shape: Shape, message: Message, scrubbed: Scrubbed): void {
    this.#isReferred = shape === 'referral';
    const exchange = this.#lastWith(server);
    if (exchange === undefined) return;
    exchange.shape = shape;
    const all = exchange.answer + exchange.authority + exchange.additional;
    exchange.unused = Math.max(0, all - keptOf(scrubbed));
    if (exchange.unused > 0) exchange.foreign = foreignTo(this.zone, message);
  }

  /** Since the zone was entered; of several that are asked at a time, this one. */
  #lastWith(server: string): Exchange | undefined {
    for (let i = this.steps.length - 1; i >= 0; i--) {
      const step = this.steps[i] as Step;
      if (step.kind === 'zone') return undefined;
      if (step.kind === 'ask' && step.server === server) return step;
    }
    return undefined;
  }

  /** Of another walk within this one. */
  branch(asked: Asked): Journal {
    const journal = new Journal(this.#world);
    this.walks(asked, journal);
    return journal;
  }

  walks(asked: Asked, journal: Journal): void {
    // A walk takes off when whoever launched it waits for it.
    const joined = journal.steps.length > 0;
    this.#note({ kind: 'walk', atMs: this.#world.nowMs(), asked, journal, joined });
  }

  found(asked: Asked, finding: Finding, source?: Source): void {
    this.#note({ kind: 'found', atMs: this.#world.nowMs(), asked, finding, source });
  }

  /** `192.0.2.1`, `refused`. */
  blame(server: string, fault: string): void {
    this.#faults ??= new Map();
    this.#faults.set(server, fault);
    this.#onlyNetwork = false;
    const exchange = this.#lastWith(server);
    if (exchange !== undefined) exchange.fault = fault;
    else this.#note({ kind: 'fault', atMs: this.#world.nowMs(), server, fault });
  }

  /** The system would not carry our query there, or not to whoever knows its address. */
  blameNetwork(server: string, fault: string): void {
    const onlyNetwork = this.#onlyNetwork;
    this.blame(server, fault);
    this.#onlyNetwork = onlyNetwork;
  }

  /** RFC 8914 §4.23 and §4.24: 22 where no authority could be used, 23 where the network was the reason. */
  failure(): Outcome {
    const isNetwork = this.#faults !== undefined && this.#onlyNetwork;
    return failed(isNetwork ? Ede.NETWORK_ERROR : Ede.NO_REACHABLE_AUTHORITY, this.#text());
  }

  late(): Outcome {
    return limited(`time is up${this.#state()}`, 'question', Ede.NO_REACHABLE_AUTHORITY);
  }

  gaveWay(): Outcome {
    return limited(`gave way to newer questions${this.#state()}`, 'moment', Ede.NO_REACHABLE_AUTHORITY);
  }

  #state(): string {
    return this.#faults !== undefined
      ? `; ${this.#text()}`
      : ` while the servers of ${plainText(this.zone)} are asked`;
  }

  #text(): string {
    const zone = plainText(this.zone);
    if (this.#faults === undefined) return `no server of ${zone} could be asked`;
    const told = [...this.#faults].slice(0, FAULTS_TOLD_MAX).map(([server, fault]) => `${server} ${fault}`);
    if (this.#faults.size > told.length) told.push('…');
    return `no server of ${zone} answered: ${told.join(', ')}`;
  }

  #note(step: Step): void {
    if (this.steps.length < JOURNAL_STEPS_MAX) this.steps.push(step);
    else this.missed++;
  }
}

function foreignTo(zone: Name, message: Message): readonly string[] {
  let owners = NOBODY;
  if (message.isWithin(zone)) return owners;
  const { answer, authority, additional } = message;
  for (const section of [answer, authority, additional]) {
    for (const { owner } of section) {
      if (isWithin(owner, zone)) continue;
      const text = plainText(owner).toLowerCase();
      if (!owners.includes(text)) owners = [...owners, text];
      if (owners.length === FOREIGN_TOLD_MAX) return owners;
    }
  }
  return owners;
}
