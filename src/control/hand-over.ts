/**
 * How the control thread answers what comes to it, over TCP or, without fronts, by `dgram`: what it cannot
 * answer goes to the resolver thread, one bag a turn of the loop, each query with a ticket by which its
 * answer comes back. Who waits when the resolver thread dies, or comes when it has too much to do, is told
 * SERVFAIL.
 */
import { copyOf } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import { CLIENTS_WAITING_MAX, MESSAGE_BYTES_MAX } from '../base/limits.ts';
import type { Pipeline } from '../server/pipeline.ts';
import { type Answerer, type Client, LATER } from '../transport/door.ts';
import { Bag } from '../transport/udp-return.ts';
import type { Switchboard } from './fronts.ts';
import { handOver, type Line, type PostedAnswer } from './line.ts';

type Send = (response: Uint8Array) => void;

interface Waiting {
  readonly packet: Uint8Array;
  readonly client: Client;
  readonly send: Send;
}

export class HandOver implements Answerer {
  readonly #pipeline: Pipeline;
  readonly #counters: Counters;
  readonly #bag = new Bag();
  readonly #out = new Uint8Array(MESSAGE_BYTES_MAX);
  readonly #waiting = new Map<number, Waiting>();
  /** Tickets of the queries in the bag. */
  #bagged: number[] = [];
  #lastTicket = 0;
  #line: Line | undefined;

  constructor(pipeline: Pipeline, counters: Counters) {
    this.#pipeline = pipeline;
    this.#counters = counters;
  }

  /** Answers that are promised. */
  get pending(): number {
    return this.#waiting.size;
  }

  answer(packet: Uint8Array, length: number, client: Client, out: Uint8Array, send: Send): number {
    const size = this.#pipeline.answer(packet, length, client, out, send);
    if (size !== LATER) return size;
    if (this.#line !== undefined && this.#waiting.size < CLIENTS_WAITING_MAX) {
      this.#put({ packet: copyOf(packet, 0, length), client, send });
      return LATER;
    }
    this.#counters.bump(Counter.handOversDropped);
    return this.#pipeline.giveUp(packet.subarray(0, length), client, out, BUSY);
  }

  /** There is another resolver thread, or none; the one before answers nothing any more. */
  reconnect(switchboard: Pick<Switchboard, 'connect'>): void {
    this.#line?.port.close();
    this.#bag.take();
    this.#bagged = [];
    this.#giveUp([...this.#waiting.keys()]);
    const line = switchboard.connect(this);
    this.#line = line;
    line?.port.on('message', (answers: readonly PostedAnswer[]) => {
      for (const { ticket, response } of answers) this.#deliver(ticket, response);
    });
  }

  #put(query: Waiting): void {
    const ticket = (this.#lastTicket + 1) >>> 0;
    const { packet, client } = query;
    this.#lastTicket = ticket;
    this.#waiting.set(ticket, query);
    if (!this.#bag.putPosted(ticket, client, packet, packet.length)) {
      this.#post();
      this.#bag.putPosted(ticket, client, packet, packet.length);
    }
    this.#bagged.push(ticket);
    if (this.#bagged.length === 1) setImmediate(() => this.#post());
  }

  #post(): void {
    if (this.#bagged.length === 0) return;
    const tickets = this.#bagged;
    this.#bagged = [];
    const bag = this.#bag.take();
    if (this.#line !== undefined && handOver(this.#line, bag, tickets.length)) return;
    this.#counters.add(Counter.handOversDropped, tickets.length);
    this.#giveUp(tickets);
  }

  #giveUp(tickets: readonly number[]): void {
    for (const ticket of tickets) {
      const query = this.#waiting.get(ticket);
      if (query === undefined) continue;
      const length = this.#pipeline.giveUp(query.packet, query.client, this.#out, BUSY);
      this.#deliver(ticket, this.#out.slice(0, length));
    }
  }

  #deliver(ticket: number, response: Uint8Array): void {
    const query = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    query?.send(response);
  }
}

export const BUSY = 'recursion is not to be had at the moment';
