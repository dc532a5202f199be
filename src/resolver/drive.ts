/**
 * The thin driver: runs a resolution, which decides, over an `Upstream`, which acts. All that waits is here.
 */
import { Counter, type Counters } from '../base/counters.ts';
import { LATE_ANSWER_MS, LATE_ANSWERS_MAX, UDP_BYTES_MAX } from '../base/limits.ts';
import { Roster } from '../base/roster.ts';
import type { World } from '../base/world.ts';
import { Class, EdnsOption } from '../wire/codes.ts';
import { type EdnsOptionValue, writeQuery } from '../wire/message.ts';
import { isWhole, repeatedCookie } from './client-cookies.ts';
import { optionOf, type Subnet, speaksOf, subnetKey } from './client-subnet.ts';
import { type Match, match } from './match.ts';
import { respell } from './spelling.ts';
import type { Endpoint, Upstream } from './upstream.ts';
import { type Happening, type Heard, type Sending, type Steps, typedKey, type Wish } from './wish.ts';

/** Grants a wish: says what happened, or goes on, or gives up, when that is known. */
export type Grant = (
  wish: Wish,
  goOn: (happening: Happening) => void,
  giveUp: (bug: unknown) => void,
) => Happening | undefined;

/** Without a promise: thousands of resolutions wait at a time, and each is to weigh little. */
export function drive<Result>(
  steps: Steps<Result>,
  grant: Grant,
  end: (result: Result) => void,
  onBug: (bug: unknown) => Result,
): void {
  const giveUp = (bug: unknown): void => end(onBug(bug));
  const goOn = (happening?: Happening): void => {
    let result: Result;
    try {
      let step = happening === undefined ? steps.next() : steps.next(happening);
      while (!step.done) {
        const next = grant(step.value, goOn, giveUp);
        if (next === undefined) return;
        step = steps.next(next);
      }
      result = step.value;
    } catch (bug) {
      result = onBug(bug);
    }
    end(result);
  };
  goOn();
}

/** What all that are asked tell of themselves, whether anybody still waits for it or not. */
export interface Listener {
  /** A query leaves for it. */
  asked(address: string): void;
  answered(address: string, ms: number): void;
  /** What cookie its reply had. */
  gaveCookie(address: string, cookie: Uint8Array | undefined, via: 'udp' | 'tcp'): void;
  /** Questions that may be out to it at a time. */
  questionsMax(address: string): number;
}

export class Sender {
  readonly #world: World;
  readonly #upstream: Upstream;
  readonly #port: number;
  readonly #listener: Listener;
  readonly #counters: Counters | undefined;
  /** Who waits for what is out and not overdue. */
  readonly #underWay = new Roster<string, Sending[]>();
  /** Exchanges that have not ended, by address. */
  readonly #out = new Map<string, number>();
  #overdue = 0;

  constructor(world: World, upstream: Upstream, port: number, listener: Listener, counters?: Counters) {
    this.#world = world;
    this.#upstream = upstream;
    this.#port = port;
    this.#listener = listener;
    this.#counters = counters;
  }

