/**
 * A pipeline with a guard, in a world whose clock the test turns: clients anywhere ask it, with EDNS options
 * as they like.
 */
import { Counters } from '../../src/base/counters.ts';
import { parseIp } from '../../src/base/ip.ts';
import { PrefixSet } from '../../src/base/prefix.ts';
import type { World } from '../../src/base/world.ts';
import { CookieSecrets } from '../../src/server/cookie-secrets.ts';
import { Cookies } from '../../src/server/cookies.ts';
import { type GuardSettings, OPEN_DOOR } from '../../src/server/guard.ts';
import type { Pipeline } from '../../src/server/pipeline.ts';
import { type Message, readMessage, writeQuery } from '../../src/wire/message.ts';
import type { Catalog } from '../../src/zone/catalog.ts';
import { name, pipeline } from './authority.ts';
import { Chance } from './chance.ts';

export class Clock implements World {
  ms = 5_000;
  /** Of the wall, at `ms` 0. */
  seconds = 1_700_000_000;
  readonly #chance = new Chance(7);

  nowMs = (): number => this.ms;
  wallSeconds = (): number => this.seconds + Math.floor(this.ms / 1000);
  wallMs = (): number => this.seconds * 1000 + this.ms;
  draw = (n: number): number => this.#chance.below(n);
  after = (): (() => void) => () => {};
}

export const prefixes = (...texts: string[]): PrefixSet => PrefixSet.parse(texts) as PrefixSet;
export const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
export const unhex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

export interface From {
  readonly address?: string;
  readonly port?: number;
  readonly tcp?: boolean;
  readonly type?: number;
  /** Code and value in hex. */
  readonly options?: readonly (readonly [code: number, value: string])[];
  readonly udpSize?: number;
  readonly noEdns?: boolean;
}

export class Guarded {
  readonly clock = new Clock();
  readonly counters = new Counters();
  readonly pipeline: Pipeline;
  readonly #out = new Uint8Array(65_535);

  constructor(
    zones: Catalog,
    guard: (clock: Clock) => Partial<GuardSettings>,
    settings: Parameters<typeof pipeline>[1] = {},
  ) {
    this.pipeline = pipeline(zones, {
      ...settings,
      counters: this.counters,
      guard: { ...OPEN_DOOR, ...guard(this.clock) },
    });
  }

  query(question: string, from: From = {}): Uint8Array {
    const { type = 1, options = [], udpSize = 1232, noEdns = false } = from;
    const edns = { udpSize, options: options.map(([code, value]) => ({ code, value: unhex(value) })) };
    return writeQuery({ id: 4711, spelled: name(question), type, class: 1, ...(noEdns ? {} : { edns }) });
  }

  /** The bytes of the response, or undefined for silence. */
  send(packet: Uint8Array, { address = '198.51.100.7', port = 5353, tcp = false }: From = {}) {
    const bytes = parseIp(address) as Uint8Array;
    const client = { transport: tcp ? 'tcp' : 'udp', address: bytes, port } as const;
    const length = this.pipeline.answer(packet, packet.length, client, this.#out, () => undefined);
    return length > 0 ? this.#out.slice(0, length) : undefined;
  }

  ask(question: string, from: From = {}): Message | undefined {
    const bytes = this.send(this.query(question, from), from);
    return bytes && readMessage(bytes);
  }

  /** The value of an option of the response, in hex; undefined without one. */
  option(code: number, message: Message | undefined): string | undefined {
    const found = message?.edns?.options.find((option) => option.code === code);
    return found && hex(found.value);
  }
}

export const cookiesOf = (clock: Clock, ...secrets: string[]): Cookies => {
  const [first, second] = secrets.map(unhex);
  return new Cookies(clock, first ? CookieSecrets.given(first, second) : CookieSecrets.drawn(clock));
};

export interface Traffic {
  bytesIn: number;
  bytesOut: number;
  answered: number;
}

/** Made once, and sent again and again. */
const FLOOD_PACKETS = 10_000;

/** So many queries in each millisecond, from all over one /24 unless told. */
export function flood(
  subject: Guarded,
  ms: number,
  perMs: number,
  question: (i: number) => string,
  from: From = {},
): Traffic {
  const seen: Traffic = { bytesIn: 0, bytesOut: 0, answered: 0 };
  const packets = new Map<string, Uint8Array>();
  for (let i = 0; i < ms * perMs; i++) {
    if (i % perMs === 0) subject.clock.ms += 1;
    const asked = question(i);
    const packet = packets.get(asked) ?? subject.query(asked, from);
    if (packets.size < FLOOD_PACKETS) packets.set(asked, packet);
    const response = subject.send(packet, {
      address: `198.51.100.${i % 256}`,
      port: 1024 + (i % 60_000),
      ...from,
    });
    seen.bytesIn += packet.length;
    seen.bytesOut += response?.length ?? 0;
    if (response !== undefined && ((response[2] ?? 0) & 0x02) === 0) seen.answered += 1;
  }
  return seen;
}
