/**
 * One probe, of whatever kind: begun here, told once, and cut off when its time is over. Of all probes it is
 * counted what they came to, and how long they took, by kind.
 */
import { Counter, type Counters } from '../base/counters.ts';
import type { Histograms } from '../base/histogram.ts';
import type { World } from '../base/world.ts';
import type { Carrier, Way } from './carrier.ts';
import { CHECK_KINDS, type Check, type CheckKind, type Procedure, usualPort } from './check.ts';
import { type Cancel, down, type Endpoint, type Talk, type Told } from './conversation.ts';
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
}

export function probe(
  { procedure, timeoutMs }: Pick<Check, 'timeoutMs'> & { readonly procedure: Done },
  to: Endpoint,
  { world, carrier, counters, probeTimes }: ProbeGround,
  told: Told,
): Cancel {
  const beganMs = world.nowMs();
  const tell: Told = (verdict) => {
    cancelTimeout();
    counters.bump(verdict.isUp ? Counter.probesUp : Counter.probesDown);
    probeTimes.observe(probeRow(procedure.kind), 1_000 * (world.nowMs() - beganMs));
    told(verdict);
  };
  const cancelTimeout = world.after(timeoutMs, () => {
    cancelProbe();
    counters.bump(Counter.probesTimedOut);
    tell(down('no answer in time'));
  });
  const cancelProbe =
    procedure.kind === 'exec'
      ? runProgram(procedure.command, to, tell)
      : carrier.carry(to, wayOf(procedure), talkOf(procedure, to, world), tell);
  return () => {
    cancelTimeout();
    cancelProbe();
  };
}

type Carried = Exclude<Done, { kind: 'exec' }>;

function wayOf(procedure: Carried): Way {
  if (procedure.kind === 'dns') return { by: 'datagram' };
  return 'tls' in procedure ? { by: 'tls', terms: procedure.tls } : { by: 'stream' };
}

function talkOf(procedure: Carried, to: Endpoint, world: World): Talk {
  if (procedure.kind === 'dns') return new DnsTalk(procedure.dns, world.draw(0x1_0000));
  return 'http' in procedure ? new HttpTalk(procedure.http, to, usualPort(procedure.kind)) : undefined;
}
