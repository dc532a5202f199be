/**
 * What the control thread asks another one, and hears from it; of the resolver thread how a name is resolved,
 * what failed, what is known of other servers. One port for each life of the thread; a question is answered,
 * or given up when time is up or the thread is dead. Few wait at a time.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { INQUIRIES_MAX, INQUIRY_MS_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { ToldMishap } from '../resolver/mishaps.ts';
import type { ExtendedError } from '../resolver/outcome.ts';
import type { ClientNetwork } from '../resolver/own-zones.ts';
import type { ToldServer, Which } from '../resolver/told-servers.ts';
import type { TrailStep } from '../resolver/trail.ts';
import type { ToldRecord } from './told-records.ts';

/** A question and what it is answered with, by the word that it is asked with. */
export interface Inquiries {
  readonly resolve: {
    readonly asked: {
      /** In lower-case wire form. */
      readonly name: Uint8Array;
      readonly type: number;
      /** The client's address. */
      readonly client: Uint8Array;
      /** For whom pools of ours choose. */
      readonly network: ClientNetwork;
      /** Whether it is to have DNS64. */
      readonly synthesise: boolean;
      /** With nothing known but the hints. */
      readonly isFresh: boolean;
    };
    readonly told: ToldResolution;
  };
  readonly servers: { readonly asked: { readonly which: Which }; readonly told: readonly ToldServer[] };
  /** All that was learned, in pieces (`resolver/packing`). */
  readonly learned: { readonly asked: Record<string, never>; readonly told: readonly SharedArrayBuffer[] };
  /** Is to be learned from such bytes; how many facts they were. */
  readonly learn: { readonly asked: { readonly chunks: readonly Uint8Array[] }; readonly told: number };
  readonly mishaps: { readonly asked: Record<string, never>; readonly told: readonly ToldMishap[] };
}

export interface ToldResolution {
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly answer: readonly ToldRecord[];
  readonly authority: readonly ToldRecord[];
  readonly ede: ExtendedError | undefined;
  /** By a rule, the client hears nothing at all. */
  readonly isSilent: boolean;
  readonly steps: readonly TrailStep[];
  readonly tookMs: number;
}

export type Inquiry = keyof Inquiries;

export interface PostedInquiry<W extends Inquiry = Inquiry> {
  readonly ticket: number;
  readonly about: W;
  readonly asked: Inquiries[W]['asked'];
}

export interface PostedReply {
  readonly ticket: number;
  /** Undefined where it was our mistake, which is in the log. */
  readonly told: unknown;
}

export const NO_RESOLVER = 'this server does not resolve names';

/** Why there is no answer. */
export class Unanswered extends Error {}

/** What may be asked, by a word, and what is told then. */
type Askable<All> = { readonly [W in keyof All]: { readonly asked: unknown; readonly told: unknown } };

export class InquiryDesk<All extends Askable<All> = Inquiries> {
  readonly #world: World;
  /** What is said where there is no thread to ask. */
  readonly #nobody: string;
  readonly #waiting = new Map<number, (told: unknown) => void>();
  #port: MessagePort | undefined;
  #tickets = 0;

  constructor(world: World, nobody = NO_RESOLVER) {
    this.#world = world;
    this.#nobody = nobody;
  }

  /** A thread has begun; its end of the line is to be given to it. */
  connect(): MessagePort {
    this.disconnect();
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ({ ticket, told }: PostedReply) => this.#waiting.get(ticket)?.(told));
    port1.unref();
    this.#port = port1;
    return port2;
  }

  /** The thread is gone, and with it what it was asked. */
  disconnect(): void {
    this.#port?.close();
    this.#port = undefined;
    for (const settle of this.#waiting.values()) settle(undefined);
  }

  /** Whether there is a thread to ask. */
  get isOpen(): boolean {
    return this.#port !== undefined;
  }

  /** Rejects with `Unanswered` where there is nobody, or nobody in time. */
  async ask<W extends keyof All>(about: W, asked: All[W]['asked']): Promise<All[W]['told']> {
    if (this.#port === undefined) throw new Unanswered(this.#nobody);
    if (this.#waiting.size >= INQUIRIES_MAX) throw new Unanswered('too many inquiries wait already');
    const ticket = ++this.#tickets;
    const told = await new Promise<unknown>((resolve) => {
      const cancel = this.#world.after(INQUIRY_MS_MAX, () => resolve(undefined));
      this.#waiting.set(ticket, (reply) => {
        cancel();
        resolve(reply);
      });
      this.#port?.postMessage({ ticket, about, asked });
    });
    this.#waiting.delete(ticket);
    if (told === undefined) throw new Unanswered('the thread that knows did not answer: the log may say why');
    return told as All[W]['told'];
  }
}
