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

/** Where something is known from without asking. */
export type Source =
  | 'own zone'
  | 'hosts file'
  | 'local names'
  | 'cache'
  | 'failed before'
  /** Its list and line. */
  | `rule ${string}`;

/** One query and what came of it. */
export interface Exchange {
  readonly kind: 'ask';
  readonly atMs: number;
  readonly sending: Omit<Sending, 'do'>;
  readonly got: Heard['got'];
  readonly why: string | undefined;
  readonly tookMs: number;
  readonly bytes: number;
  readonly rcode: number;
  readonly flags: number;
  /** RRs in answer, authority and additional section. */
  readonly counts: readonly number[];
  /** What the reply was taken for; undefined where it was put aside before it was weighed. */
  shape: Shape | undefined;
  /** Records of which nothing is believed, and owners among them that the zone does not speak for. */
  unused: number;
  foreign: readonly string[];
  fault: string | undefined;
}

export type Step =
  | { readonly kind: 'zone'; readonly atMs: number; readonly place: Delegation; readonly isReferred: boolean }
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
      readonly from: Source | undefined;
    };

const NO_COUNTS: readonly number[] = [];

export class Journal {
  readonly beganMs: number;
  readonly steps: Step[] = [];
  /** Steps there was no room for. */
  missed = 0;
  readonly #world: World;
  #place: Delegation | undefined;
  #asking: Exchange | undefined;
  /** By server address or server name, the last thing that can be said of it. */
  readonly #faults = new Map<string, string>();
  #onlyNetwork = true;

  constructor(world: World) {
    this.#world = world;
    this.beganMs = world.nowMs();
  }

  /** The zone that was asked last, whose servers the faults are of. */
  get zone(): Name {
    return this.#place?.cut ?? ROOT;
  }

  enter(place: Delegation): void {
    const isReferred = this.#asking?.shape === 'referral';
    if (place !== this.#place) this.#note({ kind: 'zone', atMs: this.#world.nowMs(), place, isReferred });
    this.#place = place;
    this.#faults.clear();
    this.#onlyNetwork = true;
  }

  asked(sending: Omit<Sending, 'do'>, heard: Heard): void {
    const reply = heard.got === 'reply' ? heard : undefined;
    const message = reply?.message;
    this.#asking = {
      kind: 'ask',
      atMs: this.#world.nowMs(),
      sending,
      got: heard.got,
      why: heard.got === 'unreachable' ? heard.why : undefined,
      tookMs: reply?.ms ?? (heard.got === 'silence' ? sending.ms : 0),
      bytes: reply?.bytes ?? 0,
      rcode: message?.rcode ?? 0,
      flags: message?.flags ?? 0,
      counts: message ? countsOf(message) : NO_COUNTS,
      shape: undefined,
      unused: 0,
      foreign: [],
      fault: undefined,
    };
    this.#note(this.#asking);
  }

  /** What was made of the reply to what was asked last. */
  weighed(shape: Shape, message: Message, scrubbed: Scrubbed): void {
    if (this.#asking === undefined) return;
    this.#asking.shape = shape;
    const all = this.#asking.counts.reduce((sum, count) => sum + count, 0);
    this.#asking.unused = Math.max(0, all - keptOf(scrubbed));
    if (this.#asking.unused > 0) this.#asking.foreign = foreignTo(this.zone, message);
  }

  walks(asked: Asked, journal: Journal): void {
    // A walk takes off when whoever launched it waits for it.
    const joined = journal.steps.length > 0;
    this.#note({ kind: 'walk', atMs: this.#world.nowMs(), asked, journal, joined });
  }

  found(asked: Asked, finding: Finding, from?: Source): void {
    this.#note({ kind: 'found', atMs: this.#world.nowMs(), asked, finding, from });
  }

  /** `192.0.2.1`, `refused`. */
  blame(server: string, fault: string): void {
    this.#faults.set(server, fault);
    this.#onlyNetwork = false;
    if (this.#asking?.sending.to === server) this.#asking.fault = fault;
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
    const isNetwork = this.#faults.size > 0 && this.#onlyNetwork;
    return failed(isNetwork ? Ede.NETWORK_ERROR : Ede.NO_REACHABLE_AUTHORITY, this.#text());
  }

  late(): Outcome {
    const state =
      this.#faults.size > 0 ? `; ${this.#text()}` : ` while the servers of ${plainText(this.zone)} are asked`;
    return limited(`time is up${state}`, 'question', Ede.NO_REACHABLE_AUTHORITY);
  }

  #text(): string {
    const zone = plainText(this.zone);
    if (this.#faults.size === 0) return `no server of ${zone} could be asked`;
    const told = [...this.#faults].slice(0, FAULTS_TOLD_MAX).map(([server, fault]) => `${server} ${fault}`);
    if (this.#faults.size > told.length) told.push('…');
    return `no server of ${zone} answered: ${told.join(', ')}`;
  }

  #note(step: Step): void {
    if (this.steps.length < JOURNAL_STEPS_MAX) this.steps.push(step);
    else this.missed++;
  }
}

const countsOf = ({ answer, authority, additional }: Message): number[] => [
  answer.length,
  authority.length,
  additional.length,
];

function foreignTo(zone: Name, { answer, authority, additional }: Message): string[] {
  const owners = new Set<string>();
  for (const { owner } of [...answer, ...authority, ...additional]) {
    if (!isWithin(owner, zone)) owners.add(plainText(owner).toLowerCase());
    if (owners.size === FOREIGN_TOLD_MAX) break;
  }
  return [...owners];
}
