/**
 * EDNS Client Subnet (RFC 7871): to servers that the operator chose, and for names of the zones chosen, a
 * question carries the network of whoever asks it, and the answer holds for as much of that network as it
 * says. Such answers are kept here, by network; those that hold for all go where all others go. Of clients
 * that want to stay hidden (§7.1.2) nothing is told, and what is answered then is for such clients alone.
 */
import { LRUCache } from 'lru-cache';
import { IPV4_BYTES } from '../base/ip.ts';
import { PrefixSet, unmapped } from '../base/prefix.ts';
import type { World } from '../base/world.ts';
import { EdnsOption } from '../wire/codes.ts';
import type { EdnsOptionValue, Message } from '../wire/message.ts';
import { isWithin, type Name, ownName } from '../wire/name.ts';
import type { AnswerRrset, Finding } from './outcome.ts';
import { type Asked, typedKey } from './wish.ts';

export interface ClientSubnetSettings {
  /** Prefixes of servers that are told. */
  readonly servers: readonly string[];
  /** Names at and below which they are told. */
  readonly zones: readonly Name[];
  readonly ipv4Bits: number;
  readonly ipv6Bits: number;
}

export interface Subnet {
  /** 1: IPv4, 2: IPv6 (RFC 7871 §6). */
  readonly family: number;
  readonly bits: number;
  /** As many bytes as bits begin; those beyond are zero. */
  readonly address: Uint8Array;
}

interface Tailored {
  readonly finding: Finding;
  readonly keptMs: number;
  readonly expiresMs: number;
}

/** Whom an answer is for that was given without knowing of any network. */
const HIDDEN: Subnet = { family: 0, bits: 0, address: new Uint8Array(0) };
const IPV4 = 1;
const IPV6 = 2;
/** FAMILY, SOURCE PREFIX-LENGTH, SCOPE PREFIX-LENGTH. */
const OPTION_HEAD_BYTES = 4;
/** What an entry costs beyond its bytes, and each RRset of it: objects, key, and the books of the cache. */
const ENTRY_BYTES = 500;
const RRSET_BYTES = 240;

export class ClientSubnets {
  readonly #settings: ClientSubnetSettings;
  readonly #servers: PrefixSet | undefined;
  readonly #known: LRUCache<string, Tailored>;
  readonly #world: World;

  /** Texts that are no prefixes are the configuration's to complain about. */
  constructor(settings: ClientSubnetSettings, bytesMax: number, world: World) {
    const servers = PrefixSet.parse(settings.servers);
    this.#settings = settings;
    this.#servers = servers instanceof PrefixSet ? servers : undefined;
    this.#known = new LRUCache({ maxSize: Math.max(ENTRY_BYTES, Math.floor(bytesMax)) });
    this.#world = world;
  }

  covers(name: Name): boolean {
    return this.#settings.zones.some((zone) => isWithin(name, zone));
  }

  /** What may be told of a client. */
  of(client: Uint8Array): Subnet {
    const address = unmapped(client);
    const { ipv4Bits, ipv6Bits } = this.#settings;
    return address.length === IPV4_BYTES ? masked(IPV4, address, ipv4Bits) : masked(IPV6, address, ipv6Bits);
  }

  /** What is told to a server, by its address, with a question. */
  told({ name, subnet }: Asked, server: string): Subnet | undefined {
    return subnet !== undefined && this.#isChosen(name, server) ? subnet : undefined;
  }

  /** For whom the reply holds; undefined for everybody. */
  scopeOf({ name }: Asked, server: string, told: Subnet | undefined, message: Message): Subnet | undefined {
    if (!this.#isChosen(name, server)) return undefined;
    if (told === undefined) return HIDDEN;
    const option = subnetOption(message);
    // RFC 7871 §7.3.1: who does not speak of it speaks for all, and a longer scope is one of what was told.
    const bits = Math.min(option?.value[3] ?? 0, told.bits);
    return bits === 0 ? undefined : masked(told.family, told.address, bits);
  }

  find({ name, type, subnet = HIDDEN }: Asked): Finding | undefined {
    if (!this.covers(name)) return undefined;
    const key = typedKey(name, type);
    // RFC 7871 §7.3.2: the longest that matches.
    for (let { bits } = subnet; bits >= 0; bits--) {
      const known = this.#known.get(key + subnetKey(masked(subnet.family, subnet.address, bits)));
      if (known !== undefined && known.expiresMs > this.#world.nowMs()) return this.#aged(known);
    }
    return undefined;
  }

  keep({ name, type }: Asked, scope: Subnet, finding: Finding): void {
    const rrsets = rrsetsOf(finding);
    const ttl = Math.min(...rrsets.map((rrset) => rrset.ttl));
    const keptMs = this.#world.nowMs();
    const expiresMs = keptMs + ttl * 1_000;
    if (ttl <= 0) return;
    const key = typedKey(name, type) + subnetKey(scope);
    const size = rrsets.reduce((sum, { block }) => sum + RRSET_BYTES + block.length, ENTRY_BYTES);
    this.#known.set(key, { finding, keptMs, expiresMs }, { size: size + key.length });
  }

  clear(isDoomed?: (name: Name) => boolean): void {
    if (isDoomed === undefined) this.#known.clear();
    for (const key of this.#known.keys()) {
      if (isDoomed?.(ownName(Buffer.from(key, 'latin1'))) === true) this.#known.delete(key);
    }
  }

  #isChosen(name: Name, server: string): boolean {
    const [address = ''] = server.split('@', 1);
    return this.covers(name) && this.#servers?.has(address) === true;
  }

  #aged({ finding, keptMs }: Tailored): Finding {
    const age = Math.floor((this.#world.nowMs() - keptMs) / 1_000);
    const older = (rrsets: readonly AnswerRrset[]): AnswerRrset[] =>
      rrsets.map((rrset) => ({ ...rrset, ttl: rrset.ttl - age }));
    return finding.kind === 'alias'
      ? { ...finding, links: older(finding.links) }
      : { kind: 'end', outcome: { ...finding.outcome, answer: older(finding.outcome.answer) } };
  }
}

const rrsetsOf = (finding: Finding): readonly AnswerRrset[] =>
  finding.kind === 'alias' ? finding.links : finding.outcome.answer;

function masked(family: number, address: Uint8Array, bits: number): Subnet {
  const bytes = address.slice(0, Math.ceil(bits / 8));
  const spare = 8 * bytes.length - bits;
  if (spare > 0) bytes[bytes.length - 1] = (bytes.at(-1) as number) & (0xff << spare);
  return { family, bits, address: bytes };
}

/** One byte per char, as in the keys that it stands behind. */
export const subnetKey = ({ family, bits, address }: Subnet): string =>
  String.fromCharCode(family, bits, ...address);

export const optionOf = ({ family, bits, address }: Subnet): EdnsOptionValue => ({
  code: EdnsOption.SUBNET,
  value: Uint8Array.of(0, family, bits, 0, ...address),
});

const subnetOption = ({ edns }: Message): EdnsOptionValue | undefined =>
  edns?.options.find(({ code, value }) => code === EdnsOption.SUBNET && value.length >= OPTION_HEAD_BYTES);

/** RFC 7871 §11.2: a reply that speaks of another network is none to this question. */
export function speaksOf(message: Message, told: Subnet): boolean {
  const option = subnetOption(message);
  if (option === undefined) return true;
  const sent = optionOf(told).value;
  return option.value.length === sent.length && sent.every((byte, i) => i === 3 || byte === option.value[i]);
}
