/**
 * Questions to other servers over TCP. A link is a connection to one server that carries several questions at
 * a time, whose replies come in any order (RFC 7766 §6.2.1.1 and §7); when it has brought them all it is kept
 * for a little, in case the next question goes there too (§6.2.1). Where one that is shared ends early, what
 * it still carried goes to one new link together; where that ends early, too, for there are servers that take
 * one question only, each goes alone. Nobody is tried again on account of a server that cannot be connected
 * to.
 */
import { connect, type Socket } from 'node:net';
import { u16 } from '../base/bytes.ts';
import { Counter, type Counters } from '../base/counters.ts';
import {
  UPSTREAM_BYTES_MAX,
  UPSTREAM_TCP_IDLE_MAX,
  UPSTREAM_TCP_IDLE_MS,
  UPSTREAM_TCP_QUESTIONS_MAX,
} from '../base/limits.ts';
import type { World } from '../base/world.ts';
import type { Endpoint } from '../resolver/upstream.ts';
import { Frames, framed } from './stream.ts';
import { type Asker, type Refusal, refusalOf } from './upstream-asker.ts';
import type { Asking } from './upstream-asking.ts';

interface Question {
  readonly asking: Asking;
  /** The link that carries it. */
  link: Link | undefined;
}

function end(question: Question, reply?: Uint8Array, refusal?: Refusal): void {
  question.link = undefined;
  question.asking.end(reply, refusal);
}

/** Links that carry one question, one after the other: shared, new and shared, its own. */
const LINKS_MAX = 3;

