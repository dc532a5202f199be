/**
 * All lists, in the order of the configuration, as the resolver asks them: the first list that has a rule
 * about a name decides, and within it the rule about the name itself, then the one about the nearest name
 * above (draft-vixie-dnsop-dns-rpz §5). A rule about an address of a list before it comes first, so that the
 * name has to be resolved for it; in the same list it comes second.
 */
import { RULE_SECONDS } from '../base/limits.ts';
import { PrefixSet } from '../base/prefix.ts';
import { soaBlock } from '../resolver/local-names.ts';
import type { ExtendedError, Outcome, RuleMatch } from '../resolver/outcome.ts';
import type { Rules, Ruling } from '../resolver/rules.ts';
import type { Asked } from '../resolver/wish.ts';
import { Ede, Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { isWithin, type Name, nameFromText } from '../wire/name.ts';
import { rdatasOf, rrsetType } from '../wire/rrset.ts';
import { findingOf, isPass } from './action.ts';
import { RuleImage } from './image.ts';
import { publicPart } from './private.ts';

/** As plain values, which can be posted; images are in shared memory. */
export interface RuleTerms {
  readonly lists: readonly {
    readonly name: string;
    readonly image: SharedArrayBuffer;
    /** Data of the operator's own, which aliases of the operator's may lead to. */
    readonly isData: boolean;
    /** The code of the Extended DNS Error that tells of it. */
    readonly ede: number | undefined;
  }[];
  /** Undefined where addresses are let through as they are. */
  readonly rebinding: RebindingTerms | undefined;
}

export interface RebindingTerms {
  /** Prefixes that no name from outside may have. */
  readonly addresses: readonly string[];
  /** Names that may have them, with all below. */
  readonly allow: readonly string[];
}

interface List {
  readonly name: string;
  readonly image: RuleImage;
  readonly isData: boolean;
  readonly ede: ExtendedError | undefined;
  count(): void;
}

export class Rulebook implements Rules {
  readonly #lists: readonly List[];
  /** Of the first list that has rules about addresses. */
  readonly #firstAddressRank: number;
  readonly #private: PrefixSet | undefined;
  readonly #mayBePrivate: readonly Name[];
  readonly #name = new HashedName();

  constructor({ lists, rebinding }: RuleTerms) {
    this.#lists = lists.map(({ name, image: buffer, isData, ede: code }) => {
      const image = new RuleImage(buffer);
      const ede = code === undefined ? undefined : { code, text: `by the list ${name}` };
      return { name, image, isData, ede, count: () => image.countAnswer() };
    });
    const first = this.#lists.findIndex(({ image }) => image.hasAddressRules);
    this.#firstAddressRank = first < 0 ? Number.POSITIVE_INFINITY : first;
    const prefixes = rebinding && PrefixSet.parse(rebinding.addresses);
    this.#private = prefixes instanceof PrefixSet ? prefixes : undefined;
    this.#mayBePrivate = (rebinding?.allow ?? []).flatMap((text) => nameFromText(text) ?? []);
  }

  ofName(asked: Asked, isRenamed: boolean): Ruling | undefined {
    this.#name.set(asked.name, 0);
    for (const [rank, list] of this.#lists.entries()) {
      if (isRenamed && !list.isData) continue;
      const entry = list.image.find(this.#name);
      if (entry === 0) continue;
      const hasAddresses = ADDRESS_TYPES.has(asked.type);
      return ruling(list, entry, asked, rank, hasAddresses && !isRenamed && this.#firstAddressRank < rank);
    }
    return undefined;
  }

  ofAnswer(asked: Asked, answer: Outcome['answer'], limit: number): Ruling | undefined {
    for (let rank = this.#firstAddressRank; rank < Math.min(limit, this.#lists.length); rank++) {
      const list = this.#lists[rank] as List;
      const entry = list.image.hasAddressRules ? addressEntry(list.image, answer) : 0;
      if (entry !== 0) return ruling(list, entry, asked, rank, false);
    }
    return undefined;
  }

  get guardsAddresses(): boolean {
    return this.#private !== undefined;
  }

  mayBePrivate(name: Name): boolean {
    return this.#mayBePrivate.some((apex) => isWithin(name, apex));
  }

  withoutPrivate({ name }: Asked, outcome: Outcome): Outcome {
    const left = this.#private && publicPart(outcome.answer, this.#private);
    if (left === undefined || left === outcome.answer) return outcome;
    const soa = { owner: name, block: soaBlock(name, RULE_SECONDS), ttl: RULE_SECONDS };
    return { ...outcome, answer: left, authority: left.length === 0 ? [soa] : [], ede: PRIVATE };
  }
}

const ADDRESS_TYPES: ReadonlySet<number> = new Set([Type.A, Type.AAAA, Type.ANY]);

/** RFC 8914 §4.16 */
const PRIVATE: ExtendedError = { code: Ede.BLOCKED, text: 'an address of this network, in a name of others' };

function ruling(list: List, entry: number, asked: Asked, rank: number, waits: boolean): Ruling {
  const { image, ede, isData } = list;
  const match: RuleMatch = { list, line: image.lineOf(entry) };
  const action = image.actionOf(entry);
  const listed = isWithin(asked.name, image.nameOf(entry)) ? image.nameOf(entry) : asked.name;
  const finding = isPass(action) ? undefined : findingOf(action, asked, listed, ede);
  return { match, finding, rank, waits, isData };
}

/** Of the longest prefix that has one of the addresses, or 0 (draft-vixie-dnsop-dns-rpz §5.3). */
function addressEntry(image: RuleImage, answer: Outcome['answer']): number {
  let best = 0;
  let most = -1;
  for (const { block } of answer) {
    const type = rrsetType(block, 0);
    if (type !== Type.A && type !== Type.AAAA) continue;
    const more = type === Type.A ? BITS_OF_MAPPED : 0;
    for (const address of rdatasOf(block).sort(Buffer.compare)) {
      const entry = image.findAddress(address);
      if (entry === 0 || image.bitsFound + more <= most) continue;
      best = entry;
      most = image.bitsFound + more;
    }
  }
  return best;
}

/** An IPv4 address is compared as if it were `::ffff:` and itself. */
const BITS_OF_MAPPED = 96;
