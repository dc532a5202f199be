/**
 * Writes the answer cache (`answer-memory`); there is one writer. In goes an outcome; what has to go for it
 * is the oldest that nobody has asked for since it was written. Each insertion rescues a few entries at most
 * that were asked for, and otherwise frees only as much as it takes.
 */
import { Section } from '../answer/reply.ts';
import { type Bytes, copy, put16, u16 } from '../base/bytes.ts';
import {
  ANSWER_BYTES_MAX,
  ANSWER_RESCUES_MAX,
  CACHED_RRS_PER_RRSET_MAX,
  STALE_SHARED_MS,
} from '../base/limits.ts';
import type { Outcome } from '../resolver/recursor.ts';
import { Type } from '../wire/codes.ts';
import { type Name, ownName } from '../wire/name.ts';
import { firstRr, RRSET_HEADER_BYTES, rrsetCount, rrsetSize, rrsetTtl, rrsetType } from '../wire/rrset.ts';
import { AnswerKey, AnswerMemory, aligned, Entry, Kept, Slot, WAYS } from './answer-memory.ts';

/** In the place of a slot's number: nothing but filling up to the end of the ring. */
const FILLING = -1;

type KeptRrset = Outcome['answer'][number];

export class AnswerWriter {
  readonly #memory: AnswerMemory;
  readonly #key = new AnswerKey();
  readonly #now: () => number;
  /** Where the next entry goes and where the oldest stands; they count on, round after round. */
  #head = 0;
  #tail = 0;
  #entries = 0;

  /** What another writer has left is dropped: it may have ended in the middle of it. */
  constructor(memory: SharedArrayBuffer, now: () => number) {
    this.#memory = new AnswerMemory(memory);
    this.#now = now;
    const { slots, words } = this.#memory;
    for (let i = 0; i < slots; i++) {
      const slot = this.#memory.slotAt(i);
      if ((Atomics.load(words, slot) & 1) !== 0) Atomics.add(words, slot, 1);
      if (words[slot + Slot.SIZE] !== 0) this.#change(slot, 0, 0, 0, 0, 0);
    }
  }

  /** Two writers of one memory would write over each other's entries. */
  writes(memory: SharedArrayBuffer): boolean {
    return this.#memory.is(memory);
  }

  get entries(): number {
    return this.#entries;
  }

  /** Of the ring, those of entries that were replaced included. */
  get bytes(): number {
    return this.#head - this.#tail;
  }

  /**
   * Keeps an outcome until the first of its RRsets expires. What is too large, says nothing of how long it
   * lasts, or may be said only once (TTL 0) is not kept. `isRecalled`: its TTLs were rounded up from what was
   * left, and a second less is never too long.
   */
  keep(name: Name, type: number, variant: number, era: number, outcome: Outcome, isRecalled: boolean): void {
    const { answer, authority } = outcome;
    const rrsets = authority.length === 0 ? answer : [...answer, ...authority];
    const key = this.#key;
    key.set(name, name.length, type, variant, era);
    const less = isRecalled ? 1 : 0;
    let ttl = Number.POSITIVE_INFINITY;
    let size = aligned(Entry.KEY + key.length);
    for (const rrset of rrsets) {
      // As in the cache of RRsets: what is oversized is answered once (CVE-2024-1737).
      if (rrsetCount(rrset.block, 0) > CACHED_RRS_PER_RRSET_MAX) return;
      ttl = Math.min(ttl, rrset.ttl - less);
      size += sizeOf(rrset);
    }
    if (!(ttl > 0 && ttl < Number.POSITIVE_INFINITY)) return;
    if (size > ANSWER_BYTES_MAX) return;
    const slot = this.#choose(this.#memory.setOf(key));
    const tag = this.#memory.hash[1] as number;
    // While it is moved to and fro, what was in the slot is none that could be asked for.
    this.#drop(slot);
    const at = this.#reserve(size);
    const nowMs = this.#now();
    // What has expired is told for a moment only: then the resolver hears of it again.
    const isStale = outcome.ede !== undefined;
    const lifeMs = isStale ? Math.min(1_000 * ttl, STALE_SHARED_MS) : 1_000 * ttl;
    this.#write(at, slot, size, outcome, nowMs - 1_000 * less, nowMs + lifeMs);
    this.#change(slot, tag, at, size, nowMs + lifeMs, isStale ? 0 : dueMs(rrsets, ttl));
    this.#entries += 1;
  }