const idOf = (message: Uint8Array): number => u16(message, 0);
const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`;

export class TcpLinks implements Asker {
  readonly #world: World;
  readonly #counters: Counters;
  /** The link that the next question to an endpoint shares. */
  readonly #shared = new Map<string, Link>();
  /** Those that carry nothing, the longest kept first, with what ends their keeping. */
  readonly #idle = new Map<Link, () => void>();
  #isClosed = false;

  constructor(world: World, counters: Counters) {
    this.#world = world;
    this.#counters = counters;
  }

  ask(asking: Asking): void {
    const question: Question = { asking, link: undefined };
    const over = (): void => {
      question.link?.giveUp(question);
      end(question);
    };
    asking.begin(over, () => question.link?.tire());
    this.#share(question, LINKS_MAX - 1);
  }

  close(): void {
    this.#isClosed = true;
    for (const link of [...this.#idle.keys()]) link.destroy();
  }

  #share(question: Question, linksLeft: number): void {
    const { to, query } = question.asking.exchange;
    const key = keyOf(to);
    const shared = this.#shared.get(key);
    if (shared?.mayCarry(query) !== true) {
      // The next ones share what is opened now: one that is full, or slow, ends with what it carries.
      this.#shared.delete(key);
      this.#connect(question);
      return;
    }
    this.#idle.get(shared)?.();
    this.#idle.delete(shared);
    shared.carry(question, linksLeft);
  }

  #connect(question: Question): void {
    this.#counters.bump(Counter.upstreamTcpConnects);
    const { to } = question.asking.exchange;
    const key = keyOf(to);
    const link = new Link(to, {
      isRested: () => this.#rest(link),
      isStrange: () => this.#counters.bump(Counter.upstreamMismatched),
      isGone: (again) => {
        this.#idle.get(link)?.();
        this.#idle.delete(link);
        if (this.#shared.get(key) === link) this.#shared.delete(key);
        for (const { question, linksLeft } of again) {
          if (linksLeft > 1) this.#share(question, linksLeft - 1);
          else this.#connect(question);
        }
      },
    });
    if (!this.#shared.has(key)) this.#shared.set(key, link);
    link.carry(question, 0);
  }

  /** It carries nothing: it is kept, if it is the one that others would share. */
  #rest(link: Link): void {
    if (this.#isClosed || this.#shared.get(keyOf(link.to)) !== link) {
      link.destroy();
      return;
    }
    const [oldest] = this.#idle.keys();
    if (oldest !== undefined && this.#idle.size >= UPSTREAM_TCP_IDLE_MAX) oldest.destroy();
    this.#idle.set(
      link,
      this.#world.after(UPSTREAM_TCP_IDLE_MS, () => link.destroy()),
    );
  }
}

/** What a link tells. */
interface Keeper {
  isRested(): void;
  /** A message came that is nobody's reply. */
  isStrange(): void;
  /** Once; with the questions that are to be asked again. */
  isGone(again: readonly Carried[]): void;
}

interface Carried {
  readonly question: Question;
  /** How many more may carry it; none where this one was made for it. */
  readonly linksLeft: number;
}

class Link {
  readonly to: Endpoint;
  readonly #keeper: Keeper;
  readonly #socket: Socket;
  readonly #frames = new Frames();
  /** By ID. */
  readonly #carried = new Map<number, Carried>();
  /** Bytes since the last reply. */
  #bytes = 0;
  #wasOpen = false;
  #isGone = false;
  /** A question was not answered in time: it gets no more. */
  #isSlow = false;

  constructor(to: Endpoint, keeper: Keeper) {
    this.to = to;
    this.#keeper = keeper;
    this.#socket = connect({ host: to.address, port: to.port, noDelay: true });
    this.#socket.on('connect', () => {
      this.#wasOpen = true;
    });
    this.#socket.on('data', (chunk) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#leave(refusalOf(error)));
    this.#socket.on('close', () => this.#leave(CLOSED));
  }

  mayCarry(query: Uint8Array): boolean {
    const isAlive = !this.#isGone && this.#socket.writable !== false && !this.#socket.readableEnded;
    const hasRoom = this.#carried.size < UPSTREAM_TCP_QUESTIONS_MAX && !this.#carried.has(idOf(query));
    return isAlive && hasRoom && !this.#isSlow;
  }

  carry(question: Question, linksLeft: number): void {
    question.link = this;
    const { query } = question.asking.exchange;
    this.#carried.set(idOf(query), { question, linksLeft });
    this.#socket.write(framed(query));
  }

  /** One of its questions is late. */
  tire(): void {
    this.#isSlow = true;
  }

  /** Its time is over. */
  giveUp({ asking }: Question): void {
    this.#carried.delete(idOf(asking.exchange.query));
    this.tire();
    if (this.#carried.size === 0) this.destroy();
  }

  destroy(): void {
    this.#leave(CLOSED);
  }

  #read(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#frames.feed(chunk);
    for (let message = this.#frames.next(); message; message = this.#frames.next()) {
      this.#take(message);
      if (this.#isGone) return;
    }
    if (this.#bytes > UPSTREAM_BYTES_MAX) this.#leave(FLOODED);
  }

  #take(message: Uint8Array): void {
    // Whatever an idle link says is unasked for.
    if (this.#carried.size === 0) {
      this.destroy();
      return;
    }
    const id = idOf(message);
    const asked = this.#carried.get(id);
    if (message.length < 2 || asked === undefined) {
      this.#keeper.isStrange();
      return;
    }
    if (!asked.question.asking.judge(message)) return;
    this.#bytes = 0;
    this.#carried.delete(id);
    end(asked.question, message);
    if (this.#carried.size > 0 || this.#isGone) return;
    if (this.#isSlow) this.destroy();
    else this.#keeper.isRested();
  }

  #leave(why: Refusal): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#socket.destroy();
    const left = [...this.#carried.values()];
    this.#carried.clear();
    // RFC 7766 §6.2.4: a server may close what it was not done with; the question is to be asked again.
    const mayRepeat = ({ linksLeft }: Carried): boolean => this.#wasOpen && linksLeft > 0;
    this.#keeper.isGone(left.filter(mayRepeat));
    for (const each of left) if (!mayRepeat(each)) end(each.question, undefined, why);
  }
}

const CLOSED: Refusal = { code: '', why: 'connection closed before the reply' };
const FLOODED: Refusal = { code: '', why: 'too many bytes and no reply among them' };
