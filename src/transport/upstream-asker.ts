/**
 * What asks one question by datagrams: the seam between `upstream` and the two kinds of sockets that there
 * are, `upstream-native` and `upstream-dgram`. What both owe is here: a port that nobody can foresee.
 */
import { getSystemErrorMessage } from 'node:util';
import { UPSTREAM_PORT_TRIES_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Asking } from './upstream-asking.ts';

/** What the system said when it would not go on. */
export interface Refusal {
  /** `ECONNREFUSED`; empty where it was not the system. */
  readonly code: string;
  readonly why: string;
}

export interface Asker {
  ask(asking: Asking): void;
  /** What would stay open is closed. Questions under way may end, without a reply. */
  close(): void;
}

/** The system's own words, where it is the system that refused. */
export function refusalOf({ code = '', errno, message }: NodeJS.ErrnoException): Refusal {
  return { code, why: errno === undefined ? message : getSystemErrorMessage(errno) };
}

/** Below are ports of services, for which a system may ask privileges. */
const PORT_MIN = 1024;
const PORTS = 65_536 - PORT_MIN;

/**
 * Binds to a port drawn from all there are (RFC 5452 §9.2): the system's own choice is from a narrower range
 * (RFC 6056 §3.2). Gives what the system said where no port is to be had.
 */
export function bindUnforeseeably(
  world: World,
  bind: (port: number) => Refusal | undefined,
): Refusal | undefined {
  for (let tries = 1; ; tries++) {
    const refusal = bind(PORT_MIN + world.draw(PORTS));
    if (refusal?.code !== 'EADDRINUSE' || tries === UPSTREAM_PORT_TRIES_MAX) return refusal;
  }
}
