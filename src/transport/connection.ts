/**
 * One client's TCP connection (RFC 7766). Bytes come in, are cut into messages and answered; answers go out
 * in the order they are ready. It reads only while it has room: with too many questions waiting for answers,
 * or too many bytes waiting for the peer, it stops. It keeps no timer: its listener asks from time to time
 * why it still lives.
 */
import type { Socket } from 'node:net';
import { Counter, type Counters } from '../base/counters.ts';
import {
  RESOLUTION_MS_MAX,
  TCP_CLIENTS_MAX,
  TCP_CLIENTS_PER_ADDRESS_MAX,
  TCP_FIRST_MESSAGE_MS,
  TCP_IDLE_MS,
  TCP_PIPELINE_MAX,
  TCP_STALLED_MS,
  TCP_SWEEP_MS,
  TCP_UNSENT_BYTES_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { HEADER_BYTES } from '../wire/header.ts';
import { type Answerer, type Client, DROP, LATER } from './door.ts';
import { Outbox } from './outbox.ts';
import { Frames, framed, LENGTH_BYTES } from './stream.ts';

export interface TcpLimits {
  readonly clientsMax: number;
  readonly clientsPerAddressMax: number;
  readonly pipelineMax: number;
  readonly unsentBytesMax: number;
  /** For the first message, and for any message from its first byte to its last. */
  readonly messageMs: number;
  readonly idleMs: number;
  readonly stalledMs: number;
  readonly answerMs: number;
  readonly sweepMs: number;
}

export const tcpLimits: TcpLimits = {
  clientsMax: TCP_CLIENTS_MAX,
  clientsPerAddressMax: TCP_CLIENTS_PER_ADDRESS_MAX,
  pipelineMax: TCP_PIPELINE_MAX,
  unsentBytesMax: TCP_UNSENT_BYTES_MAX,
  messageMs: TCP_FIRST_MESSAGE_MS,
  idleMs: TCP_IDLE_MS,
  stalledMs: TCP_STALLED_MS,
  // An answer comes later than any resolution ends only if it was forgotten.
  answerMs: RESOLUTION_MS_MAX,
  sweepMs: TCP_SWEEP_MS,
};

/** Borrowed by one turn at a time, whichever connection it is of. */
const outbox = new Outbox();

/** What a connection needs of the house. */
export interface TcpRoom {
  readonly answerer: Answerer;
  readonly world: World;
  readonly counters: Counters;
  readonly limits: TcpLimits;
}

export class Connection {
  readonly client: Client;
  readonly #socket: Socket;
  readonly #room: TcpRoom;
  readonly #frames = new Frames();
  /** Questions whose answers come later. */
  #waiting = 0;
  #spoken = false;
  /** The peer has said all it will (it may still read), or we listen no more. */
  #ending: 'no' | 'peer' | 'us' = 'no';
  /** When a message was last complete or an answer written. */
  #sinceMs: number;
  #partSinceMs = 0;
  #writtenBytes = 0;
  #takenBytes = 0;
  #takenSinceMs = 0;

  constructor(socket: Socket, client: Client, room: TcpRoom) {
    this.client = client;
    this.#socket = socket;
    this.#room = room;
    this.#sinceMs = room.world.nowMs();
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('drain', () => this.#pump());
    socket.on('end', () => {
      if (this.#ending === 'no') this.#ending = 'peer';
      this.#endWhenAnswered();
    });
    // A reset and the like: the peer's business. The socket closes itself after it.
    socket.on('error', () => room.counters.bump(Counter.tcpErrors));
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Nothing is owed to the peer. */
  get idle(): boolean {
    return this.#waiting === 0 && this.#socket.writableLength === 0;
  }

  /** Why this connection should be closed now, as the counter of such ends; undefined while it may live. */
  overdue(nowMs: number, idleMs: number): number | undefined {
    const { limits } = this.#room;
    const quietMs = nowMs - this.#sinceMs;
    if (this.#socket.writableLength > 0) return this.#stalled(nowMs) ? Counter.tcpClosedStalled : undefined;
    if (this.#ending === 'us' && this.idle)
      return quietMs >= limits.sweepMs ? Counter.tcpClosedIdle : undefined;
    if (this.#waiting > 0) return quietMs >= limits.answerMs ? Counter.tcpClosedUnanswered : undefined;
    const messageMs = Math.min(limits.messageMs, idleMs);
    const beganMs = this.#frames.partial ? nowMs - this.#partSinceMs : this.#spoken ? 0 : quietMs;
    if (beganMs >= messageMs) return Counter.tcpClosedSilent;
    return quietMs >= idleMs ? Counter.tcpClosedIdle : undefined;
  }

  /** No more questions; the connection ends when those asked are answered. */
  finish(): void {
    this.#ending = 'us';
    this.#pump();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#ending === 'us') return;
    this.#frames.feed(chunk);
    this.#pump();
  }

  get #full(): boolean {
    return this.#waiting >= this.#room.limits.pipelineMax || this.#socket.writableNeedDrain;
  }

  /** Answers what has arrived while there is room, and reads on or stops reading accordingly. */
  #pump(): void {
    if (this.#socket.destroyed) return;
    const before = this.#frames.partial;
    const nowMs = this.#room.world.nowMs();
    let messages = 0;
    outbox.begin(this.#socket);
    while (this.#ending !== 'us' && !this.#full && !this.#socket.destroyed) {
      const message = this.#frames.next();
      if (message === undefined) break;
      messages++;
      this.#ask(message, nowMs);
    }
    outbox.end();
    const resumed = this.#socket.isPaused() && !this.#full;
    // A message's time runs from its first byte, and not while we are the ones who do not read.
    if (!before || messages > 0 || resumed) this.#partSinceMs = nowMs;
    if (this.#full && this.#ending !== 'us') this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
    this.#endWhenAnswered();
  }

  #ask(message: Uint8Array, nowMs: number): void {
    const { answerer, counters } = this.#room;
    // It has no ID to answer to, and who counts so badly is not worth listening to.
    if (message.length < HEADER_BYTES) {
      counters.bump(Counter.tcpClosedMalformed);
      this.destroy();
      return;
    }
    counters.bump(Counter.tcpMessages);
    this.#spoken = true;
    this.#sinceMs = nowMs;
    let owed = true;
    const length = answerer.answer(message, message.length, this.client, outbox.answer, (response) => {
      if (!owed) return;
      owed = false;
      this.#sendLate(response);
    });
    if (length === LATER) this.#waiting++;
    else if (length !== DROP) {
      this.#noteWrite(length, nowMs);
      outbox.add(length);
    }
  }

  /** Whoever sends may be in the middle of another answer, and have more for us: all of it leaves after. */
  #sendLate(response: Uint8Array): void {
    const socket = this.#socket;
    this.#waiting--;
    if (!socket.writable) return;
    this.#sinceMs = this.#room.world.nowMs();
    socket.cork();
    if (response.length > 0) {
      this.#noteWrite(response.length, this.#sinceMs);
      socket.write(framed(response));
    }
    queueMicrotask(() => {
      socket.uncork();
      this.#pump();
    });
  }

  #noteWrite(length: number, nowMs: number): void {
    if (this.#socket.writableLength === 0) this.#takenSinceMs = nowMs;
    this.#writtenBytes += LENGTH_BYTES + length;
    this.#room.counters.bump(Counter.tcpResponses);
  }

  /** Progress is a whole write taken: a byte read now and then buys no time. */
  #stalled(nowMs: number): boolean {
    const takenBytes = this.#writtenBytes - this.#socket.writableLength;
    if (takenBytes !== this.#takenBytes) {
      this.#takenBytes = takenBytes;
      this.#takenSinceMs = nowMs;
    }
    return nowMs - this.#takenSinceMs >= this.#room.limits.stalledMs;
  }

  /** A peer that closed its half says that it asks no more; it still takes answers (RFC 9293 §3.6). */
  #endWhenAnswered(): void {
    if (this.#ending === 'no' || this.#waiting > 0 || this.#socket.writableEnded) return;
    // With no room left to answer in, some of what the peer asked may not have been looked at.
    if (this.#ending !== 'us' && this.#full) return;
    // Who has said all and was told all hears our end from the system, as soon as it has the answers.
    if (this.#ending === 'peer' && this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#socket.end();
  }
}
