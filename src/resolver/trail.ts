/**
 * A journal as it is told: plain values with names as text, which can be posted to another thread and written
 * as JSON. In: a journal and those of the walks that it waited for. Out: steps in the order of time, those of
 * walks within the step that waited; bounded in all.
 */
import { TRAIL_STEPS_MAX } from '../base/limits.ts';
import { rcodeText, typeText } from '../wire/codes.ts';
import { Flag } from '../wire/message.ts';
import { rrsetCount } from '../wire/rrset.ts';
import type { Shape } from './classify.ts';
import type { NameServer } from './delegation.ts';
import { type Exchange, type Journal, plainText, type Source, type Step } from './journal.ts';
import type { ExtendedError } from './outcome.ts';
import type { Asked } from './wish.ts';

interface Question {
  readonly name: string;
  readonly type: string;
}

export type ZoneSource =
  | 'hints'
  | 'own zone'
  | 'local root'
  | 'cache'
  /** Expired, while nobody above answers. */
  | 'lapsed'
  | 'referral'
  | 'forward'
  | 'stub';

/** `ms` is counted from the beginning of the question; of a walk that was joined it may be less than 0. */
export type TrailStep =
  /** From here on the servers of this zone are asked. */
  | {
      readonly step: 'zone';
      readonly ms: number;
      readonly zone: string;
      readonly from: ZoneSource;
      readonly secondsLeft: number | undefined;
      readonly servers: readonly { readonly name: string; readonly addresses: readonly string[] }[];
    }
  | ToldExchange
  | {
      readonly step: 'fault';
      readonly ms: number;
      readonly server: string;
      readonly fault: string;
    }
  /** Found out in a walk of its own; `joined` where that was under way for somebody else. */
  | (Question & {
      readonly step: 'walk';
      readonly ms: number;
      readonly joined: boolean;
      readonly steps: readonly TrailStep[];
    })
  | (Question & Found & { readonly step: 'found'; readonly ms: number })
  /** There was no room for so many. */
  | { readonly step: 'more'; readonly count: number };

export interface ToldExchange extends Question {
  readonly step: 'ask';
  readonly ms: number;
  readonly address: string;
  /** The name that the zone has for it, where it came with the address. */
  readonly server: string | undefined;
  readonly via: 'udp' | 'tcp';
  readonly edns: boolean;
  readonly randomCase: boolean;
  readonly tookMs: number;
  readonly got: Exchange['got'];
  readonly reply: ToldReply | undefined;
  readonly fault: string | undefined;
}

export interface ToldReply {
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly answer: number;
  readonly authority: number;
  readonly additional: number;
  readonly bytes: number;
  readonly shape: Shape | undefined;
  readonly unused: number;
  readonly foreign: readonly string[];
}

export interface Found {
  readonly rcode: string;
  /** RRs of the answer. */
  readonly records: number;
  /** Where the name leads instead. */
  readonly alias: string | undefined;
  /** Undefined where a walk found it. */
  readonly from: Source['from'] | undefined;
  /** Of what is cached: how long, on whose word, and whether that is the zone's. */
  readonly ageSeconds: number | undefined;
  readonly server: string | undefined;
  readonly claimed: boolean;
  readonly secondsLeft: number | undefined;
  readonly ede: ExtendedError | undefined;
  /** By a rule, the client hears nothing. */
  readonly isSilent: boolean;
}

/** Told as of `nowMs` by the world's clock, in times since `beganMs`, or else since the first query. */
export function trailOf(journal: Journal, beganMs: number | undefined, nowMs: number): TrailStep[] {
  const first = journal.steps.find((step) => step.kind !== 'zone');
  const firstMs = first?.kind === 'ask' ? first.atMs - first.tookMs : first?.atMs;
  return new Telling(beganMs ?? firstMs ?? nowMs, nowMs).steps(journal);
}

class Telling {
  readonly #beganMs: number;
  readonly #nowMs: number;
  #left = TRAIL_STEPS_MAX;

  constructor(beganMs: number, nowMs: number) {
    this.#beganMs = beganMs;
    this.#nowMs = nowMs;
  }

