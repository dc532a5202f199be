/**
 * DNS64 (RFC 6147): for clients that have IPv6 only, an AAAA is made of each A where a name has no AAAA that
 * counts, and a PTR of such an address leads to that of the IPv4 address inside. In: a question that somebody
 * may have synthesised. Out: what is to be asked in its place, one thing after the other, and the outcome.
 * Whether it is asked of servers or of memory is for others to say.
 */
import { IPV4_BYTES, IPV6_BYTES, ipText, parseIpv4, parseIpv6 } from '../base/ip.ts';
import { DNS64_SECONDS_MAX } from '../base/limits.ts';
import { PrefixSet } from '../base/prefix.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { equalNames, isWithin, labelCount, type Name, nameFromText } from '../wire/name.ts';
import { packRrset, RRSET_RRS_BYTES_MAX, rdatasOf, rrsetType } from '../wire/rrset.ts';
import { type AnswerRrset, answered, type Outcome } from './outcome.ts';
import type { Asked } from './wish.ts';

export interface Dns64Settings {
  /** With its length (RFC 6052 §2.2). */
  readonly prefix: string;
  /** AAAA in these prefixes count as absent. */
  readonly exclude: readonly string[];
  /** So do all of names at and below these. */
  readonly ignore: readonly Name[];
}

/** Of which texts `Dns64Settings` may be made. */
export const DNS64_PREFIX_BITS: readonly number[] = [32, 40, 48, 56, 64, 96];

const WELL_KNOWN = '64:ff9b::/96';

/** RFC 6052 §3.1: what is not global must not be in the well-known prefix (RFC 6890). */
const NOT_GLOBAL = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/3'],
];

/** Whatever the prefix: of nobody, of the NAT64 itself, of many (RFC 1122 §3.2.1.3); so are blocks told. */
const NO_HOST = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'];

const IPV4ONLY = nameFromText('ipv4only.arpa') as Name;
/** RFC 7050 §8.2. */
const IPV4ONLY_ADDRESSES = [Uint8Array.of(192, 0, 0, 170), Uint8Array.of(192, 0, 0, 171)];

const IP6_ARPA = nameFromText('ip6.arpa') as Name;
/** 32 nibbles, `ip6` and `arpa`. */
const LABELS_OF_IPV6_REVERSE = 34;
/** RFC 6052 §2.2: bits 64 to 71 are zero, and no address goes there. */
const ZERO_BYTE = 8;
const SYNTHESISED_MAX = Math.floor(RRSET_RRS_BYTES_MAX / (2 + IPV6_BYTES));

const setOf = (texts: readonly string[]): PrefixSet | undefined => {
  const set = PrefixSet.parse(texts);
  return set instanceof PrefixSet ? set : undefined;
};

export class Dns64 {
  readonly #prefix: Uint8Array;
  readonly #bytes: number;
  readonly #settings: Dns64Settings;
  readonly #excluded: PrefixSet | undefined;
  readonly #unmappable: PrefixSet | undefined;

  /** Texts that are no prefixes are the configuration's to complain about. */
  constructor(settings: Dns64Settings) {
    const [address = '', bits] = settings.prefix.split('/');
    this.#prefix = parseIpv6(address) ?? new Uint8Array(IPV6_BYTES);
    this.#bytes = Number(bits) / 8;
    this.#settings = settings;
    this.#excluded = setOf(settings.exclude);
    this.#unmappable = setOf(settings.prefix === WELL_KNOWN ? NOT_GLOBAL : NO_HOST);
  }

  /** Asks, is resumed with each outcome, and gives the one for the client. */
  *answer(asked: Asked): Generator<Asked, Outcome, Outcome> {
    if (asked.type === Type.PTR) return yield* this.#pointer(asked);
    if (asked.type !== Type.AAAA) return yield asked;
    // RFC 8880 §7.1: not asked of anybody.
    if (equalNames(asked.name, IPV4ONLY)) return this.#wellKnown();
    const native = this.#withoutExcluded(asked, yield asked);
    // RFC 6147 §5.1.2: any other failure is as if there were none.
    if (native.rcode === Rcode.NXDOMAIN || native.limited !== undefined || hasAddress(native)) return native;
    return this.#synthesised(yield { ...asked, type: Type.A }, native) ?? native;
  }

