/**
 * Names that mean something here, or nothing anywhere, and about which nobody else is asked. Each is a small
 * zone: SOA and NS at the apex, nothing below, but for `localhost` and the reverse of loopback. Which are on
 * is a list of names; a name on it that is not known here is an empty zone, too. Our own zones come first,
 * always.
 */
import { LOCAL_ZONE_SECONDS } from '../base/limits.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { labelCount, type Name, nameFromText, nameHash, nameKey } from '../wire/name.ts';
import { packRrset } from '../wire/rrset.ts';
import { type AnswerRrset, answered, denied, type Outcome } from './outcome.ts';

const range = (from: number, to: number, text: (i: number) => string): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => text(from + i));

/** The reverse name of one IPv6 address: 32 nibbles. */
const ip6 = (last: string): string => `${last}.${'0.'.repeat(31)}ip6.arpa`;

/**
 * The IANA registries "Special-Use Domain Names" and "Locally-Served DNS Zones". `local` is among them: RFC
 * 6762 §22.1 item 4 wants an immediate NXDOMAIN from caching servers, whose clients should have asked by
 * multicast; who has a zone of that name serves it, or takes the name off the list. `example` is not: RFC
 * 6761 §6.5 has it resolved as any other. Nor is `alt`, for which RFC 9476 §2 asks nothing of the DNS.
 */
export const LOCAL_NAMES_DEFAULT: readonly string[] = [
  'localhost', // RFC 6761 §6.3
  'test', // RFC 6761 §6.2
  'invalid', // RFC 6761 §6.4
  'onion', // RFC 7686 §2
  'local', // RFC 6762 §22.1
  'home.arpa', // RFC 8375 §4
  'resolver.arpa', // RFC 9462 §6.4: here nobody designates an encrypted resolver
  'service.arpa', // RFC 9665 §8
  '10.in-addr.arpa', // RFC 6303 §4.1, RFC 1918
  ...range(16, 31, (i) => `${i}.172.in-addr.arpa`),
  '168.192.in-addr.arpa',
  '0.in-addr.arpa', // RFC 6303 §4.2
  '127.in-addr.arpa',
  '254.169.in-addr.arpa',
  '2.0.192.in-addr.arpa',
  '100.51.198.in-addr.arpa',
  '113.0.203.in-addr.arpa',
  '255.255.255.255.in-addr.arpa',
  ...range(64, 127, (i) => `${i}.100.in-addr.arpa`), // RFC 7793
  ip6('0'), // RFC 6303 §4.3
  ip6('1'),
  'd.f.ip6.arpa', // RFC 6303 §4.4
  ...['8', '9', 'a', 'b'].map((nibble) => `${nibble}.e.f.ip6.arpa`), // RFC 6303 §4.5
  '8.b.d.0.1.0.0.2.ip6.arpa', // RFC 6303 §4.6
];

const name = (text: string): Name => nameFromText(text) as Name;
const LOCALHOST = name('localhost');
const LABELS_OF_IPV4_REVERSE = 6;

const block = (type: number, rdata: Uint8Array): Uint8Array => packRrset(type, LOCAL_ZONE_SECONDS, [rdata]);
const pointer = block(Type.PTR, LOCALHOST);
/** RFC 6761 §6.3. */
const loopback = new Map([
  [Type.A as number, block(Type.A, Uint8Array.of(127, 0, 0, 1))],
  [Type.AAAA as number, block(Type.AAAA, Uint8Array.of(...Array<number>(15).fill(0), 1))],
]);

/** RFC 6303 §3: `@ SOA @ nobody.invalid. 1 3600 1200 604800 10800`, for a denial that lasts so long. */
export function soaBlock(apex: Name, seconds = LOCAL_ZONE_SECONDS): Uint8Array {
  const mailbox = name('nobody.invalid');
  const rdata = new Uint8Array(apex.length + mailbox.length + 20);
  rdata.set(apex);
  rdata.set(mailbox, apex.length);
  const numbers = new DataView(rdata.buffer, apex.length + mailbox.length);
  for (const [i, value] of [1, 3600, 1200, 604_800, seconds].entries()) numbers.setUint32(4 * i, value);
  return packRrset(Type.SOA, seconds, [rdata]);
}

