/**
 * A socket by which one server is asked, and the questions it carries. It is bound to a port that nobody can
 * foresee and connected, so only that server ever sees the port. Where many questions are out to it, a few
 * leave by the same socket (RFC 5452 §9.2 wants several ports for many questions, not one for each): who
 * forges has to hit port and ID together, and of such pairs no more are open than if each question had a port
 * of its own. What a port is worth to somebody who finds it by probing is bounded in time and in questions.
 */
import { UPSTREAM_SOCKET_QUESTIONS_MAX, UPSTREAM_SOCKET_SHARED_MS } from '../base/limits.ts';
import type { Asking } from './upstream-asking.ts';

/** A question that waits for its reply. */
export interface Carried {
  readonly id: number;
  readonly asking: Asking;
}

/** A server. */
export interface Peer {
  readonly name: Uint8Array;
  /** By which the next question to it may leave. */
  socket: OutgoingSocket | undefined;
  /** Sockets that are open. */
  open: number;
  /** So many questions have a socket of their own. */
  alone: number;
}

export class OutgoingSocket {
  readonly fd: number;
  readonly peer: Peer;
  readonly #port: number;
  readonly #sharedUntilMs: number;
  /** Of all it ever carried: what is said once more to one that is over is late, not forged. */
  readonly #ids: number[] = [];
  /** Nothing else is kept of those that are over: a socket that grew old keeps alive what it points to. */
  readonly #waiting: Carried[] = [];

  constructor(fd: number, peer: Peer, port: number, nowMs: number) {
    this.fd = fd;
    this.peer = peer;
    this.#port = port;
    this.#sharedUntilMs = nowMs + UPSTREAM_SOCKET_SHARED_MS;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  get isShared(): boolean {
    return this.#ids.length > 1;
  }

  /** A copy: they may end meanwhile. */
  get waiting(): readonly Carried[] {
    return [...this.#waiting];
  }

  /** No two with one ID, whether they wait or not. */
  mayCarry(id: number, port: number, nowMs: number): boolean {
    const hasRoom = this.#ids.length < UPSTREAM_SOCKET_QUESTIONS_MAX;
    return hasRoom && nowMs < this.#sharedUntilMs && port === this.#port && !this.hasAsked(id);
  }

  hasAsked(id: number): boolean {
    return this.#ids.includes(id);
  }

  carry(question: Carried): void {
    this.#ids.push(question.id);
    this.#waiting.push(question);
  }

  /** Nobody's, where it has been answered or given up. */
  waitingFor(id: number): Carried | undefined {
    return this.#waiting.find((one) => one.id === id);
  }

  /** It waits no more. */
  drop(question: Carried): void {
    const at = this.#waiting.indexOf(question);
    const last = this.#waiting.pop() as Carried;
    if (last !== question) this.#waiting[at] = last;
  }
}
