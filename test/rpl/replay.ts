/**
 * Plays a scenario: the resolver over servers that answer by the scenario's ranges, in virtual time, step by
 * step. What servers have an answer to is answered at once; what they have none to waits for a step that says
 * what becomes of it. Out comes whether it passed, or in what it differed, or why it could not be played.
 */
import type { Outcome } from '../../src/resolver/outcome.ts';
import type { Recursor } from '../../src/resolver/recursor.ts';
import type { Event, Exchange, Upstream } from '../../src/resolver/upstream.ts';
import { typeText } from '../../src/wire/codes.ts';
import { Flag, type Message, readMessage } from '../../src/wire/message.ts';
import { equalNames, nameText } from '../../src/wire/name.ts';
import { VirtualWorld } from '../scenarios/virtual-world.ts';
import { makeRecursor } from '../sim/subject.ts';
import { differences, isFor, type Outgoing } from './match.ts';
import { writePacket } from './packet.ts';
import { parseScenario } from './parse.ts';
import type { Entry, Scenario, Step } from './scenario.ts';
import { type Means, meansOf } from './settings.ts';

export type Verdict =
  | { readonly kind: 'pass'; readonly title: string }
  | { readonly kind: 'fail'; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: 'skip'; readonly title: string; readonly why: string };

interface Pending extends Outgoing {
  readonly end: (event: Event) => void;
  readonly accept: (bytes: Uint8Array) => boolean;
  readonly bytes: Uint8Array;
  /** The reply is on its way. */
  isServed: boolean;
}

interface Waiting {
  readonly question: NonNullable<Message['question']>;
  readonly outcome: Promise<Outcome>;
}

const REPLY_MS = 1;
const CACHE_BYTES = 4_000_000;

export async function judge(text: string): Promise<Verdict> {
  const { scenario, complaints, unknowns } = parseScenario(text);
  const { title } = scenario;
  if (complaints.length > 0) {
    return {
      kind: 'fail',
      title,
      lines: complaints.map(({ line, expected }) => `line ${line}: expected ${expected}`),
    };
  }
  const means = meansOf(scenario.settings);
  const whys = [
    ...means.obstacles,
    ...unknowns.map(({ line, what }) => `line ${line}: ${what} is not known here`),
  ];
  if (means.rootHints.length + means.routes.length === 0 && means.obstacles.length === 0)
    whys.push('it names no server of the root');
  if (whys.length > 0) return { kind: 'skip', title, why: [...new Set(whys)].slice(0, 3).join('; ') };
  const lines = await new Replay(scenario, means).play();
  return lines.length === 0 ? { kind: 'pass', title } : { kind: 'fail', title, lines };
}

class Replay implements Upstream {
  readonly #scenario: Scenario;
  readonly #means: Means;
  readonly #world = new VirtualWorld();
  readonly #recursor: Recursor;
  readonly #waiting: Waiting[] = [];
  readonly #bugs: unknown[] = [];
  readonly #log: string[] = [];
  #pending: Pending[] = [];
  #at = -1;
  #onTheWay = 0;