/** What a zone has besides its apex. */
type Content = 'localhost' | 'reverse of 127.0.0.0/8' | 'reverse of ::1' | 'nothing';

const contents = new Map<string, Content>([
  [nameKey(LOCALHOST), 'localhost'],
  [nameKey(name('127.in-addr.arpa')), 'reverse of 127.0.0.0/8'],
  [nameKey(name(ip6('1'))), 'reverse of ::1'],
]);

interface LocalZone {
  readonly apex: Name;
  readonly content: Content;
  readonly soa: AnswerRrset;
  readonly ns: AnswerRrset;
}

export class LocalNames {
  readonly #zones = new Map<string, LocalZone>();
  /** Of the last label of each, its hash: most names are below none of them. */
  readonly #tops = new Set<number>();

  /** Texts that are no names are the configuration's to complain about. */
  constructor(names: readonly string[]) {
    for (const text of names) {
      const apex = nameFromText(text);
      if (apex === undefined) continue;
      const soa = { owner: apex, block: soaBlock(apex), ttl: LOCAL_ZONE_SECONDS };
      const ns = { owner: apex, block: block(Type.NS, apex), ttl: LOCAL_ZONE_SECONDS };
      const content = contents.get(nameKey(apex)) ?? 'nothing';
      this.#zones.set(nameKey(apex), { apex, content, soa, ns });
      this.#tops.add(topHash(apex));
    }
  }

  /** An apex of not more than `ruledBytes` is overruled: the operator said whom to ask, and was closer. */
  find(asked: Name, type: number, ruledBytes = 0): Outcome | undefined {
    const zone = this.#tops.has(topHash(asked)) ? this.#zoneOf(asked) : undefined;
    if (zone === undefined || zone.apex.length <= ruledBytes) return undefined;
    const isApex = asked.length === zone.apex.length;
    // The DS of a zone is its parent's, and home.arpa is unsigned by its parent's word only (RFC 8375 §4 item
    // 4).
    if (isApex && type === Type.DS) return undefined;
    const rrset = this.#rrsetAt(asked, type, zone, isApex);
    if (rrset !== undefined) return answered([rrset], true);
    const exists = isApex || isLoopback(asked, zone);
    return denied(exists ? Rcode.NOERROR : Rcode.NXDOMAIN, zone.soa, true);
  }

  /** The longest apex that `asked` is, or is below. */
  #zoneOf(asked: Name): LocalZone | undefined {
    const key = nameKey(asked);
    for (let at = 0; at < asked.length - 1; at += (asked[at] as number) + 1) {
      const zone = this.#zones.get(key.slice(at));
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  #rrsetAt(asked: Name, type: number, zone: LocalZone, isApex: boolean): AnswerRrset | undefined {
    if (isLoopback(asked, zone)) {
      const found =
        zone.content === 'localhost' ? loopback.get(type) : type === Type.PTR ? pointer : undefined;
      if (found !== undefined) return { owner: asked, block: found, ttl: LOCAL_ZONE_SECONDS };
    }
    if (!isApex) return undefined;
    return type === Type.SOA ? zone.soa : type === Type.NS ? zone.ns : undefined;
  }
}

function topHash(name: Name): number {
  let at = 0;
  for (let next = 0; name[next] !== 0; next += (name[next] as number) + 1) at = next;
  return nameHash(name, at);
}

/** `localhost` and all below it (RFC 6761 §6.3); every address of 127.0.0.0/8; ::1. */
function isLoopback(asked: Name, { apex, content }: LocalZone): boolean {
  switch (content) {
    case 'localhost':
      return true;
    case 'reverse of 127.0.0.0/8':
      return labelCount(asked) === LABELS_OF_IPV4_REVERSE;
    case 'reverse of ::1':
      return asked.length === apex.length;
    case 'nothing':
      return false;
  }
}