  /** RFC 6147 §5.1.4. */
  #withoutExcluded({ name }: Asked, outcome: Outcome): Outcome {
    if (!hasAddress(outcome)) return outcome;
    const isIgnored = this.#settings.ignore.some((top) => isWithin(name, top));
    const counts = (rdata: Uint8Array): boolean => !isIgnored && this.#excluded?.hasBytes(rdata) !== true;
    return {
      ...outcome,
      answer: withAddresses(outcome.answer, Type.AAAA, (rdatas) => rdatas.filter(counts)),
    };
  }

  /** Undefined where there is nothing to make it of. */
  #synthesised(ipv4: Outcome, native: Outcome): Outcome | undefined {
    if (ipv4.rcode !== Rcode.NOERROR) return undefined;
    // RFC 6147 §5.1.7: the absence of AAAA is known for so long.
    const ttlMax = native.authority[0]?.ttl ?? DNS64_SECONDS_MAX;
    const map = (rdatas: readonly Uint8Array[]): Uint8Array[] =>
      rdatas
        .filter((rdata) => rdata.length === IPV4_BYTES && this.#unmappable?.hasBytes(rdata) !== true)
        .slice(0, SYNTHESISED_MAX)
        .map((rdata) => this.#embed(rdata));
    const answer = withAddresses(ipv4.answer, Type.A, map, ttlMax);
    return hasAddress({ answer }) ? { ...ipv4, answer } : undefined;
  }

  #wellKnown(): Outcome {
    const rdatas = IPV4ONLY_ADDRESSES.map((address) => this.#embed(address));
    const block = packRrset(Type.AAAA, DNS64_SECONDS_MAX, rdatas);
    return answered([{ owner: IPV4ONLY, block, ttl: DNS64_SECONDS_MAX }]);
  }

  #embed(ipv4: Uint8Array): Uint8Array {
    return embed(this.#prefix, this.#bytes, ipv4);
  }

  /** RFC 6147 §5.3.1 item 2: a PTR in the prefix is an alias of that of the IPv4 address. */
  *#pointer(asked: Asked): Generator<Asked, Outcome, Outcome> {
    const address = addressOfReverse(asked.name);
    if (address === undefined || !this.#isInPrefix(address)) return yield asked;
    const ipv4 = [3, 2, 1, 0].map((i) => address[placeOf(this.#bytes, i)]).join('.');
    const target = nameFromText(`${ipv4}.in-addr.arpa`) as Name;
    const outcome = yield { ...asked, name: target };
    if (outcome.rcode === Rcode.SERVFAIL) return outcome;
    const block = packRrset(Type.CNAME, DNS64_SECONDS_MAX, [target]);
    const alias = { owner: asked.name, block, ttl: DNS64_SECONDS_MAX };
    return { ...outcome, answer: [alias, ...outcome.answer] };
  }

  #isInPrefix(address: Uint8Array): boolean {
    for (let i = 0; i < this.#bytes; i++) if (address[i] !== this.#prefix[i]) return false;
    return true;
  }
}

/** RFC 6052 §2.2: what follows a prefix of so many bytes. */
function embed(prefix: Uint8Array, bytes: number, ipv4: Uint8Array): Uint8Array {
  const ipv6 = prefix.slice();
  for (let i = 0; i < IPV4_BYTES; i++) ipv6[placeOf(bytes, i)] = ipv4[i] as number;
  return ipv6;
}

function placeOf(bytes: number, i: number): number {
  const at = bytes + i;
  return bytes <= ZERO_BYTE && at >= ZERO_BYTE ? at + 1 : at;
}

/** IPv4 prefixes as they are seen through the NAT64; others have no place there. */
export function translated(nat64: string, prefixes: readonly string[]): string[] {
  const [prefix = '', bits] = nat64.split('/');
  const bytes = Number(bits) / 8;
  return prefixes.flatMap((text) => {
    const [address = '', length = 8 * IPV4_BYTES] = text.split('/');
    const ipv4 = parseIpv4(address);
    if (ipv4 === undefined) return [];
    const plain = 8 * bytes + Number(length);
    const isAcross = bytes <= ZERO_BYTE && plain > 8 * ZERO_BYTE;
    const ipv6 = embed(parseIpv6(prefix) ?? new Uint8Array(IPV6_BYTES), bytes, ipv4);
    return [`${ipText(ipv6)}/${isAcross ? plain + 8 : plain}`];
  });
}

const hasAddress = ({ answer }: Pick<Outcome, 'answer'>): boolean =>
  answer.some(({ block }) => rrsetType(block, 0) === Type.AAAA);

/** The answer with other addresses in place of those of a type, as AAAA. */
function withAddresses(
  answer: readonly AnswerRrset[],
  type: number,
  change: (rdatas: readonly Uint8Array[]) => readonly Uint8Array[],
  ttlMax = Number.POSITIVE_INFINITY,
): AnswerRrset[] {
  return answer.flatMap((rrset) => {
    if (rrsetType(rrset.block, 0) !== type) return [rrset];
    const rdatas = change(rdatasOf(rrset.block));
    const ttl = Math.min(rrset.ttl, ttlMax);
    return rdatas.length === 0 ? [] : [{ ...rrset, block: packRrset(Type.AAAA, ttl, rdatas), ttl }];
  });
}

/** The 16 bytes that a reverse name spells in full (RFC 3596 §2.5). */
function addressOfReverse(name: Name): Uint8Array | undefined {
  if (labelCount(name) !== LABELS_OF_IPV6_REVERSE || !isWithin(name, IP6_ARPA)) return undefined;
  const bytes = new Uint8Array(IPV6_BYTES);
  for (let i = 0, at = 0; i < 2 * IPV6_BYTES; i++, at += 2) {
    const nibble = Number.parseInt(String.fromCharCode(name[at + 1] as number), 16);
    if (name[at] !== 1 || Number.isNaN(nibble)) return undefined;
    const place = IPV6_BYTES - 1 - (i >> 1);
    bytes[place] = (bytes[place] as number) | (i % 2 === 0 ? nibble : nibble << 4);
  }
  return bytes;
}