  constructor(scenario: Scenario, means: Means) {
    this.#scenario = scenario;
    this.#means = means;
    const { rootHints, routes, minimise, useCaseRandomisation, neverQuery, servesStale, prefetch } = means;
    this.#recursor = makeRecursor({
      ...{ rootHints, routes, minimise, useCaseRandomisation, neverQuery, servesStale, prefetch },
      world: this.#world,
      upstream: this,
      cacheBytes: CACHE_BYTES,
      onBug: (error) => this.#bugs.push(error),
    });
  }

  /** What went wrong, and what had been sent by then. */
  async play(): Promise<string[]> {
    for (const [i, step] of this.#scenario.steps.entries()) {
      this.#at = i;
      const lines = await this.#step(step);
      await this.#settle();
      const bugs = this.#bugs.map((error) => (error as Error).stack ?? `${error}`);
      if (lines.length > 0 || bugs.length > 0) {
        return [`step ${step.number}, line ${step.line}, ${step.kind}:`, ...lines, ...bugs, ...this.#log];
      }
    }
    return [];
  }

  async #step(step: Step): Promise<string[]> {
    const { entry } = step;
    switch (step.kind) {
      case 'QUERY':
        return this.#ask(entry as Entry);
      case 'CHECK_ANSWER':
        return this.#checkAnswer(entry as Entry);
      case 'CHECK_OUT_QUERY': {
        const isThere = this.#pending.some((each) => this.#isMeant(step, each));
        return isThere ? [] : ['no such query was sent'];
      }
      case 'REPLY':
        return this.#reply(step, entry as Entry);
      case 'TIMEOUT':
        return this.#end(step, { got: 'silence' });
      case 'ERROR':
        return this.#end(step, { got: 'unreachable', why: 'port unreachable' });
      case 'TIME_PASSES':
        await this.#world.pass(1_000 * step.seconds);
        return [];
      case 'TRAFFIC':
      case 'NOTHING':
        return [];
    }
  }

  #ask({ packet }: Entry): string[] {
    const message = readMessage(writePacket(packet, 0, undefined));
    const question = message?.question;
    if (message === undefined || question === undefined) return ['the query cannot be read'];
    if ((message.flags & Flag.RD) === 0) return ['a query without RD is not for a resolver'];
    const known = this.#recursor.cached(question);
    const outcome = known === undefined ? this.#recursor.resolve(question) : Promise.resolve(known);
    this.#waiting.push({ question, outcome });
    return [];
  }

  /** The first answer that waits, to this question if there is one; time passes until it is there. */
  async #checkAnswer(entry: Entry): Promise<string[]> {
    const { question } = entry.packet;
    const isIt = (each: Waiting): boolean =>
      question !== undefined &&
      equalNames(each.question.name, question.name) &&
      each.question.type === question.type;
    const waiting = this.#waiting.find(isIt) ?? this.#waiting[0];
    if (waiting === undefined) return ['nothing was asked'];
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    const outcome = await this.#world.until(waiting.outcome);
    const lines = differences(entry, outcome);
    return lines.length > 0 && outcome.ede !== undefined ? [...lines, `(${outcome.ede.text})`] : lines;
  }

  #reply(step: Step, entry: Entry): string[] {
    const pending = this.#pending.findLast((each) => isFor(entry, each)) ?? this.#pending.at(-1);
    if (pending === undefined) return [`nobody waits for the reply of step ${step.number}`];
    this.#serve(pending, entry);
    return [];
  }

  #end(step: Step, event: Event): string[] {
    const pending = this.#pending.findLast((each) => step.entry === undefined || this.#isMeant(step, each));
    if (pending === undefined) return ['no query is waiting'];
    pending.end(event);
    return [];
  }

  #isMeant({ entry, address }: Step, pending: Pending): boolean {
    const isThere = address === undefined || address === pending.address;
    return isThere && (entry === undefined || isFor(entry, pending));
  }

  /** Until everybody who has an answer has answered; no timer rings meanwhile. */
  async #settle(): Promise<void> {
    do {
      for (const pending of [...this.#pending]) this.#serveByRange(pending);
      await this.#world.pass(REPLY_MS);
    } while (this.#onTheWay > 0 || this.#pending.some((each) => !each.isServed && this.#answerTo(each)));
  }

  exchange(exchange: Exchange): void {
    const { to, query: bytes, via, ms } = exchange;
    const message = readMessage(bytes);
    const { address } = to;
    if (message?.question === undefined) throw new Error('a query of ours has a question');
    this.#log.push(
      `  → ${address} ${via} ${nameText(message.question.name)} ${typeText(message.question.type)}`,
    );
    if (this.#means.unrouted(address)) {
      exchange.end({ got: 'unreachable', why: 'network is unreachable', unsent: 'no route' });
      return;
    }
    const end = (event: Event): void => {
      cancel();
      this.#pending = this.#pending.filter((each) => each !== pending);
      exchange.end(event);
    };
    const fallSilent = (): void => end({ got: 'silence' });
    let cancel = this.#world.after(ms, () => {
      const moreMs = exchange.overdue();
      if (moreMs > 0) cancel = this.#world.after(moreMs, fallSilent);
      else fallSilent();
    });
    const accept = (reply: Uint8Array): boolean => exchange.accept(reply);
    const pending: Pending = { message, address, via, bytes, accept, end, isServed: false };
    this.#pending.push(pending);
    this.#serveByRange(pending);
  }

  #serveByRange(pending: Pending): void {
    if (pending.isServed) return;
    const entry = this.#answerTo(pending);
    if (entry !== undefined) this.#serve(pending, entry);
  }

  /** What a range has to say, unless the next step is about this very query. */
  #answerTo(pending: Pending): Entry | undefined {
    const { steps, ranges } = this.#scenario;
    const next = steps[this.#at + 1];
    if (next?.kind === 'CHECK_OUT_QUERY' && this.#isMeant(next, pending)) return undefined;
    const number = steps[this.#at]?.number ?? 0;
    for (const { from, to, addresses, entries } of ranges) {
      if (number < from || number > to) continue;
      if (addresses.length > 0 && !addresses.includes(pending.address)) continue;
      const entry = entries.find((each) => isFor(each, pending));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #serve(pending: Pending, { adjust, packet, hex }: Entry): void {
    pending.isServed = true;
    if (adjust.has('do_not_answer')) return;
    const id = adjust.has('copy_id') ? pending.message.id : 0;
    const asked = pending.message.question;
    const question =
      adjust.has('copy_query') && asked !== undefined
        ? pending.bytes.slice(12, 12 + asked.spelled.length + 4)
        : undefined;
    const reply = hex === undefined ? writePacket(packet, id, question) : Buffer.from(hex);
    if (hex !== undefined && reply.length > 1) reply.writeUInt16BE(pending.message.id, 0);
    this.#onTheWay++;
    this.#world.after(REPLY_MS, () => {
      this.#onTheWay--;
      if (!this.#pending.includes(pending)) return;
      if (pending.accept(reply)) pending.end({ got: 'reply', bytes: reply, ms: REPLY_MS });
    });
  }
}