  /**
   * Many names have the same part, so many walks may ask one server the same. It is asked once, lest a forger
   * has many queries to guess at (VU#457875, LIMITS B3).
   */
  send(sending: Sending, deadlineMs: number): Promise<Heard> {
    const patienceMs = Math.min(sending.ms, deadlineMs - this.#world.nowMs());
    if (patienceMs <= 0) return LATE;
    const key = sendingKey(sending);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) underWay.push(sending);
    else if ((this.#out.get(sending.to) ?? 0) >= this.#listener.questionsMax(sending.to)) return FULL;
    else this.#begin(key, sending, patienceMs);
    return sending.beside ? Promise.resolve(SILENCE) : sending.volley.wait(sending);
  }

  #begin(key: string, sending: Sending, patienceMs: number): void {
    const waiters = [sending];
    this.#underWay.set(key, waiters);
    let isOverdue = false;
    const overdue = (puzzled: boolean): number => {
      if (this.#overdue >= LATE_ANSWERS_MAX) return 0;
      isOverdue = true;
      this.#overdue++;
      this.#underWay.delete(key);
      tell(waiters, { got: 'silence', puzzled });
      return LATE_ANSWER_MS;
    };
    const out = this.#out.get(sending.to) ?? 0;
    this.#out.set(sending.to, out + 1);
    this.#listener.asked(sending.to);
    const end = (): void => {
      const left = (this.#out.get(sending.to) as number) - 1;
      if (left > 0) this.#out.set(sending.to, left);
      else this.#out.delete(sending.to);
      if (isOverdue) this.#overdue--;
      else this.#underWay.delete(key);
    };
    this.#exchange(sending, patienceMs, overdue).then(
      (heard) => {
        end();
        tell(waiters, heard);
      },
      (bug: unknown) => {
        end();
        for (const { volley } of waiters) volley.fail(bug);
      },
    );
  }

  async #exchange(
    { to, asked, via, manner, recursionDesired, subnet }: Sending,
    patienceMs: number,
    overdue: (puzzled: boolean) => number,
  ): Promise<Heard> {
    const { name, type } = asked;
    // RFC 5452 §9.2: an ID nobody can foresee; the port is the transport's to draw.
    const id = this.#world.draw(0x1_0000);
    const spelled = manner.randomCase ? respell(name, this.#world) : name;
    const query = writeQuery({
      id,
      spelled,
      type,
      class: Class.IN,
      recursionDesired,
      ...(manner.edns
        ? { edns: { udpSize: UDP_BYTES_MAX, options: optionsFor(manner.cookie, subnet) } }
        : {}),
    });
    let accepted: Match | undefined;
    let cookie: Uint8Array | undefined;
    let puzzled = false;
    let isForged = false;
    const accept = (bytes: Uint8Array): boolean => {
      const matched = match(bytes, { id, spelled, type });
      if (matched === 'near miss') isForged = via === 'udp';
      // Who keeps cookies has one to show in any mood.
      // Over TCP it is from whom we asked: nothing better comes.
      else if (matched === 'puzzled') puzzled ||= via === 'tcp' || !isWhole(manner.cookie);
      else if (matched !== undefined && (subnet === undefined || speaksOf(matched.message, subnet))) {
        const repeated = manner.edns ? repeatedCookie(matched.message.edns, manner.cookie) : undefined;
        if (repeated === 'forged') return false;
        cookie = repeated;
        accepted = matched;
      }
      return isForged || accepted !== undefined || (puzzled && via === 'tcp');
    };
    const event = await this.#upstream.exchange(
      endpointOf(to, this.#port),
      query,
      via,
      patienceMs,
      accept,
      () => overdue(puzzled),
    );
    if (event.got === 'unreachable') return event;
    if (isForged) {
      this.#counters?.bump(Counter.upstreamForged);
      return FORGED;
    }
    if (event.got === 'silence' || accepted === undefined) return { got: 'silence', puzzled };
    const isDoubtful = via === 'udp' && manner.edns && cookie === undefined && isWhole(manner.cookie);
    if (via === 'udp' && !isDoubtful) this.#listener.answered(to, event.ms);
    if (manner.edns) this.#listener.gaveCookie(to, cookie, via);
    return { got: 'reply', from: to, ...accepted, isDoubtful, bytes: event.bytes.length, ms: event.ms };
  }
}

const LATE: Promise<Heard> = Promise.resolve({ got: 'late' });
const FULL: Promise<Heard> = Promise.resolve({ got: 'full' });
const SILENCE: Heard = { got: 'silence', puzzled: false };
const FORGED: Heard = { got: 'forged' };

/** Of a silence they share, one blames the server. */
function tell(waiters: readonly Sending[], heard: Heard): void {
  for (const [i, waiter] of waiters.entries()) {
    waiter.volley.hear(waiter, i > 0 && heard.got === 'silence' ? { ...heard, shared: true } : heard);
  }
}

const optionsFor = (cookie: Uint8Array, subnet: Subnet | undefined): EdnsOptionValue[] => [
  { code: EdnsOption.COOKIE, value: cookie },
  ...(subnet === undefined ? [] : [optionOf(subnet)]),
];

/** `192.0.2.1`, or with a port of its own `192.0.2.1@5353`. */
function endpointOf(to: string, portDefault: number): Endpoint {
  const at = to.indexOf('@');
  return at < 0
    ? { address: to, port: portDefault }
    : { address: to.slice(0, at), port: Number(to.slice(at + 1)) };
}

const sendingKey = ({ to, asked, via, manner, recursionDesired, subnet }: Sending): string =>
  `${to} ${via} ${recursionDesired} ${manner.edns} ${manner.randomCase} ` +
  `${subnet === undefined ? '' : subnetKey(subnet)} ${typedKey(asked.name, asked.type)}`;