  /** Drops every entry that has such a name in it: asked for, as an owner, or as the target of an alias. */
  flush(isDoomed: (name: Name) => boolean): void {
    const { slots, words } = this.#memory;
    for (let i = 0; i < slots; i++) {
      const slot = this.#memory.slotAt(i);
      if (words[slot + Slot.SIZE] === 0) continue;
      if (this.#namesAt(words[slot + Slot.AT] as number).some(isDoomed)) this.#drop(slot);
    }
  }

  #namesAt(at: number): Name[] {
    const { ring } = this.#memory;
    const names = [ownName(ring, at + Entry.KEY)];
    let next = at + aligned(Entry.KEY + u16(ring, at + Entry.KEY_BYTES));
    for (let left = u16(ring, at + Entry.RRSETS); left > 0; left--) {
      const owner = next + Kept.OWNER;
      const block = owner + (ring[next + Kept.OWNER_BYTES] as number);
      names.push(ownName(ring, owner));
      if (rrsetType(ring, block) === Type.CNAME) names.push(ownName(ring, firstRr(block) + 2));
      next = at + aligned(block - at + RRSET_HEADER_BYTES + rrsetSize(ring, block));
    }
    return names;
  }

  /** The same key's, an empty one, or the one of the set that is missed least. */
  #choose(first: number): number {
    const { words, times, hash } = this.#memory;
    const nowMs = this.#now();
    let chosen = first;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < WAYS; i++) {
      const slot = first + i * Slot.WORDS;
      const isEmpty = words[slot + Slot.SIZE] === 0;
      if (!isEmpty && words[slot + Slot.TAG] === hash[1]) return slot;
      const expiry = times[(slot + Slot.EXPIRY) >> 1] as number;
      const isAlive = !isEmpty && expiry > nowMs;
      // An asked one outlives all that nobody asked for.
      const worth = !isAlive ? 0 : expiry + (words[slot + Slot.ASKED] === 1 ? Number.MAX_SAFE_INTEGER : 0);
      if (worth < least) [chosen, least] = [slot, worth];
    }
    // Where all are asked for, they have to be asked for again.
    if (least > Number.MAX_SAFE_INTEGER) {
      for (let i = 0; i < WAYS; i++) words[first + i * Slot.WORDS + Slot.ASKED] = 0;
    }
    return chosen;
  }

  /** Room for `size` bytes in one piece, the oldest giving way. */
  #reserve(size: number): number {
    const { ring } = this.#memory;
    for (let rescues = ANSWER_RESCUES_MAX; ; ) {
      const filling = this.#fillingBefore(size);
      if (this.#head + filling + size - this.#tail <= ring.length) return this.#take(size, filling);
      if (this.#dropOldest(rescues > 0)) rescues -= 1;
    }
  }

  /** Bytes to the end of the ring, where an entry does not fit in front of it. */
  #fillingBefore(size: number): number {
    const { length } = this.#memory.ring;
    const at = this.#head % length;
    return at + size > length ? length - at : 0;
  }

  #take(size: number, filling: number): number {
    const { ring, ringWords } = this.#memory;
    if (filling > 0) {
      const word = (this.#head % ring.length) >> 2;
      ringWords[word + (Entry.SLOT >> 2)] = FILLING;
      ringWords[word + (Entry.SIZE >> 2)] = filling;
    }
    const at = (this.#head + filling) % ring.length;
    this.#head += filling + size;
    return at;
  }

  /** True: it was asked for, and is the youngest now. */
  #dropOldest(mayRescue: boolean): boolean {
    const { words, times, ring, ringWords } = this.#memory;
    const at = this.#tail % ring.length;
    const slot = ringWords[(at + Entry.SLOT) >> 2] as number;
    const size = ringWords[(at + Entry.SIZE) >> 2] as number;
    this.#tail += size;
    if (slot === FILLING || words[slot + Slot.SIZE] === 0 || words[slot + Slot.AT] !== at) return false;
    const filling = this.#fillingBefore(size);
    const fits = this.#head + filling + size - this.#tail <= ring.length;
    const expiry = times[(slot + Slot.EXPIRY) >> 1] as number;
    if (!(mayRescue && fits && words[slot + Slot.ASKED] === 1 && expiry > this.#now())) {
      this.#drop(slot);
      return false;
    }
    const tag = words[slot + Slot.TAG] as number;
    const due = words[slot + Slot.DUE] as number;
    Atomics.add(words, slot, 1);
    // The piece it moves to may begin in the one that it leaves: `copyWithin` minds that, filling would not.
    const to = (this.#head + filling) % ring.length;
    ring.copyWithin(to, at, at + size);
    this.#take(size, filling);
    this.#set(slot, tag, to, size, expiry, due);
    Atomics.add(words, slot, 1);
    return true;
  }

  #drop(slot: number): void {
    if (this.#memory.words[slot + Slot.SIZE] === 0) return;
    this.#change(slot, 0, 0, 0, 0, 0);
    this.#entries -= 1;
  }

  /** Read-modify-writes, so that neither what comes before nor what comes behind can pass them. */
  #change(slot: number, tag: number, at: number, size: number, expiry: number, due: number): void {
    Atomics.add(this.#memory.words, slot, 1);
    this.#set(slot, tag, at, size, expiry, due);
    Atomics.add(this.#memory.words, slot, 1);
  }

  #set(slot: number, tag: number, at: number, size: number, expiry: number, due: number): void {
    const { words, times } = this.#memory;
    words[slot + Slot.TAG] = tag;
    words[slot + Slot.AT] = at;
    words[slot + Slot.SIZE] = size;
    times[(slot + Slot.EXPIRY) >> 1] = expiry;
    words[slot + Slot.ASKED] = 0;
    words[slot + Slot.DUE] = due;
  }

  /** No slot points here yet. */
  #write(
    start: number,
    slot: number,
    size: number,
    outcome: Outcome,
    sinceMs: number,
    expiresMs: number,
  ): void {
    const { ring, ringWords, ringTimes } = this.#memory;
    const key = this.#key;
    ringWords[(start + Entry.SLOT) >> 2] = slot;
    ringWords[(start + Entry.SIZE) >> 2] = size;
    put16(ring, start + Entry.KEY_BYTES, key.length);
    put16(ring, start + Entry.RRSETS, outcome.answer.length + outcome.authority.length);
    put16(ring, start + Entry.RCODE, outcome.rcode);
    put16(ring, start + Entry.EDE, outcome.ede?.code ?? 0);
    copy(key.bytes, 0, ring, start + Entry.KEY, key.length);
    let at = start + aligned(Entry.KEY + key.length);
    at = this.#writeSection(at, Section.ANSWER, outcome.answer, sinceMs);
    this.#writeSection(at, Section.AUTHORITY, outcome.authority, sinceMs);
    ringTimes[(start + Entry.EXPIRY) >> 3] = expiresMs;
  }

  #writeSection(start: number, section: number, rrsets: readonly KeptRrset[], sinceMs: number): number {
    const { ring, ringTimes } = this.#memory;
    let at = start;
    for (const rrset of rrsets) {
      putRrset(ring, at, section, rrset);
      ringTimes[(at + Kept.EXPIRY) >> 3] = sinceMs + 1_000 * rrset.ttl;
      at += sizeOf(rrset);
    }
    return at;
  }
}

/**
 * How long before the first of them expires somebody should ask anew: when one of them is in the last tenth
 * of its life. 0 where it is already, and whoever keeps it knows. An RRset's own TTL is what it had at first.
 */
function dueMs(rrsets: readonly KeptRrset[], ttl: number): number {
  let due = 0;
  for (const each of rrsets) due = Math.max(due, ttl - each.ttl + rrsetTtl(each.block, 0) / 10);
  return due < ttl ? Math.floor(1_000 * due) : 0;
}

const sizeOf = ({ owner, block }: KeptRrset): number => aligned(Kept.OWNER + owner.length + block.length);

function putRrset(ring: Bytes, at: number, section: number, { owner, block }: KeptRrset): void {
  ring[at + Kept.SECTION] = section;
  ring[at + Kept.OWNER_BYTES] = owner.length;
  ring.set(owner, at + Kept.OWNER);
  ring.set(block, at + Kept.OWNER + owner.length);
}
