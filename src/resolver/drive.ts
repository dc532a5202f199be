/**
 * The thin driver: runs a resolution, which decides, over an `Upstream`, which acts. All that waits is here.
 */
import { UDP_BYTES_MAX } from '../base/limits.ts';
import type { World } from '../base/world.ts';
import { Class } from '../wire/codes.ts';
import { writeQuery } from '../wire/message.ts';
import { optionOf, speaksOf, subnetKey } from './client-subnet.ts';
import { type Match, match } from './match.ts';
import { typedKey } from './shelf.ts';
import { respell } from './spelling.ts';
import type { Endpoint, Upstream } from './upstream.ts';
import type { Happening, Heard, Sending, Steps, Wish } from './wish.ts';

export async function drive<Result>(
  steps: Steps<Result>,
  grant: (wish: Wish) => Promise<Happening>,
): Promise<Result> {
  let step = steps.next();
  while (!step.done) step = steps.next(await grant(step.value));
  return step.value;
}

export class Sender {
  readonly #world: World;
  readonly #upstream: Upstream;
  readonly #port: number;
  readonly #underWay = new Map<string, Promise<Heard>>();

  constructor(world: World, upstream: Upstream, port: number) {
    this.#world = world;
    this.#upstream = upstream;
    this.#port = port;
  }

  /**
   * Many names have the same part, so many walks may ask one server the same. It is asked once, lest a forger
   * has many queries to guess at (VU#457875, LIMITS B3).
   */
  async send(sending: Sending, deadlineMs: number): Promise<Heard> {
    const patienceMs = Math.min(sending.ms, deadlineMs - this.#world.nowMs());
    if (patienceMs <= 0) return { got: 'late' };
    const key = sendingKey(sending);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return share(await underWay);
    const heard = this.#exchange(sending, patienceMs).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, heard);
    return heard;
  }

  async #exchange(
    { to, asked, via, manner, recursionDesired, subnet }: Sending,
    patienceMs: number,
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
        ? { edns: { udpSize: UDP_BYTES_MAX, options: subnet === undefined ? [] : [optionOf(subnet)] } }
        : {}),
    });
    let accepted: Match | undefined;
    let puzzled = false;
    const accept = (bytes: Uint8Array): boolean => {
      const matched = match(bytes, { id, spelled, type });
      if (matched === undefined) return false;
      if (matched === 'puzzled') {
        puzzled = true;
        return false;
      }
      if (subnet !== undefined && !speaksOf(matched.message, subnet)) return false;
      accepted = matched;
      return true;
    };
    const event = await this.#upstream.exchange(endpointOf(to, this.#port), query, via, patienceMs, accept);
    if (event.got === 'unreachable') return event;
    if (event.got === 'silence' || accepted === undefined) return { got: 'silence', puzzled };
    return { got: 'reply', ...accepted, bytes: event.bytes.length, ms: event.ms };
  }
}

const share = (heard: Heard): Heard => (heard.got === 'silence' ? { ...heard, shared: true } : heard);

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
