/**
 * A reply before it is bytes: three sections of references to RRsets that lie in images, in caches or in this
 * object's own arena. Deciding fills it, `server/finish` alone encodes it. One per thread, reset for each
 * query, allocating nothing; what goes in has to live unchanged until the reply is encoded.
 */
import { assert } from '../base/assert.ts';
import { type Bytes, copyOf } from '../base/bytes.ts';
import { REPLY_RRSETS_MAX } from '../base/limits.ts';
import { Rcode, Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { nameLength } from '../wire/name.ts';
import { RRSET_HEADER_BYTES, rrsetSize, rrsetTtl } from '../wire/rrset.ts';
import { AT_QUESTION } from '../wire/writer.ts';
import { Arena } from './arena.ts';

export const Section = { ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 2 } as const;
/** Glue that a referral cannot do without: if it does not fit, the response is truncated (RFC 9471 §3.1). */
const NEEDED = 4;
/** The RRs go out as they stand. */
export const ORDERED = 8;
/** The TTL is the RRset's own. */
const OWN_TTL = -1;
const NO_BYTES = new Uint8Array(0);

/** Where the walk through our zones stopped short of an answer. `chase` has the name to go on with. */
export type Rest = 'none' | 'outside' | 'delegated';

export class Reply {
  rcode = 0;
  authoritative = false;
  rest: Rest = 'none';
  /** The name in hand: the question's, then each alias target in turn. */
  readonly chase = new HashedName();
  edeCode = -1;
  edeText = '';
  /** From a zone of ours, what the answer is made of: equal answers have equal numbers. 0 elsewhere. */
  source = 0;
  /** Bits of the client's address that the answer depends on (RFC 7871 §7.2.1). */
  scope = 0;
  count = 0;
  /** Something found no room here, or is held back, whose absence the client must know of. */
  isShort = false;
  /** The client hears nothing, by a rule of the operator's. */
  isSilent = false;
  readonly #owner: Bytes[] = new Array<Bytes>(REPLY_RRSETS_MAX).fill(NO_BYTES);
  readonly #ownerAt = new Int32Array(REPLY_RRSETS_MAX);
  readonly #block: Bytes[] = new Array<Bytes>(REPLY_RRSETS_MAX).fill(NO_BYTES);
  readonly #blockAt = new Int32Array(REPLY_RRSETS_MAX);
  readonly #ttl = new Int32Array(REPLY_RRSETS_MAX);
  readonly #place = new Uint8Array(REPLY_RRSETS_MAX);
  /** For RRsets that no zone holds. */
  readonly arena = new Arena();

  reset(): void {
    this.rcode = Rcode.NOERROR;
    this.authoritative = false;
    this.rest = 'none';
    this.edeCode = -1;
    this.edeText = '';
    this.source = 0;
    this.scope = 0;
    this.count = 0;
    this.isShort = false;
    this.isSilent = false;
    this.arena.reset();
  }

  /** Leaves nothing but the RCODE: what goes out instead of an answer that is held back. */
  hollow(): void {
    this.count = 0;
    this.isShort = false;
    this.edeCode = -1;
  }

  /** Leaves nothing but the answer section so far, to be gone on with. */
  keepAnswers(): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.section(i) !== Section.ANSWER) continue;
      this.#owner[kept] = this.owner(i);
      this.#ownerAt[kept] = this.ownerAt(i);
      this.#block[kept] = this.block(i);
      this.#blockAt[kept] = this.blockAt(i);
      this.#ttl[kept] = this.#ttl[i] as number;
      this.#place[kept] = Section.ANSWER;
      kept++;
    }
    this.count = kept;
    this.rcode = Rcode.NOERROR;
    // RFC 1035 §4.1.1: AA speaks of the first name.
    this.authoritative = kept > 0;
    this.rest = 'none';
    this.edeCode = -1;
    this.source = 0;
    this.isShort = false;
  }

  /** Lets go of everything referred to, so that a replaced image can be freed. */
  forget(): void {
    this.reset();
    this.#owner.fill(NO_BYTES);
    this.#block.fill(NO_BYTES);
  }

  /** Adds an RRset; to a full reply nothing. `ownerAt` may be AT_QUESTION. */
  add(section: number, owner: Bytes, ownerAt: number, block: Bytes, blockAt: number, ttl = OWN_TTL): void {
    if (this.count === REPLY_RRSETS_MAX) {
      this.isShort ||= section !== Section.ADDITIONAL;
      return;
    }
    const i = this.count++;
    this.#owner[i] = owner;
    this.#ownerAt[i] = ownerAt;
    this.#block[i] = block;
    this.#blockAt[i] = blockAt;
    this.#ttl[i] = ttl;
    this.#place[i] = section;
  }

  /** As `add` to the additional section, for glue without which a referral leads nowhere. */
  addNeeded(owner: Bytes, ownerAt: number, block: Bytes, blockAt: number): void {
    this.add(Section.ADDITIONAL | NEEDED, owner, ownerAt, block, blockAt);
  }

  /** Whether this very RRset is in already, in any section (RFC 2181 §5.5: each once). */
  holds(block: Bytes, blockAt: number): boolean {
    for (let i = 0; i < this.count; i++) {
      if (this.#blockAt[i] === blockAt && this.#block[i] === block) return true;
    }
    return false;
  }

  /** Adds the RRset that was made last; where it is ordered, its RRs stand as they are to be told. */
  addMade(
    section: number,
    owner: Bytes,
    ownerAt: number,
    type: number,
    ttl: number,
    isOrdered: boolean,
  ): void {
    this.add(
      isOrdered ? section | ORDERED : section,
      owner,
      ownerAt,
      this.arena.bytes,
      this.arena.end(type, ttl),
    );
  }

  /** Adds the CNAME that a DNAME implies for the name in hand (RFC 6672 §3.1), with the DNAME's TTL. */
  addSynthesized(owner: Bytes, ownerAt: number, target: HashedName, ttl: number): void {
    const { arena } = this;
    arena.begin();
    assert(arena.beginRr(target.length), 'the arena holds a CNAME for every alias hop');
    arena.putBytes(target.bytes, 0, target.length);
    arena.endRr();
    this.addMade(Section.ANSWER, owner, ownerAt, Type.CNAME, ttl, true);
  }

  /** The bytes and offset of the target of the last RRset added, an alias: its RDATA is a name. */
  lastBlock(): Bytes {
    return this.#block[this.count - 1] as Bytes;
  }

  lastTargetAt(): number {
    return (this.#blockAt[this.count - 1] as number) + RRSET_HEADER_BYTES + 2;
  }

  section(i: number): number {
    return (this.#place[i] as number) & ~(NEEDED | ORDERED);
  }
  isOrdered(i: number): boolean {
    return ((this.#place[i] as number) & ORDERED) !== 0;
  }
  isNeeded(i: number): boolean {
    return ((this.#place[i] as number) & NEEDED) !== 0;
  }
  owner(i: number): Bytes {
    return this.#owner[i] as Bytes;
  }
  ownerAt(i: number): number {
    return this.#ownerAt[i] as number;
  }
  block(i: number): Bytes {
    return this.#block[i] as Bytes;
  }
  blockAt(i: number): number {
    return this.#blockAt[i] as number;
  }
  ttl(i: number): number {
    const ttl = this.#ttl[i] as number;
    return ttl === OWN_TTL ? rrsetTtl(this.block(i), this.blockAt(i)) : ttl;
  }

  hasAnswers(): boolean {
    for (let i = 0; i < this.count; i++) if (this.section(i) === Section.ANSWER) return true;
    return false;
  }

  /** An owned copy of the answer section, for a reply that is finished later. */
  answers(): KeptRrset[] {
    const kept: KeptRrset[] = [];
    for (let i = 0; i < this.count; i++) {
      if (this.section(i) !== Section.ANSWER) continue;
      kept.push({ ...this.#ownerOf(i), ...this.#blockOf(i), ttl: this.ttl(i) });
    }
    return kept;
  }

  #ownerOf(i: number): Pick<KeptRrset, 'owner' | 'ownerAt'> {
    const [owner, ownerAt] = [this.owner(i), this.ownerAt(i)];
    const isMade = owner === this.arena.bytes && ownerAt !== AT_QUESTION;
    if (!isMade) return { owner, ownerAt };
    return { owner: copyOf(owner, ownerAt, ownerAt + nameLength(owner, ownerAt)), ownerAt: 0 };
  }

  #blockOf(i: number): Pick<KeptRrset, 'block' | 'blockAt'> {
    const [block, blockAt] = [this.block(i), this.blockAt(i)];
    if (block !== this.arena.bytes) return { block, blockAt };
    const end = blockAt + RRSET_HEADER_BYTES + rrsetSize(block, blockAt);
    return { block: copyOf(block, blockAt, end), blockAt: 0 };
  }
}

export interface KeptRrset {
  readonly owner: Bytes;
  readonly ownerAt: number;
  readonly block: Bytes;
  readonly blockAt: number;
  readonly ttl: number;
}

export { AT_QUESTION };
