/**
 * One probe, of whatever kind: begun here, told once, and cut off when its time is over. Of all probes it is
 * counted what they came to, and how long they took, by kind.
 */
import { Counter, type Counters } from '../base/counters.ts';
import type { Histograms } from '../base/histogram.ts';
import type { World } from '../base/world.ts';
import type { Carrier, Way } from './carrier.ts';
import { CHECK_KINDS, type Check, type CheckKind, type Procedure, usualPort } from './check.ts';
import { type Cancel, down, type Endpoint, type Talk, type Told, type Verdict } from './conversation.ts';
import type { Awaited, Deadlines } from './deadlines.ts';
import { DnsTalk } from './dns-talk.ts';
import { HttpTalk } from './http-talk.ts';
import { runProgram } from './program.ts';

/** A row of `probeTimes` for each kind. */
export const PROBE_ROWS = CHECK_KINDS.length;
export const probeRow = (kind: CheckKind): number => CHECK_KINDS.indexOf(kind);

/** What is done by somebody else is never begun here. */
type Done = Exclude<Procedure, { kind: 'external' }>;

export const isDone = (procedure: Procedure): procedure is Done => procedure.kind !== 'external';

export interface ProbeGround {
  readonly world: World;
  readonly carrier: Carrier;
  readonly counters: Counters;
  readonly probeTimes: Histograms;
  readonly deadlines: Deadlines;
}

type Begun = Pick<Check, 'timeoutMs'> & { readonly procedure: Done };

const nothing: Cancel = () => undefined;

class Probe implements Awaited {
  seat = 0;
  readonly endMs: number;
  cancelWay: Cancel = nothing;
  readonly #ground: ProbeGround;
  readonly #kind: CheckKind;
  readonly #told: Told;
  readonly #beganMs: number;

  constructor({ procedure, timeoutMs }: Begun, ground: ProbeGround, told: Told) {
    this.#ground = ground;
    this.#kind = procedure.kind;
    this.#told = told;
    this.#beganMs = ground.world.nowMs();
    this.endMs = this.#beganMs + timeoutMs;
  }

  tell(verdict: Verdict): void {
    const { world, counters, probeTimes, deadlines } = this.#ground;
    deadlines.remove(this);
    counters.bump(verdict.isUp ? Counter.probesUp : Counter.probesDown);
    probeTimes.observe(probeRow(this.#kind), 1_000 * (world.nowMs() - this.#beganMs));
    this.#told(verdict);
  }

  late(): void {
    this.cancelWay();
    this.#ground.counters.bump(Counter.probesTimedOut);
    this.tell(down('no answer in time'));
  }
}

export function probe(begun: Begun, to: Endpoint, ground: ProbeGround, told: Told): Cancel {
  const { procedure } = begun;
  const { world, carrier, deadlines } = ground;
  const probe = new Probe(begun, ground, told);
  const tell: Told = (verdict) => probe.tell(verdict);
  deadlines.add(probe);
  probe.cancelWay =
    procedure.kind === 'exec'
      ? runProgram(procedure.command, to, tell)
      : carrier.carry(to, wayOf(procedure), talkOf(procedure, to, world), tell);
  return () => {
    deadlines.remove(probe);
    probe.cancelWay();
  };
}

type Carried = Exclude<Done, { kind: 'exec' }>;

const DATAGRAM: Way = { by: 'datagram' };
const STREAM: Way = { by: 'stream' };

function wayOf(procedure: Carried): Way {
  if (procedure.kind === 'dns') return DATAGRAM;
  return 'tls' in procedure ? { by: 'tls', terms: procedure.tls } : STREAM;
}

function talkOf(procedure: Carried, to: Endpoint, world: World): Talk {
  if (procedure.kind === 'dns') return new DnsTalk(procedure.dns, world.draw(0x1_0000));
  return 'http' in procedure ? new HttpTalk(procedure.http, to, usualPort(procedure.kind)) : undefined;
}