  steps({ steps, missed }: Journal): TrailStep[] {
    const told: TrailStep[] = [];
    let servers: readonly NameServer[] = [];
    for (const [i, step] of steps.entries()) {
      if (this.#left-- <= 0) return [...told, { step: 'more', count: steps.length - i + missed }];
      // A rule of the operator's has addresses, and no names for them.
      if (step.kind === 'zone') servers = step.place.route === undefined ? step.place.servers : [];
      told.push(this.#tell(step, this.#beganAt(step, steps[i + 1]), servers));
    }
    return missed > 0 ? [...told, { step: 'more', count: missed }] : told;
  }

  /** A zone is entered when the next thing happens; who answers was asked before. */
  #beganAt(step: Step, next: Step | undefined): number {
    if (step.kind === 'zone') return next === undefined ? this.#nowMs : this.#beganAt(next, undefined);
    return step.kind === 'ask' ? step.atMs - step.tookMs : step.atMs;
  }

  #tell(step: Step, atMs: number, servers: readonly NameServer[]): TrailStep {
    const ms = this.#since(atMs);
    switch (step.kind) {
      case 'zone':
        return this.#zone(step, ms);
      case 'ask':
        return exchange(step, ms, servers);
      case 'fault':
        return { step: 'fault', ms, server: step.server, fault: step.fault };
      case 'walk': {
        const { asked, joined, journal } = step;
        return { step: 'walk', ms, ...questionOf(asked), joined, steps: this.steps(journal) };
      }
      case 'found':
        return { step: 'found', ms, ...questionOf(step.asked), ...found(step) };
    }
  }

  #zone({ place, isReferred }: Step & { kind: 'zone' }, ms: number): TrailStep {
    const { cut, servers, expiresMs, route, isRootCopys } = place;
    const isLasting = expiresMs === Number.POSITIVE_INFINITY;
    const rule = route?.how === 'forward' ? 'forward' : 'stub';
    // Nobody delegates the root: what lasts for ever there are the hints.
    const lasting = route !== undefined ? rule : cut.length === 1 ? 'hints' : 'own zone';
    const kept = expiresMs > this.#beganMs ? 'cache' : 'lapsed';
    return {
      step: 'zone',
      ms,
      zone: plainText(cut),
      from: isLasting ? lasting : isRootCopys ? 'local root' : isReferred ? 'referral' : kept,
      secondsLeft: isLasting || isRootCopys ? undefined : Math.ceil((expiresMs - this.#nowMs) / 1000),
      servers: servers.map(({ name, addresses }) => ({ name: plainText(name), addresses })),
    };
  }

  /** To the hundredth. */
  #since(atMs: number): number {
    return Math.round((atMs - this.#beganMs) * 100) / 100;
  }
}

const questionOf = ({ name, type }: Asked): Question => ({ name: plainText(name), type: typeText(type) });

function exchange(step: Exchange, ms: number, servers: readonly NameServer[]): ToldExchange {
  const { asked, via, manner } = step.sending;
  const address = step.server;
  const server = servers.find(({ addresses }) => addresses.includes(address));
  return {
    step: 'ask',
    ms,
    ...questionOf(asked),
    address,
    server: server && plainText(server.name),
    via,
    edns: manner.edns,
    randomCase: manner.randomCase,
    tookMs: Math.round(step.tookMs * 100) / 100,
    got: step.got,
    reply: step.got === 'reply' ? reply(step) : undefined,
    fault: step.fault ?? step.why,
  };
}

function reply(exchange: Exchange): ToldReply {
  const { rcode, flags, answer, authority, additional, bytes, shape, unused, foreign } = exchange;
  return {
    rcode: rcodeText(rcode),
    authoritative: (flags & Flag.AA) !== 0,
    truncated: (flags & Flag.TC) !== 0,
    ...{ answer, authority, additional, bytes, shape, unused, foreign },
  };
}

function found({ finding, source }: Step & { kind: 'found' }): Found {
  const isEnd = finding.kind === 'end';
  const rrsets = isEnd ? finding.outcome.answer : finding.links;
  const [first] = rrsets;
  const [last] = isEnd && first === undefined ? finding.outcome.authority : rrsets;
  return {
    rcode: isEnd ? rcodeText(finding.outcome.rcode) : 'NOERROR',
    records: rrsets.reduce((sum, { block }) => sum + rrsetCount(block, 0), 0),
    alias: isEnd ? undefined : plainText(finding.target),
    from: source?.from,
    ageSeconds: source?.standing?.ageSeconds,
    server: source?.standing?.from,
    claimed: source?.standing?.isAuthoritative === false,
    secondsLeft: source?.from === 'cache' ? last?.ttl : undefined,
    ede: isEnd ? finding.outcome.ede : undefined,
    isSilent: isEnd && finding.outcome.isSilent === true,
  };
}
